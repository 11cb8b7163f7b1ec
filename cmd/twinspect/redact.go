package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"twinspect.dev/capture"
	"twinspect.dev/capture/redact"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/cmd/internal/recording"
	"twinspect.dev/diff"
)

type redactOptions struct {
	redactFlags
	check  bool
	json   bool
	output string
	force  bool
}

func newRedact(env cli.Env) *cobra.Command {
	var opt redactOptions
	cmd := &cobra.Command{
		Use:   "redact FILE (-o FILE | --check)",
		Short: "Hide the secrets of a recording, or list what looks like one",
		Long: `Redact replaces the secrets of a recording by pseudonyms: credentials, cookies,
tokens, card numbers, e-mail addresses, keys, and what the rules name. A
pseudonym has the shape of what it stands for, and equal values have equal
pseudonyms under one key, so that a replay can still follow them.

With --check nothing is written: what still looks like a secret is listed, its
value masked, and the command ends with 1 if there is any.`,
		Example: `  twinspect redact traffic.twin -o shared.twin
  twinspect redact --check shared.twin
  twinspect redact traffic.twin --rules redact.yaml --redact-key key -o shared.twin`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if opt.check {
				return runRedactCheck(cmd.Context(), env, args[0], opt)
			}
			return runRedact(cmd.Context(), env, args[0], opt)
		},
	}
	opt.register(cmd.Flags())
	cmd.Flags().BoolVar(&opt.check, "check", false, "list what looks like a secret; ends with 1 if anything does")
	cmd.Flags().BoolVar(&opt.json, "json", false, "with --check: one JSON object a line")
	cmd.Flags().StringVarP(&opt.output, "output", "o", "", "write here: .twin, .jsonl or .har; - prints JSON lines")
	cmd.Flags().BoolVar(&opt.force, "force", false, "overwrite the output")
	cmd.MarkFlagsOneRequired("output", "check")
	cmd.MarkFlagsMutuallyExclusive("output", "check")
	return cmd
}

func runRedact(ctx context.Context, env cli.Env, file string, opt redactOptions) error {
	redactor, err := opt.redactor()
	if err != nil {
		return err
	}
	in, err := recording.Open(ctx, env, file)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := recording.Create(env, opt.output, recording.Options{Force: opt.force})
	if err != nil {
		return err
	}
	stop := cli.Watch(ctx, env, "read", in.Unit, in.Progress)
	defer stop()
	src := redact.NewSource(redactor, in)
	damage := cli.NewDamage(env)
	_, err = capture.Copy(ctx, out, src, damage.Report)
	stop()
	err = errors.Join(err, out.WriteAccount(src.Account()), out.Close())
	return errors.Join(err, damage.Err())
}

func runRedactCheck(ctx context.Context, env cli.Env, file string, opt redactOptions) error {
	redactor, err := opt.redactor()
	if err != nil {
		return err
	}
	in, err := recording.Open(ctx, env, file)
	if err != nil {
		return err
	}
	defer in.Close()
	stop := cli.Watch(ctx, env, "read", in.Unit, in.Progress)
	defer stop()
	var found findings
	list := capture.SinkFunc(func(_ context.Context, e *capture.Exchange) error {
		return found.add(env, e, redactor.Check(e), opt.json)
	})
	damage := cli.NewDamage(env)
	_, err = capture.Copy(ctx, list, in, damage.Report)
	stop()
	if err = errors.Join(err, damage.Err()); err != nil {
		return err
	}
	if found.values == 0 {
		fmt.Fprintln(env.Stderr, "nothing looks like a secret")
		return nil
	}
	if err := found.print(env); err != nil {
		return err
	}
	fmt.Fprintf(env.Stderr, "%d values in %d exchanges look like secrets; hide them: twinspect redact FILE -o FILE\n",
		found.values, found.exchanges)
	return &cli.VerdictError{Verdict: diff.Fail}
}

// finding is one line of --check --json.
type finding struct {
	ID     capture.ID `json:"id"`
	Where  string     `json:"where"`
	Kind   string     `json:"kind"`
	Sample string     `json:"sample"`
}

// findings counts what looks like a secret, and keeps the first for a person; a
// program is told all as they come.
type findings struct {
	values, exchanges int
	shown             [][]string
}

const shownFindings = 100

func (f *findings) add(env cli.Env, e *capture.Exchange, found []redact.Finding, lines bool) error {
	if len(found) > 0 {
		f.exchanges++
	}
	f.values += len(found)
	enc := json.NewEncoder(env.Stdout)
	for _, one := range found {
		if lines {
			if err := enc.Encode(finding{e.ID, one.Where, one.Kind, one.Sample}); err != nil {
				return err
			}
		} else if len(f.shown) < shownFindings {
			f.shown = append(f.shown, []string{e.ID.String(), one.Kind, one.Where, one.Sample})
		}
	}
	return nil
}

func (f *findings) print(env cli.Env) error {
	if len(f.shown) == 0 {
		return nil
	}
	columns := []cli.Column{{Title: "exchange"}, {Title: "kind"}, {Title: "where"}, {Title: "value"}}
	if err := cli.Table(env.Stdout, columns, f.shown); err != nil {
		return err
	}
	if more := f.values - len(f.shown); more > 0 {
		fmt.Fprintf(env.Stdout, "and %d more; --json lists all\n", more)
	}
	return nil
}

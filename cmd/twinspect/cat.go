package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"twinspect.dev/capture"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/cmd/internal/recording"
)

type catOptions struct {
	filters
	har    bool
	output string
	force  bool
	limit  uint64
}

func newCat(env cli.Env) *cobra.Command {
	var opt catOptions
	cmd := &cobra.Command{
		Use:   "cat FILE",
		Short: "Print a recording as JSON lines or HAR, or write it in another format",
		Long: `Cat reads a recording (.twin, JSON lines, HAR, pcap, pcapng; "-" is standard
input) and prints its exchanges, one JSON object a line, or as HAR 1.2.
With -o the format follows the file's name: .twin, .jsonl or .har.`,
		Example: `  twinspect cat traffic.twin --method GET --status 5xx
  twinspect cat traffic.twin --path '/cart/*' --har > cart.har
  twinspect cat edited.jsonl -o traffic.twin`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runCat(cmd.Context(), env, args[0], opt) },
	}
	opt.register(cmd.Flags())
	cmd.Flags().BoolVar(&opt.har, "har", false, "print HAR 1.2 instead of JSON lines")
	cmd.Flags().StringVarP(&opt.output, "output", "o", "-", "write to this file (.twin, .jsonl, .har) instead of standard output")
	cmd.Flags().BoolVar(&opt.force, "force", false, "overwrite the output")
	cmd.Flags().Uint64VarP(&opt.limit, "limit", "n", 0, "stop after this many exchanges")
	return cmd
}

func runCat(ctx context.Context, env cli.Env, file string, opt catOptions) (err error) {
	keep, err := opt.keep()
	if err != nil {
		return err
	}
	in, err := recording.Open(ctx, env, file)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := recording.Create(env, opt.output, recording.Options{HAR: opt.har, Force: opt.force})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	var src capture.Source = in
	if keep != nil {
		src = capture.NewFilter(src, keep)
	}
	if opt.limit > 0 {
		src = head(src, opt.limit)
	}
	damage := cli.NewDamage(env)
	if _, err := capture.Copy(ctx, out, src, damage.Report); err != nil {
		return err
	}
	if err := out.WriteAccount(capture.AccountOf(src)); err != nil {
		return err
	}
	return damage.Err()
}

// head ends src after n exchanges. What comes behind is not read.
func head(src capture.Source, n uint64) capture.Source {
	return capture.SourceFunc(func(ctx context.Context, e *capture.Exchange) error {
		if n == 0 {
			return io.EOF
		}
		err := src.ReadExchange(ctx, e)
		if err == nil {
			n--
		}
		return err
	})
}

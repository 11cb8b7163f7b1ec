package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/cmd/internal/recording"
	"twinspect.dev/diff"
	"twinspect.dev/diff/jsondiff"
	"twinspect.dev/diff/rules"
)

type jsonOptions struct {
	patch     bool
	json      bool
	rules     string
	operation string
}

func newJSON(env cli.Env) *cobra.Command {
	var opt jsonOptions
	cmd := &cobra.Command{
		Use:   "json BASE OTHER",
		Short: "Compare two JSON documents as diff-run compares answers",
		Long: `Json compares two documents by their structure, as diff-run does the bodies of
answers: to see what a rule does, or what a difference is called. It keeps no secrets:
values are printed as they are. It ends with 0 where the documents are equal, else
with 1.`,
		Example: `  twinspect json base.json branch.json
  twinspect json base.json branch.json --rules twinspect.yaml --operation 'GET /products'
  twinspect json base.json branch.json --patch > patch.json
  curl -s http://127.0.0.1:8081/cart | twinspect json expected.json -`,
		Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error { return runJSON(env, args[0], args[1], opt) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&opt.patch, "patch", false, "print the JSON Patch (RFC 6902) that makes OTHER of BASE")
	flags.BoolVar(&opt.json, "json", false, "print the differences as lines of JSON")
	flags.StringVar(&opt.rules, "rules", "", "leave out what the rules of this file hide")
	flags.StringVar(&opt.operation, "operation", "", "with --rules: the operation whose rules apply, as for an answer of status 200")
	cmd.MarkFlagsMutuallyExclusive("patch", "json")
	cmd.MarkFlagsMutuallyExclusive("patch", "rules")
	return cmd
}

func runJSON(env cli.Env, base, other string, opt jsonOptions) error {
	if base == recording.Stdio && other == recording.Stdio {
		return errors.New("standard input can be one of the two documents, not both")
	}
	x, err := readDocument(env, base)
	if err != nil {
		return err
	}
	y, err := readDocument(env, other)
	if err != nil {
		return err
	}
	differs := false
	if opt.patch {
		differs, err = printPatch(env, x, y)
	} else {
		differs, err = opt.compare(env, x, y)
	}
	if err != nil {
		return fmt.Errorf("%s, %s: %w", base, other, err)
	}
	if differs {
		return &cli.VerdictError{Verdict: diff.Fail}
	}
	return nil
}

// maxDocument is as long as a body may be that is compared.
const maxDocument = 32 << 20

func readDocument(env cli.Env, name string) (text []byte, err error) {
	in := env.Stdin
	if name != recording.Stdio {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	if text, err = io.ReadAll(io.LimitReader(in, maxDocument+1)); err != nil {
		return nil, err
	}
	if len(text) > maxDocument {
		return nil, fmt.Errorf("%s is longer than %d bytes", name, maxDocument)
	}
	return text, nil
}

func printPatch(env cli.Env, x, y []byte) (differs bool, err error) {
	patch, err := jsondiff.Patch(x, y, jsondiff.Options{})
	if err != nil {
		return false, err
	}
	_, err = fmt.Fprintf(env.Stdout, "%s\n", patch)
	return string(patch) != "[]", err
}

// compare prints the differences that the rules leave.
func (o *jsonOptions) compare(env cli.Env, x, y []byte) (differs bool, err error) {
	var set *rules.Set
	if o.rules != "" {
		if set, err = rules.Load(o.rules); err != nil {
			return false, err
		}
	}
	scope := set.Scope(o.operation, 200)
	scope.Documents(x, y)
	var d jsondiff.Differ
	var failed error
	options := jsondiff.Options{Array: scope.Array}
	if scope.Renames() {
		options.Rename = scope.Rename
	}
	err = d.Compare(x, y, options, func(ch jsondiff.Change) {
		decision := scope.Decide(rules.Item{Part: diff.Body, Path: ch.Path, Kind: ch.Kind, Base: ch.Base, Other: ch.Other})
		if decision == rules.Hide {
			return
		}
		if decision == rules.Broken {
			ch.Kind = diff.Class
		}
		differs = true
		failed = errors.Join(failed, o.print(env, &ch))
	})
	return differs, errors.Join(err, failed)
}

func (o *jsonOptions) print(env cli.Env, ch *jsondiff.Change) error {
	if o.json {
		return json.NewEncoder(env.Stdout).Encode(struct {
			Path  string          `json:"path"`
			Kind  diff.Kind       `json:"kind"`
			Base  json.RawMessage `json:"base,omitempty"`
			Other json.RawMessage `json:"other,omitempty"`
		}{ch.Path.String(), ch.Kind, ch.Base, ch.Other})
	}
	_, err := fmt.Fprintf(env.Stdout, "%s %s: %s -> %s\n", cli.Visible(ch.Path.String()), ch.Kind, shown(ch.Base), shown(ch.Other))
	return err
}

func shown(value []byte) string {
	if value == nil {
		return "(absent)"
	}
	return cli.Visible(string(value))
}

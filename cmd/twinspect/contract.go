package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/cmd/internal/recording"
	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/provider"
	learned "twinspect.dev/contract/recorded"
	"twinspect.dev/contract/report"
)

// documentOptions say how a document is read, and which part of it is meant.
type documentOptions struct {
	allowURLs  bool
	operations []string
}

func (o *documentOptions) register(flags *pflag.FlagSet) {
	flags.BoolVar(&o.allowURLs, "allow-urls", false, "follow references of the document to other machines")
	flags.StringSliceVar(&o.operations, "operation", nil, "of these operations alone: a name, an operationId, or a pattern such as 'GET /products/*'")
}

// load reads a document and tells what of it cannot be used.
func (o *documentOptions) load(env cli.Env, path string) (*openapi.Document, error) {
	doc, err := openapi.Loader{AllowURLs: o.allowURLs}.Load(path)
	if err != nil {
		return nil, err
	}
	for _, p := range doc.Problems {
		fmt.Fprintln(env.Stderr, "twinspect: left out: "+p.String())
	}
	if len(doc.Operations) == 0 {
		return nil, fmt.Errorf("%s: there is no operation that can be used", path)
	}
	return doc, nil
}

// chosen returns the operations that are meant, all where none are named. A
// pattern that fits none is an error.
func (o *documentOptions) chosen(doc *openapi.Document) ([]string, error) {
	var names []string
	fits := make([]bool, len(o.operations))
	for _, op := range doc.Operations {
		meant := len(o.operations) == 0
		for i, pattern := range o.operations {
			if op.ID == pattern || op.Name == pattern || rulefile.Glob(pattern, op.Name) {
				meant, fits[i] = true, true
			}
		}
		if meant {
			names = append(names, op.Name)
		}
	}
	for i, ok := range fits {
		if !ok {
			return nil, noOperation(doc, o.operations[i])
		}
	}
	return names, nil
}

// makeOptions say how cases are made.
type makeOptions struct {
	seed    uint64
	max     int
	traffic string
}

func (o *makeOptions) register(flags *pflag.FlagSet) {
	flags.Uint64Var(&o.seed, "seed", 1, "draw values by this number: the same number gives the same cases")
	flags.IntVar(&o.max, "max-cases", 0, "make at most so many cases of one request for each operation (0: 500)")
	flags.StringVar(&o.traffic, "traffic", "", "take values from this recording too, and learn from it what is needed before what")
}

// suite plans the cases of a document.
func (o *makeOptions) suite(ctx context.Context, env cli.Env, doc *openapi.Document) (*provider.Suite, error) {
	options := provider.Options{Seed: o.seed, Max: o.max}
	if o.max < 0 {
		return nil, fmt.Errorf("--max-cases %d: want a number of cases, or 0 for the usual one", o.max)
	}
	if o.traffic == "" {
		return provider.New(doc, options), nil
	}
	values, err := o.learn(ctx, env, doc)
	if err != nil {
		return nil, fmt.Errorf("--traffic: %w", err)
	}
	options.Recorded, options.Dependencies = values.Requests, values.Dependencies()
	return provider.New(doc, options), nil
}

func (o *makeOptions) learn(ctx context.Context, env cli.Env, doc *openapi.Document) (_ *learned.Values, err error) {
	in, err := recording.Open(ctx, env, o.traffic)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	damage := cli.NewDamage(env)
	stop := cli.Watch(ctx, env, "learned from", in.Unit+" of the recording", in.Progress)
	defer stop()
	values, err := learned.Learn(ctx, in, doc, damage.Report)
	stop()
	if err == nil {
		err = cli.PrintAccount(env.Stderr, values.Account())
	}
	return values, errors.Join(err, damage.Err())
}

// reportOptions say where evidence goes.
type reportOptions struct {
	folder  string
	json    bool
	verbose bool
}

func (o *reportOptions) register(flags *pflag.FlagSet) {
	flags.StringVar(&o.folder, "report", "", "write report.html, evidence.json, junit.xml, examples.har and summary.md into this folder")
	flags.BoolVar(&o.json, "json", false, "print the evidence as JSON instead of text")
	flags.BoolVar(&o.verbose, "verbose", false, "list everything, what is covered too")
}

// check makes the folder before any work is done for it.
func (o *reportOptions) check() error {
	if o.folder == "" {
		return nil
	}
	if err := os.MkdirAll(o.folder, 0o755); err != nil {
		return fmt.Errorf("--report: %w", err)
	}
	return nil
}

// publish prints the evidence and writes its files.
func (o *reportOptions) publish(env cli.Env, r *contract.Report) error {
	if o.folder != "" {
		for name, render := range map[string]func(io.Writer, *contract.Report) error{
			"report.html": report.HTML, "evidence.json": report.JSON, "junit.xml": report.JUnit, "summary.md": report.Markdown,
		} {
			if err := o.write(name, func(w io.Writer) error { return render(w, r) }); err != nil {
				return err
			}
		}
	}
	if o.json {
		return report.JSON(env.Stdout, r)
	}
	opt := report.TerminalOptions{Color: env.Color(), Width: env.Width, Verbose: o.verbose}
	if o.folder != "" {
		opt.More = filepath.Join(o.folder, "report.html")
	}
	if err := report.Terminal(env.Stdout, r, opt); err != nil {
		return err
	}
	if o.folder != "" {
		fmt.Fprintf(env.Stdout, "\nreport: %s\n", opt.More)
	}
	return nil
}

func (o *reportOptions) write(name string, render func(io.Writer) error) error {
	f, err := os.Create(filepath.Join(o.folder, name))
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if err := errors.Join(render(f), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

func newContractCheck(env cli.Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "contract-check",
		Short: "Hold traffic, consumers and changes against an OpenAPI document",
		Args:  cobra.NoArgs,
	}
	for _, c := range []*cobra.Command{newContractCheckTraffic(env), newContractCheckConsumers(env), newContractCheckChange(env)} {
		c.Long += "\n\n" + cli.ExitHelp
		cmd.AddCommand(c)
	}
	return cmd
}
func newContractGen(env cli.Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "contract-gen",
		Short: "Generate provider tests from an OpenAPI document, and consumers' contracts from traffic",
		Args:  cobra.NoArgs,
	}
	for _, c := range []*cobra.Command{newContractGenProvider(env), newContractGenConsumer(env)} {
		c.Long += "\n\n" + cli.ExitHelp
		cmd.AddCommand(c)
	}
	return cmd
}

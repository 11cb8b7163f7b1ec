package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/contract"
	"twinspect.dev/contract/compat"
	"twinspect.dev/contract/compat/impact"
	compatreport "twinspect.dev/contract/compat/report"
	"twinspect.dev/contract/contractfile"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/pact"
	"twinspect.dev/contract/pact/relied"
	"twinspect.dev/diff"
	"twinspect.dev/diff/report/look"
)

// compatOptions are what both checks of consumers have in common.
type compatOptions struct {
	provider  string
	contracts []string
	pacts     []string
	allowURLs bool
	folder    string
	json      bool
	verbose   bool
}

func (o *compatOptions) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&o.provider, "provider", "", "name of the provider (default: the only one that the consumers have)")
	flags.StringArrayVar(&o.contracts, "consumers", nil, "folder of contracts, as contract-gen consumer writes it; may be given more than once")
	flags.StringArrayVar(&o.pacts, "pact", nil, "a Pact file, or a folder of such; may be given more than once")
	flags.BoolVar(&o.allowURLs, "allow-urls", false, "follow references of the documents to other machines")
	flags.StringVar(&o.folder, "report", "", "write report.html, evidence.json, junit.xml and summary.md into this folder")
	flags.BoolVar(&o.json, "json", false, "print the evidence as JSON instead of text")
	flags.BoolVar(&o.verbose, "verbose", false, "list everything, what concerns nobody too")
	for _, name := range []string{"consumers", "report"} {
		_ = cmd.MarkFlagDirname(name)
	}
	_ = cmd.MarkFlagFilename("pact", "json")
}

func newContractCheckConsumers(env cli.Env) *cobra.Command {
	var opt compatOptions
	cmd := &cobra.Command{
		Use:   "consumers SPEC --consumers DIR",
		Short: "Say which consumers rely on what their provider's document does not promise",
		Long: `Consumers holds contracts, inferred from traffic or read from Pact files, against the
OpenAPI document of their provider: every operation that is called, every parameter
that is sent, every status that is met, and every field that is used.

A consumer breaks where it uses what the document does not have. What it is given
and does not use is no failure.`,
		Example: `  twinspect contract-check consumers catalog.yaml --consumers contracts
  twinspect contract-check consumers catalog.yaml --provider catalog --pact pacts --report out`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return opt.run(cmd.Context(), env, "", args[0], false) },
	}
	opt.register(cmd)
	cmd.ValidArgsFunction = completeDocument
	return cmd
}

func newContractCheckChange(env cli.Env) *cobra.Command {
	var opt compatOptions
	var strict bool
	cmd := &cobra.Command{
		Use:   "change OLD NEW",
		Short: "Say what a change of an OpenAPI document breaks, and whom",
		Long: `Change compares two versions of a provider's OpenAPI document by direction: what is
asked for may become less, what is promised may become more, never the reverse. Each
change has a rule, a place in both files, and a weight: which consumers depend on it,
by how many of their calls.

With consumers the verdict is theirs: a breaking change by which nobody breaks passes,
unless --strict is given. Without any, every breaking change fails.`,
		Example: `  twinspect contract-check change catalog-1.yaml catalog-2.yaml
  twinspect contract-check change main/catalog.yaml catalog.yaml --consumers contracts --report out
  twinspect contract-check change main/catalog.yaml catalog.yaml --consumers contracts --pact pacts --strict --json`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return opt.run(cmd.Context(), env, args[0], args[1], strict)
		},
	}
	opt.register(cmd)
	cmd.Flags().BoolVar(&strict, "strict", false, "fail for every breaking change, whether anybody depends on it or not")
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return completeDocument(cmd, args[:max(len(args)-1, 0)], word) // both arguments are documents
	}
	return cmd
}

func (o *compatOptions) run(ctx context.Context, env cli.Env, before, after string, strict bool) error {
	saveMemory()
	started := time.Now()
	if o.folder != "" {
		if err := os.MkdirAll(o.folder, 0o755); err != nil {
			return fmt.Errorf("--report: %w", err)
		}
	}
	c := impact.Case{Strict: strict}
	var err error
	if c.New, c.Old, err = o.documents(after, before); err != nil {
		return err
	}
	if err := o.consumers(env, &c, before == ""); err != nil {
		return err
	}
	if c.Old != nil {
		if c.Changes, err = compat.Compare(c.Old, c.New); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	r := impact.Judge(c)
	r.Tool, r.Started, r.Ended = "twinspect "+env.Version, started.UTC(), time.Now().UTC()
	if err := o.publish(env, r); err != nil {
		return err
	}
	if r.Verdict != contract.Pass {
		return &cli.VerdictError{Verdict: diff.Verdict(r.Verdict)}
	}
	return nil
}

// saveMemory lets the collector work more: two documents are read and compared in
// less than a second, and most of what that takes is garbage. What the environment
// says goes first.
func saveMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(30)
	}
}

// documents reads both documents side by side; there is no old one where it has
// no name.
func (o *compatOptions) documents(after, before string) (latest, last *openapi.Document, err error) {
	loader := openapi.Loader{AllowURLs: o.allowURLs, Plain: true}
	failed := make(chan error, 1)
	go func() {
		var err error
		if before != "" {
			last, err = loader.Load(before)
		}
		failed <- err
	}()
	latest, err = loader.Load(after)
	return latest, last, errors.Join(<-failed, err)
}

// consumers reads the contracts of the provider's consumers.
func (o *compatOptions) consumers(env cli.Env, c *impact.Case, needed bool) error {
	known := make(map[string]bool)
	var all []*contract.Contract
	for _, dir := range o.contracts {
		found, err := contractfile.Read(dir)
		if err != nil {
			return fmt.Errorf("--consumers: %w", err)
		}
		if len(found) == 0 {
			return fmt.Errorf("--consumers %s: there are no contracts: name the folder that contract-gen consumer wrote", dir)
		}
		all = append(all, found...)
	}
	pacts, err := loadPacts(o.pacts)
	if err != nil {
		return fmt.Errorf("--pact: %w", err)
	}
	for _, k := range all {
		known[k.Provider] = true
	}
	for _, p := range pacts {
		known[p.Provider] = true
	}
	if c.Provider, err = o.named(known, needed); err != nil {
		return err
	}
	for _, k := range all {
		if k.Provider == c.Provider {
			c.Contracts = append(c.Contracts, k)
		}
	}
	doc := c.Old
	if doc == nil {
		doc = c.New
	}
	for _, p := range pacts {
		if p.Provider != c.Provider {
			continue
		}
		k, left := relied.Contract(p, doc.Name)
		for _, l := range left {
			fmt.Fprintf(env.Stderr, "twinspect: pact of %s left out: %s\n", p.Consumer, l)
		}
		c.Pacts = append(c.Pacts, k)
	}
	return nil
}

// named is the provider that is meant.
func (o *compatOptions) named(known map[string]bool, needed bool) (string, error) {
	switch {
	case len(known) == 0 && needed:
		return "", errors.New("there are no consumers: give --consumers DIR or --pact FILE")
	case o.provider != "" && len(known) > 0 && !known[o.provider]:
		return "", fmt.Errorf("--provider %s: the consumers know %s", o.provider, sentence(known))
	case o.provider != "" || len(known) == 0:
		return o.provider, nil
	case len(known) > 1:
		return "", fmt.Errorf("the consumers have several providers: say which by --provider: %s", sentence(known))
	}
	for name := range known {
		return name, nil
	}
	return "", nil
}

// sentence lists names as a person would.
func sentence(known map[string]bool) string {
	names := slices.Sorted(maps.Keys(known))
	for i := range names {
		names[i] = look.Fit(names[i], 60)
	}
	if last := len(names) - 1; last > 0 {
		return strings.Join(names[:last], ", ") + " and " + names[last]
	}
	return strings.Join(names, "")
}

// loadPacts reads Pact files, and those in folders.
func loadPacts(names []string) ([]*pact.Pact, error) {
	var all []*pact.Pact
	for _, name := range names {
		files := []string{name}
		if info, err := os.Stat(name); err != nil {
			return nil, err
		} else if info.IsDir() {
			if files, err = filepath.Glob(filepath.Join(name, "*.json")); err != nil {
				return nil, err
			}
			if len(files) == 0 {
				return nil, fmt.Errorf("%s: there are no Pact files (*.json)", name)
			}
		}
		for _, file := range files {
			p, err := pact.ReadFile(file)
			if err != nil {
				return nil, err
			}
			all = append(all, p)
		}
	}
	return all, nil
}

func (o *compatOptions) publish(env cli.Env, r *impact.Report) error {
	out := reportOptions{folder: o.folder}
	if o.folder != "" {
		for name, render := range map[string]func(io.Writer, *impact.Report) error{
			"report.html": compatreport.HTML, "evidence.json": compatreport.JSON, "junit.xml": compatreport.JUnit, "summary.md": compatreport.Markdown,
		} {
			if err := out.write(name, func(w io.Writer) error { return render(w, r) }); err != nil {
				return err
			}
		}
	}
	if o.json {
		return compatreport.JSON(env.Stdout, r)
	}
	opt := compatreport.TerminalOptions{Color: env.Color(), Width: env.Width, Verbose: o.verbose}
	if o.folder != "" {
		opt.More = filepath.Join(o.folder, "report.html")
	}
	if err := compatreport.Terminal(env.Stdout, r, opt); err != nil {
		return err
	}
	if o.folder != "" {
		fmt.Fprintf(env.Stdout, "\nreport: %s\n", opt.More)
	}
	return nil
}

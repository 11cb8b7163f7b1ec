package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/contract"
	"twinspect.dev/contract/casefile"
	"twinspect.dev/contract/export"
	"twinspect.dev/contract/provider"
)

type contractGenOptions struct {
	documentOptions
	makeOptions
	folder  string
	goTest  string
	postman string
	http    string
	json    bool
}

func newContractGenProvider(env cli.Env) *cobra.Command {
	var opt contractGenOptions
	cmd := &cobra.Command{
		Use:   "provider SPEC -o DIR",
		Short: "Generate the cases of a provider from its OpenAPI document",
		Long: `Provider makes cases from an OpenAPI document (Swagger 2.0, OpenAPI 3.0 and 3.1;
YAML or JSON; split files): requests that must be accepted, at every bound and at
every two bounds together; requests that must be rejected, each for one reason; and
sequences that create, read, update, list and delete. Each one says why it exists.

The cases are YAML, one file an operation. The same document and seed give the same
files, so that a change of the document is a readable difference in review. What no
case could be made for is told, and stands in the files as well. With --operation the
folder holds the cases of these operations alone. Cases of your own, in files that
end with .own.yaml, are left as they are.`,
		Example: `  twinspect contract-gen provider openapi.yaml -o contract/
  twinspect contract-gen provider openapi.yaml -o contract/ --traffic traffic.twin --seed 7
  twinspect contract-gen provider openapi.yaml --operation 'POST /orders' -o contract/
  twinspect contract-gen provider openapi.yaml --go contract_test.go --postman shop.postman_collection.json --http shop.http`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return opt.run(cmd.Context(), env, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVarP(&opt.folder, "output", "o", "", "write the cases into this folder")
	flags.StringVar(&opt.goTest, "go", "", "write them as a Go test into this file")
	flags.StringVar(&opt.postman, "postman", "", "write them as a Postman collection (2.1) into this file")
	flags.StringVar(&opt.http, "http", "", "write them as requests of a .http file into this file")
	flags.BoolVar(&opt.json, "json", false, "print the summary as JSON")
	opt.documentOptions.register(flags)
	opt.makeOptions.register(flags)
	cmd.ValidArgsFunction = completeDocument
	_ = cmd.RegisterFlagCompletionFunc("operation", opt.completeOperations)
	return cmd
}

func (o *contractGenOptions) run(ctx context.Context, env cli.Env, path string) error {
	if o.folder == "" && o.goTest == "" && o.postman == "" && o.http == "" {
		return errors.New("say where the cases go: -o DIR, --go FILE, --postman FILE or --http FILE")
	}
	spendMemory()
	doc, err := o.load(env, path)
	if err != nil {
		return err
	}
	names, err := o.chosen(doc)
	if err != nil {
		return err
	}
	suite, err := o.suite(ctx, env, doc)
	if err != nil {
		return err
	}
	sum := &generated{Cases: map[contract.Kind]uint64{}, Document: doc.Info(), Problems: append(slices.Clone(doc.Problems), suite.Schemas.Problems()...)}
	if o.folder != "" {
		if err := o.writeFolder(ctx, env, suite, names, sum); err != nil {
			return err
		}
	}
	if err := o.export(ctx, env, suite, names, sum); err != nil {
		return err
	}
	if o.json {
		return cli.PrintJSON(env.Stdout, sum)
	}
	return sum.print(env.Stdout)
}

// spendMemory lets the collector work less while there is memory: the program lives
// for seconds. Of the greatest document that is published, 13 MB, some 300 MB are
// alive at the end; the limit is twice that, beyond which it works as usual. What
// the environment says goes first.
func spendMemory() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(400)
		debug.SetMemoryLimit(600 << 20)
	}
}

// writeFolder writes one file an operation, each as it is made.
func (o *contractGenOptions) writeFolder(ctx context.Context, env cli.Env, suite *provider.Suite, names []string, sum *generated) error {
	w, err := casefile.NewWriter(o.folder, casefile.Header{Document: suite.Document.Info(), Seed: o.seed, Tool: "twinspect " + env.Version})
	if err != nil {
		return err
	}
	var done atomic.Int64
	stop := cli.Watch(ctx, env, "generated", "operations", func() (int64, int64) { return done.Load(), int64(len(names)) })
	defer stop()
	for part, err := range sum.counted(suite.Parts(ctx, names)) {
		if err == nil {
			err = w.Write(&part)
		}
		if err != nil {
			return errors.Join(err, w.Discard())
		}
		done.Add(1)
	}
	sum.Files = append(sum.Files, o.folder)
	return w.Close()
}

// export writes the other forms.
func (o *contractGenOptions) export(ctx context.Context, env cli.Env, suite *provider.Suite, names []string, sum *generated) error {
	forms := []struct {
		file  string
		write func(io.Writer, export.Context, iter.Seq2[contract.Part, error]) error
	}{
		{o.goTest, export.GoTest}, {o.postman, export.Postman}, {o.http, export.HTTPFile},
	}
	for _, form := range forms {
		if form.file == "" {
			continue
		}
		f, err := os.Create(form.file)
		if err != nil {
			return err
		}
		err = form.write(f, o.context(env, suite, form.file, sum), sum.counted(suite.Parts(ctx, names)))
		if err = errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("write %s: %w", form.file, err)
		}
		sum.Files = append(sum.Files, form.file)
	}
	return nil
}

// context says what an exported file needs: the document as seen from the file.
func (o *contractGenOptions) context(env cli.Env, suite *provider.Suite, file string, sum *generated) export.Context {
	x := export.Context{
		Document: suite.Document, Codec: suite.Codec, Tool: env.Version,
		Left: func(l export.Left) { sum.Left = append(sum.Left, file+": "+l.Case+": "+string(l.Reason)) },
	}
	from, err := filepath.Abs(filepath.Dir(file))
	to, err2 := filepath.Abs(suite.Document.Path)
	if path, err3 := filepath.Rel(from, to); errors.Join(err, err2, err3) == nil {
		x.DocumentPath = filepath.ToSlash(path)
	}
	return x
}

// generated sums up what was made.
type generated struct {
	Document   contract.DocumentInfo    `json:"document"`
	Operations int                      `json:"operations"`
	Cases      map[contract.Kind]uint64 `json:"cases"`
	Gaps       []contract.Gap           `json:"gaps,omitempty"`
	Problems   []contract.Problem       `json:"problems,omitempty"`
	// Left names what a form cannot say: the file, the case, the reason.
	Left  []string `json:"left,omitempty"`
	Files []string `json:"files,omitempty"`
}

// counted passes parts on and adds them to the sum, once though they are written in
// several forms.
func (g *generated) counted(parts iter.Seq2[contract.Part, error]) iter.Seq2[contract.Part, error] {
	if g.Operations > 0 {
		return parts
	}
	return func(yield func(contract.Part, error) bool) {
		for part, err := range parts {
			if err == nil {
				g.add(&part)
			}
			if !yield(part, err) {
				return
			}
		}
	}
}

func (g *generated) add(p *contract.Part) {
	g.Operations++
	for i := range p.Cases {
		g.Cases[p.Cases[i].Kind]++
	}
	g.Gaps = append(g.Gaps, p.Gaps...)
}

// maxTold is how many gaps are printed: more than a screen nobody reads, and the
// files have them all.
const maxTold = 12

func (g *generated) print(w io.Writer) error {
	for _, p := range g.Problems {
		fmt.Fprintf(w, "problem: %s\n", p.String())
	}
	told := g.gaps()
	for _, line := range told[:min(len(told), maxTold)] {
		fmt.Fprintf(w, "no case: %s\n", line)
	}
	if more := len(told) - maxTold; more > 0 {
		fmt.Fprintf(w, "no case: %d more reasons; the files have them all, and so has --json\n", more)
	}
	for _, left := range g.Left[:min(len(g.Left), maxTold)] {
		fmt.Fprintf(w, "left out: %s\n", left)
	}
	if more := len(g.Left) - maxTold; more > 0 {
		fmt.Fprintf(w, "left out: %d more; the files say where, and so does --json\n", more)
	}
	fmt.Fprintf(w, "%d operations, %d cases: %d positive, %d negative, %d sequences\n", g.Operations,
		g.Cases[contract.Positive]+g.Cases[contract.Negative]+g.Cases[contract.Sequence],
		g.Cases[contract.Positive], g.Cases[contract.Negative], g.Cases[contract.Sequence])
	_, err := fmt.Fprintf(w, "written: %s\n", strings.Join(g.Files, ", "))
	return err
}

// gaps tells each reason once, with the number of operations beside the first.
func (g *generated) gaps() []string {
	type reason struct {
		rule contract.Rule
		why  string
	}
	first, also := map[reason]contract.Gap{}, map[reason]map[string]bool{}
	var order []reason
	for _, gap := range g.Gaps {
		r := reason{gap.Rule, gap.Why}
		if _, known := first[r]; !known {
			first[r], also[r] = gap, map[string]bool{}
			order = append(order, r)
		}
		also[r][gap.Operation] = true
	}
	lines := make([]string, len(order))
	for i, r := range order {
		gap := first[r]
		lines[i] = strings.Join(strings.Fields(fmt.Sprint(gap.Operation, " ", gap.At, " ", gap.Rule)), " ") + ": " + gap.Why
		if n := len(also[r]) - 1; n > 0 {
			lines[i] += fmt.Sprintf(" (and in %d more operations)", n)
		}
	}
	return lines
}

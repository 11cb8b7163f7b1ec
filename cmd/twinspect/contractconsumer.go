package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"

	"twinspect.dev/capture"
	"twinspect.dev/capture/trace"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/cmd/internal/recording"
	"twinspect.dev/contract"
	"twinspect.dev/contract/consumer"
	"twinspect.dev/contract/contractfile"
	"twinspect.dev/contract/join"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/pact"
	pactof "twinspect.dev/contract/pact/consumer"
)

type contractConsumerOptions struct {
	spanOptions
	traces    []string
	exchanges []string
	specs     []string
	allowURLs bool
	folder    string
	merge     bool
	pacts     string
	version   string
	goTests   string
	temp      string
	json      bool
}

func newContractGenConsumer(env cli.Env) *cobra.Command {
	var opt contractConsumerOptions
	cmd := &cobra.Command{
		Use:   "consumer --traces SOURCE --exchanges FILE -o DIR",
		Short: "Infer the contracts of consumers from traces and recorded exchanges",
		Long: `Consumer joins traces, which say who called whom and why, with recorded exchanges,
which say what was said, and writes for each pair of consumer and provider what is
asked, what is answered, and what of the answers is used: which values come again in
the consumer's later requests and in its own answer.

The contracts are YAML, one file a pair, DIR/CONSUMER/PROVIDER.yaml, to be kept in git.
What has changed since the last ones in DIR is shown. With --merge the counts are added
to them.

A field that is "seen" came and was not followed: a decision that is taken by it leaves
no value to follow, so that it is no proof that nobody needs it.

` + spanSources,
		Example: `  twinspect contract-gen consumer --traces spans.otlp --exchanges traffic.twin -o contracts
  twinspect contract-gen consumer --traces jaeger://127.0.0.1:16686 --exchanges catalog.twin --exchanges pricing.twin \
      --spec catalog=catalog.yaml --spec pricing=pricing.yaml -o contracts
  twinspect contract-gen consumer --traces spans.otlp --exchanges traffic.twin -o contracts --merge \
      --pact pacts --go-tests consumertests`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return opt.run(cmd.Context(), env) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&opt.traces, "traces", nil, "where spans come from; may be given more than once")
	flags.StringArrayVar(&opt.exchanges, "exchanges", nil, "a recording of exchanges; may be given more than once")
	flags.StringArrayVar(&opt.specs, "spec", nil, "the OpenAPI document of a provider: PROVIDER=FILE")
	flags.BoolVar(&opt.allowURLs, "allow-urls", false, "follow references of the documents to other machines")
	flags.StringVarP(&opt.folder, "output", "o", "", "the folder of contracts")
	flags.BoolVar(&opt.merge, "merge", false, "add to the contracts that are there")
	flags.StringVar(&opt.pacts, "pact", "", "write Pact files into this folder too")
	flags.StringVar(&opt.version, "pact-version", "4", "version of the Pact files: 2, 3 or 4")
	flags.StringVar(&opt.goTests, "go-tests", "", "write Go tests of the consumers into this folder too, a package each; those that are there are kept")
	flags.StringVar(&opt.temp, "temp", "", "folder for temporary files (default: the system's)")
	flags.BoolVar(&opt.json, "json", false, "print the summary as JSON")
	opt.register(flags)
	for _, name := range []string{"traces", "exchanges", "output"} {
		_ = cmd.MarkFlagRequired(name)
	}
	return cmd
}

func (o *contractConsumerOptions) run(ctx context.Context, env cli.Env) (err error) {
	version, err := pactVersion(o.version)
	if err = errors.Join(err, o.check(), readable(o.traces), readableRecordings(o.exchanges)); err != nil {
		return err
	}
	if slices.Contains(o.traces, "-") && slices.Contains(o.exchanges, recording.Stdio) {
		return errors.New("--traces - and --exchanges -: standard input is one of the two")
	}
	before, err := contractfile.Read(o.folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	documents, err := loadSpecs(env, o.specs, o.allowURLs)
	if err != nil {
		return err
	}
	learner, err := consumer.New(documents)
	if err != nil {
		return err
	}
	damage := cli.NewDamage(env)
	account, err := o.learn(ctx, env, learner, damage)
	if err != nil {
		return err
	}
	found := learner.Contracts()
	sum := &inferred{Contracts: len(found), Account: account}
	if err := o.keep(before, found, sum); err != nil {
		return err
	}
	if err := o.export(found, version, sum); err != nil {
		return err
	}
	if o.json {
		err = cli.PrintJSON(env.Stdout, sum)
	} else {
		err = sum.print(env)
	}
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("no call of one service to another was recorded: see the account for what was not joined")
	}
	return errors.Join(err, damage.Err())
}

// learn joins spans and exchanges and infers from the chains.
func (o *contractConsumerOptions) learn(ctx context.Context, env cli.Env, learner *consumer.Learner, damage *cli.Damage) (account capture.Account, err error) {
	joiner, err := join.New(join.Options{Dir: o.temp, Operation: learner.Operation})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, joiner.Close()) }()
	spans := &spanReader{env: env, options: o.spanOptions, damage: damage}
	if ctx, err = spans.each(ctx, o.traces, func(sp *trace.Span) error { return joiner.AddSpan(sp) }); err != nil {
		return nil, err
	}
	account = spans.account
	for _, name := range o.exchanges {
		read, err := addExchanges(ctx, env, name, joiner, damage)
		if err != nil {
			return nil, fmt.Errorf("exchanges of %s: %w", name, err)
		}
		account = account.Merge(read)
	}
	var done atomic.Int64
	stop := cli.Watch(ctx, env, "inferred from", "traces", func() (int64, int64) { return done.Load(), 0 })
	err = joiner.Each(ctx, func(c *join.Chain) error {
		learner.Learn(c)
		done.Add(1)
		return nil
	})
	stop()
	return account.Merge(joiner.Account()).Merge(learner.Account()), err
}

func addExchanges(ctx context.Context, env cli.Env, name string, joiner *join.Joiner, damage *cli.Damage) (account capture.Account, err error) {
	in, err := recording.Open(ctx, env, name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	stop := cli.Watch(ctx, env, "read", in.Unit+" of "+in.Name, in.Progress)
	defer stop()
	for {
		var e capture.Exchange
		err := in.ReadExchange(ctx, &e)
		var damaged *capture.RecordError
		switch {
		case errors.Is(err, io.EOF):
			return in.Account(), nil
		case errors.As(err, &damaged):
			damage.Report(damaged)
			continue
		case err == nil:
			err = joiner.AddExchange(&e)
		}
		if err != nil {
			return nil, err
		}
	}
}

// keep writes the contracts into the folder, and notes what has changed.
func (o *contractConsumerOptions) keep(before, found []*contract.Contract, sum *inferred) (err error) {
	last := make(map[[2]string]*contract.Contract, len(before))
	for _, c := range before {
		last[[2]string{c.Consumer, c.Provider}] = c
	}
	for i, c := range found {
		if old := last[[2]string{c.Consumer, c.Provider}]; old != nil {
			sum.Drift = append(sum.Drift, drift{c.Consumer, c.Provider, contractfile.Drift(old, c)})
			if o.merge {
				if c, err = contractfile.Merge(old, c); err != nil {
					return err
				}
				found[i] = c
			}
		}
		if err := contractfile.Write(o.folder, c); err != nil {
			return err
		}
		sum.add(c)
	}
	if len(found) > 0 {
		sum.Files = append(sum.Files, o.folder)
	}
	return nil
}

// export writes Pact files and Go tests.
func (o *contractConsumerOptions) export(found []*contract.Contract, version pact.Version, sum *inferred) error {
	if o.pacts == "" && o.goTests == "" {
		return nil
	}
	names := make(fileNames)
	for _, c := range found {
		p, left := pactof.FromContract(c, version)
		for _, l := range left {
			sum.Left = append(sum.Left, c.Consumer+" of "+c.Provider+": "+l)
		}
		name := names.of(c.Consumer + "-" + c.Provider)
		if o.pacts != "" {
			if err := write(filepath.Join(o.pacts, name+".json"), sum, func(w io.Writer) error { return pact.Write(w, p) }); err != nil {
				return err
			}
		}
		if o.goTests != "" {
			if err := o.goTest(filepath.Join(o.goTests, name, "pact_test.go"), c, p, sum); err != nil {
				return err
			}
		}
	}
	return nil
}

// goTest writes the tests of a pair, a package of their own. What is there is a
// developer's by now, who has put the calls in.
func (o *contractConsumerOptions) goTest(path string, c *contract.Contract, p *pact.Pact, sum *inferred) error {
	if _, err := os.Stat(path); err == nil {
		sum.Kept = append(sum.Kept, path)
		return nil
	}
	return write(path, sum, func(w io.Writer) error { return pactof.GoTest(w, c, p, packageName(c.Provider)) })
}

func write(path string, sum *inferred, render func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := errors.Join(render(f), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	sum.Files = append(sum.Files, path)
	return nil
}

func pactVersion(text string) (pact.Version, error) {
	switch text {
	case "2":
		return pact.V2, nil
	case "3":
		return pact.V3, nil
	case "4":
		return pact.V4, nil
	}
	return "", fmt.Errorf("--pact-version %s: want 2, 3 or 4", text)
}

// readableRecordings sees that the files are there before spans are waited for.
func readableRecordings(names []string) error {
	for _, name := range names {
		if name == recording.Stdio || strings.Contains(name, "://") {
			continue
		}
		if _, err := os.Stat(name); err != nil {
			return fmt.Errorf("--exchanges: %w", err)
		}
	}
	return nil
}

// loadSpecs reads the documents of providers.
func loadSpecs(env cli.Env, specs []string, allowURLs bool) (map[string]*openapi.Document, error) {
	documents := make(map[string]*openapi.Document, len(specs))
	for _, spec := range specs {
		provider, path, ok := strings.Cut(spec, "=")
		if !ok || provider == "" || path == "" {
			return nil, fmt.Errorf("--spec %s: want PROVIDER=FILE", spec)
		}
		if documents[provider] != nil {
			return nil, fmt.Errorf("--spec %s: there is another document of %s already", spec, provider)
		}
		load := documentOptions{allowURLs: allowURLs}
		doc, err := load.load(env, path)
		if err != nil {
			return nil, fmt.Errorf("--spec: %w", err)
		}
		documents[provider] = doc
	}
	return documents, nil
}

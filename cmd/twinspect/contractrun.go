package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"twinspect.dev/capture"
	"twinspect.dev/capture/redact"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/cmd/internal/recording"
	"twinspect.dev/contract"
	"twinspect.dev/contract/casefile"
	"twinspect.dev/contract/check"
	"twinspect.dev/contract/coverage"
	"twinspect.dev/contract/explore"
	"twinspect.dev/contract/hooks"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/provider"
	"twinspect.dev/contract/report"
	contractrun "twinspect.dev/contract/run"
	"twinspect.dev/diff"
	"twinspect.dev/replay/send"
)

type contractRunOptions struct {
	documentOptions
	makeOptions
	reportOptions
	sideOptions
	pactOptions
	provider    string
	spec        string
	budget      time.Duration
	parallel    int
	again       int
	shrink      int
	maxTime     time.Duration
	checks      []string
	without     []string
	auth        []string
	authFile    string
	hooks       string
	keep        string
	force       bool
	noRedaction bool
	patient     bool // the timeout was given
}

func newContractRun(env cli.Env) *cobra.Command {
	var opt contractRunOptions
	cmd := &cobra.Command{
		Use:   "contract-run DIR|SPEC|PACT... --provider URL",
		Short: "Test a provider against its OpenAPI document, or verify Pact files",
		Long: `Contract-run sends the cases that contract-gen wrote, or those of a document, to a
provider, and checks every answer: that it comes whole, the status, the media type,
headers and body against the document; that what is invalid is rejected and what is
valid is not; credentials, methods, and over several requests that what was written
is read, what was deleted is gone, and what is idempotent is.

What is broken is grouped by its cause. Each cause is asked again, made as small as
it can be, and shown as a curl line. With --budget the time goes where failures are
likely, and on beyond the written cases while it lasts.

The provider is written to: never point this at production.

` + pactHelp + "\n\n" + brokerVariables,
		Example: `  twinspect contract-run openapi.yaml --provider http://127.0.0.1:8080
  twinspect contract-run contract/ --provider http://127.0.0.1:8080 --report out
  twinspect contract-run openapi.yaml --provider http://127.0.0.1:8080 --budget 60s --auth bearer=env:TOKEN
  twinspect contract-run openapi.yaml --provider http://127.0.0.1:8080 --auth-file auth.yaml --hooks ./states.py
  twinspect contract-run openapi.yaml --provider http://127.0.0.1:8080 --without response-time,idempotent --max-time 500ms

  twinspect contract-run pacts/ --provider http://127.0.0.1:8080 --state-url http://127.0.0.1:8080/_pact/state
  twinspect contract-run checkout-catalog.json --provider http://127.0.0.1:8080 --header 'Authorization: Bearer env:TOKEN'
  twinspect contract-run --broker https://broker.example --provider-name catalog --provider http://127.0.0.1:8080 --select main-branch --publish-version 3f2a1c`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			pacts, err := opt.meant(args, cmd.Flags())
			switch {
			case err != nil:
				return err
			case pacts:
				return opt.runPacts(cmd.Context(), env, args)
			}
			return opt.run(cmd.Context(), env, args[0])
		},
	}
	flags := cmd.Flags()
	cmd.PreRun = func(*cobra.Command, []string) { opt.patient = flags.Changed("timeout") }
	flags.StringVar(&opt.provider, "provider", "", "URL of the provider")
	flags.StringVar(&opt.spec, "spec", "", "the document that DIR was made from, where it is not where it was")
	flags.DurationVar(&opt.budget, "budget", 0, "spend this much time, where failures are likely (0: all cases, once)")
	flags.IntVar(&opt.parallel, "parallel", 16, "cases under way at the same time; of Pact files interactions, 1 where it is not given")
	flags.IntVar(&opt.again, "again", 3, "ask each finding again so many times to tell whether it is flaky")
	flags.IntVar(&opt.shrink, "shrink", 100, "spend so many requests on making each finding smaller (0: none)")
	flags.DurationVar(&opt.maxTime, "max-time", 0, "answers that take longer are findings (0: not checked)")
	flags.StringSliceVar(&opt.checks, "checks", nil, "make these checks alone")
	flags.StringSliceVar(&opt.without, "without", nil, "leave these checks out")
	flags.StringArrayVar(&opt.auth, "auth", nil, "credentials of a security scheme: SCHEME=env:NAME, SCHEME=file:PATH or SCHEME=command:LINE")
	flags.StringVar(&opt.authFile, "auth-file", "", "file of credentials: logins, commands, OAuth 2.0, refresh (YAML)")
	flags.StringVar(&opt.hooks, "hooks", "", "a command that is asked before and after each case, by JSON lines")
	flags.StringVar(&opt.keep, "keep", "", "keep every exchange in this recording (.twin, .jsonl, .har)")
	flags.BoolVar(&opt.force, "force", false, "overwrite the kept recording")
	flags.BoolVar(&opt.noRedaction, "no-redact", false, "keep secrets as they are in what is kept and reported")
	opt.documentOptions.register(flags)
	opt.makeOptions.register(flags)
	opt.reportOptions.register(flags)
	opt.sideOptions.register(flags)
	opt.registerPacts(cmd)
	_ = cmd.MarkFlagRequired("provider")
	cmd.ValidArgsFunction = completeDocument
	for _, name := range []string{"checks", "without"} {
		_ = cmd.RegisterFlagCompletionFunc(name, completeChecks)
	}
	_ = cmd.RegisterFlagCompletionFunc("operation", opt.completeOperations)
	return cmd
}

// source is where cases come from: files that were written, or the document.
type source struct {
	names []string
	part  func(operation string) (contract.Part, error)
	suite *provider.Suite
	dir   *casefile.Dir // nil where they are those of the document
}

// Close lets the files go.
func (s *source) Close() error {
	if s.dir == nil {
		return nil
	}
	return s.dir.Close()
}

func (o *contractRunOptions) run(ctx context.Context, env cli.Env, path string) (err error) {
	checks, err := o.chosenChecks()
	if err = errors.Join(err, o.check()); err != nil {
		return err
	}
	if err := o.reportOptions.check(); err != nil {
		return err
	}
	client, err := o.client(o.side(), false, o.parallel)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	src, err := o.open(ctx, env, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	begun := time.Now()
	if err := o.ready(ctx, env, client); err != nil {
		return err
	}
	asking, err := o.asking(ctx, env, src, client, checks, begun)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, asking.Close()) }()
	r, err := asking.run(ctx, env)
	if err != nil {
		return err
	}
	if err := o.publishRun(env, r, asking.examples); err != nil {
		return err
	}
	if r.Verdict != contract.Pass {
		return &cli.VerdictError{Verdict: diff.Verdict(r.Verdict)}
	}
	return nil
}

// open reads the cases of a folder, or plans those of a document.
func (o *contractRunOptions) open(ctx context.Context, env cli.Env, path string) (*source, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return o.openFolder(ctx, env, path)
	}
	doc, err := o.load(env, path)
	if err != nil {
		return nil, err
	}
	names, err := o.chosen(doc)
	if err != nil {
		return nil, err
	}
	suite, err := o.suite(ctx, env, doc)
	if err != nil {
		return nil, err
	}
	return &source{
		suite: suite, names: names,
		part: func(name string) (contract.Part, error) { return suite.Part(name), nil },
	}, nil
}

// openFolder reads the cases that were written, and the document that they were
// made of.
func (o *contractRunOptions) openFolder(ctx context.Context, env cli.Env, path string) (_ *source, err error) {
	dir, err := casefile.Read(path)
	if err != nil {
		return nil, err
	}
	src := &source{dir: dir, part: dir.Part}
	defer func() {
		if err != nil {
			err = errors.Join(err, dir.Close())
		}
	}()
	spec := cmp.Or(o.spec, dir.Header.Document.Path)
	doc, err := o.load(env, spec)
	if err != nil {
		return nil, fmt.Errorf("%w: the cases of %s need their document: say where it is by --spec", err, path)
	}
	if doc.Info().SHA256 != dir.Header.Document.SHA256 {
		fmt.Fprintf(env.Stderr, "twinspect: %s has changed since the cases in %s were made of it: make them anew with contract-gen\n", spec, path)
	}
	o.seed = dir.Header.Seed
	if src.suite, err = o.suite(ctx, env, doc); err != nil {
		return nil, err
	}
	names, err := o.chosen(doc)
	if err != nil {
		return nil, err
	}
	src.names = slices.DeleteFunc(dir.Operations(), func(name string) bool {
		return len(o.operations) > 0 && !slices.Contains(names, name)
	})
	return src, nil
}

// provided is a run against a provider.
type provided struct {
	*contractRunOptions
	src      *source
	doc      *openapi.Document
	plan     *explore.Plan
	config   contractrun.Config
	meter    *coverage.Meter
	keeper   *keeper
	setups   sync.Map                  // *contract.Setup by operation
	ahead    map[string]contract.Part  // by operation, made before the first request
	gaps     map[string][]contract.Gap // by operation
	missing  []contract.Gap            // credentials
	examples []capture.Exchange
	asked    atomic.Int64
	// counted is when counting what was not asked ends; what is uncounted then are
	// operations.
	counted   time.Time
	uncounted int
	closers   []io.Closer
}

// asking makes what a run needs. The caller closes it.
func (o *contractRunOptions) asking(ctx context.Context, env cli.Env, src *source, client *send.Client, checks []contract.Check, begun time.Time) (_ *provided, err error) {
	suite := src.suite
	p := &provided{
		contractRunOptions: o, src: src, doc: suite.Document,
		meter: coverage.New(suite.Document, suite.Schemas, suite.Conformer),
		gaps:  make(map[string][]contract.Gap),
		ahead: make(map[string]contract.Part),
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	p.config = contractrun.Config{
		Document: suite.Document, Codec: suite.Codec, Conformer: suite.Conformer,
		Checker:  check.New(suite.Conformer, suite.Document, check.Options{Limit: o.maxTime, Checks: checks}),
		Provider: client, URL: client.URL(), Parallel: o.parallel, Again: o.again, Shrink: o.shrink, Watch: p.ended, Setup: p.setup,
	}
	p.planned(begun)
	if !o.noRedaction {
		redactor, err := redact.New(redact.Rules{}, redact.NewKey())
		if err != nil {
			return nil, err
		}
		p.config.Redact = func(e *capture.Exchange) { redactor.Redact(e) }
	}
	if err := p.proves(ctx, env, client); err != nil {
		return nil, err
	}
	if o.hooks != "" {
		command, err := hooks.Config{
			Line: o.hooks, Stderr: env.Stderr, Document: suite.Document.Info(), Provider: o.provider,
		}.Start(ctx)
		if err != nil {
			return nil, fmt.Errorf("--hooks: %w", err)
		}
		p.config.Hooks, p.closers = command, append(p.closers, command)
	}
	return p, p.keeps(env)
}

// planned makes the plan of a run whose time began then.
func (p *provided) planned(begun time.Time) {
	p.plan = &explore.Plan{Operations: p.src.names, Make: p.cases, Seed: p.seed}
	if p.budget > 0 {
		// What settling findings takes comes after: a fifth of the time.
		p.plan.Until, p.config.End = begun.Add(p.budget*4/5), begun.Add(p.budget)
		p.config.Until = p.plan.Until
		p.plan.Random = p.src.suite.Random
	}
}

// What is made before the first request is for so many cases, and takes so long, at
// most: a person does not wait to see something happen, and the rest is made on the
// way.
const (
	maxAhead  = 30_000
	aheadTime = 2 * time.Second
)

// prepare makes the cases of operations on all processors, so that asking does not
// wait for one that makes them. What fails here fails again where it is asked for.
func (p *provided) prepare(ctx context.Context) {
	until := time.Now().Add(aheadTime)
	if p.budget > 0 {
		until = time.Now().Add(min(aheadTime, p.budget/10))
	}
	next := make(chan string)
	var mu sync.Mutex
	var makers sync.WaitGroup
	made := 0
	for range runtime.GOMAXPROCS(0) {
		makers.Go(func() {
			for name := range next {
				part, err := p.src.part(name)
				mu.Lock()
				if made += len(part.Cases); err == nil {
					p.ahead[name] = part
				}
				mu.Unlock()
			}
		})
	}
	for _, name := range p.src.names {
		mu.Lock()
		enough := made >= maxAhead
		mu.Unlock()
		if enough || ctx.Err() != nil || time.Now().After(until) {
			break
		}
		next <- name
	}
	close(next)
	makers.Wait()
}

// cases returns the cases of an operation, and remembers what else its part says.
func (p *provided) cases(operation string) ([]contract.Case, error) {
	if _, known := p.gaps[operation]; !known && p.late() {
		p.uncounted++
		return nil, nil
	}
	part, ready := p.ahead[operation]
	delete(p.ahead, operation)
	if !ready {
		var err error
		if part, err = p.src.part(operation); err != nil {
			return nil, err
		}
	}
	p.gaps[operation] = part.Gaps
	if part.Setup != nil {
		p.setups.Store(operation, part.Setup)
	}
	return part.Cases, nil
}

func (p *provided) setup(operation string) *contract.Setup {
	setup, _ := p.setups.Load(operation)
	s, _ := setup.(*contract.Setup)
	return s
}

// keeps opens the recording that every exchange is kept in.
func (p *provided) keeps(env cli.Env) error {
	if p.keep == "" {
		return nil
	}
	sink, err := recording.Create(env, p.keep, recording.Options{Force: p.force})
	if err != nil {
		return err
	}
	keeper := &keeper{sink: sink}
	p.keeper, p.config.Keep, p.closers = keeper, keeper.write, append(p.closers, keeper)
	return nil
}

// ended hears of each case.
func (p *provided) ended(e contractrun.Ended) {
	p.asked.Add(1)
	p.plan.Heard(e.Case.Operation, e.News > 0)
	p.meter.See(e.Case, e.Seen)
}

// Close closes what the run needed.
func (p *provided) Close() error {
	var errs []error
	for _, c := range p.closers {
		errs = append(errs, c.Close())
	}
	p.closers = nil
	return errors.Join(errs...)
}

// run asks the provider and makes the evidence.
func (p *provided) run(ctx context.Context, env cli.Env) (*contract.Report, error) {
	asked, done := cli.Stoppable(ctx)
	defer done()
	p.prepare(asked)
	runner := contractrun.New(p.config)
	stop := cli.Watch(asked, env, "asked", "cases", func() (int64, int64) { return p.asked.Load(), 0 })
	result, err := runner.Run(asked, p.plan.Cases())
	stop()
	if err = errors.Join(err, p.keeper.Err()); err != nil {
		return nil, err
	}
	why := contractrun.Unasked
	if asked.Err() != nil {
		why = contractrun.Stopped
	}
	p.counted = time.Now().Add(countingTime)
	for cs, err := range p.plan.Left() {
		if err != nil {
			return nil, err
		}
		result.Leave(&cs, why)
	}
	r := result.Report(contract.Report{
		Tool: "twinspect " + env.Version, Document: p.doc.Info(), Provider: p.config.URL.Redacted(), Seed: p.seed,
		Problems: append(slices.Clone(p.doc.Problems), p.src.suite.Schemas.Problems()...),
	}, asked.Err() != nil)
	if p.uncounted > 0 {
		r.Reasons = append(r.Reasons, fmt.Sprintf("%d operations were not begun, and the time was too short to count their cases", p.uncounted))
	}
	for _, name := range p.src.names {
		r.Gaps = append(r.Gaps, p.gaps[name]...)
	}
	r.Gaps = append(r.Gaps, p.missing...)
	r.Coverage = p.meter.Coverage(r.Gaps)
	p.examples = result.Examples
	return &r, nil
}

// publishRun writes the report, and the exchanges of its examples.
func (o *contractRunOptions) publishRun(env cli.Env, r *contract.Report, examples []capture.Exchange) error {
	if o.folder != "" {
		if err := o.write("examples.har", func(w io.Writer) error { return report.HAR(w, examples) }); err != nil {
			return err
		}
		if err := o.keepExamples(env, examples); err != nil {
			return err
		}
	}
	return o.publish(env, r)
}

// keepExamples keeps the exchanges of the examples as a recording that can be
// replayed.
func (o *contractRunOptions) keepExamples(env cli.Env, examples []capture.Exchange) (err error) {
	sink, err := recording.Create(env, filepath.Join(o.folder, "examples.twin"), recording.Options{Force: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sink.Close()) }()
	for i := range examples {
		if err := sink.WriteExchange(context.Background(), &examples[i]); err != nil {
			return err
		}
	}
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/contract"
	"twinspect.dev/contract/pact"
	"twinspect.dev/contract/pact/broker"
	"twinspect.dev/contract/pact/report"
	"twinspect.dev/contract/pact/verify"
	"twinspect.dev/diff"
)

// pactOptions say which Pact files are verified, and how.
type pactOptions struct {
	brokerOptions
	fetchOptions
	stateURL, stateCommand, messageURL string
	noTeardown                         bool
	headers                            []string
	filter                             string
	version, publishBranch, buildURL   string

	own     []string // names of the flags
	changed func(flag string) bool
}

const pactHelp = `Where the arguments are Pact files, or folders of such, or where the pacts come from a
Pact Broker, contract-run verifies them: each interaction's request is sent, after its
provider states were set up, and the answer is held against what the consumer expects.
A pending pact that fails is told, and does not count.`

func (o *pactOptions) registerPacts(cmd *cobra.Command) {
	flags := pflag.NewFlagSet("pact", pflag.ContinueOnError)
	flags.StringVar(&o.stateURL, "state-url", "", "Pact files: where provider states are posted to")
	flags.StringVar(&o.stateCommand, "state-command", "", "Pact files: a command that sets up provider states and makes messages, by JSON lines")
	flags.BoolVar(&o.noTeardown, "no-teardown", false, "Pact files: post no teardowns to --state-url")
	flags.StringVar(&o.messageURL, "message-url", "", "Pact files: where the provider's messages are asked for")
	flags.StringArrayVar(&o.headers, "header", nil, "Pact files: add NAME:VALUE to each request; a secret as env:NAME, as in 'Authorization: Bearer env:TOKEN'")
	flags.StringVar(&o.filter, "filter", "", "Pact files: interactions alone whose description has this text")
	flags.StringVar(&o.name, "provider-name", "", "broker: verify the pacts of this provider")
	flags.StringArrayVar(&o.choice, "select", nil, "broker: "+selectHelp)
	flags.BoolVar(&o.pending, "enable-pending", false, "broker: what the provider has never kept is pending, and does not count")
	flags.StringVar(&o.wip, "wip-since", "", "broker: add what consumers work on since this date (YYYY-MM-DD), pending")
	flags.StringVar(&o.branch, "provider-branch", "", "broker: branch of the provider that is verified")
	flags.StringVar(&o.version, "publish-version", "", "broker: publish the results for this version of the provider")
	flags.StringVar(&o.publishBranch, "publish-branch", "", "broker: branch of that version (default: --provider-branch)")
	flags.StringVar(&o.buildURL, "build-url", "", "broker: where the build can be looked at")
	o.brokerOptions.register(flags)
	flags.VisitAll(func(f *pflag.Flag) { o.own = append(o.own, f.Name) })
	cmd.Flags().AddFlagSet(flags)
	o.changed = cmd.Flags().Changed
	_ = cmd.RegisterFlagCompletionFunc("select", completeSelectors)
}

// sharedFlags count for documents and for Pact files.
var sharedFlags = []string{
	"provider", "parallel", "seed", "report", "json", "verbose", "no-redact", "help",
	"timeout", "body-limit", "protocol", "dial", "ca", "cert", "key", "server-name", "insecure",
}

// meant reports whether Pact files are to be verified, and refuses what is for the
// other kind of argument.
func (o *pactOptions) meant(args []string, flags *pflag.FlagSet) (bool, error) {
	if len(args) == 0 {
		if o.brokerURL == "" && o.name == "" {
			return false, errors.New("give a document, a folder of cases, Pact files, or a broker's pacts by --broker URL and --provider-name NAME")
		}
		return true, o.refuse(flags, true)
	}
	pacts, err := areAllPacts(args)
	if err != nil {
		return false, err
	}
	if pacts && (o.changed("provider-name") || o.changed("broker")) {
		return false, errors.New("--broker and --provider-name fetch pacts: leave the files out, or verify the files alone")
	}
	return pacts, o.refuse(flags, pacts)
}

// refuse tells of a flag that counts for the other kind of argument alone.
func (o *pactOptions) refuse(flags *pflag.FlagSet, pacts bool) error {
	var errs []error
	flags.Visit(func(f *pflag.Flag) {
		forPacts := slices.Contains(o.own, f.Name)
		switch {
		case slices.Contains(sharedFlags, f.Name) || forPacts == pacts:
		case forPacts:
			errs = append(errs, fmt.Errorf("--%s is for Pact files, and a document or its cases are tested here", f.Name))
		default:
			errs = append(errs, fmt.Errorf("--%s is for testing against a document, and Pact files are verified here", f.Name))
		}
	})
	return errors.Join(errs...)
}

// checkPacts refuses what cannot be meant together.
func (o *pactOptions) checkPacts(args []string) error {
	brokerOnly := []string{"select", "enable-pending", "wip-since", "provider-branch", "publish-version", "publish-branch", "build-url"}
	var errs []error
	if len(args) > 0 {
		for _, name := range brokerOnly {
			if o.changed(name) {
				errs = append(errs, fmt.Errorf("--%s is for the pacts of a broker: give --broker and --provider-name in the place of files", name))
			}
		}
	}
	if o.stateURL != "" && o.stateCommand != "" {
		errs = append(errs, errors.New("--state-url and --state-command both set up the states: choose one"))
	}
	if o.noTeardown && o.stateURL == "" {
		errs = append(errs, errors.New("--no-teardown is for --state-url"))
	}
	if o.version != "" && o.filter != "" {
		errs = append(errs, errors.New("--publish-version with --filter: the result of a part would stand for the whole pact"))
	}
	if o.version == "" && (o.publishBranch != "" || o.buildURL != "") {
		errs = append(errs, errors.New("--publish-branch and --build-url tell of what is published: add --publish-version"))
	}
	return errors.Join(errs...)
}

// expected is a pact that is verified, and where it is from.
type expected struct {
	source  string
	pact    *pact.Pact
	fetched *broker.Fetched // nil for a file
}

// pactRun is the verification of Pact files.
type pactRun struct {
	*contractRunOptions
	env      cli.Env
	verifier verify.Verifier
	broker   *broker.Client // nil for files
	pacts    []expected
	evidence report.Evidence
	mask     func(*verify.Result)
	done     atomic.Int64
}

// runPacts verifies Pact files, or those of a broker.
func (o *contractRunOptions) runPacts(ctx context.Context, env cli.Env, args []string) (err error) {
	if !o.changed("parallel") {
		o.parallel = 1 // states of several interactions would get in each other's way
	}
	if err := errors.Join(o.checkPacts(args), o.check()); err != nil {
		return err
	}
	header, err := readHeaders(env, "header", o.headers)
	if err != nil {
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
	r := &pactRun{contractRunOptions: o, env: env}
	r.verifier = verify.Verifier{
		Sender: client, URL: client.URL(), Header: header, Timeout: o.timeout, Parallel: o.parallel, Seed: o.seed,
	}
	r.evidence = report.Evidence{Tool: "twinspect " + env.Version, Started: time.Now(), Provider: client.URL().Redacted(), ProviderVersion: o.version}
	err = r.gather(ctx, args)
	if r.broker != nil {
		defer r.broker.Close()
	}
	if err != nil {
		return r.ungathered(err)
	}
	closeHooks, err := r.hooks()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeHooks()) }()
	return r.run(ctx)
}

// gather reads the pacts.
func (r *pactRun) gather(ctx context.Context, args []string) error {
	if len(args) > 0 {
		return r.gatherFiles(args)
	}
	query, err := r.query()
	if err != nil {
		return err
	}
	if r.broker, r.evidence.Broker, err = r.brokerOptions.open(r.env, r.tls.CA); err != nil {
		return err
	}
	list, err := r.broker.Fetch(ctx, query)
	if err != nil {
		return err
	}
	for _, f := range list {
		r.pacts = append(r.pacts, expected{f.URL, f.Pact, f})
	}
	return nil
}

// ungathered tells that a broker was away as evidence: a pipeline that reads the
// report must find one, and no pass in it.
func (r *pactRun) ungathered(err error) error {
	if !broker.Unreachable(err) {
		return err
	}
	r.evidence.Ended = time.Now()
	r.evidence.Judge()
	r.evidence.Reasons = append([]string{err.Error()}, r.evidence.Reasons...)
	return errors.Join(r.tell(), undecided())
}

func (r *pactRun) gatherFiles(args []string) error {
	paths, err := pactPaths(r.env, args)
	if err != nil {
		return err
	}
	for _, path := range paths {
		p, err := pact.ReadFile(path)
		if err != nil {
			return err
		}
		r.pacts = append(r.pacts, expected{source: path, pact: p})
	}
	return nil
}

// hooks makes what sets up states and makes messages, and returns what ends it.
func (r *pactRun) hooks() (func() error, error) {
	none := func() error { return nil }
	messages, err := r.hook("message-url", r.messageURL)
	if err != nil {
		return none, err
	}
	states, err := r.hook("state-url", r.stateURL)
	if err != nil {
		return none, err
	}
	if states != nil {
		r.verifier.States = states
	}
	if messages != nil {
		r.verifier.Messages = messages
	}
	if r.stateCommand == "" {
		r.assumed()
		return none, nil
	}
	command, err := verify.StartCommand(r.stateCommand, r.env.Stderr)
	if err != nil {
		return none, fmt.Errorf("--state-command: %w", err)
	}
	r.verifier.States = command
	if messages == nil {
		r.verifier.Messages = command
	}
	return command.Close, nil
}

// hook makes what posts to a URL, nil for none.
func (r *pactRun) hook(flag, text string) (*verify.HTTP, error) {
	if text == "" {
		return nil, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("--%s: want http://HOST/PATH or https://HOST/PATH", flag)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if transport.TLSClientConfig, err = r.tls.Config(); err != nil {
		return nil, err
	}
	return &verify.HTTP{URL: u, Client: &http.Client{Transport: transport}, NoTeardown: r.noTeardown}, nil
}

// assumed tells of states that nobody sets up.
func (r *pactRun) assumed() {
	if r.verifier.States != nil {
		return
	}
	n := 0
	for _, e := range r.pacts {
		for i := range e.pact.Interactions {
			if len(e.pact.Interactions[i].States) > 0 {
				n++
			}
		}
	}
	if n > 0 {
		fmt.Fprintf(r.env.Stderr, "twinspect: %d interactions have provider states, which are assumed: set them up by --state-url or --state-command\n", n)
	}
}

// run verifies, publishes the results, and tells the evidence.
func (r *pactRun) run(ctx context.Context) error {
	asked, release := cli.Stoppable(ctx)
	defer release()
	if err := r.masks(); err != nil {
		return err
	}
	total := int64(0)
	for _, e := range r.pacts {
		total += int64(len(e.pact.Interactions))
	}
	r.verifier.Keep = func(it *pact.Interaction) bool {
		r.done.Add(1)
		return strings.Contains(it.Description, r.filter)
	}
	stop := cli.Watch(asked, r.env, "verified", "interactions", func() (int64, int64) { return r.done.Load(), total })
	err := r.verifyAll(asked)
	stop()
	if err != nil {
		return err
	}
	r.evidence.Ended = time.Now()
	r.evidence.Judge()
	publishErr := r.publishResults(ctx, asked.Err() != nil)
	if err := r.tell(); err != nil {
		return errors.Join(publishErr, err)
	}
	if r.evidence.Verdict == contract.Pass {
		return publishErr
	}
	if publishErr != nil {
		fmt.Fprintln(r.env.Stderr, "twinspect: "+cli.Message(publishErr))
	}
	return &cli.VerdictError{Verdict: diff.Verdict(r.evidence.Verdict)}
}

func (r *pactRun) verifyAll(ctx context.Context) error {
	for _, e := range r.pacts {
		v := r.verifier
		out := report.Pact{Source: e.source}
		if e.fetched != nil {
			out.Pending, out.WIP = e.fetched.Pending || e.fetched.WIP, e.fetched.WIP
		}
		v.Pending = out.Pending
		result, err := v.Verify(ctx, e.pact)
		if err != nil && (result == nil || ctx.Err() == nil) {
			return fmt.Errorf("%s: %w", e.source, err)
		}
		for i := range result.Results {
			r.mask(&result.Results[i])
		}
		out.Report = *result
		r.evidence.Pacts = append(r.evidence.Pacts, out)
	}
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/contract"
	"twinspect.dev/contract/pact"
	"twinspect.dev/contract/pact/broker"
	"twinspect.dev/contract/pact/report"
	"twinspect.dev/contract/pact/verify"
	"twinspect.dev/diff"
)

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
	header, secret, err := readHeaders(env, "header", o.headers)
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
		Sender: client, URL: client.URL(), Header: header, Secret: secret, Timeout: o.timeout, Parallel: o.parallel, Seed: o.seed,
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
	chosen := verify.Filter(r.filter, "")
	r.verifier.Keep = func(it *pact.Interaction) bool {
		r.done.Add(1)
		return chosen(it)
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

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/cmd/internal/recording"
	"twinspect.dev/contract"
	"twinspect.dev/contract/credentials"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/replay"
	"twinspect.dev/replay/send"
)

// maxParallel is more connections than one process asks a provider by without
// running out of ports or descriptors.
const maxParallel = 4096

// budgetShare is the part of a budget that one answer may take where no --timeout is
// given: an operation that hangs must leave time for the others.
const budgetShare = 4

// countingTime is how long the cases that were not asked are counted after the end:
// those of a hundred operations, as nobody waits longer who has stopped a run.
const countingTime = time.Second

func (p *provided) late() bool { return !p.counted.IsZero() && time.Now().After(p.counted) }

func (o *contractRunOptions) side() side { return side{name: "provider", url: o.provider} }

// check refuses numbers that mean nothing.
func (o *contractRunOptions) check() error {
	var errs []error
	want := func(ok bool, flag string, value any, want string) {
		if !ok {
			errs = append(errs, fmt.Errorf("--%s %v: want %s", flag, value, want))
		}
	}
	want(o.parallel >= 1 && o.parallel <= maxParallel, "parallel", o.parallel, fmt.Sprint("1 to ", maxParallel))
	want(o.again >= 0, "again", o.again, "0 or more")
	want(o.shrink >= 0, "shrink", o.shrink, "0 or more")
	want(o.budget >= 0, "budget", o.budget, "a time such as 60s")
	want(o.maxTime >= 0, "max-time", o.maxTime, "a time such as 500ms")
	want(o.timeout > 0, "timeout", o.timeout, "a time such as 10s")
	if o.budget > 0 && !o.patient {
		o.timeout = min(o.timeout, o.budget/budgetShare)
	}
	return errors.Join(append(errs, o.checkDial([]side{o.side()}))...)
}

// ready fails where nobody listens. A provider that misbehaves is asked all the
// same: that is what is to be found.
func (o *contractRunOptions) ready(ctx context.Context, env cli.Env, client *send.Client) error {
	err := client.Health(ctx)
	var bad *send.NotReady
	if !errors.As(err, &bad) || bad.Fault == replay.Refused || bad.Fault == replay.Failed {
		return err
	}
	fmt.Fprintf(env.Stderr, "twinspect: %s\n  it is asked all the same\n", cli.Visible(bad.Error()))
	return nil
}

// proves makes the credentials of a run.
func (p *provided) proves(ctx context.Context, env cli.Env, client *send.Client) error {
	lookup := func(name string) (string, bool) {
		v := env.Getenv(name)
		return v, v != ""
	}
	store, err := credentials.New(ctx, credentials.Config{
		Document: p.doc, Flags: p.auth, File: p.authFile, Lookup: lookup, Sender: client, Codec: p.src.suite.Codec,
	})
	if err != nil {
		return err
	}
	lacking := lacking{Store: store, why: map[string]string{}}
	for _, gap := range store.Missing() {
		lacking.why[gap.Operation] = gap.Why
	}
	p.config.Credentials = lacking
	for _, name := range p.src.names {
		if why := lacking.why[name]; why != "" {
			p.missing = append(p.missing, contract.Gap{Operation: name, Rule: contract.RuleCredentials, Why: why})
		}
	}
	if n := len(p.missing); n > 0 {
		fmt.Fprintf(env.Stderr, "twinspect: %d of %d operations are not asked with credentials, as there are none; the first: %s: %s\n",
			n, len(p.src.names), p.missing[0].Operation, cli.Visible(p.missing[0].Why))
	}
	return nil
}

// lacking are credentials that not all operations have theirs among: a request that
// would have to prove who asks is not sent, as its answer would say nothing of the
// provider.
type lacking struct {
	*credentials.Store
	why map[string]string // by operation
}

// Apply adds what an operation asks for, or fails where that is not at hand.
func (l lacking) Apply(ctx context.Context, op *openapi.Operation, which contract.Credentials, req *capture.Request) error {
	if why := l.why[op.Name]; why != "" && which == "" {
		return errors.New(why)
	}
	return l.Store.Apply(ctx, op, which, req)
}

// keeper keeps exchanges of many goroutines in one recording, until it fails.
type keeper struct {
	mu    sync.Mutex
	sink  recording.Sink
	err   error
	stats capture.Stats
}

func (k *keeper) write(e *capture.Exchange) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.err != nil {
		return
	}
	k.stats.Seen++
	// An interrupt does not keep what was sent from being written.
	if k.err = k.sink.WriteExchange(context.Background(), e); k.err != nil {
		k.stats.Drop("write-failed", 1)
		return
	}
	k.stats.Written++
}

// Err returns what kept an exchange from being written.
func (k *keeper) Err() error {
	if k == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.err
}

// Close ends the recording with its account.
func (k *keeper) Close() error {
	return errors.Join(k.sink.WriteAccount(capture.Account{{Name: "contract-run", Unit: "exchanges", Stats: k.stats}}), k.sink.Close())
}

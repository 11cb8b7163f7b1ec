package run

import (
	"context"
	"errors"
	"iter"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/check"
	"twinspect.dev/contract/conform"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/replay"
)

// Credentials prove who asks. They are called from many goroutines at once.
type Credentials interface {
	// Apply adds to a request what its operation asks for, or for
	// contract.WrongCredentials something of its form that is wrong.
	Apply(ctx context.Context, op *openapi.Operation, which contract.Credentials, req *capture.Request) error
	// Renew hears that the right credentials were answered 401, and reports whether
	// there are new ones to ask again with.
	Renew(ctx context.Context, op *openapi.Operation) bool
	// Mask replaces the secrets of a request by variables of a shell, such as
	// $BEARER, and returns their names.
	Mask(req *capture.Request) (capture.Request, []string)
}

// Hooks are the user's own part in a run. They are called from many goroutines at
// once.
type Hooks interface {
	// Before is called before a case. An error counts the case as not run.
	Before(ctx context.Context, cs *contract.Case) (Change, error)
	// After is called after a case, and may add what is broken by checks of the
	// user's own.
	After(ctx context.Context, cs *contract.Case, seen []contract.Observation) ([]contract.Broken, error)
}

// Change is what a hook wants of a case.
type Change struct {
	// Skip says why the case is not to be run; "" runs it.
	Skip string
	// Header is added to each request, Values are put into it.
	Header capture.Header
	Values map[contract.Place]any
}

// Config says what is asked, and how.
type Config struct {
	Document  *openapi.Document
	Codec     *message.Codec
	Conformer *conform.Conformer
	Checker   *check.Checker
	// Provider is asked at URL.
	Provider replay.Sender
	URL      *url.URL
	// Credentials and Hooks are nil where there are none.
	Credentials Credentials
	Hooks       Hooks
	// Setup returns what an operation needs before its cases of one request, nil
	// where it needs nothing. It is called from many goroutines.
	Setup func(operation string) *contract.Setup
	// Parallel is how many cases are under way at the same time, 1 where it is 0.
	Parallel int
	// Again is how often the example of a finding is asked again, Shrink how many
	// requests may go into making it smaller.
	Again, Shrink int
	// Redact takes the secrets out of an exchange that is kept.
	Redact func(*capture.Exchange)
	// Until is when asking ends, End when settling what was found does; zero is when
	// all is done.
	Until, End time.Time
	// Keep hears of every exchange, secrets redacted, from many goroutines; nil where
	// nobody does. The exchange is its own.
	Keep func(*capture.Exchange)
	// Watch hears of every case that was asked, from one goroutine at a time; nil
	// where nobody does. It must keep nothing of what it is given.
	Watch func(Ended)
}

// Ended is a case that was asked.
type Ended struct {
	Case   *contract.Case
	Seen   []contract.Observation
	Broken []contract.Broken
	// News is how many of Broken are causes that were not known before.
	News int
	// Halt says why the case went no further, nil where it was asked to its end.
	Halt error
}

// Runner asks a provider. It is used for one run.
type Runner struct {
	cfg      Config
	health   health
	started  time.Time
	requests atomic.Uint64
	tally    tally
}

// New returns a runner.
func New(cfg Config) *Runner {
	cfg.Parallel = max(cfg.Parallel, 1)
	if cfg.Setup == nil {
		cfg.Setup = func(string) *contract.Setup { return nil }
	}
	r := &Runner{cfg: cfg}
	r.tally.init()
	return r
}

// Run asks all cases and settles what they found. A canceled context ends it early,
// and is no error: what was not asked is counted. An error of the cases ends it
// too, and is returned once what was begun has ended.
func (r *Runner) Run(ctx context.Context, cases iter.Seq2[contract.Case, error]) (*Result, error) {
	r.started = time.Now()
	asking, cancel := until(ctx, r.cfg.Until)
	defer cancel()
	queue := make(chan *contract.Case, r.cfg.Parallel)
	var workers sync.WaitGroup
	for i := range r.cfg.Parallel {
		workers.Go(func() {
			w := r.worker(i)
			for cs := range queue {
				r.judge(asking, w, cs)
			}
		})
	}
	err := r.feed(asking, cases, queue)
	close(queue)
	workers.Wait()
	settling, cancelSettling := until(ctx, r.cfg.End)
	defer cancelSettling()
	r.settle(settling)
	return r.tally.result(r.started, r.requests.Load()), err
}

func until(ctx context.Context, at time.Time) (context.Context, context.CancelFunc) {
	if at.IsZero() {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, at)
}

// cut returns why a context has ended: the time that was given is over, or the run
// was stopped.
func cut(ctx context.Context) capture.Reason {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return Unasked
	}
	return Stopped
}

// givenUp is the halt of a case that was given up as the context had ended.
func givenUp(ctx context.Context) error {
	if reason := cut(ctx); reason == Unasked {
		return stop(reason, errors.New("the time that was given was over"))
	}
	return stop(Stopped, errors.New("the run was stopped"))
}

func (r *Runner) worker(number int) *worker {
	return &worker{Runner: r, number: number, setups: make(map[string]*ready)}
}

func (r *Runner) feed(ctx context.Context, cases iter.Seq2[contract.Case, error], queue chan<- *contract.Case) error {
	for cs, err := range cases {
		if err != nil {
			return err
		}
		select {
		case queue <- &cs:
		case <-ctx.Done():
			r.tally.left(&cs, cut(ctx))
		}
	}
	return nil
}

// judge runs a case, checks what came of it, and counts.
func (r *Runner) judge(ctx context.Context, w *worker, cs *contract.Case) {
	if ctx.Err() != nil {
		r.tally.left(cs, cut(ctx))
		return
	}
	seen, halted := w.run(ctx, cs)
	broken, made := r.verdicts(ctx, cs, seen, &halted)
	if halted != nil && ctx.Err() != nil {
		halted = givenUp(ctx)
	}
	e := Ended{Case: cs, Seen: seen, Broken: broken, Halt: halted}
	r.tally.add(&e, made, time.Since(r.started), r.cfg.Watch)
}

// verdicts checks what was seen. A failing hook halts the case.
func (r *Runner) verdicts(ctx context.Context, cs *contract.Case, seen []contract.Observation, halted *error) ([]contract.Broken, []contract.Check) {
	if len(seen) == 0 {
		return nil, nil
	}
	if last := &seen[len(seen)-1]; last.Fault == string(replay.Canceled) {
		*halted = stop(Stopped, errors.New("the run was stopped"))
		return nil, nil
	}
	broken, made := r.cfg.Checker.Case(cs, seen)
	if r.cfg.Hooks != nil {
		more, err := r.cfg.Hooks.After(ctx, cs, seen)
		broken = append(broken, more...)
		for _, b := range more {
			made = append(made, b.Check) // a hook tells of no check that was kept
		}
		if err != nil && *halted == nil {
			*halted = stop(Hook, err)
		}
	}
	return broken, made
}

// reasonOf returns the reason for which a case was halted, "" where it was not.
func reasonOf(err error) capture.Reason {
	var h *halt
	if errors.As(err, &h) {
		return h.reason
	}
	return ""
}

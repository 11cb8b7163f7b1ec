package verify

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/contract/pact"
	"twinspect.dev/replay"
)

const (
	// Timeout bounds the setup of a state, the asking and the teardown, each: as long
	// as a provider may take for a request by default.
	Timeout = 30 * time.Second
	// maxGone is after how many requests in a row without a connection the provider
	// counts as gone, and nothing more is asked.
	maxGone = 5
)

// States makes the provider ready for an interaction. Its methods are called from as
// many goroutines as interactions run at the same time. Its errors hold no secrets.
type States interface {
	// Setup makes a state so, and returns the values that came of it, nil for none.
	Setup(ctx context.Context, consumer string, s pact.State) (map[string]any, error)
	// Teardown undoes it.
	Teardown(ctx context.Context, consumer string, s pact.State) error
}

// Asked is a message that is asked for.
type Asked struct {
	Consumer, Description string
	States                []pact.State
	// Request is the message that is to be answered, nil where none is.
	Request *pact.Message
}

// Got is a message that the provider made.
type Got struct {
	Metadata    map[string]any
	ContentType string
	Body        []byte
}

// Messages makes the provider's messages. It is called as [States] is.
type Messages interface {
	Message(ctx context.Context, a Asked) (Got, error)
}

// Verifier verifies Pact files. Its fields are set before the first Verify, which may
// be called from many goroutines.
type Verifier struct {
	// Sender asks the provider, at URL.
	Sender replay.Sender
	URL    *url.URL
	// Header is added to each request, and replaces what it has of the same names.
	Header capture.Header
	// Secret names fields of Header whose values are shown nowhere, as those of the
	// usual fields of credentials are not.
	Secret []string
	// States and Messages are nil where there are none. A state that nobody sets up is
	// assumed; a message that nobody makes is not run.
	States   States
	Messages Messages
	// Keep says whether an interaction is verified; nil is all.
	Keep func(*pact.Interaction) bool
	// Pending says that the whole pact is pending: what fails does not count. That of
	// a single interaction counts always.
	Pending bool
	// Timeout is that of the package where it is 0.
	Timeout time.Duration
	// Parallel is how many interactions run at the same time, 1 where it is 0: more
	// only where their states leave each other alone.
	Parallel int
	// Seed is where chance begins, and Now the time, for what generators make.
	Seed uint64
	Now  time.Time
	// Redact takes the secrets out of an exchange that is shown; nil shows it all but
	// Secret and the usual fields of credentials.
	Redact func(*capture.Exchange)
}

// Verify asks the provider all that a pact expects of it. The error is that of ctx,
// with the report of what was done until then, or says that the Verifier lacks
// something.
func (v *Verifier) Verify(ctx context.Context, p *pact.Pact) (*Report, error) {
	if v.Sender == nil || v.URL == nil {
		return nil, errors.New("verify: there is no provider to ask")
	}
	r := &run{Verifier: v, pact: p, results: make([]Result, len(p.Interactions))}
	next := make(chan int)
	var work sync.WaitGroup
	for range max(v.Parallel, 1) {
		work.Go(func() {
			for i := range next {
				r.results[i] = r.one(ctx, i)
			}
		})
	}
	for i := range p.Interactions {
		next <- i
	}
	close(next)
	work.Wait()
	return r.report(ctx), context.Cause(ctx)
}

// run is the verification of one pact.
type run struct {
	*Verifier
	pact    *pact.Pact
	results []Result

	mu   sync.Mutex
	gone int // requests in a row that no connection was made for
}

// one verifies an interaction from setup to teardown.
func (r *run) one(ctx context.Context, i int) Result {
	it := &r.pact.Interactions[i]
	res := resultOf(it)
	res.Pending = res.Pending || r.Pending
	switch {
	case r.Keep != nil && !r.Keep(it):
		return res.skip(NotSelected, "")
	case ctx.Err() != nil:
		return res.skip(Stopped, "")
	case r.isGone():
		return res.skip(ProviderGone, "the provider gave no connection several times in a row")
	case it.Kind != pact.HTTP && r.Messages == nil:
		return res.skip(NoMessages, "nothing is given that makes the provider's messages")
	}
	values, made, err := r.setup(ctx, it)
	if err != nil {
		res = res.skip(StateFailed, err.Error())
	} else {
		res = r.ask(ctx, it, values, rand.New(rand.NewPCG(r.Seed, uint64(i))), res)
	}
	if err := r.teardown(ctx, made); err != nil && res.Outcome != NotRun {
		res.Notes = append(res.Notes, "teardown: "+err.Error())
	}
	if res.Outcome == Failed && res.Pending {
		res.Outcome = Pending
	}
	return res
}

// setup makes all states so, in their order, and returns those that it has begun.
func (r *run) setup(ctx context.Context, it *pact.Interaction) (map[string]any, []pact.State, error) {
	values := map[string]any{}
	for i, s := range it.States {
		for name, v := range s.Params {
			values[name] = v
		}
		if r.States == nil {
			continue
		}
		given, err := r.setupOne(ctx, s)
		if err != nil {
			return nil, it.States[:i+1], err
		}
		for name, v := range given {
			values[name] = v
		}
	}
	return values, it.States, nil
}

func (r *run) setupOne(ctx context.Context, s pact.State) (map[string]any, error) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(r.Timeout, Timeout))
	defer cancel()
	return r.States.Setup(ctx, r.pact.Consumer, s)
}

// teardown undoes states, the last first. It is done after an interrupt as well:
// nobody else will.
func (r *run) teardown(ctx context.Context, states []pact.State) error {
	if r.States == nil {
		return nil
	}
	var all []error
	for i := len(states) - 1; i >= 0; i-- {
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), cmp.Or(r.Timeout, Timeout))
		all = append(all, r.States.Teardown(within, r.pact.Consumer, states[i]))
		cancel()
	}
	return errors.Join(all...)
}

func (r *run) isGone() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.gone >= maxGone
}

// hear counts how often the provider could not be reached in a row.
func (r *run) hear(f replay.Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gone++; f != replay.Refused {
		r.gone = 0
	}
}

// Filter keeps the interactions whose description has one text and one of whose
// states has the other; "" is any.
func Filter(description, state string) func(*pact.Interaction) bool {
	return func(it *pact.Interaction) bool {
		has := state == ""
		for _, s := range it.States {
			has = has || strings.Contains(s.Name, state)
		}
		return has && strings.Contains(it.Description, description)
	}
}

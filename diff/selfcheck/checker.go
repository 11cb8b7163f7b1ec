package selfcheck

import (
	"cmp"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/diff/compare"
	"twinspect.dev/diff/noise"
	"twinspect.dev/diff/rules"
)

// Options tune a [Checker]; a zero value stands for the default.
type Options struct {
	// Rules are those of the run, in a set of their own: sets count what they
	// meet, and what is changed here is no difference of the run.
	Rules *rules.Set
	// Protobuf reads bodies that are messages, as it does in the run; nil changes
	// and compares them by their bytes. It is used by the checker's goroutine.
	Protobuf compare.Protobuf
	// PerOperation is how many answers of an operation are changed. Checkers
	// whose partials are merged must have it in common.
	PerOperation int
	// Budget is how much time trials may take in all before the answers that are
	// left stay untried; or a twentieth of the time since New, where that is
	// more. Less than 0 allows none.
	Budget time.Duration
	// MaxMissed is the share of missed changes that the report allows for.
	MaxMissed float64
	// Now tells the time; nil means time.Now.
	Now func() time.Time
}

// The defaults. Eight answers of an operation show a change that is possible in
// a third of them with a probability of 96 %. What may be missed allows for values that
// are another each time: of these, other values of the same class can be told by nobody.
const (
	DefaultPerOperation = 8
	DefaultBudget       = 2 * time.Second
	DefaultMaxMissed    = 0.25
)

// budgetShare is the part of a run that trials may take where it is long.
const budgetShare = 20

// Answers is what one outcome gave. Both answers must be whole.
type Answers struct {
	// Operation is the name under which the outcome is counted.
	Operation string
	// RulesOf is the name by which rules are chosen, which begins with the method
	// and a space; "" is Operation.
	RulesOf string
	// Exchange is the identity of the recorded exchange.
	Exchange     capture.ID
	Base, Branch *capture.Response
}

// Checker samples answers and tries changes of them. It is used by one goroutine
// at a time.
//
// Its memory stays below 200 MiB whatever it observes.
type Checker struct {
	opt        Options
	operations map[string]*sample
	tester     tester
	began      time.Time
	spent      time.Duration
	pending    int // bytes of the answers that wait for their trials
	held       int // bytes of the trials
	beyond     uint64
}

// New returns a checker that has seen nothing.
func New(opt Options) *Checker {
	opt.PerOperation = min(cmp.Or(opt.PerOperation, DefaultPerOperation), maxPerOperation)
	opt.Budget = cmp.Or(opt.Budget, DefaultBudget)
	opt.MaxMissed = cmp.Or(opt.MaxMissed, DefaultMaxMissed)
	if opt.Now == nil {
		opt.Now = time.Now
	}
	return &Checker{
		opt: opt, operations: make(map[string]*sample), tester: newTester(opt.Rules, opt.Protobuf), began: opt.Now(),
	}
}

// Observe takes the answers of one outcome into account. Nothing of a is kept:
// what enters the sample is copied.
func (c *Checker) Observe(a *Answers) {
	s := c.sample(a.Operation)
	if s == nil {
		c.beyond++
		return
	}
	rank, asked := noise.Rank(string(a.Exchange[:])), a.Branch.Start.UnixNano()
	if !s.wants(rank, asked, c.opt.PerOperation) {
		return
	}
	e := &entry{rank: rank, asked: asked, raw: copyOf(a)}
	c.pending += e.raw.size
	c.enter(s, e)
	if c.pending > maxPending {
		c.try()
	}
}

// sample returns the sample of an operation; nil where the limit is reached.
func (c *Checker) sample(operation string) *sample {
	if s := c.operations[operation]; s != nil {
		return s
	}
	if len(c.operations) >= maxOperations {
		return nil
	}
	s := &sample{operation: operation}
	c.operations[operation] = s
	return s
}

// enter puts e into the sample, and what it drives out is forgotten.
func (c *Checker) enter(s *sample, e *entry) {
	c.held += heldBy(e.trials)
	if out := s.insert(e, c.opt.PerOperation); out != nil {
		c.forget(out)
	}
}

func (c *Checker) forget(e *entry) {
	c.held -= heldBy(e.trials)
	if e.raw != nil {
		c.pending -= e.raw.size
	}
}

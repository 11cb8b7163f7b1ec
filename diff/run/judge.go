package run

import (
	"cmp"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/diff/accept"
	"twinspect.dev/diff/calls"
	"twinspect.dev/diff/compare"
	"twinspect.dev/diff/confirm"
	"twinspect.dev/diff/noise"
	"twinspect.dev/diff/rules"
	"twinspect.dev/diff/selfcheck"
	"twinspect.dev/diff/triage"
	"twinspect.dev/replay"
)

// Namer names the operation that a request belongs to, such as
// "GET /products/{id}".
type Namer interface {
	Name(method, target string) string
}

// maxOperations bounds the operations that are told apart. Beyond it come
// names made up by callers, not operations of a service; at 80 KiB of latency
// histograms an operation (see [latency]) the bound holds them at 160 MiB.
const maxOperations = 2048

// otherOperations is where the outcomes beyond maxOperations are summed up.
const otherOperations = "(other operations)"

// Config says how a [Judge] judges.
type Config struct {
	Namer Namer
	// Names identifies how Namer names, such as a hash of the document that has
	// the names. Judges whose partials are merged must name alike.
	Names string
	// Rules may be nil. They count what they meet, so that each judge has a set
	// of its own.
	Rules *rules.Set
	// ErrorRate is the false discovery rate that the judgement keeps; 0 means
	// [DefaultErrorRate].
	ErrorRate float64
	// MaxLoss is the share of what a stage saw that may be lost before the
	// verdict is inconclusive; 0 allows no loss.
	MaxLoss float64
	// Profile is the noise of earlier runs, nil where none is known.
	Profile *noise.Profile
	// Accepted is what people have accepted; nil accepts nothing.
	Accepted *accept.Set
	// Protobuf reads bodies that are messages; nil compares them by their bytes.
	Protobuf compare.Protobuf
	// SelfCheck says how the run checks how blind it is; nil is not at all.
	SelfCheck *selfcheck.Options
	// Calls joins the outcomes to the traces of the sides; nil where there are none.
	// Judges may share it: it is no part of what is merged.
	Calls *calls.Joiner
}

// What is usual for [Config].
const (
	DefaultErrorRate = 0.05
	DefaultMaxLoss   = 0.05
)

// sides are what a comparison asks, in the order of the report. Answers of any
// other side take no part in it.
var sides = [...]replay.Side{replay.Base, replay.Control, replay.Branch}

// Judge compares the sides of each outcome and judges them together. It is
// used by one goroutine at a time. Its memory grows with the number of
// operations and of kinds of differences, both bounded, not with the outcomes.
type Judge struct {
	cfg        Config
	compare    *compare.Comparer
	ledger     *noise.Ledger
	operations map[string]*operation
	asked      [len(sides)]sideCounts
	stats      capture.Stats
	before     capture.Account
	check      *selfcheck.Checker // nil where the run does not check itself
	again      confirm.Tally

	// Of the partials that were merged.
	merges int
	merged capture.Account

	branch, control []diff.Change
}

type operation struct {
	name        string
	compared    uint64
	notCompared map[capture.Reason]uint64
	latency     [len(sides)]*latency // nil where the side gave no answer
	pace        pace
}

// NewJudge returns a judge that has seen nothing.
func NewJudge(cfg Config) *Judge {
	cfg.ErrorRate = cmp.Or(cfg.ErrorRate, DefaultErrorRate)
	j := &Judge{
		cfg:        cfg,
		compare:    compare.New(cfg.Rules),
		ledger:     noise.New(noise.Limits{}),
		operations: make(map[string]*operation),
	}
	j.ledger.Use(cfg.Profile)
	if cfg.Protobuf != nil {
		j.compare.SetProtobuf(cfg.Protobuf)
	}
	if cfg.SelfCheck != nil {
		j.check = selfcheck.New(*cfg.SelfCheck)
	}
	return j
}

// Account takes the account of the stages before the comparison. Those of what
// was merged are added to it in the report.
func (j *Judge) Account(a capture.Account) { j.before = a }

// Observe compares the answers of one outcome. Nothing of o is kept.
func (j *Judge) Observe(o *replay.Outcome) {
	j.stats.Seen++
	j.tally(o)
	name := j.cfg.Namer.Name(o.Recorded.Request.Method, o.Recorded.Request.Target)
	op := j.operation(name)
	if reason := triage.Of(o); reason != "" {
		j.leaveOut(op, reason)
		return
	}
	j.stats.Written++
	op.compared++
	op.observe(o, j.compare.Target)
	j.observe(name, op.name, o)
}

// leaveOut counts an outcome that cannot be compared. What no side has was asked
// and answered, and nothing of it is lost; it is compared no more for that.
func (j *Judge) leaveOut(op *operation, reason capture.Reason) {
	if reason == triage.AllMiss {
		j.stats.Filter(reason, 1)
	} else {
		j.stats.Drop(reason, 1)
	}
	op.notCompared[reason]++
}

// observe compares under the rules of the operation and counts under the name
// that the operation has in the report.
func (j *Judge) observe(rulesOf, counted string, o *replay.Outcome) {
	base, branch, control := o.Answer(replay.Base), o.Answer(replay.Branch), o.Answer(replay.Control)
	j.cfg.Rules.Control(false)
	j.branch = j.changes(j.branch[:0], rulesOf, base, branch)
	j.control = j.control[:0]
	if control != nil {
		j.cfg.Rules.Control(true)
		j.control = j.changes(j.control, rulesOf, base, control)
	}
	seen := noise.Observation{Operation: counted, Branch: j.branch, Control: j.control, Paired: control != nil}
	// As [capture.Exchange.SessionKey]; an exchange without either is its own.
	seen.Session = cmp.Or(o.Recorded.Context.Session, o.Recorded.Context.Connection)
	if original, again := confirm.Original(&o.Recorded); again {
		seen.Session = "" // repetitions are apart in time and have nothing else in common
		j.again.Observe(original, counted, j.branch)
	}
	if len(j.branch)+len(j.control) > 0 {
		// Only a difference is shown, and its rank depends on the identity.
		seen.Exchange = o.Recorded.ID.String()
		seen.Method = o.Recorded.Request.Method
		seen.Target = j.compare.Target(o.Recorded.Request.Target)
	}
	j.ledger.Observe(seen)
	if j.cfg.Calls != nil {
		j.cfg.Calls.Add(counted, seen.Session, o, len(j.branch) > 0)
	}
	if j.check != nil {
		j.check.Observe(&selfcheck.Answers{
			Operation: counted, RulesOf: rulesOf, Exchange: o.Recorded.ID, Base: &base.Response, Branch: &branch.Response,
		})
	}
}

func (j *Judge) changes(changes []diff.Change, name string, base, other *replay.Answer) []diff.Change {
	j.compare.Compare(name, &base.Response, &other.Response, func(c diff.Change) {
		changes = append(changes, c)
	})
	return changes
}

func (j *Judge) operation(name string) *operation {
	if op := j.operations[name]; op != nil {
		return op
	}
	if len(j.operations) >= maxOperations && name != otherOperations {
		return j.operation(otherOperations)
	}
	op := &operation{name: strings.Clone(name), notCompared: make(map[capture.Reason]uint64)}
	j.operations[op.name] = op
	return op
}

func (op *operation) observe(o *replay.Outcome, show func(target string) string) {
	op.pace.observe(o, show)
	for i, side := range sides {
		a := o.Answer(side)
		if a == nil {
			continue
		}
		if op.latency[i] == nil {
			op.latency[i] = newLatency()
		}
		op.latency[i].record(took(a))
	}
}

func (j *Judge) tally(o *replay.Outcome) {
	for i, side := range sides {
		a := o.Answer(side)
		if a == nil {
			continue
		}
		s := &j.asked[i]
		s.Asked++
		if a.OK() {
			s.Answered++
			continue
		}
		s.count(string(triage.Fault(a)), 1)
	}
}

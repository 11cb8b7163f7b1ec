package run

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/diff/compare"
	"twinspect.dev/diff/noise"
	"twinspect.dev/diff/rules"
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

	// Of the partials that were merged.
	merges  int
	merged  capture.Account
	matched []uint64

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
	if reason := notComparable(o); reason != "" {
		j.stats.Drop(reason, 1)
		op.notCompared[reason]++
		return
	}
	j.stats.Written++
	op.compared++
	op.observe(o, j.compare.Target)
	j.observe(name, op.name, o)
}

// observe compares under the rules of the operation and counts under the name
// that the operation has in the report.
func (j *Judge) observe(rulesOf, counted string, o *replay.Outcome) {
	base, branch, control := o.Answer(replay.Base), o.Answer(replay.Branch), o.Answer(replay.Control)
	j.branch = j.changes(j.branch[:0], rulesOf, base, branch)
	j.control = j.control[:0]
	if control != nil {
		j.control = j.changes(j.control, rulesOf, base, control)
	}
	seen := noise.Observation{Operation: counted, Branch: j.branch, Control: j.control, Paired: control != nil}
	// As [capture.Exchange.SessionKey]; an exchange without either is its own.
	seen.Session = cmp.Or(o.Recorded.Context.Session, o.Recorded.Context.Connection)
	if len(j.branch)+len(j.control) > 0 {
		// Only a difference is shown, and its rank depends on the identity.
		seen.Exchange = o.Recorded.ID.String()
		seen.Method = o.Recorded.Request.Method
		seen.Target = j.compare.Target(o.Recorded.Request.Target)
	}
	j.ledger.Observe(seen)
}

func (j *Judge) changes(changes []diff.Change, name string, base, other *replay.Answer) []diff.Change {
	j.compare.Compare(name, &base.Response, &other.Response, func(c diff.Change) {
		changes = append(changes, c)
	})
	return changes
}

// notAsked is the reason of an outcome without an answer of base or branch,
// such as an exchange of a plain recording.
const notAsked capture.Reason = "not-asked"

// notComparable returns why the outcome cannot be compared, "" where it can. A
// fault of a side is the environment's until proven otherwise: it counts as
// neither a regression nor a pass.
func notComparable(o *replay.Outcome) capture.Reason {
	if o.Answer(replay.Base) == nil || o.Answer(replay.Branch) == nil {
		return notAsked
	}
	for _, side := range sides {
		if a := o.Answer(side); a != nil && !a.OK() {
			return capture.Reason(string(side) + "-" + string(faultOf(a)))
		}
	}
	return ""
}

// faultOf returns the fault of an answer. One that is not known, as a file may
// hold it, is a failure like any other, so that the reasons stay few.
func faultOf(a *replay.Answer) replay.Fault {
	switch a.Fault {
	case replay.Refused, replay.Reset, replay.Timeout, replay.Malformed, replay.TooLarge, replay.Canceled, replay.Misrouted:
		return a.Fault
	}
	return replay.Failed
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
		s.count(string(faultOf(a)), 1)
	}
}

// paceShare is the part of the error rate that goes to the pace of the
// operations, and the rest to all other differences: the false discovery rates
// of two families add up. It is small as a shift of the median takes few more
// samples to prove at a tenth of the rate, and the others hardly notice.
const paceShare = 0.1

// Report judges what was observed so far. The caller fills in what only it
// knows: the times, the input and the URLs of the sides. It may be called
// again after more was observed; reports share no memory with the judge.
func (j *Judge) Report() *diff.Report {
	judged := j.ledger.Judge((1 - paceShare) * j.cfg.ErrorRate)
	differences := append(j.slowerOperations(paceShare*j.cfg.ErrorRate), judged.Differences...)
	slices.SortStableFunc(differences, diff.Compare)
	r := &diff.Report{
		Schema:      diff.Schema,
		Version:     diff.SchemaVersion,
		Sides:       j.sideInfos(),
		ErrorRate:   j.cfg.ErrorRate,
		Rules:       j.rules(),
		Differences: differences,
		Operations:  j.summaries(judged.Differing),
		Account:     j.account(),
		Profile:     j.profileInfo(judged),
	}
	r.Verdict, r.Reasons = verdict(r, j.cfg.MaxLoss)
	return r
}

// profileInfo tells what was known of noise before; the caller knows the file.
func (j *Judge) profileInfo(judged *noise.Judged) *diff.ProfileInfo {
	if p := j.cfg.Profile; p != nil {
		return &diff.ProfileInfo{Runs: p.Runs(), Cells: p.Cells(), Explained: judged.Explained}
	}
	return nil
}

// Profile returns the noise of earlier runs together with that of this one, to be
// kept for the next.
func (j *Judge) Profile() *noise.Profile { return j.ledger.Profile(j.cfg.Profile) }

// sideInfos returns the sides that were asked at all.
func (j *Judge) sideInfos() []diff.SideInfo {
	var infos []diff.SideInfo
	for i, side := range sides {
		if s := &j.asked[i]; s.Asked > 0 {
			infos = append(infos, diff.SideInfo{Side: string(side), Asked: s.Asked, Answered: s.Answered, Faults: maps.Clone(s.Faults)})
		}
	}
	return infos
}

func (j *Judge) account() capture.Account {
	compared := capture.Stage{Name: "compare", Unit: "outcomes", Stats: j.stats.Clone()}
	return append(append(j.before.Merge(j.merged), compared), j.ledger.Account()...)
}

func (j *Judge) summaries(differing map[string]uint64) []diff.Operation {
	var operations []diff.Operation
	for _, name := range slices.Sorted(maps.Keys(j.operations)) {
		op := j.operations[name]
		latencies := make(map[string]diff.LatencyInfo, len(sides))
		for i, side := range sides {
			if l := op.latency[i]; l != nil {
				latencies[string(side)] = l.info()
			}
		}
		operations = append(operations, diff.Operation{
			Name:        name,
			Compared:    op.compared,
			Differing:   differing[name],
			NotCompared: maps.Clone(op.notCompared),
			Latency:     latencies,
		})
	}
	return operations
}

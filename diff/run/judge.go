package run

import (
	"cmp"
	"maps"
	"slices"

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
// names made up by callers, not operations of a service; at about 60 KiB of
// latency histograms an operation the bound holds them under 256 MiB.
const maxOperations = 4096

// otherOperations is where the outcomes beyond maxOperations are summed up.
const otherOperations = "(other operations)"

// Config says how a [Judge] judges.
type Config struct {
	Namer Namer
	// Rules may be nil.
	Rules *rules.Set
	// ErrorRate is the false discovery rate that the judgement keeps; 0 means
	// [DefaultErrorRate].
	ErrorRate float64
	// MaxLoss is the share of what a stage saw that may be lost before the
	// verdict is inconclusive; 0 means [DefaultMaxLoss].
	MaxLoss float64
}

// The defaults of [Config].
const (
	DefaultErrorRate = 0.05
	DefaultMaxLoss   = 0.05
)

// Judge compares the sides of each outcome and judges them together. It is
// used by one goroutine at a time. Its memory grows with the number of
// operations and of kinds of differences, both bounded, not with the outcomes.
type Judge struct {
	cfg        Config
	compare    *compare.Comparer
	ledger     *noise.Ledger
	operations map[string]*operation
	sides      []*diff.SideInfo
	stats      capture.Stats
	before     capture.Account

	branch, control []diff.Change
}

type operation struct {
	compared    uint64
	notCompared map[capture.Reason]uint64
	latency     map[replay.Side]*latency
	pace        pace
}

// NewJudge returns a judge that has seen nothing.
func NewJudge(cfg Config) *Judge {
	cfg.ErrorRate = cmp.Or(cfg.ErrorRate, DefaultErrorRate)
	cfg.MaxLoss = cmp.Or(cfg.MaxLoss, DefaultMaxLoss)
	return &Judge{
		cfg:        cfg,
		compare:    compare.New(cfg.Rules),
		ledger:     noise.New(noise.Limits{}),
		operations: make(map[string]*operation),
	}
}

// Account takes the account of the stages before the comparison.
func (j *Judge) Account(a capture.Account) { j.before = a }

// Observe compares the answers of one outcome. Nothing of o is kept.
func (j *Judge) Observe(o *replay.Outcome) {
	j.stats.Seen++
	name := j.cfg.Namer.Name(o.Recorded.Request.Method, o.Recorded.Request.Target)
	op := j.operation(name)
	for i := range o.Answers {
		j.tally(&o.Answers[i])
	}
	if reason := notComparable(o); reason != "" {
		j.stats.Drop(reason, 1)
		op.notCompared[reason]++
		return
	}
	j.stats.Written++
	op.compared++
	op.observe(o)
	j.observe(name, o)
}

func (j *Judge) observe(name string, o *replay.Outcome) {
	base, branch, control := o.Answer(replay.Base), o.Answer(replay.Branch), o.Answer(replay.Control)
	j.branch = j.changes(j.branch[:0], name, base, branch)
	j.control = j.control[:0]
	if control != nil {
		j.control = j.changes(j.control, name, base, control)
	}
	j.ledger.Observe(noise.Observation{
		Operation: name,
		Exchange:  o.Recorded.ID.String(),
		Method:    o.Recorded.Request.Method,
		Target:    o.Recorded.Request.Target,
		Branch:    j.branch,
		Control:   j.control,
		Paired:    control != nil,
	})
}

func (j *Judge) changes(changes []diff.Change, name string, base, other *replay.Answer) []diff.Change {
	j.compare.Compare(name, &base.Response, &other.Response, func(c diff.Change) {
		changes = append(changes, c)
	})
	return changes
}

// notComparable returns why the outcome cannot be compared, "" where it can. A
// fault of a side is the environment's until proven otherwise: it counts as
// neither a regression nor a pass.
func notComparable(o *replay.Outcome) capture.Reason {
	if o.Answer(replay.Base) == nil || o.Answer(replay.Branch) == nil {
		return "not-asked"
	}
	for i := range o.Answers {
		if a := &o.Answers[i]; !a.OK() {
			return capture.Reason(string(a.Side) + "-" + string(a.Fault))
		}
	}
	return ""
}

func (j *Judge) operation(name string) *operation {
	if op := j.operations[name]; op != nil {
		return op
	}
	if len(j.operations) >= maxOperations && name != otherOperations {
		return j.operation(otherOperations)
	}
	op := &operation{
		notCompared: make(map[capture.Reason]uint64),
		latency:     make(map[replay.Side]*latency),
	}
	j.operations[name] = op
	return op
}

func (op *operation) observe(o *replay.Outcome) {
	op.pace.observe(o)
	for i := range o.Answers {
		a := &o.Answers[i]
		if op.latency[a.Side] == nil {
			op.latency[a.Side] = newLatency()
		}
		op.latency[a.Side].record(a.Latency())
	}
}

func (j *Judge) tally(a *replay.Answer) {
	i := slices.IndexFunc(j.sides, func(s *diff.SideInfo) bool { return s.Side == string(a.Side) })
	if i < 0 {
		i = len(j.sides)
		j.sides = append(j.sides, &diff.SideInfo{Side: string(a.Side), Faults: make(map[string]uint64)})
	}
	j.sides[i].Asked++
	if a.OK() {
		j.sides[i].Answered++
	} else {
		j.sides[i].Faults[string(a.Fault)]++
	}
}

// Report judges what was observed so far. The caller fills in what only it
// knows: the times, the input and the URLs of the sides. It may be called
// again after more was observed.
func (j *Judge) Report() *diff.Report {
	differences, differing := j.ledger.Judge(j.cfg.ErrorRate)
	differences = append(j.slowerOperations(), differences...)
	slices.SortStableFunc(differences, byJudgement)
	r := &diff.Report{
		Schema:      diff.Schema,
		Version:     diff.SchemaVersion,
		ErrorRate:   j.cfg.ErrorRate,
		Rules:       j.cfg.Rules.Info(),
		Differences: differences,
		Operations:  j.summaries(differing),
		Account:     j.account(),
	}
	for _, s := range j.sides {
		r.Sides = append(r.Sides, *s)
	}
	r.Verdict, r.Reasons = verdict(r, j.cfg.MaxLoss)
	return r
}

func (j *Judge) account() capture.Account {
	compared := capture.Stage{Name: "compare", Unit: "outcomes", Stats: j.stats.Clone()}
	return append(append(j.before.Clone(), compared), j.ledger.Account()...)
}

func (j *Judge) summaries(differing map[string]uint64) []diff.Operation {
	var operations []diff.Operation
	for _, name := range slices.Sorted(maps.Keys(j.operations)) {
		op := j.operations[name]
		latencies := make(map[string]diff.LatencyInfo, len(op.latency))
		for side, l := range op.latency {
			latencies[string(side)] = l.info()
		}
		operations = append(operations, diff.Operation{
			Name:        name,
			Compared:    op.compared,
			Differing:   differing[name],
			NotCompared: op.notCompared,
			Latency:     latencies,
		})
	}
	return operations
}

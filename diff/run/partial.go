package run

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/diff/noise"
	"twinspect.dev/diff/rules"
	"twinspect.dev/diff/selfcheck"
)

// Partial is what a [Judge] has counted, to be stored and merged into another
// of the same run: [Judge.Partial] and [DecodePartial] make one. It holds what
// the report of the run would hold, and no more of any answer: its examples come
// from the comparer, whose values have no secrets in them. It is not changed by
// anything and may be used by several goroutines.
type Partial struct {
	made       settings
	totals     totals
	operations []operationPart
	noise      *noise.Partial
	check      *selfcheck.Partial // nil where the run does not check itself
}

// settings are what judges must have in common for their counts to add up.
type settings struct {
	Rules     string  `json:"rules,omitempty"`
	ErrorRate float64 `json:"error_rate"`
	MaxLoss   float64 `json:"max_loss"`
	Names     string  `json:"names,omitempty"`
	// SelfCheck is how many answers of an operation are changed; 0 is none.
	SelfCheck int `json:"self_check,omitempty"`
}

// totals is what belongs to no operation.
type totals struct {
	Compare capture.Stats          `json:"compare"`
	Before  capture.Account        `json:"before,omitempty"`
	Sides   [len(sides)]sideCounts `json:"sides"`
	Rules   []rules.RuleCounts     `json:"rules,omitempty"` // in the order of the file
}

// sideCounts is how often a side was asked and how it did.
type sideCounts struct {
	Asked    uint64            `json:"asked,omitempty"`
	Answered uint64            `json:"answered,omitempty"`
	Faults   map[string]uint64 `json:"faults,omitempty"`
}

func (s *sideCounts) count(fault string, n uint64) {
	if s.Faults == nil {
		s.Faults = make(map[string]uint64)
	}
	s.Faults[fault] += n
}

// operationPart is one operation.
type operationPart struct {
	Name        noise.Text                `json:"name"`
	Compared    uint64                    `json:"compared,omitempty"`
	NotCompared map[capture.Reason]uint64 `json:"not_compared,omitempty"`
	Latency     [len(sides)][]bar         `json:"latency"`
	Pace        diff.Counts               `json:"pace"`
	Slowest     *exampleText              `json:"slower,omitempty"`
	Spans       *spansPart                `json:"spans,omitempty"` // nil where nothing was compared
}

// spansPart is the spans of time in which the operation was compared: a bit for
// each hash, and of those in which a side was slower alone the blocks, as pairs
// of an id of 32-Shift bits, ascending, and its net votes.
type spansPart struct {
	Seen   []byte     `json:"seen"`
	Shift  uint8      `json:"shift,omitempty"`
	Blocks [][2]int64 `json:"blocks,omitempty"`
}

func (p *pace) spansPart() *spansPart {
	if p.N == 0 {
		return nil
	}
	part := &spansPart{Shift: p.blocks.Shift(), Seen: make([]byte, 0, spanBits/8)}
	for _, word := range p.spans {
		part.Seen = binary.LittleEndian.AppendUint64(part.Seen, word)
	}
	for _, k := range p.blocks.List() {
		part.Blocks = append(part.Blocks, [...]int64{int64(k.ID), k.Net})
	}
	return part
}

// bar is one bar of a latency histogram that is not empty: microseconds, and how
// many answers.
type bar [2]int64

// exampleText is the example of an operation's pace.
type exampleText struct {
	Exchange noise.Text `json:"exchange"`
	Method   noise.Text `json:"method"`
	Target   noise.Text `json:"target"`
	Base     noise.Text `json:"base"`
	Branch   noise.Text `json:"branch"`
}

// settings returns what the judge judges by. The name of the rule file is none
// of it: workers may have it in different places.
func (j *Judge) settings() settings {
	s := settings{ErrorRate: j.cfg.ErrorRate, MaxLoss: j.cfg.MaxLoss, Names: j.cfg.Names}
	if o := j.cfg.SelfCheck; o != nil {
		s.SelfCheck = cmp.Or(o.PerOperation, selfcheck.DefaultPerOperation)
	}
	if info := j.cfg.Rules.Info(); info != nil {
		h := sha256.New()
		e := json.NewEncoder(h) // writing to a hash does not fail, nor do strings
		_ = e.Encode(j.cfg.Rules.Service())
		for _, r := range info.Rules {
			r.Matched, r.Branch, r.Control = 0, 0, 0
			_ = e.Encode(r)
		}
		s.Rules = hex.EncodeToString(h.Sum(nil)[:16])
	}
	return s
}

// ErrForeign says that a partial was made by another run, or under other
// settings.
var ErrForeign = errors.New("the partial cannot be merged into this run")

// accept returns an error that wraps [ErrForeign] unless other is the same, and
// says which setting is not.
func (s settings) accept(other settings) error {
	switch {
	case s.Rules != other.Rules:
		return fmt.Errorf("%w: it was made under other rules (%s, here %s)", ErrForeign, orNone(other.Rules), orNone(s.Rules))
	case s.ErrorRate != other.ErrorRate:
		return fmt.Errorf("%w: it was made at an error rate of %g, here it is %g", ErrForeign, other.ErrorRate, s.ErrorRate)
	case s.MaxLoss != other.MaxLoss:
		return fmt.Errorf("%w: it was made with a loss of at most %g allowed, here it is %g", ErrForeign, other.MaxLoss, s.MaxLoss)
	case s.Names != other.Names:
		return fmt.Errorf("%w: its operations are named in another way (%.80q, here %.80q)", ErrForeign, other.Names, s.Names)
	case s.SelfCheck != other.SelfCheck:
		return fmt.Errorf("%w: its self-check changes %d answers of an operation, here it is %d", ErrForeign, other.SelfCheck, s.SelfCheck)
	}
	return nil
}

func orNone(s string) string { return cmp.Or(s, "none") }

// Partial returns what was counted so far, without what the sources before it
// have yet to add by [Judge.Account]. It shares no memory with the judge.
func (j *Judge) Partial() *Partial {
	p := &Partial{made: j.settings(), noise: j.ledger.Partial()}
	p.totals = totals{Compare: j.stats.Clone(), Before: j.before.Merge(j.merged), Rules: j.cfg.Rules.Counts()}
	if j.check != nil {
		p.check = j.check.Partial()
	}
	for i, s := range j.asked {
		p.totals.Sides[i] = sideCounts{s.Asked, s.Answered, maps.Clone(s.Faults)}
	}
	for _, name := range slices.Sorted(maps.Keys(j.operations)) {
		p.operations = append(p.operations, j.operations[name].part())
	}
	return p
}

func (op *operation) part() operationPart {
	part := operationPart{
		Name: noise.Text(op.name), Compared: op.compared, NotCompared: maps.Clone(op.notCompared),
		Pace: op.pace.Counts, Spans: op.pace.spansPart(),
	}
	for i, l := range op.latency {
		if l != nil {
			part.Latency[i] = l.bars()
		}
	}
	if e := op.pace.example; e.At != "" {
		part.Slowest = &exampleText{
			noise.Text(e.Exchange), noise.Text(e.Method), noise.Text(e.Target), noise.Text(e.Base), noise.Text(e.Branch),
		}
	}
	return part
}

// bars returns the bars of the histogram that are not empty.
func (l *latency) bars() []bar {
	var list []bar
	for _, b := range l.h.Distribution() {
		if b.Count > 0 {
			list = append(list, bar{b.From, b.Count})
		}
	}
	return list
}

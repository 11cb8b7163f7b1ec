package run

import (
	"errors"
	"fmt"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/diff/noise"
	"twinspect.dev/diff/triage"
	"twinspect.dev/replay"
)

// maxRules bounds the rules of a partial: a rule file of 1 MiB has fewer.
const maxRules = 1 << 16

// maxReasons bounds the reasons of one stage, maxName their names and those of
// the stages in bytes.
const (
	maxReasons = 256
	maxName    = 256
)

var errMembers = errors.New("want exactly one of totals, operation, noise, check and end")

// checker adds lines to a partial where a judge could have written them.
type checker struct {
	p                 *Partial
	totals            bool
	names             map[noise.Text]uint64 // compared outcomes
	compared, dropped uint64
}

func newChecker(p *Partial) *checker {
	return &checker{p: p, names: make(map[noise.Text]uint64)}
}

// add adds a line of exactly one member that is not the end.
func (c *checker) add(l *line) error {
	switch {
	case l.Totals != nil:
		return c.addTotals(l.Totals)
	case l.Operation != nil:
		return c.addOperation(l.Operation)
	case l.Noise != nil:
		return c.p.noise.Add(*l.Noise)
	case c.p.check == nil:
		return errors.New("a self-check in a run without one")
	}
	return c.p.check.Add(*l.Check)
}

func (c *checker) addTotals(t *totals) error {
	if c.totals {
		return errors.New("a second line of totals")
	}
	if err := checkStats(t.Compare); err != nil {
		return err
	}
	if len(t.Before) > maxStages {
		return fmt.Errorf("more than %d stages", maxStages)
	}
	for _, stage := range t.Before {
		if err := checkStats(stage.Stats); err != nil {
			return err
		}
		if len(stage.Name) > maxName || len(stage.Unit) > maxName {
			return fmt.Errorf("a name of more than %d bytes", maxName)
		}
	}
	for i := range t.Sides {
		if err := t.Sides[i].check(); err != nil {
			return err
		}
	}
	if len(t.Rules) > maxRules {
		return fmt.Errorf("more than %d rules", maxRules)
	}
	for _, r := range t.Rules {
		if err := bounded(r.Matched, r.Branch, r.Control); err != nil {
			return err
		}
	}
	c.totals, c.p.totals = true, *t
	return nil
}

func (s *sideCounts) check() error {
	if err := bounded(s.Asked, s.Answered); err != nil {
		return err
	}
	rest := s.Asked
	for fault, n := range s.Faults {
		if !isFault(fault) {
			return fmt.Errorf("unknown fault %.40q", fault)
		}
		if n > rest {
			return errors.New("more faults than were asked")
		}
		rest -= n
	}
	if rest != s.Answered {
		return fmt.Errorf("%d asked, of whom %d answered and not %d", s.Asked, s.Answered, rest)
	}
	return nil
}

// isFault reports whether triage.Fault may give it.
func isFault(s string) bool {
	return string(triage.Fault(&replay.Answer{Fault: replay.Fault(s)})) == s
}

// checkStats does not ask for a balance: a source that stopped halfway may have
// none, and the report says so.
func checkStats(s capture.Stats) error {
	if err := bounded(s.Seen, s.Written, s.Open); err != nil {
		return err
	}
	for _, reasons := range []map[capture.Reason]uint64{s.Filtered, s.Dropped} {
		if len(reasons) > maxReasons {
			return fmt.Errorf("more than %d reasons", maxReasons)
		}
		for r, n := range reasons {
			if len(r) > maxName {
				return fmt.Errorf("a reason of more than %d bytes", maxName)
			}
			if err := bounded(n); err != nil {
				return err
			}
		}
	}
	return nil
}

func bounded(counts ...uint64) error {
	for _, n := range counts {
		if n > noise.MaxCount {
			return fmt.Errorf("count %d is beyond %d", n, uint64(noise.MaxCount))
		}
	}
	return nil
}

func (c *checker) addOperation(op *operationPart) error {
	if len(c.p.operations) > maxOperations {
		return fmt.Errorf("more than %d operations", maxOperations)
	}
	if _, twice := c.names[op.Name]; twice {
		return fmt.Errorf("operation %.80q twice", op.Name)
	}
	if err := op.check(); err != nil {
		return fmt.Errorf("operation %.80q: %w", op.Name, err)
	}
	for _, n := range op.NotCompared {
		c.dropped += n
	}
	c.compared += op.Compared
	c.names[op.Name] = op.Compared
	c.p.operations = append(c.p.operations, *op)
	return nil
}

func (op *operationPart) check() error {
	if err := bounded(op.Compared); err != nil {
		return err
	}
	for r, n := range op.NotCompared {
		if !triage.IsReason(r) {
			return fmt.Errorf("unknown reason %.40q", r)
		}
		if err := bounded(n); err != nil {
			return err
		}
	}
	for i := range op.Latency {
		if err := checkBars(op.Latency[i], op.Compared); err != nil {
			return err
		}
	}
	if err := checkPace(&op.Pace, op.Compared); err != nil {
		return err
	}
	if err := op.Spans.check(&op.Pace); err != nil {
		return err
	}
	return op.Slowest.check(op.Pace.BranchOnly)
}

// checkBars wants ascending latencies of no more answers than there are.
func checkBars(bars []bar, answers uint64) error {
	last := int64(0)
	for _, b := range bars {
		if b[0] <= last || b[0] > longest.Microseconds() {
			return fmt.Errorf("latency of %d µs is out of order or beyond %s", b[0], longest)
		}
		if b[1] <= 0 || uint64(b[1]) > answers {
			return errors.New("more latencies than outcomes")
		}
		last = b[0]
		answers -= uint64(b[1])
	}
	return nil
}

func checkPace(c *diff.Counts, compared uint64) error {
	switch {
	case c.N != compared || c.Branch > c.N || c.Control > c.N:
		return errors.New("a pace of other outcomes than were compared")
	case c.BranchOnly > c.Branch || c.ControlOnly > c.Control || c.Branch-c.BranchOnly != c.Control-c.ControlOnly:
		return errors.New("a pace whose pairs contradict each other")
	}
	return nil
}

func (e *exampleText) check(occurred uint64) error {
	if (e != nil) != (occurred > 0) {
		return errors.New("an example of nothing, or nothing of an example")
	}
	if e == nil {
		return nil
	}
	for _, s := range []noise.Text{e.Exchange, e.Method, e.Target, e.Base, e.Branch} {
		if len(s) > maxText+len("…") {
			return fmt.Errorf("an example's text of more than %d bytes", maxText)
		}
	}
	return nil
}

// complete returns an error unless all lines together say the same.
func (c *checker) complete() error {
	compare := &c.p.totals.Compare
	if left := compare.Lost() + compare.Skipped(); compare.Written != c.compared || left != c.dropped || compare.Seen != c.compared+c.dropped {
		return fmt.Errorf("%d outcomes were seen, and the operations have %d and %d", compare.Seen, c.compared, c.dropped)
	}
	judged := c.p.noise.Outcomes()
	for name := range judged {
		if _, known := c.names[noise.Text(name)]; !known {
			return fmt.Errorf("operation %.80q is in the judgement alone", name)
		}
	}
	for name, n := range c.names {
		if judged[string(name)] != n {
			return fmt.Errorf("operation %.80q has %d outcomes and %d in the judgement", name, n, judged[string(name)])
		}
	}
	return c.p.noise.Complete()
}

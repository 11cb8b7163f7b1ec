package noise

import (
	"errors"
	"fmt"
	"math/bits"

	"twinspect.dev/capture"
	"twinspect.dev/diff/class"
)

// MaxCount bounds every count of a partial: more than a year of a million
// outcomes a second, and a thousandth of what would overflow where a thousand
// partials are added.
const MaxCount = 1 << 48

// check is what [Partial.Add] knows of the records so far.
type check struct {
	totals       bool
	names        map[Text]bool
	cells        map[cellName]bool
	exampleBytes int
	references   int
	blocks       int
	counted      []uint64 // outcomes of each operation that are in sets or uncounted
}

type cellName struct {
	operation int
	part      string
	path      Text
	kind      string
}

// Add appends a record. It returns an error, and adds nothing, where the record
// cannot come from a ledger with the default [Limits]: such as counts that
// contradict each other, or an index of what was not there before.
func (p *Partial) Add(r Record) error {
	switch {
	case r.Totals != nil && r.Operation == nil && r.Cell == nil && r.Set == nil:
		return p.addTotals(r.Totals)
	case r.Operation != nil && r.Totals == nil && r.Cell == nil && r.Set == nil:
		return p.addOperation(r.Operation)
	case r.Cell != nil && r.Totals == nil && r.Operation == nil && r.Set == nil:
		return p.addCell(r.Cell)
	case r.Set != nil && r.Totals == nil && r.Operation == nil && r.Cell == nil:
		return p.addSet(r.Set)
	}
	return errors.New("want exactly one of totals, operation, cell and set")
}

// Complete returns an error unless the account is that of the records that were
// added, which shows that none is missing.
func (p *Partial) Complete() error {
	var written, summed, changes uint64 // at most 2^13·2^49, which cannot overflow
	for i := range p.operations {
		op := &p.operations[i]
		written += op.Paired + op.Unpaired - op.SummedUp
		summed += op.SummedUp
	}
	for i := range p.cells {
		changes += p.cells[i].Changes
	}
	seen := &p.totals.Outcomes
	switch {
	case seen.Written != written || seen.Filtered[SummedUp] != summed:
		return fmt.Errorf("the account has %d and %d outcomes, the operations %d and %d", seen.Written, seen.Filtered[SummedUp], written, summed)
	case p.totals.Differences.Written != changes:
		return fmt.Errorf("the account has %d differences, the cells %d", p.totals.Differences.Written, changes)
	}
	return nil
}

func (p *Partial) addTotals(t *Totals) error {
	if p.check.totals {
		return errors.New("a second record of totals")
	}
	for _, s := range []capture.Stats{t.Differences, t.Outcomes} {
		if err := checkStats(s); err != nil {
			return err
		}
	}
	p.check.totals, p.totals = true, *t
	return nil
}

func checkStats(s capture.Stats) error {
	if err := bounded(s.Seen, s.Written, s.Open); err != nil {
		return err
	}
	for _, reasons := range []map[capture.Reason]uint64{s.Filtered, s.Dropped} {
		for r, n := range reasons {
			if r != OperationLimit && r != CellLimit && r != SummedUp {
				return fmt.Errorf("unknown reason %.40q", r)
			}
			if err := bounded(n); err != nil {
				return err
			}
		}
	}
	return s.Balance()
}

func bounded(counts ...uint64) error {
	for _, n := range counts {
		if n > MaxCount {
			return fmt.Errorf("count %d is beyond %d", n, uint64(MaxCount))
		}
	}
	return nil
}

func (p *Partial) addOperation(o *OperationCounts) error {
	if len(p.operations) >= DefaultOperations {
		return fmt.Errorf("more than %d operations", DefaultOperations)
	}
	if p.check.names[o.Name] {
		return fmt.Errorf("operation %.80q twice", o.Name)
	}
	if err := bounded(o.Paired, o.Unpaired, o.Uncounted, o.SummedUp, o.Single); err != nil {
		return err
	}
	if err := o.checkSessions(); err != nil {
		return fmt.Errorf("operation %.80q: %w", o.Name, err)
	}
	if all := o.Paired + o.Unpaired; o.Uncounted > all || o.SummedUp > all {
		return fmt.Errorf("operation %.80q: more outcomes beyond limits than outcomes", o.Name)
	}
	if p.check.names == nil {
		p.check.names = make(map[Text]bool)
	}
	p.check.names[o.Name] = true
	p.check.counted = append(p.check.counted, o.Uncounted)
	p.operations = append(p.operations, *o)
	return nil
}

// checkSessions wants each outcome to have a session or none.
func (o *OperationCounts) checkSessions() error {
	words, sessions := len(operation{}.sessions), uint64(0)
	if n := len(o.Sessions); n != 0 && n != words {
		return fmt.Errorf("%d words of sessions and not %d", n, words)
	}
	for _, word := range o.Sessions {
		sessions += uint64(bits.OnesCount64(word))
	}
	all := o.Paired + o.Unpaired
	if o.Single > all || sessions > all-o.Single || sessions == 0 && (o.Single < all || o.Sessions != nil) {
		return errors.New("sessions that contradict the outcomes")
	}
	return nil
}

func (p *Partial) addCell(c *CellCounts) error {
	if len(p.cells) >= DefaultCells {
		return fmt.Errorf("more than %d cells", DefaultCells)
	}
	if c.Operation < 0 || c.Operation >= len(p.operations) {
		return fmt.Errorf("operation %d is none of %d", c.Operation, len(p.operations))
	}
	name := cellName{c.Operation, string(c.Part), c.Path, string(c.Kind)}
	if p.check.cells[name] {
		return fmt.Errorf("cell %.80q twice", c.Path)
	}
	if err := c.check(&p.operations[c.Operation]); err != nil {
		return err
	}
	size := c.exampleBytes()
	if p.check.exampleBytes+size > DefaultExampleBytes+maxOvershoot {
		return fmt.Errorf("examples of more than %d bytes", DefaultExampleBytes)
	}
	blocks := len(c.Pairs.list()) + len(c.Alone.list())
	if p.check.blocks+blocks > DefaultBlocks+2*DefaultCells { // one each cell has beyond the bound
		return fmt.Errorf("more than %d blocks", DefaultBlocks)
	}
	p.check.blocks += blocks
	p.check.exampleBytes += size
	if p.check.cells == nil {
		p.check.cells = make(map[cellName]bool)
	}
	p.check.cells[name] = true
	p.cells = append(p.cells, *c)
	return nil
}

// maxShown is the greatest text that shorten returns: a cut one, with the three
// bytes of the ellipsis.
const maxShown = maxText + len("…")

// maxOvershoot is by how much the last example that found room may exceed it.
const maxOvershoot = 7*maxShown + occurrenceSize

// check holds the counts against each other and against the operation.
func (c *CellCounts) check(op *OperationCounts) error {
	if err := bounded(c.Changes, c.Up, c.Down, c.Beyond); err != nil {
		return err
	}
	if len(c.Path) > maxShown || len(c.Part) > maxText || len(c.Kind) > maxText {
		return fmt.Errorf("a name of more than %d bytes", maxText)
	}
	if c.Branch > op.Paired || c.Control > op.Paired || c.Unpaired > op.Unpaired {
		return errors.New("more outcomes than the operation has")
	}
	if c.BranchOnly > c.Branch || c.ControlOnly > c.Control || c.Branch-c.BranchOnly != c.Control-c.ControlOnly {
		return errors.New("pairs that contradict each other")
	}
	if c.Up+c.Down > c.Unpaired || c.Beyond > c.Control {
		return errors.New("more directions or violations than outcomes")
	}
	if differs := c.Branch+c.Unpaired > 0; c.Several && c.Value != nil || differs != (c.Several || c.Value != nil) {
		return errors.New("values of branch that contradict its differences")
	}
	if err := c.checkClasses(); err != nil {
		return err
	}
	if err := c.checkBlocks(); err != nil {
		return err
	}
	return c.checkExamples()
}

func (c *CellCounts) checkClasses() error {
	if len(c.Lessons) > maxLessons || len(c.Classes) > maxClasses {
		return fmt.Errorf("more than %d classes", maxClasses)
	}
	common := class.All
	if c.Learned != nil {
		common = *c.Learned
	}
	taught, counted := uint64(0), uint64(0)
	for _, s := range c.Lessons {
		if !isValue(s.Base) || !isValue(s.Control) || common&^(s.Base&s.Control) != 0 {
			return errors.New("a lesson that was not learned")
		}
		if s.N > c.Control { // each is at most 2^48, so that the sum cannot overflow
			return errors.New("more lessons than outcomes")
		}
		taught += s.N
	}
	for _, k := range c.Classes {
		if !isValue(k.Classes) || k.N > c.Branch {
			return errors.New("classes that no value has")
		}
		counted += k.N
	}
	if !isValue(common) || taught+c.Beyond > c.Control || counted > c.Branch {
		return errors.New("classes of more outcomes than there are")
	}
	return nil
}

// isValue reports whether a value, or several in common, may have the classes.
func isValue(s class.Set) bool { return s&^class.All == 0 && s.Has(class.Any) }

func (c *CellCounts) checkExamples() error {
	if len(c.Examples) > maxExamples {
		return fmt.Errorf("more than %d examples", maxExamples)
	}
	for e := range c.allExamples {
		for _, s := range e.texts() {
			if len(*s) > maxShown {
				return fmt.Errorf("an example's text of more than %d bytes", maxText)
			}
		}
	}
	return nil
}

// allExamples yields the cell's examples, and then those of its classes.
func (c *CellCounts) allExamples(yield func(*occurrence) bool) {
	for i := range c.Examples {
		if e := c.Examples[i].occurrence(); !yield(&e) {
			return
		}
	}
	for i := range c.Classes {
		if r := c.Classes[i].Example; r != nil {
			if e := r.occurrence(); !yield(&e) {
				return
			}
		}
	}
}

func (c *CellCounts) exampleBytes() (n int) {
	for e := range c.allExamples {
		n += e.size()
	}
	return n
}

func (p *Partial) addSet(s *SetCounts) error {
	op, err := p.checkRefs(s.Refs)
	if err != nil {
		return err
	}
	cost := len(s.Refs)/2 + setCost
	if p.check.references+cost > DefaultReferences {
		return fmt.Errorf("more than %d references", DefaultReferences)
	}
	all := p.operations[op].Paired + p.operations[op].Unpaired
	if s.N == 0 || s.N > all || p.check.counted[op] > all-s.N {
		return errors.New("sets of more outcomes than the operation has")
	}
	p.check.references += cost
	p.check.counted[op] += s.N
	p.sets = append(p.sets, *s)
	return nil
}

// checkRefs returns the operation that the references belong to.
func (p *Partial) checkRefs(refs []int) (operation int, err error) {
	if len(refs) == 0 || len(refs)%2 != 0 {
		return 0, errors.New("want pairs of references")
	}
	last := -1
	for ; len(refs) > 0; refs = refs[2:] {
		at, entry := refs[0], refs[1]
		if at <= last || at >= len(p.cells) {
			return 0, fmt.Errorf("cell %d is out of order or none of %d", at, len(p.cells))
		}
		c := &p.cells[at]
		if entry != noEntry && (entry < 0 || entry >= len(c.Classes)) {
			return 0, fmt.Errorf("entry %d is none of the cell's %d", entry, len(c.Classes))
		}
		if last >= 0 && c.Operation != operation {
			return 0, errors.New("cells of several operations")
		}
		last, operation = at, c.Operation
	}
	return operation, nil
}

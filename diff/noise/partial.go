package noise

import (
	"iter"
	"slices"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/diff/class"
	"twinspect.dev/diff/stats"
)

// Partial is what a [Ledger] has counted, to be stored and merged into another.
// It is made by [Ledger.Partial], or from the records of one by [Partial.Add],
// which checks them. The zero value holds nothing.
type Partial struct {
	totals     Totals
	operations []OperationCounts
	cells      []CellCounts
	sets       []SetCounts

	check check
}

// Record is one piece of a [Partial]: exactly one member is set. A record
// refers to those before it by their index among their own kind.
type Record struct {
	Totals    *Totals          `json:"totals,omitempty"`
	Operation *OperationCounts `json:"operation,omitempty"`
	Cell      *CellCounts      `json:"cell,omitempty"`
	Set       *SetCounts       `json:"set,omitempty"`
}

// Totals is the account.
type Totals struct {
	Differences capture.Stats `json:"differences"`
	Outcomes    capture.Stats `json:"outcomes"`
}

// OperationCounts is the outcomes of one operation.
type OperationCounts struct {
	Name     Text   `json:"name"`
	Paired   uint64 `json:"paired,omitempty"`
	Unpaired uint64 `json:"unpaired,omitempty"`
	// Uncounted outcomes had a branch difference beyond a limit, SummedUp is how
	// many the account has under that name.
	Uncounted uint64 `json:"uncounted,omitempty"`
	SummedUp  uint64 `json:"summed_up,omitempty"`
	// Sessions has a bit for each hash of a session, Single counts the outcomes
	// that have none.
	Sessions []uint64 `json:"sessions,omitempty"`
	Single   uint64   `json:"single,omitempty"`
}

// CellCounts is one cell.
type CellCounts struct {
	Operation int       `json:"operation"`
	Part      diff.Part `json:"part"`
	Path      Text      `json:"path,omitempty"`
	Kind      diff.Kind `json:"kind"`
	// Changes is how many single differences were counted here.
	Changes     uint64 `json:"changes"`
	Branch      uint64 `json:"branch,omitempty"`
	Control     uint64 `json:"control,omitempty"`
	BranchOnly  uint64 `json:"branch_only,omitempty"`
	ControlOnly uint64 `json:"control_only,omitempty"`
	Unpaired    uint64 `json:"unpaired,omitempty"`
	Up          uint64 `json:"up,omitempty"`
	Down        uint64 `json:"down,omitempty"`
	// Pairs are the blocks of the paired outcomes, Alone those of the others; nil
	// where there are none.
	Pairs *BlockCounts `json:"pairs,omitempty"`
	Alone *BlockCounts `json:"alone,omitempty"`
	// Value is the hash of what branch gave each time; nil where that was nothing, or
	// Several values.
	Value   *uint64 `json:"value,omitempty"`
	Several bool    `json:"several,omitempty"`
	// Learned is what all values have in common, nil where nothing was learned.
	Learned  *class.Set      `json:"learned,omitempty"`
	Lessons  []LessonCounts  `json:"lessons,omitempty"`
	Beyond   uint64          `json:"beyond,omitempty"`
	Classes  []ClassCounts   `json:"classes,omitempty"`
	Examples []ExampleRecord `json:"examples,omitempty"`
}

// BlockCounts is [stats.Blocks]: of each block its id of 32-Shift bits,
// ascending, its net votes, and what the classes of its values have in common.
type BlockCounts struct {
	Shift  uint8      `json:"shift,omitempty"`
	Blocks [][3]int64 `json:"blocks"`
}

func recordBlocks(b *stats.Blocks) *BlockCounts {
	if len(b.List()) == 0 {
		return nil
	}
	r := &BlockCounts{Shift: b.Shift(), Blocks: make([][3]int64, len(b.List()))}
	for i, k := range b.List() {
		r.Blocks[i] = [...]int64{int64(k.ID), k.Net, int64(k.Mask)}
	}
	return r
}

func (r *BlockCounts) blocks() stats.Blocks {
	list := make([]stats.Block, len(r.Blocks))
	for i, k := range r.Blocks {
		list[i] = stats.Block{ID: uint32(k[0]), Net: k[1], Mask: uint32(k[2])}
	}
	return stats.MakeBlocks(r.Shift, list)
}

// LessonCounts is the outcomes whose values on base and control had these
// classes: the lowest rank of a session among them, and how many had it.
type LessonCounts struct {
	Base    class.Set `json:"base"`
	Control class.Set `json:"control"`
	Rank    uint64    `json:"rank"`
	N       uint64    `json:"n"`
}

// ClassCounts is the branch values with these classes.
type ClassCounts struct {
	Classes class.Set      `json:"classes"`
	N       uint64         `json:"n"`
	Example *ExampleRecord `json:"example,omitempty"`
}

// ExampleRecord is a [diff.Example].
type ExampleRecord struct {
	Exchange Text `json:"exchange,omitempty"`
	Method   Text `json:"method,omitempty"`
	Target   Text `json:"target,omitempty"`
	At       Text `json:"at,omitempty"`
	Base     Text `json:"base,omitempty"`
	Branch   Text `json:"branch,omitempty"`
	Control  Text `json:"control,omitempty"`
	// Noisy says that control differs in the same cell.
	Noisy bool `json:"noisy,omitempty"`
}

// SetCounts is how many outcomes had the same differences. Refs holds pairs of
// a cell's index, ascending, and the index of one of its Classes, or 32 for
// none.
type SetCounts struct {
	N    uint64 `json:"n"`
	Refs []int  `json:"refs"`
}

// Partial returns what was counted so far. It shares no memory with the ledger.
func (l *Ledger) Partial() *Partial {
	p := &Partial{totals: Totals{l.changes.Clone(), l.seen.Clone()}}
	names := make(map[string]int, len(l.operations))
	for _, c := range l.order { // an operation's index before its cells
		p.operation(names, c.operation)
	}
	for _, op := range l.operations {
		p.operation(names, op)
	}
	for _, c := range l.order {
		p.cells = append(p.cells, c.record(names[c.Operation]))
	}
	for _, s := range l.outcomes.sets {
		p.sets = append(p.sets, s.record())
	}
	slices.SortFunc(p.sets, func(a, b SetCounts) int { return slices.Compare(a.Refs, b.Refs) })
	return p
}

func (p *Partial) operation(names map[string]int, op *operation) {
	if _, known := names[op.name]; known {
		return
	}
	names[op.name] = len(p.operations)
	r := OperationCounts{
		Name: Text(op.name), Paired: op.paired, Unpaired: op.unpaired, Uncounted: op.uncounted, SummedUp: op.summed, Single: op.single,
	}
	if op.sessions != (operation{}).sessions {
		r.Sessions = slices.Clone(op.sessions[:])
	}
	p.operations = append(p.operations, r)
}

func (c *cell) record(operation int) CellCounts {
	r := CellCounts{
		Operation: operation, Part: c.Part, Path: Text(c.Path), Kind: c.Kind, Changes: c.changes,
		Branch: c.branchCount, Control: c.controlCount, BranchOnly: c.branchOnly, ControlOnly: c.controlOnly,
		Unpaired: c.unpaired, Up: c.up, Down: c.down, Beyond: c.learned.beyond,
		Pairs: recordBlocks(&c.pairs), Alone: recordBlocks(&c.alone),
	}
	if common := c.learned.common; common != class.All {
		r.Learned = &common
	}
	if r.Several = c.value.state == severalValues; c.value.state == oneValue {
		hash := c.value.hash
		r.Value = &hash
	}
	for _, s := range c.learned.lessons {
		r.Lessons = append(r.Lessons, LessonCounts{s.base, s.control, s.rank, s.n})
	}
	for _, k := range c.classes {
		counts := ClassCounts{Classes: k.classes, N: k.n}
		for i := range k.examples {
			e := k.examples[i].record()
			counts.Example = &e
		}
		r.Classes = append(r.Classes, counts)
	}
	for i := range c.examples {
		r.Examples = append(r.Examples, c.examples[i].record())
	}
	return r
}

func (e *occurrence) record() ExampleRecord {
	return ExampleRecord{
		Text(e.Exchange), Text(e.Method), Text(e.Target), Text(e.At),
		Text(e.Base), Text(e.Branch), Text(e.Control), e.noisy,
	}
}

func (r *ExampleRecord) occurrence() occurrence {
	return occurrence{noisy: r.Noisy, rank: Rank(string(r.Exchange)), Example: diff.Example{
		Exchange: string(r.Exchange), Method: string(r.Method), Target: string(r.Target), At: string(r.At),
		Base: string(r.Base), Branch: string(r.Branch), Control: string(r.Control),
	}}
}

func (s *set) record() SetCounts {
	r := SetCounts{N: s.n, Refs: make([]int, 0, 2*len(s.refs))}
	for _, ref := range s.refs {
		r.Refs = append(r.Refs, int(ref.cell.number), ref.entry)
	}
	return r
}

// Outcomes returns, by operation, how many outcomes the partial holds.
func (p *Partial) Outcomes() map[string]uint64 {
	result := make(map[string]uint64, len(p.operations))
	for i := range p.operations {
		op := &p.operations[i]
		result[string(op.Name)] = op.Paired + op.Unpaired
	}
	return result
}

// Records lists the records, each after those that it refers to.
func (p *Partial) Records() iter.Seq[Record] {
	return func(yield func(Record) bool) {
		if !yield(Record{Totals: &p.totals}) {
			return
		}
		_ = each(p.operations, func(v *OperationCounts) Record { return Record{Operation: v} }, yield) &&
			each(p.cells, func(v *CellCounts) Record { return Record{Cell: v} }, yield) &&
			each(p.sets, func(v *SetCounts) Record { return Record{Set: v} }, yield)
	}
}

func each[T any](list []T, record func(*T) Record, yield func(Record) bool) bool {
	for i := range list {
		if !yield(record(&list[i])) {
			return false
		}
	}
	return true
}

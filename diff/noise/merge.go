package noise

import (
	"cmp"
	"slices"

	"twinspect.dev/diff"
	"twinspect.dev/diff/class"
	"twinspect.dev/diff/stats"
)

// Merge counts what the partial holds, as if its outcomes had been observed
// here. An operation is counted under the name that rename gives it.
//
// Whatever the parts and their order, the judgement is that of one ledger that
// observed everything, as long as no limit is reached. What a limit does depends
// on what came first. Beyond it everything is still counted and in the account:
// the differences of a cell that finds no room are dropped, and its outcomes
// count as differing.
//
// The partial must be whole: see [Partial.Complete].
func (l *Ledger) Merge(p *Partial, rename func(operation string) string) {
	l.changes.Add(p.totals.Differences)
	l.seen.Add(p.totals.Outcomes)
	operations := make([]*operation, len(p.operations))
	for i := range p.operations {
		operations[i] = l.mergeOperation(&p.operations[i], rename)
	}
	cells := make([]mapped, len(p.cells))
	for i := range p.cells {
		cells[i] = l.mergeCell(operations[p.cells[i].Operation], &p.cells[i])
	}
	for i := range p.sets {
		s := &p.sets[i]
		if op := operations[p.cells[s.Refs[0]].Operation]; op != nil {
			l.mergeSet(op, s, cells)
		}
	}
}

// mergeOperation returns nil where there is no room for the operation.
func (l *Ledger) mergeOperation(o *OperationCounts, rename func(string) string) *operation {
	op := l.operation(rename(string(o.Name)))
	if op == nil {
		l.dropOperation(o)
		return nil
	}
	op.paired += o.Paired
	op.unpaired += o.Unpaired
	op.uncounted += o.Uncounted
	op.summed += o.SummedUp
	op.single += o.Single
	for i, word := range o.Sessions {
		op.sessions[i] |= word
	}
	return op
}

// dropOperation takes the operation's outcomes from where the account has them.
func (l *Ledger) dropOperation(o *OperationCounts) {
	l.seen.Written -= o.Paired + o.Unpaired - o.SummedUp
	if l.seen.Filter(SummedUp, -o.SummedUp); l.seen.Filtered[SummedUp] == 0 {
		delete(l.seen.Filtered, SummedUp)
	}
	l.seen.Drop(OperationLimit, o.Paired+o.Unpaired)
}

// mapped is where a cell of a partial was counted: nil for nowhere. entries are
// those of the cell's histogram.
type mapped struct {
	cell    *cell
	entries []int
}

func (l *Ledger) mergeCell(op *operation, r *CellCounts) mapped {
	reason := OperationLimit
	if op != nil {
		key := diff.Cell{Operation: op.name, Place: diff.Place{Part: r.Part, Path: string(r.Path)}, Kind: r.Kind}
		if c := l.cell(op, key); c != nil {
			mergeBlocks(&c.pairs, r.Pairs, &l.blocks)
			mergeBlocks(&c.alone, r.Alone, &l.blocks)
			return mapped{c, c.merge(r, &l.room)}
		}
		reason = CellLimit
	}
	l.changes.Written -= r.Changes
	l.changes.Drop(reason, r.Changes)
	return mapped{}
}

func mergeBlocks(to *stats.Blocks, r *BlockCounts, room *int) {
	if r != nil {
		before, from := len(to.List()), r.blocks()
		to.Merge(&from)
		fit(to, before, room)
	}
}

// merge adds the counts, and returns the entry that each of the record's classes
// was counted under.
func (c *cell) merge(r *CellCounts, room *int) (entries []int) {
	c.changes += r.Changes
	c.branchCount += r.Branch
	c.controlCount += r.Control
	c.branchOnly += r.BranchOnly
	c.controlOnly += r.ControlOnly
	c.unpaired += r.Unpaired
	c.up += r.Up
	c.down += r.Down
	c.learned.merge(r)
	c.value.join(r.value())
	for i := range r.Classes {
		k := &r.Classes[i]
		entry := c.classes.add(k.Classes, k.N)
		entries = append(entries, entry)
		if k.Example != nil && *room > 0 {
			e := k.Example.occurrence()
			c.classes[entry].show(&e, room)
		}
	}
	for i := range r.Examples {
		if *room > 0 {
			e := r.Examples[i].occurrence()
			c.examples.add(&e, room)
		}
	}
	return entries
}

func (c *CellCounts) value() value {
	switch {
	case c.Several:
		return value{state: severalValues}
	case c.Value != nil:
		return value{oneValue, *c.Value}
	}
	return value{}
}

func (x *learned) merge(r *CellCounts) {
	for _, s := range r.Lessons {
		x.add(lesson{s.Base, s.Control, s.Rank, s.N})
	}
	x.beyond += r.Beyond
	if r.Learned != nil {
		x.common &= *r.Learned & class.All
	}
}

func (l *Ledger) mergeSet(op *operation, s *SetCounts, cells []mapped) {
	l.outcomes.begin()
	lost := false
	for i := 0; i < len(s.Refs); i += 2 {
		at := &cells[s.Refs[i]]
		switch entry := s.Refs[i+1]; {
		case at.cell == nil:
			lost = true
		case entry < len(at.entries):
			l.outcomes.add(at.cell, at.entries[entry])
		default:
			l.outcomes.add(at.cell, noEntry)
		}
	}
	slices.SortFunc(l.outcomes.refs, func(a, b reference) int { return cmp.Compare(a.cell.number, b.cell.number) })
	l.mergeCounted(op, s.N, lost)
}

// mergeCounted counts n outcomes with the references at hand. What is summed up
// only now leaves what the account has as written; some may have been summed up
// before.
func (l *Ledger) mergeCounted(op *operation, n uint64, lost bool) {
	if lost {
		op.uncounted += n
	} else if l.outcomes.end(op, n) {
		return
	}
	n = min(n, op.paired+op.unpaired-op.summed)
	op.summed += n
	l.seen.Written -= n
	l.seen.Filter(SummedUp, n)
}

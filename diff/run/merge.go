package run

import (
	"encoding/binary"
	"fmt"
	"time"

	"twinspect.dev/diff"
	"twinspect.dev/diff/noise"
	"twinspect.dev/diff/stats"
)

// maxMerged bounds how many partials one judge takes, so that no sum overflows:
// 2^14 of at most [noise.MaxCount] = 2^48 each stay below 2^63. It is far more
// workers than a run has.
const maxMerged = 1 << 14

// maxStages bounds the stages of an account. A run has about ten.
const maxStages = 64

// Merge counts what p holds, as if its outcomes had been observed here. The
// outcomes of a run may be observed by any number of judges in any order, and
// their partials be merged in any order and in any groups: the report is the
// same as that of a single judge, but for the order of the stages in the account
// where the partials have different ones. Nothing tells whether a partial is
// merged twice; that is the caller's to see to.
//
// This holds as long as no limit is reached ([noise.Limits], and how many
// operations are told apart). What a limit cuts depends on what came first; it
// is accounted for all the same.
//
// A partial of other settings is refused with an error that wraps [ErrForeign]
// and says which; then nothing was changed.
func (j *Judge) Merge(p *Partial) error {
	if err := j.settings().accept(p.made); err != nil {
		return err
	}
	if j.merges == maxMerged {
		return fmt.Errorf("merge: more than %d partials", maxMerged)
	}
	before := j.merged.Merge(p.totals.Before)
	if len(before) > maxStages {
		return fmt.Errorf("merge: more than %d stages in the account", maxStages)
	}
	if err := j.cfg.Rules.Add(p.totals.Rules); err != nil {
		return fmt.Errorf("%w: %w", ErrForeign, err)
	}
	j.merges++
	j.merged = before
	j.stats.Add(p.totals.Compare)
	j.mergeSides(&p.totals)
	for i := range p.operations {
		j.operation(string(p.operations[i].Name)).merge(&p.operations[i])
	}
	named := func(name string) string { return j.operation(name).name }
	j.ledger.Merge(p.noise, named)
	if j.check != nil && p.check != nil {
		j.check.Merge(p.check, named)
	}
	return nil
}

func (j *Judge) mergeSides(t *totals) {
	for i, part := range t.Sides {
		s := &j.asked[i]
		s.Asked += part.Asked
		s.Answered += part.Answered
		for fault, n := range part.Faults {
			s.count(fault, n)
		}
	}
}

func (op *operation) merge(part *operationPart) {
	op.compared += part.Compared
	for reason, n := range part.NotCompared {
		op.notCompared[reason] += n
	}
	for i, bars := range part.Latency {
		if len(bars) > 0 && op.latency[i] == nil {
			op.latency[i] = newLatency()
		}
		for _, b := range bars {
			op.latency[i].recordMany(time.Duration(b[0])*time.Microsecond, b[1])
		}
	}
	op.pace.merge(part)
}

func (p *pace) merge(part *operationPart) {
	c := &part.Pace
	p.N += c.N
	p.Branch += c.Branch
	p.Control += c.Control
	p.BranchOnly += c.BranchOnly
	p.ControlOnly += c.ControlOnly
	p.Paired = p.Paired || c.Paired
	p.mergeSpans(part.Spans)
	if e := part.Slowest; e != nil {
		p.show(diff.Example{
			Exchange: string(e.Exchange), Method: string(e.Method), Target: string(e.Target),
			At: string(diff.Latency), Base: string(e.Base), Branch: string(e.Branch),
		})
	}
}

func (p *pace) mergeSpans(part *spansPart) {
	if part == nil {
		return
	}
	for i := range p.spans {
		p.spans[i] |= binary.LittleEndian.Uint64(part.Seen[8*i:])
	}
	list := make([]stats.Block, len(part.Blocks))
	for i, k := range part.Blocks {
		list[i] = stats.Block{ID: uint32(k[0]), Net: k[1]}
	}
	blocks := stats.MakeBlocks(part.Shift, list)
	p.blocks.Merge(&blocks)
}

// show makes e the example if it comes before the one at hand.
func (p *pace) show(e diff.Example) {
	if p.example.At == "" || noise.CompareExamples(&e, &p.example) < 0 {
		p.example = e
	}
}

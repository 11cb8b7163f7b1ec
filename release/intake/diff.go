package intake

import (
	"fmt"
	"io"

	"twinspect.dev/diff"
	"twinspect.dev/diff/report"
	"twinspect.dev/release"
)

func readDiff(r io.Reader) (*release.Evidence, error) {
	d, err := report.Decode(r)
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what was read
	}
	e := release.Evidence{Kind: release.Diff, Tool: d.Tool, Started: d.Started, Ended: d.Ended, Reasons: d.Reasons}
	var ops operations
	for i := range d.Operations {
		o := &d.Operations[i]
		if o.Differing > o.Compared {
			return nil, fmt.Errorf("%w: operations[%d]: %d of %d outcomes differ", ErrContradicts, i, o.Differing, o.Compared)
		}
		op := ops.at(o.Name)
		op.Samples = sum(op.Samples, o.Compared)
		e.Samples = sum(e.Samples, o.Compared)
	}
	for i := range d.Differences {
		if err := difference(&ops, &d.Differences[i]); err != nil {
			return nil, fmt.Errorf("differences[%d]: %w", i, err)
		}
	}
	if s := d.SelfCheck; s != nil {
		e.SelfCheck = &release.SelfCheck{Mutations: s.Mutations, Missed: s.Missed}
	}
	return certain(compared(build(e, d.Verdict, &ops, d.Account)))
}

func difference(ops *operations, d *diff.Difference) error {
	if d.Branch > d.N || d.Control > d.N {
		return fmt.Errorf("%w: it came %d and %d times in %d outcomes", ErrContradicts, d.Branch, d.Control, d.N)
	}
	const format = "%s %s in %d of %d answers: %s"
	switch d.Judgement {
	case diff.Regression:
		ops.at(d.Operation).regression(format, d.Place, d.Kind, d.Branch, d.N, d.Reason)
	case diff.Suspect:
		ops.at(d.Operation).suspect(format, d.Place, d.Kind, d.Branch, d.N, d.Reason)
	}
	return nil
}

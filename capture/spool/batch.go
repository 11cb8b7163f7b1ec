package spool

import (
	"errors"
	"fmt"

	"twinspect.dev/capture"
)

// batch is what is on its way to the producer. It is settled when each of its
// exchanges was acknowledged or refused.
type batch struct {
	// pending is what is not settled, oldest first.
	pending []item
	// onDisk is how many records of the folder, from its first, the batch stands
	// for: all that was pending when it was read or put there, else 0. They stay
	// there until the batch is settled, so that the place in the folder is one
	// number and the counts go with it.
	onDisk uint64
	// settled is what was acknowledged and refused and not yet counted.
	settled outcome
}

// outcome is what came of some exchanges.
type outcome struct {
	written uint64
	refused map[capture.Reason]uint64
}

func (o *outcome) refuse(r capture.Reason) {
	if o.refused == nil {
		o.refused = make(map[capture.Reason]uint64)
	}
	o.refused[r]++
}

func (b *batch) exchanges() []*capture.Exchange {
	list := make([]*capture.Exchange, len(b.pending))
	for i := range b.pending {
		list[i] = b.pending[i].e
	}
	return list
}

// answer takes what the producer said of the pending exchanges. The error is
// the first that may pass.
func (b *batch) answer(errs []error) error {
	if errs == nil {
		b.settled.written += uint64(len(b.pending))
		b.pending = nil
		return nil
	}
	if len(errs) != len(b.pending) {
		return fmt.Errorf("the producer gave %d answers for %d exchanges", len(errs), len(b.pending))
	}
	var first error
	var rest []item
	for i, err := range errs {
		var refused *capture.RefusedError
		switch {
		case err == nil:
			b.settled.written++
		case errors.As(err, &refused):
			b.settled.refuse(refused.Reason)
		default:
			rest = append(rest, b.pending[i])
			if first == nil {
				first = err
			}
		}
	}
	b.pending = rest
	return first
}

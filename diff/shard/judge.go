package shard

import (
	"io"

	"twinspect.dev/capture"
	"twinspect.dev/diff/run"
	"twinspect.dev/replay"
)

// Counts is the [Judge] of a chunk and the [Merger] of a report that a
// [*run.Judge] is. It leaves the account of the stages before the comparison to
// the chunks' heads.
type Counts struct{ Judge *run.Judge }

// Observe implements [Judge].
func (c Counts) Observe(o *replay.Outcome) { c.Judge.Observe(o) }

// Encode implements [Judge].
func (c Counts) Encode(w io.Writer) error { return c.Judge.Partial().Encode(w) }

// MergeFrom implements [Merger].
func (c Counts) MergeFrom(r io.Reader) error {
	p, err := run.DecodePartial(r)
	if err != nil {
		return err
	}
	return c.Judge.Merge(p)
}

// Account implements [Merger].
func (c Counts) Account(a capture.Account) { c.Judge.Account(a) }

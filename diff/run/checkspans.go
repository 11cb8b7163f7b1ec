package run

import (
	"errors"
	"fmt"
	"math/bits"

	"twinspect.dev/diff"
	"twinspect.dev/diff/noise"
	"twinspect.dev/diff/stats"
)

// check holds the spans against the outcomes.
func (s *spansPart) check(c *diff.Counts) error {
	if (s != nil) != (c.N > 0) {
		return errors.New("spans of nothing, or nothing of spans")
	}
	if s == nil {
		return nil
	}
	seen := 0
	for _, b := range s.Seen {
		seen += bits.OnesCount8(b)
	}
	if len(s.Seen) != spanBits/8 || seen == 0 || uint64(seen) > c.N || s.Shift > 32 || len(s.Blocks) > stats.MaxBlocks {
		return errors.New("spans of other outcomes than were compared")
	}
	last, forth, back := int64(-1), uint64(0), uint64(0)
	for _, k := range s.Blocks {
		if k[0] <= last || k[0] >= 1<<(32-s.Shift) || k[1] > noise.MaxCount || k[1] < -noise.MaxCount {
			return fmt.Errorf("span %d is out of order or beyond %d bits", k[0], 32-s.Shift)
		}
		last = k[0]
		forth += uint64(max(k[1], 0))
		back += uint64(max(-k[1], 0))
	}
	if forth > c.BranchOnly || back > c.N-c.BranchOnly {
		return errors.New("spans of other pairs than there are")
	}
	return nil
}

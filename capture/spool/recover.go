package spool

import (
	"errors"
	"fmt"
	"path/filepath"
)

// maxCount bounds how many exchanges a segment can hold, so that no sum of
// counts overflows; it is what ten digits of a name hold.
const maxCount = 9_999_999_999

// adopt takes over what an earlier process left, which shipped as far as head.
// The error tells what is odd about it; the store can be used all the same.
func (s *store) adopt(head place) error {
	found, err := list(s.dir)
	if err != nil {
		return err
	}
	s.nextSeq = head.seq
	var errs []error
	for _, g := range found {
		s.nextSeq = max(s.nextSeq, g.seq+1)
		errs = append(errs, s.take(g, head))
	}
	return errors.Join(append(errs, s.sweep())...)
}

// take adds one segment. A crash may have left one that was shipped.
func (s *store) take(g *segment, head place) error {
	if g.seq < head.seq {
		return s.remove(g)
	}
	var odd error
	if !g.sealed {
		n, err := countRecords(filepath.Join(s.dir, g.name()), s.record)
		if err != nil { // left for a process to which the disk gives it
			return fmt.Errorf("count segment: %w", err)
		}
		g.count = n
		odd = g.seal(s.dir)
	}
	if g.seq == head.seq {
		g.pos = min(head.pos, g.count)
	}
	s.segments = append(s.segments, g)
	s.bytes += g.size
	return odd
}

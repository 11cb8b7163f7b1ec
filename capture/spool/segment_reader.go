package spool

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"twinspect.dev/capture"
	"twinspect.dev/capture/archive"
)

// segmentReader reads the exchanges of a sealed segment that are not settled.
// Exchanges have numbers in it, which damage does not change: what is lost is
// passed over as if it had been shipped.
type segmentReader struct {
	segment *segment
	r       *archive.Reader
	// next is the number of the next exchange, lost how many before it are lost
	// and not yet told.
	next, lost uint64
	e          capture.Exchange
}

func openSegment(dir string, g *segment, record int) (*segmentReader, error) {
	r, err := archive.Open(filepath.Join(dir, g.name()), archive.ReadOptions{MaxRecord: record})
	if err != nil {
		return nil, err
	}
	return &segmentReader{segment: g, r: r}, nil
}

func (in *segmentReader) close() { _ = in.r.Close() } // only read

// read returns the next exchanges, or else how many are lost at this place. It
// returns neither at the end. An error is the disk's.
func (in *segmentReader) read(bytes int64, count int) ([]item, uint64, error) {
	var items []item
	for len(items) < count && bytes > 0 && in.lost == 0 && in.next < in.segment.count {
		taken, err := in.step()
		if err != nil {
			return nil, 0, err
		}
		if !taken {
			continue
		}
		i := item{in.e.Clone(), sizeOf(&in.e)}
		items = append(items, i)
		bytes -= i.size
	}
	if len(items) > 0 {
		return items, 0, nil
	}
	lost := in.lost
	in.lost = 0
	return nil, lost, nil
}

// step reads one record. It returns true where that is an exchange which is not
// settled.
func (in *segmentReader) step() (bool, error) {
	err := in.r.ReadExchange(context.Background(), &in.e)
	var bad *capture.RecordError
	switch {
	case err == nil:
		in.next++
		return in.next > in.segment.pos, nil
	case errors.As(err, &bad) && bad.Reason == archive.ReasonCut:
		// How much a cut cost is known by the count.
	case errors.As(err, &bad):
		in.skip(bad.Lost)
	case isDisk(err):
		return false, err
	default: // io.EOF, or no recording at all
		in.skip(in.segment.count)
	}
	return false, nil
}

// skip passes over n exchanges; those not settled are lost.
func (in *segmentReader) skip(n uint64) {
	from := in.next
	in.next += min(n, in.segment.count-in.next)
	if in.next > in.segment.pos {
		in.lost += in.next - max(from, in.segment.pos)
	}
}

// isDisk tells an error of the disk from damage to what it holds.
func isDisk(err error) bool {
	var errno syscall.Errno
	return errors.As(err, &errno) && !errors.Is(err, os.ErrNotExist)
}

// countRecords reads a segment that was never sealed, up to where it was cut.
func countRecords(path string, record int) (uint64, error) {
	r, err := archive.Open(path, archive.ReadOptions{MaxRecord: record})
	if err != nil {
		return 0, err
	}
	defer func() { _ = r.Close() }()
	var n uint64
	var e capture.Exchange
	for {
		err := r.ReadExchange(context.Background(), &e)
		var bad *capture.RecordError
		switch {
		case err == nil:
			n++
		case errors.As(err, &bad) && bad.Reason == archive.ReasonCut:
		case errors.As(err, &bad):
			n += min(bad.Lost, maxCount)
		case isDisk(err):
			return 0, err
		default:
			return min(n, maxCount), nil
		}
	}
}

// read returns the oldest exchanges that are not settled and were not read
// before, or else how many are lost at this place.
func (s *store) read(bytes int64, count int) ([]item, uint64, error) {
	if len(s.segments) == 0 || s.segments[0].left() == 0 {
		return nil, 0, nil
	}
	g := s.segments[0]
	items, lost, err := s.readSegment(g, bytes, count)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, g.left(), nil
	case err == nil:
		s.tries = 0
		return items, lost, nil
	}
	if s.in != nil {
		s.in.close()
		s.in = nil
	}
	if s.tries++; s.tries < readTries {
		return nil, 0, err
	}
	s.tries = 0
	return nil, g.left(), err
}

// readTries is how often a segment that the disk does not give is asked for: a
// want of file descriptors passes, a bad sector does not.
const readTries = 5

func (s *store) readSegment(g *segment, bytes int64, count int) ([]item, uint64, error) {
	if s.out != nil && s.out.segment == g {
		_ = s.seal() // its count is known, whatever its name is
	}
	if s.in == nil {
		in, err := openSegment(s.dir, g, s.record)
		if err != nil {
			return nil, 0, err
		}
		s.in = in
	}
	return s.in.read(bytes, count)
}

package spool

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"twinspect.dev/capture/archive"
)

var (
	errLocked    = errors.New("another process uses the folder")
	errSpoolFull = errors.New("the spool holds as much as it may")
	errDiskFull  = errors.New("the filesystem has too little space left")
)

// store is the folder of segments. It is not safe for concurrent use.
type store struct {
	dir                       string
	max, minFree, segmentSize int64
	record                    int
	lock                      *os.File
	// segments are the oldest first; out writes the last, in reads the first.
	segments []*segment
	bytes    int64
	nextSeq  uint64
	out      *segmentWriter
	in       *segmentReader
	// tries counts the failures of the disk to give the first segment.
	tries int
}

// maxSeq is what the twelve digits of a name hold: at one segment of 16 MiB
// each second, 31 thousand years.
const maxSeq = 999_999_999_999

const (
	lockName   = "lock"
	ledgerName = "ledger"
)

// openStore makes or opens the folder and takes its lock.
func openStore(c *Config) (*store, error) {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make spool: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(c.Dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock spool: %w", err)
	}
	if err := lockFile(f); err != nil {
		return nil, errors.Join(fmt.Errorf("lock spool %s: %w", c.Dir, err), f.Close())
	}
	return &store{
		dir: c.Dir, max: c.MaxDisk, minFree: c.MinFree, segmentSize: c.SegmentSize, lock: f,
		// A record is about as long as its estimate, which is at most the queue.
		record: int(min(2*c.QueueBytes+1<<20, 1<<31)),
	}, nil
}

// left is how many exchanges are not settled.
func (s *store) left() uint64 {
	var n uint64
	for _, g := range s.segments {
		n += g.left()
	}
	return n
}

// place is how far the folder was shipped.
func (s *store) place() place {
	if len(s.segments) == 0 {
		return place{seq: s.nextSeq}
	}
	return place{s.segments[0].seq, s.segments[0].pos}
}

// room is how many bytes may be written, and why not more.
func (s *store) room() (int64, error) {
	room := s.max - s.bytes
	if s.minFree < 0 {
		return room, errSpoolFull
	}
	free, err := freeSpace(s.dir)
	if err != nil {
		return 0, err
	}
	if free-s.minFree < room {
		return free - s.minFree, errDiskFull
	}
	return room, errSpoolFull
}

// append writes the items and hands them to the kernel: all of them or none.
func (s *store) append(items []item) error {
	if s.out == nil {
		if err := s.create(); err != nil {
			return err
		}
	}
	g := s.out.segment
	before := g.size
	err := s.out.append(items)
	s.bytes += g.size - before
	if err != nil {
		return errors.Join(err, s.seal())
	}
	if g.size >= s.segmentSize {
		return s.seal()
	}
	return nil
}

func (s *store) create() error {
	if s.nextSeq > maxSeq {
		return errors.New("the numbers of segments are used up")
	}
	out, err := createSegment(s.dir, s.nextSeq, archive.WriteOptions{MaxRecord: s.record})
	if err != nil {
		return err
	}
	s.nextSeq++
	s.out = out
	s.segments = append(s.segments, out.segment)
	return nil
}

// seal ends the segment being written. One without a record is removed.
func (s *store) seal() error {
	if s.out == nil {
		return nil
	}
	g := s.out.segment
	before := g.size
	err := s.out.close()
	s.bytes += g.size - before
	s.out = nil
	if g.count == 0 {
		s.segments = s.segments[:len(s.segments)-1]
		s.bytes -= g.size
		return errors.Join(err, s.remove(g))
	}
	return errors.Join(err, g.seal(s.dir))
}

// advance settles the next n exchanges. What is then shipped stays on the disk
// until sweep.
func (s *store) advance(n uint64) {
	for _, g := range s.segments {
		step := min(n, g.left())
		g.pos += step
		n -= step
	}
}

// sweep removes the segments of which all is settled.
func (s *store) sweep() error {
	var errs []error
	for len(s.segments) > 0 && s.segments[0].left() == 0 {
		g := s.segments[0]
		if s.in != nil && s.in.segment == g {
			s.in.close()
			s.in = nil
		}
		if s.out != nil && s.out.segment == g {
			errs = append(errs, s.out.close())
			s.out = nil
		}
		s.segments = s.segments[1:]
		s.bytes -= g.size
		errs = append(errs, s.remove(g))
	}
	return errors.Join(errs...)
}

func (s *store) remove(g *segment) error {
	if err := os.Remove(filepath.Join(s.dir, g.name())); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove segment: %w", err)
	}
	return nil
}

// close ends the segment being written and lets the folder go.
func (s *store) close() error {
	if s.in != nil {
		s.in.close()
		s.in = nil
	}
	return errors.Join(s.seal(), s.lock.Close())
}

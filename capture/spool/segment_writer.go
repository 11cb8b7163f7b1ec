package spool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"twinspect.dev/capture/archive"
)

// segmentWriter writes a segment. What is in the file beyond the last append
// that succeeded is cut off, so that nothing is there that was not counted.
type segmentWriter struct {
	segment *segment
	file    *os.File
	w       *archive.Writer
	written int64
	failed  bool
}

func createSegment(dir string, seq uint64, o archive.WriteOptions) (*segmentWriter, error) {
	out := &segmentWriter{segment: &segment{seq: seq, created: time.Now()}}
	f, err := os.OpenFile(filepath.Join(dir, out.segment.name()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create segment: %w", err)
	}
	out.file = f
	if out.w, err = archive.NewWriter(out, archive.Twin, o); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	return out, nil
}

// Write implements [io.Writer] for the archive.
func (o *segmentWriter) Write(p []byte) (int, error) {
	n, err := o.file.Write(p)
	o.written += int64(n)
	return n, err
}

func (o *segmentWriter) append(items []item) error {
	err := o.put(items)
	if err != nil {
		o.failed = true
		return err
	}
	o.segment.count += uint64(len(items))
	o.segment.size = o.written
	return nil
}

func (o *segmentWriter) put(items []item) error {
	for _, i := range items {
		if err := o.w.WriteExchange(context.Background(), i.e); err != nil {
			return err
		}
	}
	return o.w.Flush()
}

// close writes the archive's end, unless a write failed before. Either way the
// records that were counted are in the file: where the end cannot be written it
// is done without, as a reader stops at the count.
func (o *segmentWriter) close() error {
	if !o.failed && o.w.Close() == nil {
		o.segment.size = o.written
		return o.file.Close()
	}
	return errors.Join(o.file.Truncate(o.segment.size), o.file.Close())
}

package packet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"

	"twinspect.dev/capture"
)

// File is a capture file that is read as a stream of TCP segments.
//
// A File is used by one goroutine at a time, except for Progress. Its memory
// does not grow with the file.
type File struct {
	name    string
	in      *input
	records records
	decoder *decoder
	frame   frame
	closer  io.Closer
	ended   error
}

// FileConfig says what of a capture file is wanted: the frames that all of its
// fields want. The zero value wants everything.
type FileConfig struct {
	// Ports are the TCP ports that are wanted, on either side; others are
	// counted as "other-port".
	Ports []uint16
	// Hosts are the addresses that are wanted, on either side; others are
	// counted as "other-host".
	Hosts []netip.Prefix
	// Filter is an expression as [CheckFilter] takes it. It judges frames from
	// their outermost header on; those it leaves out are counted as "filter".
	Filter string
}

// Open opens a capture file: pcap or pcapng, plain or compressed by gzip or
// zstd, told by its first bytes and not by its name.
func Open(path string) (*File, error) { return FileConfig{}.Open(path) }

// NewFile reads a capture from r; name is used in errors. It reads the header
// of the file at once. The caller closes r, after the File.
func NewFile(name string, r io.Reader) (*File, error) { return FileConfig{}.New(name, r) }

// Open is the function [Open] for what the configuration wants. A filter that
// is wrong is a [*FilterError].
func (c FileConfig) Open(path string) (*File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open capture: %w", err)
	}
	f, err := c.New(path, file)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	f.closer = file
	return f, nil
}

// New is [NewFile] for what the configuration wants.
func (c FileConfig) New(name string, r io.Reader) (*File, error) {
	want, err := newSelection(c.Ports, c.Hosts, c.Filter)
	if err != nil {
		return nil, err
	}
	in, err := openInput(r)
	if err != nil {
		return nil, fmt.Errorf("open capture %s: %w", name, err)
	}
	recs, err := openRecords(&stream{window: newWindow(in.plain), raw: &in.raw})
	if err != nil {
		in.close()
		return nil, fmt.Errorf("open capture %s: %w", name, err)
	}
	f := &File{name: name, in: in, records: recs, decoder: newDecoder(want)}
	if want.filter != nil {
		f.decoder.pass = want.filter.inBand
	}
	return f, nil
}

// checkEvery is after how many frames without a TCP segment the context is
// looked at again.
const checkEvery = 1024

// ReadSegment fills s with the next TCP segment. It returns io.EOF at the end,
// a [*capture.RecordError] for a damaged record, after which the stream goes
// on (if only to io.EOF), and ctx's error once that is done. Any other error
// ends the stream. Damaged records are in the account already, under the
// reason of the error.
//
// Canceling ctx does not interrupt a read that waits for r; closing r does.
func (f *File) ReadSegment(ctx context.Context, s *Segment) error {
	for n := 0; ; n++ {
		if n%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if f.ended != nil {
			return f.ended
		}
		if err := f.records.next(&f.frame); err != nil {
			return f.fail(err)
		}
		if f.decoder.decode(&f.frame, s) {
			return nil
		}
	}
}

// fail counts the damage and remembers what ends the stream.
func (f *File) fail(err error) error {
	var bad *capture.RecordError
	switch {
	case errors.As(err, &bad):
		bad.Input = f.name
		f.decoder.stats.Seen += bad.Lost
		f.decoder.stats.Drop(bad.Reason, bad.Lost)
		return bad
	case errors.Is(err, io.EOF):
		f.decoder.finish()
		f.ended = io.EOF
	default:
		f.decoder.finish()
		f.ended = fmt.Errorf("%s: %w", f.name, err)
	}
	return f.ended
}

// Account returns the account of the frames. Losses that the recorder noted in
// a pcapng file count as seen and dropped.
func (f *File) Account() capture.Account {
	stats := f.decoder.account()
	for reason, n := range f.records.noted() {
		stats.Seen += n
		stats.Drop(reason, n)
	}
	return capture.Account{{Name: stageName, Unit: stageUnit, Stats: stats}}
}

// Progress returns how many bytes were read of the underlying file, before
// decompression, and its length, which is -1 where it is not known. It may be
// called from any goroutine.
func (f *File) Progress() (read, total int64) { return f.in.raw.n.Load(), f.in.total }

// Close releases the file. It does not interrupt a read. Reading after Close
// returns [os.ErrClosed].
func (f *File) Close() error {
	if errors.Is(f.ended, os.ErrClosed) {
		return nil
	}
	f.ended = fmt.Errorf("%s: %w", f.name, os.ErrClosed)
	f.in.close()
	if f.closer == nil {
		return nil
	}
	return f.closer.Close()
}

package recording

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"twinspect.dev/capture"
	"twinspect.dev/capture/archive"
	"twinspect.dev/capture/har"
	"twinspect.dev/capture/kafka"
	"twinspect.dev/capture/packet"
	"twinspect.dev/capture/wire"
	"twinspect.dev/cmd/internal/cli"
)

// Stdio is the file name that stands for standard input or output.
const Stdio = "-"

// Input is a recording that is being read.
type Input struct {
	// Name is what the recording is called in reports: its file, or the
	// address of its topic without the password.
	Name string
	capture.Source
	// Unit is what Progress counts: bytes, or records of a topic.
	Unit   string
	meter  cli.Meter
	closed []io.Closer
}

// Account implements [capture.Accounted].
func (i *Input) Account() capture.Account { return capture.AccountOf(i.Source) }

// Progress says how much of the input was read.
func (i *Input) Progress() (read, total int64) { return i.meter() }

// Close closes the input.
func (i *Input) Close() error {
	var errs []error
	for _, c := range i.closed {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// Open opens a recording by its name: a kafka:// address, .pcap and
// .pcapng, .har, and otherwise what the content is; [Stdio] is standard input.
// Canceling ctx ends the wait for a pipe that nobody writes to.
func Open(ctx context.Context, env cli.Env, name string) (*Input, error) {
	if kafka.IsURL(name) {
		return openKafka(ctx, name)
	}
	return within(ctx, func() (*Input, error) { return open(env, name, sniff) })
}

// within opens until ctx ends. An opening that is left behind ends with its
// input, and closes what it opened.
func within(ctx context.Context, open func() (*Input, error)) (*Input, error) {
	type result struct {
		in  *Input
		err error
	}
	opened := make(chan result)
	go func() {
		in, err := open()
		select {
		case opened <- result{in, err}:
		case <-ctx.Done():
			if err == nil {
				_ = in.Close() // nothing was read from it
			}
		}
	}()
	select {
	case r := <-opened:
		return r.in, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// opener reads one format. What it returns to close is closed before the file.
type opener func(name string, r io.Reader) (capture.Source, io.Closer, error)

func open(env cli.Env, name string, read opener) (*Input, error) {
	if name == Stdio {
		src, closer, err := read("standard input", env.Stdin)
		if err != nil {
			return nil, err
		}
		return &Input{name, src, "bytes", func() (int64, int64) { return 0, -1 }, []io.Closer{closer}}, nil
	}
	f, size, err := openFile(name)
	if err != nil {
		return nil, err
	}
	counted := &countingReader{r: f}
	src, closer, err := read(name, counted)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Input{name, src, "bytes", func() (int64, int64) { return counted.n.Load(), size }, []io.Closer{closer, f}}, nil
}

func openFile(name string) (f *os.File, size int64, err error) {
	if f, err = os.Open(name); err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a folder: want a recording (.twin, .jsonl, .har, .pcap, .pcapng)", name)
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

// OpenPackets opens a capture file whatever its name; [Stdio] is standard
// input. Canceling ctx ends the wait as for [Open].
func OpenPackets(ctx context.Context, env cli.Env, name string, file packet.FileConfig, cfg wire.Config) (*Input, error) {
	return within(ctx, func() (*Input, error) {
		return open(env, name, func(name string, r io.Reader) (capture.Source, io.Closer, error) {
			return openPackets(name, r, file, cfg)
		})
	})
}

// sniffed is enough to tell the formats apart.
const sniffed = 512

// sniff tells the format from the name and the first bytes.
func sniff(name string, r io.Reader) (capture.Source, io.Closer, error) {
	buffered := bufio.NewReaderSize(r, 1<<16)
	start, err := buffered.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, fmt.Errorf("read %s: %w", name, err)
	}
	switch formatOf(name, start) {
	case formatPackets:
		return openPackets(name, buffered, packet.FileConfig{}, wire.Config{Agent: "twinspect"})
	case formatHAR:
		return openHAR(name, buffered, start)
	}
	src, err := archive.NewReader(name, buffered, archive.ReadOptions{})
	return src, src, err
}

// The first bytes of compressed files (RFC 1952 section 2.3.1, RFC 8878 section
// 3.1.1).
var (
	gzipMagic = []byte("\x1f\x8b")
	zstdMagic = []byte("\x28\xb5\x2f\xfd")
)

// openHAR reads a HAR that is plain or compressed, as it starts.
func openHAR(name string, r io.Reader, start []byte) (capture.Source, io.Closer, error) {
	plain := io.NopCloser(r)
	switch {
	case bytes.HasPrefix(start, gzipMagic):
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, nil, fmt.Errorf("read %s: %w", name, err)
		}
		plain = z
	case bytes.HasPrefix(start, zstdMagic):
		// 128 MiB is what the zstd command allows by default.
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return nil, nil, fmt.Errorf("read %s: %w", name, err)
		}
		plain = z.IOReadCloser()
	}
	return har.NewReader(name, plain, har.ReadOptions{}), plain, nil
}

func openPackets(name string, r io.Reader, file packet.FileConfig, cfg wire.Config) (capture.Source, io.Closer, error) {
	segments, err := file.New(name, r)
	if err != nil {
		return nil, nil, err
	}
	return wire.New(cfg, segments), segments, nil
}

type format int

const (
	formatArchive format = iota // .twin or JSON lines, told apart by archive
	formatPackets
	formatHAR
)

func formatOf(name string, start []byte) format {
	name, start = strings.ToLower(name), plainStart(start)
	for _, compressed := range []string{".gz", ".zst"} {
		name = strings.TrimSuffix(name, compressed)
	}
	switch {
	case strings.HasSuffix(name, ".pcap"), strings.HasSuffix(name, ".pcapng"), strings.HasSuffix(name, ".cap"), packets(start):
		return formatPackets
	case strings.HasSuffix(name, ".har"), harLog(start):
		return formatHAR
	}
	return formatArchive
}

// plainStart undoes gzip as far as start goes. What zstd holds is told by the
// name alone, as a block of it may be longer than is looked at.
func plainStart(start []byte) []byte {
	if !bytes.HasPrefix(start, gzipMagic) {
		return start
	}
	z, err := gzip.NewReader(bytes.NewReader(start))
	if err != nil {
		return start
	}
	plain := make([]byte, sniffed)
	n, _ := io.ReadFull(z, plain) // it ends in the middle; damage is for the reader to tell
	return plain[:n]
}

// packets reports whether the file begins as pcap (either byte order, micro- or
// nanoseconds) or pcapng does.
func packets(start []byte) bool {
	for _, magic := range []string{"\xd4\xc3\xb2\xa1", "\xa1\xb2\xc3\xd4", "\x4d\x3c\xb2\xa1", "\xa1\xb2\x3c\x4d", "\x0a\x0d\x0d\x0a"} {
		if bytes.HasPrefix(start, []byte(magic)) {
			return true
		}
	}
	return false
}

// harLog reports whether the JSON document's first member is "log".
func harLog(start []byte) bool {
	rest, ok := bytes.CutPrefix(bytes.TrimLeft(start, " \t\r\n\ufeff"), []byte("{"))
	return ok && bytes.HasPrefix(bytes.TrimLeft(rest, " \t\r\n"), []byte(`"log"`))
}

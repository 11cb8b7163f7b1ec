package run

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"twinspect.dev/diff/noise"
	"twinspect.dev/diff/selfcheck"
)

// PartialSchema names the stored form of a [Partial], PartialVersion is its
// version. A reader refuses any other: what is counted, and how outcomes are
// compared, must be the same for counts to add up.
const (
	PartialSchema  = "twinspect.dev/partial/diff"
	PartialVersion = 4
)

// maxLine bounds a line in bytes. The longest is a cell with all the examples
// that there may be, 35 of 7 texts of 1 KiB, in which JSON escapes each byte by
// six: 1.5 MB. So it is enough for names of operations of 500 kB as well.
const maxLine = 4 << 20

// maxEncoded bounds the decoded lines together. At their limits the latencies of
// 2049 operations take 250 MB, the examples 400 MB where each byte is escaped,
// the cells and references 150 MB.
const maxEncoded = 1 << 30

// line is one line after the first: exactly one member is set.
type line struct {
	Totals    *totals           `json:"totals,omitempty"`
	Operation *operationPart    `json:"operation,omitempty"`
	Noise     *noise.Record     `json:"noise,omitempty"`
	Check     *selfcheck.Record `json:"check,omitempty"`
	End       *end              `json:"end,omitempty"`
}

// members is how many members are set.
func (l *line) members() (n int) {
	for _, set := range []bool{l.Totals != nil, l.Operation != nil, l.Noise != nil, l.Check != nil, l.End != nil} {
		if set {
			n++
		}
	}
	return n
}

// header is the first line.
type header struct {
	Schema  string `json:"schema"`
	Version int    `json:"version"`
	settings
}

// end is the last line. It shows that none is missing.
type end struct {
	Lines int `json:"lines"` // before it
}

// Encode writes the partial: lines of JSON under zstd (RFC 8878).
func (p *Partial) Encode(w io.Writer) error {
	z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return fmt.Errorf("encode partial: %w", err)
	}
	e := &lineWriter{w: z}
	e.write(header{PartialSchema, PartialVersion, p.made})
	e.write(line{Totals: &p.totals})
	for i := range p.operations {
		e.write(line{Operation: &p.operations[i]})
	}
	for r := range p.noise.Records() {
		e.write(line{Noise: &r})
	}
	if p.check != nil {
		for r := range p.check.Records() {
			e.write(line{Check: &r})
		}
	}
	e.write(line{End: &end{e.lines}})
	if err := errors.Join(e.err, z.Close()); err != nil {
		return fmt.Errorf("encode partial: %w", err)
	}
	return nil
}

// lineWriter writes lines until the first error.
type lineWriter struct {
	w     io.Writer
	lines int
	total int
	err   error
}

func (e *lineWriter) write(v any) {
	if e.err != nil {
		return
	}
	data, err := json.Marshal(v)
	if err == nil {
		err = fits(len(data)+1, e.total+len(data)+1)
	}
	if err == nil {
		_, err = e.w.Write(append(data, '\n'))
	}
	e.err = err
	e.lines++
	e.total += len(data) + 1
}

// fits returns an error where a line, or all of them, are too long to be read.
func fits(line, total int) error {
	switch {
	case line > maxLine:
		return fmt.Errorf("longer than %d bytes", maxLine)
	case total > maxEncoded:
		return fmt.Errorf("more than %d bytes in all", maxEncoded)
	}
	return nil
}

// DecodePartial reads what [Partial.Encode] wrote, to the end of r. It trusts
// nothing: what cannot come from a judge is an error that names the line. Its
// memory is bounded whatever r holds.
func DecodePartial(r io.Reader) (*Partial, error) {
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, fmt.Errorf("decode partial: %w", err)
	}
	defer z.Close()
	d := &lineReader{r: bufio.NewReader(z)}
	p, err := d.partial()
	if err != nil {
		return nil, fmt.Errorf("decode partial: line %d: %w", d.lines, err)
	}
	return p, nil
}

// maxWindow is the window of the levels that are in use, so that a stream cannot
// ask for more memory.
const maxWindow = 8 << 20

// lineReader reads lines.
type lineReader struct {
	r     *bufio.Reader
	lines int // read so far, with the one at hand
	total int
	data  []byte
}

func (d *lineReader) partial() (*Partial, error) {
	p := &Partial{noise: new(noise.Partial)}
	if err := d.header(p); err != nil {
		return nil, err
	}
	c := newChecker(p)
	for {
		var l line
		if err := d.decode(&l); err != nil {
			return nil, err
		}
		if l.members() != 1 {
			return nil, errMembers
		}
		if l.End != nil {
			return p, d.finish(&l, c)
		}
		if err := c.add(&l); err != nil {
			return nil, err
		}
	}
}

func (d *lineReader) header(p *Partial) error {
	if err := d.next(); err != nil {
		return err
	}
	var h header
	if err := json.Unmarshal(d.data, &h); err != nil {
		return err
	}
	switch {
	case h.Schema != PartialSchema:
		return fmt.Errorf("%.80q is not %s", h.Schema, PartialSchema)
	case h.Version != PartialVersion:
		return fmt.Errorf("%w: it has version %d, this program writes and reads %d", ErrForeign, h.Version, PartialVersion)
	}
	p.made = h.settings
	if p.made.SelfCheck > 0 {
		p.check = new(selfcheck.Partial)
	}
	return nil
}

// finish checks that the partial is whole and that nothing follows.
func (d *lineReader) finish(l *line, c *checker) error {
	if l.End.Lines != d.lines-1 {
		return fmt.Errorf("the end counts %d lines and not %d", l.End.Lines, d.lines-1)
	}
	if err := c.complete(); err != nil {
		return err
	}
	switch _, err := d.r.ReadByte(); {
	case err == nil:
		return errors.New("more data after the end")
	case err != io.EOF:
		return err
	}
	return nil
}

// decode reads the next line.
func (d *lineReader) decode(v *line) error {
	if err := d.next(); err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(d.data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		return err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errors.New("more than one value")
	}
	return nil
}

// next reads a line into data.
func (d *lineReader) next() error {
	d.lines++
	d.data = d.data[:0]
	for {
		part, err := d.r.ReadSlice('\n')
		d.data = append(d.data, part...)
		d.total += len(part)
		if long := fits(len(d.data), d.total); long != nil {
			return long
		}
		switch {
		case err == nil:
			return nil
		case err == io.EOF:
			return io.ErrUnexpectedEOF
		case !errors.Is(err, bufio.ErrBufferFull):
			return err
		}
	}
}

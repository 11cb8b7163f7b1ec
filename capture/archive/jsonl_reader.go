package archive

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"twinspect.dev/capture"
	"twinspect.dev/capture/internal/jsonform"
)

// ReasonLineTooLong counts the lines of JSONL that are longer than the limit.
const ReasonLineTooLong capture.Reason = "archive-line-too-long"

// jsonlReader reads the JSONL form.
type jsonlReader struct {
	name string
	in   *bufio.Reader
	max  int
	// line is the memory of a line that is longer than the buffer of in.
	line    []byte
	number  int
	offset  int64
	done    bool
	account capture.Account
}

func newJSONLReader(name string, in *bufio.Reader, maxRecord int) *jsonlReader {
	return &jsonlReader{name: name, in: in, max: maxLine(maxRecord)}
}

func (r *jsonlReader) read(e *capture.Exchange) error {
	for !r.done {
		at := r.offset
		text, err := r.next()
		if err != nil {
			return err
		}
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		l := line{Exchange: new(jsonform.Exchange)}
		if err := r.parse(text, &l); err != nil {
			return r.error(ReasonMalformed, at, err)
		}
		if l.Account == nil {
			if err := l.Exchange.Into(e); err != nil {
				return r.error(ReasonMalformed, at, err)
			}
			return nil
		}
		r.account = append(r.account, l.Account...)
	}
	return io.EOF
}

func (r *jsonlReader) parse(text []byte, l *line) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(l); errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the line ends inside the JSON")
	} else if err != nil {
		return err
	}
	if dec.InputOffset() != int64(len(text)) {
		return fmt.Errorf("more after the exchange, at its byte %d: want one exchange a line", dec.InputOffset())
	}
	return nil
}

// next returns the next line. One that is too long is passed over and told. A
// compressed file that is cut or damaged ends the lines, and is told.
func (r *jsonlReader) next() ([]byte, error) {
	at := r.offset
	r.number++
	r.line = shrink(r.line)[:0]
	tooLong := false
	for {
		part, err := r.in.ReadSlice('\n')
		r.offset += int64(len(part))
		switch {
		case tooLong || len(r.line)+len(part) > r.max:
			tooLong = true
			r.line = r.line[:0]
		case err == nil && len(r.line) == 0:
			return part, nil
		default:
			r.line = append(r.line, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		return r.line, r.finish(at, tooLong, err)
	}
}

// finish judges the error that a line ended with, if any.
func (r *jsonlReader) finish(at int64, tooLong bool, err error) error {
	if err != nil && !errors.Is(err, io.EOF) {
		if fatal := new(fileError); errors.As(err, &fatal) || isCanceled(err) {
			return err
		}
		r.done = true
		reason := ReasonDamaged
		if errors.Is(err, io.ErrUnexpectedEOF) {
			reason = ReasonCut
		}
		return r.error(reason, at, fmt.Errorf("decompress: %w; the rest is lost", err))
	}
	r.done = err != nil
	if tooLong {
		return r.error(ReasonLineTooLong, at, fmt.Errorf("line of more than %d bytes", r.max))
	}
	return nil
}

func isCanceled(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

func (r *jsonlReader) error(reason capture.Reason, offset int64, err error) *capture.RecordError {
	return &capture.RecordError{Input: r.name, Line: r.number, Offset: offset, Reason: reason, Lost: 1, Err: err}
}

func (r *jsonlReader) stored() capture.Account { return r.account }

func (r *jsonlReader) close() {}

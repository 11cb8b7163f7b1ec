package project

import (
	"bytes"
	"encoding/json"
	"errors"
)

// lines writes JSON values that stand on a line each. Empty lines are left out.
func (w *writer) lines(data []byte) error {
	rest := bytes.TrimPrefix(data, byteOrderMark)
	w.raw("[")
	for len(rest) > 0 && !w.over {
		line, next, _ := bytes.Cut(rest, []byte{'\n'})
		if err := w.record(Lines, data, len(data)-len(rest), len(line)); err != nil {
			return err
		}
		rest = next
	}
	w.raw("]")
	return nil
}

// sequence writes a JSON text sequence, each of whose texts begins with a record
// separator (RFC 7464 section 2.1).
func (w *writer) sequence(data []byte) error {
	before, rest, _ := bytes.Cut(data, []byte{0x1e})
	if len(trimSpace(before)) > 0 {
		return newSyntaxError(Sequence, data, 0, "a record separator is due")
	}
	w.raw("[")
	for len(rest) > 0 && !w.over {
		text, next, _ := bytes.Cut(rest, []byte{0x1e})
		if err := w.record(Sequence, data, len(data)-len(rest), len(text)); err != nil {
			return err
		}
		rest = next
	}
	w.raw("]")
	return nil
}

// record writes the JSON text in the size bytes from offset. Where there is none,
// nothing is written.
func (w *writer) record(kind Kind, data []byte, offset, size int) error {
	text := data[offset : offset+size]
	for len(text) > 0 && isSpace(text[0]) {
		text, offset = text[1:], offset+1
	}
	text = trimSpace(text)
	if len(text) == 0 {
		return nil
	}
	if !json.Valid(text) {
		msg := "not JSON"
		var syntax *json.SyntaxError
		if err := json.Unmarshal(text, new(json.RawMessage)); errors.As(err, &syntax) {
			offset += max(int(syntax.Offset)-1, 0)
			msg = syntax.Error()
		}
		return newSyntaxError(kind, data, offset, msg)
	}
	w.comma()
	w.rawBytes(text)
	return nil
}

package project

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
)

// csv writes a table (RFC 4180). With a header, the first record holds the
// names.
func (w *writer) csv(data []byte, header bool) error {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, byteOrderMark)))
	var names []string
	if header {
		first, err := r.Read()
		if err != nil && !errors.Is(err, io.EOF) {
			return csvError(r, err)
		}
		names = first
	}
	r.ReuseRecord = true
	w.raw("[")
	for !w.over {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return csvError(r, err)
		}
		w.comma()
		w.row(names, record)
	}
	w.raw("]")
	return nil
}

func (w *writer) row(names, record []string) {
	if names == nil {
		w.raw("[")
		for _, value := range record {
			w.comma()
			writeText(w, value)
		}
		w.raw("]")
		return
	}
	w.raw("{")
	for i, value := range record {
		w.name(names[i])
		writeText(w, value)
	}
	w.raw("}")
}

func csvError(r *csv.Reader, err error) error {
	e := &SyntaxError{Kind: CSV, Offset: int(r.InputOffset()), Line: 1, Msg: err.Error()}
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		e.Line, e.Msg = parse.Line, parse.Err.Error()
	}
	return e
}

package project

import (
	"bytes"
	"fmt"
	"mime"
	"strings"
)

// Kind is a media type, or several that are read alike.
type Kind uint8

// The kinds of bodies that can be projected.
const (
	None Kind = iota
	XML
	HTML
	Form
	Multipart
	Events
	Lines    // JSON values, one a line
	Sequence // a JSON text sequence
	CSV
	Messages // of gRPC; see AppendUncompressed
)

// String returns the name of the kind as messages show it.
func (k Kind) String() string {
	return [...]string{"none", "XML", "HTML", "form", "multipart", "event stream", "JSON lines", "JSON text sequence", "CSV", "gRPC messages"}[k]
}

var kinds = map[string]Kind{
	"text/xml": XML, "application/xml": XML,
	"text/html":                         HTML,
	"application/x-www-form-urlencoded": Form,
	"text/event-stream":                 Events,
	"application/x-ndjson":              Lines, "application/ndjson": Lines, "application/jsonl": Lines, "application/x-jsonl": Lines,
	"application/jsonlines": Lines, "application/x-jsonlines": Lines, "application/json-lines": Lines, "application/stream+json": Lines,
	"application/json-seq": Sequence,
	"text/csv":             CSV,
}

// KindOf returns the kind that a Content-Type stands for. Structured syntax
// suffixes count (RFC 6839).
func KindOf(contentType string) Kind {
	name, _, _ := strings.Cut(contentType, ";")
	name = strings.ToLower(strings.Trim(name, " \t"))
	if kind, known := kinds[name]; known {
		return kind
	}
	switch {
	case strings.HasPrefix(name, "multipart/"):
		return Multipart
	case strings.HasSuffix(name, "+xml"):
		return XML
	case strings.HasSuffix(name, "+json-seq"):
		return Sequence
	}
	return None
}

// Append appends the projection of a body whose Content-Type has a [Kind] to
// dst. The error is a [*SyntaxError] or a [*LimitError]; dst is then as it was.
func Append(dst, data []byte, contentType string) ([]byte, error) {
	w := newWriter(dst, len(data))
	if err := w.project(KindOf(contentType), data, contentType, 0); err != nil {
		return dst, err
	}
	return w.dst, nil
}

// project writes a body; parts is how many multipart bodies are around it.
func (w *writer) project(kind Kind, data []byte, contentType string, parts int) error {
	var err error
	switch kind {
	case XML:
		err = w.xml(data)
	case HTML:
		err = w.html(data, contentType)
	case Form:
		err = w.form(data)
	case Multipart:
		err = w.multipart(data, parameter(contentType, "boundary"), parts)
	case Events:
		w.events(data)
	case Lines:
		err = w.lines(data)
	case Sequence:
		err = w.sequence(data)
	case CSV:
		err = w.csv(data, !strings.EqualFold(parameter(contentType, "header"), "absent"))
	default:
		err = &SyntaxError{Kind: kind, Line: 1, Msg: "the media type has no projection"}
	}
	if err == nil && w.over {
		err = &LimitError{Kind: kind, Limit: w.limit, Unit: "bytes of projection"}
	}
	return err
}

func parameter(contentType, name string) string {
	_, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return parameters[name]
}

// SyntaxError reports a body that breaks the grammar of its media type.
type SyntaxError struct {
	Kind   Kind
	Offset int // in bytes, from 0
	Line   int // from 1
	Msg    string
}

// Error names the media type, the place, and what was found there.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("not %s at line %d (offset %d): %s", e.Kind, e.Line, e.Offset, e.Msg)
}

func newSyntaxError(kind Kind, data []byte, offset int, msg string) *SyntaxError {
	offset = min(max(offset, 0), len(data))
	return &SyntaxError{Kind: kind, Offset: offset, Line: 1 + bytes.Count(data[:offset], []byte{'\n'}), Msg: msg}
}

// LimitError reports a body that has more than can be projected.
type LimitError struct {
	Kind  Kind
	Limit int
	Unit  string
}

// Error names the limit.
func (e *LimitError) Error() string {
	return fmt.Sprintf("%s with more than %d %s", e.Kind, e.Limit, e.Unit)
}

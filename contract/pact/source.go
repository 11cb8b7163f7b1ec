package pact

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"twinspect.dev/contract/jsontree"
	"twinspect.dev/contract/pointer"
)

const (
	// MaxSize is how many bytes a file may have. Of those in brokers the largest
	// have some 10 MB.
	MaxSize = 64 << 20
	// MaxDepth is how deep a value may be nested, as for bodies in contract/message.
	MaxDepth = 512
	// MaxValues is how many values a file, or a body, may have; they take some 100
	// MB of memory.
	MaxValues = 4 << 20
)

// Error is a fault of a Pact file, or of a Pact that a version cannot say.
type Error struct {
	Name string // of the file
	Line int    // from 1, 0 where it is not known
	At   string // a JSON pointer
	Text string
}

// Error tells the file, the line, the place and what is wrong.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Name != "" {
		b.WriteString(e.Name + ":")
	}
	if e.Line > 0 {
		fmt.Fprintf(&b, "%d:", e.Line)
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	if e.At != "" {
		b.WriteString(e.At + ": ")
	}
	return b.String() + e.Text
}

// ParseJSON reads one text of JSON into a tree, numbers as json.Number, within
// [MaxDepth] and [MaxValues]. Of members with the same name the last counts, as most
// readers have it.
func ParseJSON(data []byte) (any, error) {
	return parse(data, jsontext.AllowDuplicateNames(true))
}

func parse(data []byte, options ...jsontext.Options) (any, error) {
	p := &jsontree.Reader{Decoder: jsontext.NewDecoder(bytes.NewBuffer(data), options...), Depth: MaxDepth, Values: MaxValues}
	v, err := p.Value()
	if err != nil {
		return nil, err
	}
	if _, err := p.ReadToken(); err == nil {
		return nil, errors.New("the text goes on after its end")
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	return v, nil
}

// source is a file that is read. Its first fault counts.
type source struct {
	name string
	data []byte
	err  *Error
}

func (s *source) fail(at, format string, args ...any) {
	if s.err == nil {
		s.err = &Error{Name: s.name, Line: s.line(at), At: at, Text: fmt.Sprintf(format, args...)}
	}
}

// syntax tells where the grammar of JSON is broken.
func (s *source) syntax(err error) error {
	e := &Error{Name: s.name, Text: "not JSON: " + err.Error()}
	var broken *jsontext.SyntacticError
	if errors.As(err, &broken) {
		e.Line, e.At = s.lineAt(broken.ByteOffset), string(broken.JSONPointer)
		if broken.Err != nil {
			e.Text = "not JSON: " + broken.Err.Error()
		}
	}
	return e
}

// line finds a place in the file, 0 where it is not there.
func (s *source) line(at string) int {
	d := jsontext.NewDecoder(bytes.NewBuffer(s.data))
	for {
		if _, err := d.ReadToken(); err != nil {
			return 0
		}
		if string(d.StackPointer()) == at {
			return s.lineAt(d.InputOffset())
		}
	}
}

func (s *source) lineAt(offset int64) int {
	offset = min(max(offset, 0), int64(len(s.data)))
	return 1 + bytes.Count(s.data[:offset], []byte("\n"))
}

// fields are the members of an object; those that nothing took are its extra.
type fields struct {
	s    *source
	at   string
	left map[string]any
}

func (s *source) fields(v any, at string) fields {
	f := fields{s: s, at: at, left: map[string]any{}}
	members, ok := v.(map[string]any)
	if !ok {
		s.fail(at, "an object is expected")
	}
	for name, member := range members {
		f.left[name] = member
	}
	return f
}

func (f fields) take(name string) (any, bool) {
	v, ok := f.left[name]
	delete(f.left, name)
	return v, ok
}

func (f fields) place(name string) string { return pointer.Join(f.at, name) }

// text takes a member that is a string; null counts as none.
func (f fields) text(name string) string {
	v, _ := f.take(name)
	text, ok := v.(string)
	if !ok && v != nil {
		f.s.fail(f.place(name), "a string is expected")
	}
	return text
}

func (f fields) flag(name string) bool {
	v, _ := f.take(name)
	flag, ok := v.(bool)
	if !ok && v != nil {
		f.s.fail(f.place(name), "true or false is expected")
	}
	return flag
}

// object takes a member that is an object; null counts as none.
func (f fields) object(name string) map[string]any {
	v, _ := f.take(name)
	object, ok := v.(map[string]any)
	if !ok && v != nil {
		f.s.fail(f.place(name), "an object is expected")
	}
	return object
}

// list takes a member that is an array; null counts as none.
func (f fields) list(name string) []any {
	v, _ := f.take(name)
	items, ok := v.([]any)
	if !ok && v != nil {
		f.s.fail(f.place(name), "an array is expected")
	}
	return items
}

// rest returns what nothing took, nil for nothing.
func (f fields) rest() map[string]any {
	if len(f.left) == 0 {
		return nil
	}
	return f.left
}

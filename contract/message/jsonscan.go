package message

import (
	"encoding/json"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// scanner reads well-formed JSON in one pass, in a third of the time that reading
// by tokens takes. It refuses whatever it is not sure of; why is for
// [explainJSON] to find out.
type scanner struct {
	text string
	at   int
	left int // values that may still come
	// names and values are those of the objects and lists that are being read, so
	// that each is made at its size.
	names  []string
	values []any
	// shared says that texts are parts of the whole, not copies.
	shared bool
}

// maxShared is the length in bytes to which the texts of a value share the memory
// of what was read. Of a longer one a single text that is kept, such as an
// identifier, would keep all of it.
const maxShared = 8 << 10

var scanners = sync.Pool{New: func() any { return new(scanner) }}

// scanJSON reads one text of JSON; false says that it may be none.
func scanJSON(data []byte) (any, bool) {
	s := scanners.Get().(*scanner)
	defer s.release()
	s.text, s.at, s.left, s.shared = string(data), 0, MaxValues, len(data) <= maxShared
	v, ok := s.value(0)
	if ok {
		s.space()
	}
	return v, ok && s.at == len(s.text)
}

func (s *scanner) release() {
	if cap(s.values) > maxMembers || cap(s.names) > maxMembers {
		return
	}
	s.pop(0, 0)
	*s = scanner{names: s.names[:0], values: s.values[:0]}
	scanners.Put(s)
}

// pop forgets the names and values that an object or a list was made of.
func (s *scanner) pop(names, values int) {
	clear(s.names[names:])
	clear(s.values[values:])
	s.names, s.values = s.names[:names], s.values[:values]
}

// space goes over white space (RFC 8259 section 2).
func (s *scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\n', '\r', '\t':
			s.at++
		default:
			return
		}
	}
}

// next returns the next byte that is no white space, 0 at the end.
func (s *scanner) next() byte {
	s.space()
	if s.at == len(s.text) {
		return 0
	}
	return s.text[s.at]
}

func (s *scanner) value(depth int) (any, bool) {
	if s.left--; depth > MaxDepth || s.left < 0 {
		return nil, false
	}
	switch c := s.next(); c {
	case '{':
		return s.object(depth)
	case '[':
		return s.list(depth)
	case '"':
		return s.quoted()
	case 'n':
		return nil, s.word("null")
	case 't':
		return true, s.word("true")
	case 'f':
		return false, s.word("false")
	}
	return s.number()
}

func (s *scanner) word(w string) bool {
	if !strings.HasPrefix(s.text[s.at:], w) {
		return false
	}
	s.at += len(w)
	return true
}

func (s *scanner) object(depth int) (any, bool) {
	first, name := len(s.values), len(s.names)
	s.at++
	for s.next() != '}' {
		if len(s.values) > first && !s.comma() || s.next() != '"' {
			return nil, false
		}
		key, ok := s.string()
		if !ok || s.next() != ':' {
			return nil, false
		}
		s.at++
		s.names = append(s.names, key)
		v, ok := s.value(depth + 1)
		if !ok {
			return nil, false
		}
		s.values = append(s.values, v)
	}
	s.at++
	members := make(map[string]any, len(s.values)-first)
	for i, v := range s.values[first:] {
		members[s.names[name+i]] = v
	}
	whole := len(members) == len(s.values)-first // no name is there twice
	s.pop(name, first)
	return members, whole
}

func (s *scanner) list(depth int) (any, bool) {
	first := len(s.values)
	s.at++
	for s.next() != ']' {
		if len(s.values) > first && (!s.comma() || s.next() == ']') {
			return nil, false
		}
		v, ok := s.value(depth + 1)
		if !ok {
			return nil, false
		}
		s.values = append(s.values, v)
	}
	s.at++
	items := append(make([]any, 0, len(s.values)-first), s.values[first:]...)
	s.pop(len(s.names), first)
	return items, true
}

func (s *scanner) comma() bool {
	if s.next() != ',' {
		return false
	}
	s.at++
	return true
}

func (s *scanner) quoted() (any, bool) {
	text, ok := s.string()
	return text, ok
}

// string reads a string. One with escapes is left to the library.
func (s *scanner) string() (string, bool) {
	ascii := true
	for i := s.at + 1; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '"':
			text := s.text[s.at+1 : i]
			s.at = i + 1
			return s.own(text), ascii || utf8.ValidString(text)
		case c == '\\':
			return s.escaped(i)
		case c < ' ':
			return "", false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return "", false
}

// escaped reads a string whose first escape is at i.
func (s *scanner) escaped(i int) (string, bool) {
	for ; i < len(s.text); i++ {
		switch s.text[i] {
		case '\\':
			i++
		case '"':
			text, err := jsontext.AppendUnquote(nil, s.text[s.at:i+1])
			s.at = i + 1
			return string(text), err == nil
		}
	}
	return "", false
}

func (s *scanner) own(text string) string {
	if s.shared {
		return text
	}
	return strings.Clone(text)
}

// number reads a number (RFC 8259 section 6).
func (s *scanner) number() (any, bool) {
	from := s.at
	s.sign("-")
	if s.at < len(s.text) && s.text[s.at] == '0' {
		s.at++
	} else if !s.digits() {
		return nil, false
	}
	if s.sign(".") && !s.digits() {
		return nil, false
	}
	if s.sign("eE") {
		s.sign("+-")
		if !s.digits() {
			return nil, false
		}
	}
	return json.Number(s.own(s.text[from:s.at])), true
}

// sign goes over one byte of these.
func (s *scanner) sign(of string) bool {
	if s.at == len(s.text) || strings.IndexByte(of, s.text[s.at]) < 0 {
		return false
	}
	s.at++
	return true
}

// digits goes over digits, one at least.
func (s *scanner) digits() bool {
	from := s.at
	for s.at < len(s.text) && s.text[s.at] >= '0' && s.text[s.at] <= '9' {
		s.at++
	}
	return s.at > from
}

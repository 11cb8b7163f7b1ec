package jsondiff

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Step is one step into a document: a member's name, or an element's index.
type Step struct {
	Name  string
	Index int // -1 for a member
	// Map says that the name is a key of an object used as a map, so that it
	// tells which entry it is and not what. It is set in the Path of a Change.
	Map bool
}

// Path is the way from the root of a document to a value.
type Path []Step

// String returns the path as a JSONPath query that selects the value (RFC 9535
// section 2): $.items[3].price, or $['odd name'][0] where a name does not fit
// the shorthand.
func (p Path) String() string { return string(p.appendTo(make([]byte, 0, 64), false)) }

// Fold returns the path with every index, and every key of a map, replaced by
// the wildcard that selects them all: $.items[*].price, $.prices[*].
func (p Path) Fold() string { return string(p.appendTo(make([]byte, 0, 64), true)) }

func (p Path) appendTo(b []byte, fold bool) []byte {
	b = append(b, '$')
	for _, s := range p {
		switch {
		case fold && (s.Index >= 0 || s.Map):
			b = append(b, "[*]"...)
		case s.Index >= 0:
			b = append(strconv.AppendInt(append(b, '['), int64(s.Index), 10), ']')
		case isShorthand(s.Name):
			b = append(append(b, '.'), s.Name...)
		default:
			b = append(appendQuoted(append(b, '['), s.Name), ']')
		}
	}
	return b
}

// isShorthand reports whether name is a member-name-shorthand (RFC 9535 section
// 2.5.1).
func isShorthand(name string) bool {
	for i, r := range name {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= 0x80 && r != utf8.RuneError
		digit := r >= '0' && r <= '9'
		if !letter && (!digit || i == 0) {
			return false
		}
	}
	return name != ""
}

// appendQuoted writes name as a normal-single-quoted string (RFC 9535 section
// 2.7). Bytes that are not UTF-8 have no form there; they become U+FFFD.
func appendQuoted(b []byte, name string) []byte {
	b = append(b, '\'')
	for _, r := range name {
		switch {
		case r == '\'' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < 0x20:
			b = appendControl(b, byte(r))
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '\'')
}

func appendControl(b []byte, c byte) []byte {
	switch c {
	case '\b':
		return append(b, `\b`...)
	case '\t':
		return append(b, `\t`...)
	case '\n':
		return append(b, `\n`...)
	case '\f':
		return append(b, `\f`...)
	case '\r':
		return append(b, `\r`...)
	}
	return fmt.Appendf(b, `\u%04x`, c)
}

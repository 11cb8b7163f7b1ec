package message

import (
	"fmt"
	"strings"
)

// set holds the bytes that stand for themselves at a place.
type set [256]bool

func newSet(more string) *set {
	var s set
	for c := range 256 {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		s[c] = c < 128 && (letter || '0' <= c && c <= '9' || strings.IndexByte("-._~"+more, byte(c)) >= 0)
	}
	return &s
}

var (
	// unreserved is what RFC 6570 section 3.2.1 leaves as it is in values.
	unreserved = newSet("")
	// dotless is for values that dots separate.
	dotless = func() *set { s := *newSet(""); s['.'] = false; return &s }()
	// reserved is for allowReserved in a query. What is left out would be read as
	// something else there: the fragment, the next pair, a space, and the brackets,
	// which RFC 3986 section 3.4 does not have in a query.
	reserved = newSet(":/?@!$'()*,;=")
	// reservedItem is for allowReserved where commas separate.
	reservedItem = newSet(":/?@!$'()*;=")
	// literal is for the parts of a path that the document writes itself (RFC 3986
	// section 3.3); what is percent-encoded already stays so.
	literal = newSet("!$&'()*+,;=:@/%")
)

const hexDigits = "0123456789ABCDEF"

// appendEscaped appends s, percent-encoded but for the bytes in keep. A nil keep
// leaves s as it is.
func appendEscaped(dst []byte, s string, keep *set) []byte {
	if keep == nil {
		return append(dst, s...)
	}
	start := 0
	for i := range len(s) {
		if c := s[i]; !keep[c] {
			dst = append(dst, s[start:i]...)
			dst = append(dst, '%', hexDigits[c>>4], hexDigits[c&15])
			start = i + 1
		}
	}
	return append(dst, s[start:]...)
}

// coded is how texts of a place are decoded.
type coded uint8

const (
	plain   coded = iota // as they are
	percent              // percent-encoded (RFC 3986 section 2.1)
	form                 // the same, and a plus is a space
)

// unescape decodes s.
func (c coded) unescape(s string) (string, error) {
	if c == plain || strings.IndexByte(s, '%') < 0 && (c != form || strings.IndexByte(s, '+') < 0) {
		return s, nil
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch b := s[i]; {
		case b == '+' && c == form:
			out = append(out, ' ')
		case b != '%':
			out = append(out, b)
		default:
			if i+2 >= len(s) || unhex(s[i+1]) > 15 || unhex(s[i+2]) > 15 {
				return "", fmt.Errorf("percent-encoding at byte %d: %w", i, ErrSyntax)
			}
			out = append(out, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		}
	}
	return string(out), nil
}

// unhex returns the value of a hexadecimal digit, above 15 for another byte.
func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 255
}

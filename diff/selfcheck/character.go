package selfcheck

import (
	"slices"

	"twinspect.dev/diff/class"
)

// maxTries bounds how many characters are tried in one text before its class is
// given up.
const maxTries = 16

// character returns s with one letter or digit changed at a place that may be
// changed, if there is one so that the class stays; nil where there is no letter
// and no digit.
func (m *maker) character(s []byte, may func(at int) bool) []byte {
	if len(s) == 0 {
		return nil
	}
	before := class.Of(s)
	first, tries := m.rng.IntN(len(s)), 0
	var other []byte
	for i := range s {
		at := (first + i) % len(s)
		if !isAlphanumeric(s[at]) || may != nil && !may(at) {
			continue
		}
		changed := slices.Clone(s)
		changed[at] = next(s[at])
		if class.Of(changed) == before {
			return changed
		}
		other = changed
		if tries++; tries == maxTries {
			break
		}
	}
	return other
}

func isAlphanumeric(c byte) bool { return isDigit(c) || isLetter(c) }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// next returns another character of the same kind; a hexadecimal digit stays one.
func next(c byte) byte {
	switch c {
	case '9', 'f', 'F', 'z', 'Z':
		return c&^0x0f | 1 // '1', 'a', 'A', 'q', 'Q'
	}
	return c + 1
}

// unescaped reports whether the byte at a place of a JSON string is no part of an
// escape (RFC 8259 section 7), the longest of which is \uXXXX.
func unescaped(s []byte) func(at int) bool {
	return func(at int) bool {
		for back := 1; back <= 5 && at-back >= 0; back++ {
			if s[at-back] == '\\' && (back == 1 || s[at-back+1] == 'u') {
				return false
			}
		}
		return true
	}
}

// reclassed returns a string, without quotes, whose classes are not those of the
// value: words with a space between where it has a form, and a UUID where it has
// none.
func reclassed(value []byte) []byte {
	if class.Of(value)&^class.SetOf(class.String, class.Any) == 0 {
		return []byte("1b4e28ba-2fa1-4d3b-a3f5-ef19b5a7633b")
	}
	return []byte("some other words")
}

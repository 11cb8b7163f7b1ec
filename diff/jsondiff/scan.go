package jsondiff

import (
	"encoding/binary"
	"math/bits"
)

// Eight bytes are looked at in one word: ones and tops repeat a byte's lowest
// and highest bit.
const (
	ones = 0x0101010101010101
	tops = 0x8080808080808080
)

// special sets the top bit of the first byte in x, the lowest, that ends a run
// of plain string characters: a quote, a backslash or a control character.
// Later bytes may be marked wrongly.
func special(x uint64) uint64 {
	// With the second bit turned, the quote stands behind the control characters.
	low := x ^ 0x02*ones
	slash := x ^ '\\'*ones
	return ((low-0x21*ones)&^low | (slash-ones)&^slash) & tops
}

// space returns the first place at or after i that is not white space.
func space(src []byte, i int) int {
	for i < len(src) && src[i] <= ' ' && (src[i] == ' ' || src[i] == '\n' || src[i] == '\r' || src[i] == '\t') {
		i++
	}
	return i
}

// scanString reads the string whose quote stands at i (RFC 8259 section 7). It
// returns the place behind it and whether it holds an escape; where msg is not
// empty, the string is broken at end.
func scanString(src []byte, i int) (end int, escaped bool, msg string) {
	for i++; i+8 <= len(src); i += 8 {
		if m := special(binary.LittleEndian.Uint64(src[i:])); m != 0 {
			if i += bits.TrailingZeros64(m) / 8; src[i] == '"' {
				return i + 1, escaped, ""
			}
			if src[i] < 0x20 {
				break
			}
			n := escapeLen(src[i:])
			if n == 0 {
				break
			}
			escaped = true
			i += n - 8
		}
	}
	return scanStringEnd(src, i, escaped)
}

// scanStringEnd reads a string from i on, byte by byte.
func scanStringEnd(src []byte, i int, escaped bool) (end int, esc bool, msg string) {
	for i < len(src) {
		switch c := src[i]; {
		case c == '"':
			return i + 1, escaped, ""
		case c < 0x20:
			return i, escaped, "a control character in a string must be escaped"
		case c == '\\':
			n := escapeLen(src[i:])
			if n == 0 {
				return i, true, "no such escape in a string"
			}
			escaped = true
			i += n
		default:
			i++
		}
	}
	return i, escaped, "the string does not end"
}

// escapeLen returns the length of the escape that b begins with, 0 for none.
func escapeLen(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hex4(b[2:]); ok {
			return 6
		}
	}
	return 0
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// scanNumber reads the number that begins at i (RFC 8259 section 6). It returns
// the place behind it; where msg is not empty, the number is broken at end.
func scanNumber(src []byte, i int) (end int, msg string) {
	if src[i] == '-' {
		i++
	}
	if i < len(src) && src[i] == '0' {
		i++
	} else if i, msg = scanDigits(src, i); msg != "" {
		return i, msg
	}
	if i < len(src) && src[i] == '.' {
		if i, msg = scanDigits(src, i+1); msg != "" {
			return i, msg
		}
	}
	if i < len(src) && src[i]|0x20 == 'e' {
		i++
		if i < len(src) && (src[i] == '+' || src[i] == '-') {
			i++
		}
		return scanDigits(src, i)
	}
	return i, ""
}

// scanDigits reads one digit or more.
func scanDigits(src []byte, i int) (end int, msg string) {
	first := i
	for i < len(src) && src[i]-'0' <= 9 {
		i++
	}
	if i == first {
		return i, "a digit is missing in a number"
	}
	return i, ""
}

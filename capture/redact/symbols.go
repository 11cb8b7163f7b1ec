package redact

import (
	"unicode"
	"unicode/utf8"
)

// kind is a class of characters of which one may replace another of the same
// encoded length.
type kind uint8

const (
	fixed kind = iota
	digit
	lower
	upper
	hexLower
	hexUpper
	lower2 // two bytes of UTF-8: à to ö
	upper2 // À to Ö
	wide3  // three bytes: ideographs from U+4E00
	wide4  // four bytes: ideographs from U+20000
)

var (
	firsts = [...]rune{fixed: 0, digit: '0', lower: 'a', upper: 'A', hexLower: 'a', hexUpper: 'A', lower2: 0xE0, upper2: 0xC0, wide3: 0x4E00, wide4: 0x20000}
	sizes  = [...]uint64{fixed: 1, digit: 10, lower: 26, upper: 26, hexLower: 6, hexUpper: 6, lower2: 23, upper2: 23, wide3: 4096, wide4: 4096}
)

// appendSymbol appends a character of the class, chosen by n.
func (k kind) appendSymbol(dst []byte, n uint64) []byte {
	return utf8.AppendRune(dst, firsts[k]+rune(n%sizes[k]))
}

// form says which characters of a value are drawn anew.
type form struct {
	hex   bool // letters are hexadecimal digits
	uuid  bool // version and variant stay
	punct bool // nothing but punctuation: it is drawn as letters
}

// next returns the class of the character at i, and its length.
func (f form) next(v []byte, i int) (kind, int) {
	c := v[i]
	switch {
	case f.uuid && (i == 14 || i == 19):
		return fixed, 1
	case '0' <= c && c <= '9':
		return digit, 1
	case 'a' <= c && c <= 'z':
		if f.hex {
			return hexLower, 1
		}
		return lower, 1
	case 'A' <= c && c <= 'Z':
		if f.hex {
			return hexUpper, 1
		}
		return upper, 1
	case c >= utf8.RuneSelf:
		return wide(v[i:])
	case f.punct && c > ' ' && c != 0x7F:
		return lower, 1
	}
	return fixed, 1
}

func wide(v []byte) (kind, int) {
	r, n := utf8.DecodeRune(v)
	switch {
	case n == 1: // not UTF-8
		return lower, 1
	case n == 3:
		return wide3, 3
	case n == 4:
		return wide4, 4
	case unicode.IsUpper(r):
		return upper2, 2
	}
	return lower2, 2
}

// count returns how many characters are drawn anew.
func (f form) count(v []byte) int {
	n := 0
	for i := 0; i < len(v); {
		k, w := f.next(v, i)
		if k != fixed {
			n++
		}
		i += w
	}
	return n
}

func formOf(v []byte) form {
	f := form{hex: isHex(v)}
	f.uuid = f.hex && isUUID(v)
	f.punct = f.count(v) == 0
	return f
}

// isHex reports whether v is hexadecimal, perhaps in groups. Below eight digits
// a word like "face" is more likely.
func isHex(v []byte) bool {
	n := 0
	for _, c := range v {
		switch {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'f', 'A' <= c && c <= 'F':
			n++
		case c != '-' && c != ':':
			return false
		}
	}
	return n >= 8
}

func isUUID(v []byte) bool {
	if len(v) != 36 {
		return false
	}
	for i, c := range v {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (c == '-') || c == ':' {
			return false
		}
	}
	return true
}

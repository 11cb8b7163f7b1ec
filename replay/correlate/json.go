package correlate

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxNesting bounds the recursion; encoding/json refuses what is deeper than
// 10,000 levels, and real documents have below 50.
const maxNesting = 200

// step is one level of a JSON path: a member's name, as it stands in the body,
// or a position.
type step struct {
	start, end int // of the name without its quotes
	index      int // -1 for a name
}

// json visits the leaves of a document; of a broken one those before the break. It
// is lenient with what does not matter here, such as control characters.
func (w *walker) json(b []byte) {
	w.leaf.steps = w.leaf.steps[:0]
	w.jsonValue(b, space(b, 0), mix(uint64(Body), rootMark), 0)
}

func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// jsonValue returns the index after the value, or -1.
func (w *walker) jsonValue(b []byte, i int, key, pos uint64) int {
	if i >= len(b) || len(w.leaf.steps) > maxNesting {
		return -1
	}
	switch c := b[i]; {
	case (c == '{' || c == '[') && !w.sieve.hasKey(key):
		return skipJSON(b, i)
	case c == '{':
		return w.jsonObject(b, i+1, key, pos)
	case c == '[':
		return w.jsonArray(b, i+1, key, pos)
	case c == '"':
		end, escaped := jsonString(b, i+1)
		if end > 0 {
			w.jsonText(b, i, end, escaped, key, pos)
		}
		return end
	case c == '-' || '0' <= c && c <= '9':
		end := i + 1
		for end < len(b) && numeric(b[end]) {
			end++
		}
		w.give(Body, key, pos, b[i:end], i, end)
		return end
	}
	return jsonWord(b, i)
}

// skipValue returns the index after the value, or -1, and visits nothing.
func skipValue(b []byte, i int) int {
	if i >= len(b) {
		return -1
	}
	switch c := b[i]; {
	case c == '{' || c == '[':
		return skipJSON(b, i)
	case c == '"':
		end, _ := jsonString(b, i+1)
		return end
	case c == '-' || '0' <= c && c <= '9':
		for i++; i < len(b) && numeric(b[i]); i++ {
		}
		return i
	}
	return jsonWord(b, i)
}

// skipJSON returns the index after the object or array, or -1. It looks for the
// bracket that ends it and for no more.
func skipJSON(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			end, _ := jsonString(b, i+1)
			if end < 0 {
				return -1
			}
			i = end
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return -1
}

func numeric(c byte) bool {
	return '0' <= c && c <= '9' || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-'
}

func jsonWord(b []byte, i int) int {
	for _, word := range [...]string{"true", "false", "null"} {
		if len(b)-i >= len(word) && string(b[i:i+len(word)]) == word {
			return i + len(word)
		}
	}
	return -1
}

// jsonString returns the index after the closing quote, or -1.
func jsonString(b []byte, i int) (end int, escaped bool) {
	for near := min(i+shortString, len(b)); i < near; i++ {
		switch b[i] {
		case '"':
			return i + 1, false
		case '\\':
			return escapedString(b, i)
		}
	}
	n := bytes.IndexByte(b[i:], '"')
	if n < 0 {
		return -1, false
	}
	if at := bytes.IndexByte(b[i:i+n], '\\'); at >= 0 {
		return escapedString(b, i+at)
	}
	return i + n + 1, false
}

// shortString is what is faster to look at byte by byte than with two calls.
const shortString = 12

func escapedString(b []byte, i int) (end int, escaped bool) {
	for ; i < len(b); i++ {
		switch b[i] {
		case '"':
			return i + 1, true
		case '\\':
			i++
		}
	}
	return -1, true
}

func (w *walker) jsonText(b []byte, i, end int, escaped bool, key, pos uint64) {
	if !w.sieve.hasKey(key) {
		return
	}
	text := b[i+1 : end-1]
	if escaped {
		w.buf = appendUnquoted(w.buf[:0], text)
		text = w.buf
	}
	w.leaf.quoted = true
	w.give(Body, key, pos, text, i, end)
	w.leaf.quoted = false
}

func (w *walker) jsonObject(b []byte, i int, key, pos uint64) int {
	if i = space(b, i); i < len(b) && b[i] == '}' {
		return i + 1
	}
	for i < len(b) && b[i] == '"' {
		start := i + 1
		end, escaped := jsonString(b, start)
		if end < 0 {
			return -1
		}
		if i = space(b, end); i >= len(b) || b[i] != ':' {
			return -1
		}
		if i = w.jsonMember(b, start, end-1, escaped, space(b, i+1), key, pos); i < 0 {
			return -1
		}
		i = space(b, i)
		switch {
		case i < len(b) && b[i] == '}':
			return i + 1
		case i >= len(b) || b[i] != ',':
			return -1
		}
		i = space(b, i+1)
	}
	return -1
}

// jsonMember visits the value at i of the member whose name is b[start:end], and
// returns the index after it, or -1.
func (w *walker) jsonMember(b []byte, start, end int, escaped bool, i int, key, pos uint64) int {
	name := b[start:end]
	if escaped {
		w.buf = appendUnquoted(w.buf[:0], name)
		name = w.buf
	}
	if !w.sieve.hasName(len(name)) {
		return skipValue(b, i)
	}
	depth := len(w.leaf.steps)
	w.leaf.steps = append(w.leaf.steps, step{start, end, -1})
	i = w.jsonValue(b, i, mix(key, hashOf(name)), pos)
	w.leaf.steps = w.leaf.steps[:depth]
	return i
}

func (w *walker) jsonArray(b []byte, i int, key, pos uint64) int {
	if i = space(b, i); i < len(b) && b[i] == ']' {
		return i + 1
	}
	child := mix(key, arrayMark)
	depth := len(w.leaf.steps)
	for n := 0; i < len(b); n++ {
		w.leaf.steps = append(w.leaf.steps, step{index: n})
		if i = w.jsonValue(b, i, child, mix(pos, uint64(n)+1)); i < 0 {
			return -1
		}
		w.leaf.steps = w.leaf.steps[:depth]
		i = space(b, i)
		switch {
		case i < len(b) && b[i] == ']':
			return i + 1
		case i >= len(b) || b[i] != ',':
			return -1
		}
		i = space(b, i+1)
	}
	return -1
}

// appendUnquoted appends the text of a JSON string (RFC 8259 section 7). An
// escape that is none stays as it is.
func appendUnquoted(dst, s []byte) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			dst = append(dst, s[i])
			continue
		}
		i++
		switch s[i] {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case '"', '\\', '/':
			dst = append(dst, s[i])
		case 'u':
			r, n := unquoteRune(s[i-1:])
			if n == 0 {
				dst = append(dst, '\\', 'u')
				continue
			}
			dst = utf8.AppendRune(dst, r)
			i += n - 2
		default:
			dst = append(dst, '\\', s[i])
		}
	}
	return dst
}

// unquoteRune reads \uXXXX, or a pair of them, and returns its length; 0 where
// it is none.
func unquoteRune(s []byte) (rune, int) {
	r, ok := hex4(s)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(r) {
		if low, ok := hex4(s[6:]); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, 12
			}
		}
		return utf8.RuneError, 6
	}
	return r, 6
}

func hex4(s []byte) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(s[2:6]), 16, 16)
	return rune(n), err == nil
}

// appendQuoted appends s as a JSON string.
func appendQuoted(dst []byte, s string) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// isNumber reports whether s is a number as JSON writes it.
func isNumber(s string) bool {
	i := 0
	if i < len(s) && s[i] == '-' {
		i++
	}
	whole := digits(s, i)
	if whole == i || s[i] == '0' && whole > i+1 {
		return false
	}
	i = whole
	if i < len(s) && s[i] == '.' {
		start := i + 1
		if i = digits(s, start); i == start {
			return false
		}
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		start := i
		if i = digits(s, start); i == start {
			return false
		}
	}
	return i == len(s)
}

func digits(s string, i int) int {
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	return i
}

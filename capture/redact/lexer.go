package redact

import (
	"bytes"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

type lexKind uint8

const (
	lexEnd lexKind = iota
	lexOpen
	lexClose
	lexComma
	lexKey
	lexString
	lexNumber
	lexOther // a literal, or whatever is no JSON
)

// lexeme is a part of a JSON text; of keys and strings, what is between the
// quotation marks.
type lexeme struct {
	kind     lexKind
	from, to int
	array    bool // an opened array, not an object
	escaped  bool // has backslashes
	cut      bool // the text ends inside of it
	traces   traces
}

// lexer splits a JSON text (RFC 8259), and any other: what no rule covers is
// lexOther, so every byte but structure and white space is in some lexeme. A
// string is a key where a colon follows.
type lexer struct{ pos int }

func (l *lexer) next(v []byte) lexeme {
	for l.pos < len(v) {
		i := l.pos
		switch v[i] {
		case ' ', '\t', '\r', '\n', ':':
			l.pos++
			continue
		case '{', '[':
			l.pos++
			return lexeme{kind: lexOpen, from: i, to: i + 1, array: v[i] == '['}
		case '}', ']':
			l.pos++
			return lexeme{kind: lexClose, from: i, to: i + 1}
		case ',':
			l.pos++
			return lexeme{kind: lexComma, from: i, to: i + 1}
		case '"':
			return l.text(v)
		}
		return l.run(v)
	}
	return lexeme{kind: lexEnd, from: len(v), to: len(v)}
}

func (l *lexer) text(v []byte) lexeme {
	t := lexeme{kind: lexString, from: l.pos + 1}
	i, digits := t.from, 0
	for i < len(v) && v[i] != '"' {
		class := traceOf[v[i]]
		t.traces |= class
		digits += int(class / traceDigit & 1)
		if v[i] == '\\' {
			t.escaped = true
			i++
		}
		i++
	}
	t.traces = t.traces.sized(i-t.from, digits)
	if i >= len(v) {
		t.to, t.cut = len(v), true
		l.pos = len(v)
		return t
	}
	t.to = i
	l.pos = i + 1
	for i = l.pos; i < len(v) && isSpace(v[i]); i++ {
	}
	if i < len(v) && v[i] == ':' {
		t.kind, l.pos = lexKey, i+1
	}
	return t
}

// run takes what is between structure, quotation marks and line ends.
func (l *lexer) run(v []byte) lexeme {
	t := lexeme{kind: lexOther, from: l.pos}
	i := l.pos
	for i < len(v) && !ends[v[i]] {
		i++
	}
	l.pos = i
	t.to = t.from + len(bytes.TrimRight(v[t.from:i], " \t"))
	t.cut = i == len(v)
	if isNumber(v[t.from:t.to]) {
		t.kind = lexNumber
	}
	return t
}

var ends = [256]bool{'{': true, '}': true, '[': true, ']': true, ',': true, ':': true, '"': true, '\r': true, '\n': true}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLiteral(v []byte) bool {
	return string(v) == "true" || string(v) == "false" || string(v) == "null"
}

// isNumber is RFC 8259 section 6, with leading zeros.
func isNumber(v []byte) bool {
	n := mantissa(v)
	if n == 0 || !isDigit(v[n-1]) {
		return false
	}
	v = v[n:]
	if len(v) == 0 {
		return true
	}
	if v[0] != 'e' && v[0] != 'E' {
		return false
	}
	if v = v[1:]; len(v) > 0 && (v[0] == '+' || v[0] == '-') {
		v = v[1:]
	}
	for _, c := range v {
		if !isDigit(c) {
			return false
		}
	}
	return len(v) > 0
}

// mantissa returns the length of a number without its exponent.
func mantissa(v []byte) int {
	i, point := 0, false
	if len(v) > 0 && v[0] == '-' {
		i++
	}
	for ; i < len(v); i++ {
		if v[i] == '.' && !point && i > 0 && isDigit(v[i-1]) {
			point = true
		} else if !isDigit(v[i]) {
			break
		}
	}
	return i
}

// looksJSON reports whether v begins like an object or an array.
func looksJSON(v []byte) bool {
	c := first(v)
	return c == '{' || c == '['
}

// first returns the first byte that is no white space, 0 where there is none.
func first(v []byte) byte {
	for _, c := range v {
		if !isSpace(c) {
			return c
		}
	}
	return 0
}

// unescape appends the text of a JSON string (RFC 8259 section 7). An escape
// that is none, or is cut, stays as it is.
func unescape(dst, v []byte) []byte {
	for i := 0; i < len(v); i++ {
		if v[i] != '\\' || i+1 == len(v) {
			dst = append(dst, v[i])
			continue
		}
		i++
		if at := bytes.IndexByte([]byte(`"\/bfnrt`), v[i]); at >= 0 {
			dst = append(dst, "\"\\/\b\f\n\r\t"[at])
			continue
		}
		r, ok := hex4(v[i:])
		if !ok {
			dst = append(dst, '\\', v[i])
			continue
		}
		i += 4
		if utf16.IsSurrogate(r) {
			if low, ok := hex4(v[min(i+2, len(v)):]); ok && v[i+1] == '\\' && utf16.DecodeRune(r, low) != utf8.RuneError {
				r = utf16.DecodeRune(r, low)
				i += 6
			}
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// hex4 reads the "u" and the four digits of an escape.
func hex4(v []byte) (rune, bool) {
	if len(v) < 5 || v[0] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range v[1:5] {
		n := unhex(c)
		if n < 0 {
			return 0, false
		}
		r = r<<4 | rune(n)
	}
	return r, true
}

func unhex(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// escape returns v as the inside of a JSON string: v itself where it is one.
func escape(v []byte) []byte {
	if !slices.ContainsFunc(v, func(c byte) bool { return c < ' ' || c == '"' || c == '\\' }) {
		return v
	}
	const digits = "0123456789abcdef"
	out := make([]byte, 0, len(v))
	for _, c := range v {
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c == '\n':
			out = append(out, '\\', 'n')
		case c == '\r':
			out = append(out, '\\', 'r')
		case c == '\t':
			out = append(out, '\\', 't')
		case c < ' ':
			out = append(out, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			out = append(out, c)
		}
	}
	return out
}

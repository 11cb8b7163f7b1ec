package redact

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// maxReference is the length of the longest that is decoded: "&#x0010FFFF;".
const maxReference = 12

// references are those of XML (XML 1.0 section 4.6). HTML has more, which stay
// as they are.
var references = []struct {
	text string
	c    byte
}{{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}}

// reference returns the character for the reference that v begins with, and its
// length, 0 where it begins with none.
func reference(v []byte) (rune, int) {
	for _, r := range references {
		if bytes.HasPrefix(v, []byte(r.text)) {
			return rune(r.c), len(r.text)
		}
	}
	end := bytes.IndexByte(v[:min(len(v), maxReference)], ';')
	if end < 3 || v[1] != '#' {
		return 0, 0
	}
	digits, base := v[2:end], 10
	if digits[0] == 'x' || digits[0] == 'X' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(string(digits), base, 32)
	if err != nil || n == 0 || !utf8.ValidRune(rune(n)) {
		return 0, 0
	}
	return rune(n), end + 1
}

// dereference returns the text that stands for v.
func dereference(v []byte) []byte {
	amp := bytes.IndexByte(v, '&')
	if amp < 0 {
		return v
	}
	out := append(make([]byte, 0, len(v)), v[:amp]...)
	for i := amp; i < len(v); {
		if v[i] == '&' {
			if r, n := reference(v[i:]); n > 0 {
				out = utf8.AppendRune(out, r)
				i += n
				continue
			}
		}
		out = append(out, v[i])
		i++
	}
	return out
}

// referencing is how text is written as markup.
type referencing struct {
	quote byte // around a value, 0 for none
	value bool // of an attribute, not text
	ascii bool // everything else is written by number: the encoding is not known
	names bool // names of other references stay what they are
	right bool // ">" is written as a reference where it need not be
}

// write returns out as markup.
func (f referencing) write(out []byte) []byte {
	dst := make([]byte, 0, len(out)+8)
	for i := 0; i < len(out); {
		c := out[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRune(out[i:])
			if f.ascii && n > 1 {
				dst = append(strconv.AppendInt(append(dst, "&#"...), int64(r), 10), ';')
			} else {
				dst = append(dst, out[i:i+n]...)
			}
			i += n
			continue
		}
		switch i++; {
		case c == '&' && !(f.names && isReferenceName(out[i:])):
			dst = append(dst, "&amp;"...)
		case c == '<':
			dst = append(dst, "&lt;"...)
		case c == '>' && (f.right || f.value && f.quote == 0 || bytes.HasSuffix(out[:i], []byte("]]>"))):
			dst = append(dst, "&gt;"...)
		case f.value && (c == f.quote || f.quote == 0 && (c <= ' ' || c == '"' || c == '\'')):
			dst = append(strconv.AppendInt(append(dst, "&#"...), int64(c), 10), ';')
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// isReferenceName reports whether v goes on like a reference that is not
// decoded.
func isReferenceName(v []byte) bool {
	n := 0
	for n < len(v) && isAlnum(v[n]) {
		n++
	}
	if n == 0 || n == len(v) || v[n] != ';' {
		return false
	}
	for _, r := range references {
		if string(v[:n+1]) == r.text[1:] {
			return false
		}
	}
	return true
}

func isASCII(v []byte) bool {
	for _, c := range v {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

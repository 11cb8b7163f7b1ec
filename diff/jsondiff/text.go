package jsondiff

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// appendText appends the characters of the string between the quotes of raw,
// which is valid. A lone surrogate becomes the three bytes that UTF-8 would
// have for it (WTF-8), so that it equals nothing but itself.
func appendText(b, raw []byte) []byte {
	raw = raw[1 : len(raw)-1]
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			return append(b, raw...)
		}
		b = append(b, raw[:i]...)
		n := 0
		b, n = appendEscape(b, raw[i:])
		raw = raw[i+n:]
	}
}

// appendEscape appends the character of the escape that raw begins with, and
// returns the length of the escape.
func appendEscape(b, raw []byte) ([]byte, int) {
	switch c := raw[1]; c {
	case 'b':
		return append(b, '\b'), 2
	case 'f':
		return append(b, '\f'), 2
	case 'n':
		return append(b, '\n'), 2
	case 'r':
		return append(b, '\r'), 2
	case 't':
		return append(b, '\t'), 2
	case 'u':
		return appendUnicode(b, raw)
	default:
		return append(b, c), 2
	}
}

func appendUnicode(b, raw []byte) ([]byte, int) {
	r, _ := hex4(raw[2:])
	if !utf16.IsSurrogate(r) {
		return utf8.AppendRune(b, r), 6
	}
	if len(raw) >= 12 && raw[6] == '\\' && raw[7] == 'u' {
		low, _ := hex4(raw[8:])
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return utf8.AppendRune(b, pair), 12
		}
	}
	return append(b, 0xE0|byte(r>>12), 0x80|byte(r>>6)&0x3F, 0x80|byte(r)&0x3F), 6
}

// text returns the characters of a string node. They are the document's bytes
// where nothing is escaped, else buf is overwritten with them.
func (x ref) text(buf *[]byte) []byte {
	n := x.node()
	raw := x.t.src[n.start:n.end]
	if !n.escaped {
		return raw[1 : len(raw)-1]
	}
	*buf = appendText((*buf)[:0], raw)
	return *buf
}

// compareText orders two string nodes by their characters.
func (d *Differ) compareText(x, y ref) int {
	return bytes.Compare(x.text(&d.text1), y.text(&d.text2))
}

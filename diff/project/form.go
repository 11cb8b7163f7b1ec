package project

import (
	"bytes"
	"slices"
	"strings"
)

// maxPairs bounds the memory for a form to some 64 MiB; real ones have some
// hundred fields.
const maxPairs = 1 << 20

type pair struct{ name, value string }

// form writes what the parser of the WHATWG URL standard, section 5.1, makes of
// data. There is no data that it does not take.
func (w *writer) form(data []byte) error {
	var pairs []pair
	for item := range bytes.SplitSeq(data, []byte{'&'}) {
		if len(item) == 0 {
			continue
		}
		if len(pairs) == maxPairs {
			return &LimitError{Kind: Form, Limit: maxPairs, Unit: "fields"}
		}
		name, value, _ := bytes.Cut(item, []byte{'='})
		pairs = append(pairs, pair{unescape(name), unescape(value)})
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return strings.Compare(a.name, b.name) })
	w.raw("{")
	for len(pairs) > 0 {
		name := pairs[0].name
		w.name(name)
		w.raw("[")
		for len(pairs) > 0 && pairs[0].name == name {
			w.comma()
			writeText(w, pairs[0].value)
			pairs = pairs[1:]
		}
		w.raw("]")
	}
	w.raw("}")
	return nil
}

// unescape decodes percent-encoding and spaces. A percent sign that begins no
// code stays.
func unescape(s []byte) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '+' {
			c = ' '
		}
		if c == '%' && i+2 < len(s) {
			high, okHigh := hexDigit(s[i+1])
			low, okLow := hexDigit(s[i+2])
			if okHigh && okLow {
				c = high<<4 | low
				i += 2
			}
		}
		b = append(b, c)
	}
	return string(b)
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

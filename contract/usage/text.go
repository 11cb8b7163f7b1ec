package usage

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// words are the parts of a text that are letters and digits.
type words struct {
	text       string
	begin, end [maxWords]int
	n          int
}

func (w *words) read(s string) {
	w.text = s
	inside := false
	for i, r := range s {
		letter := isWord(r)
		if letter && !inside {
			if w.n == maxWords {
				return
			}
			w.begin[w.n], w.end[w.n] = i, len(s)
			w.n++
		} else if !letter && inside {
			w.end[w.n-1] = i
		}
		inside = letter
	}
}

func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

// spans calls each for every part of the text of up to maxSpan words, and for those
// of more with which it begins or ends.
func (w *words) spans(each func(s string, i, j int)) {
	for i := range w.n {
		for j := i; j < w.n; j++ {
			if j-i >= maxSpan && i > 0 && j < w.n-1 {
				j = w.n - 1
			}
			if w.end[j]-w.begin[i] >= minText {
				each(w.text[w.begin[i]:w.end[j]], i, j+1)
			}
		}
	}
}

// numbers calls each for the numbers among the words: "12.50" of "12.50 EUR". Short
// ones are in too many texts.
func (w *words) numbers(each func(d decimal, i, j int)) {
	for i := 0; i < w.n; i++ {
		if !w.digits(i) {
			continue
		}
		j := i
		if i+1 < w.n && w.digits(i+1) && w.text[w.end[i]:w.begin[i+1]] == "." {
			j++
		}
		if w.end[j]-w.begin[i] < minText {
			i = j
			continue
		}
		if d, ok := parseDecimal(w.text[w.begin[i]:w.end[j]]); ok {
			each(d, i, j+1)
		}
		i = j
	}
}

func (w *words) digits(i int) bool {
	for k := w.begin[i]; k < w.end[i]; k++ {
		if c := w.text[k]; c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// trimmed is a text without what stands before its first and after its last word.
func trimmed(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return !isWord(r) })
}

// segments calls each for what a link holds between its borders: the id in
// "/orders/17".
func segments(s string, each func(string)) {
	if !strings.Contains(s, "/") || strings.ContainsAny(s, " \n") {
		return
	}
	n := 0
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune("/?&=#:;", r) }) {
		if n++; n > maxWords {
			return
		}
		if part = trimmed(part); len(part) >= minText {
			each(part)
		}
	}
}

// clockSlack is how far the clocks of two services, and what a reading of them is
// rounded to, may be apart.
const clockSlack = 5 * time.Second

// isClock reports whether a text is a reading of the clock around now that two
// services may make alike: of a precision of less than a microsecond.
func isClock(s string, now time.Time) bool {
	if len(s) < 10 || len(s) > 40 || s[0] < '0' || s[0] > '9' || now.IsZero() {
		return false
	}
	t, fine := readClock(s)
	return !t.IsZero() && !fine && t.Sub(now).Abs() <= clockSlack
}

func readClock(s string) (t time.Time, fine bool) {
	if d, ok := parseDecimal(s); ok {
		if ms := d.shift(0); len(s) == 13 && ms.e >= 0 {
			return time.UnixMilli(scaled(ms)), false
		}
		return time.Unix(scaled(d), 0), false
	}
	if len(s) > 18 && s[4] == '-' {
		t, _ = time.Parse(time.RFC3339Nano, strings.Replace(s, " ", "T", 1))
		return t, t.Nanosecond()%1e6 != 0
	}
	return time.Time{}, false
}

// scaled is the whole part of a positive decimal, 0 where it does not fit.
func scaled(d decimal) int64 {
	c := d.c
	for e := d.e; e < 0; e++ {
		c /= 10
	}
	for e := d.e; e > 0; e-- {
		if c > 1<<58 {
			return 0
		}
		c *= 10
	}
	return c
}

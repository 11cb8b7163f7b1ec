package usage

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// spans calls each for every part of a text that begins and ends at borders of
// words and holds up to maxSpan of them, the whole text included.
func spans(s string, each func(string)) {
	var begins, ends [maxWords]int
	n, inside := 0, false
	for i, r := range s {
		letter := unicode.IsLetter(r) || unicode.IsDigit(r)
		if letter && !inside {
			if n == maxWords {
				break
			}
			begins[n], ends[n] = i, len(s)
			n++
		} else if !letter && inside {
			ends[n-1] = i
		}
		inside = letter
	}
	for i := range n {
		for j := i; j < min(i+maxSpan, n); j++ {
			if ends[j]-begins[i] >= minText {
				each(s[begins[i]:ends[j]])
			}
		}
	}
}

// whole reports whether a text can be found as a span.
func whole(s string) bool {
	if len(s) < minText {
		return false
	}
	first, _ := utf8.DecodeRuneInString(s)
	last, _ := utf8.DecodeLastRuneInString(s)
	return (unicode.IsLetter(first) || unicode.IsDigit(first)) && (unicode.IsLetter(last) || unicode.IsDigit(last))
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
		each(part)
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

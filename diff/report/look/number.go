package look

import (
	"strconv"
	"strings"
	"time"
)

// Grouped writes n with a comma between every three digits.
func Grouped(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// Plural writes n and the noun, with an s unless n is 1.
func Plural(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Grouped(n) + " " + noun + "s"
}

// Percent writes part of whole, and never rounds something to nothing or a
// part to the whole.
func Percent(part, whole uint64) string {
	switch {
	case whole == 0:
		return "–"
	case part == 0:
		return "0%"
	case part == whole:
		return "100%"
	}
	p := 100 * float64(part) / float64(whole)
	switch {
	case p < 0.1:
		return "<0.1%"
	case p > 99.9:
		return ">99.9%"
	case p < 10 || p >= 99:
		return strconv.FormatFloat(p, 'f', 1, 64) + "%"
	}
	return strconv.FormatFloat(p, 'f', 0, 64) + "%"
}

// Milliseconds writes a latency with three significant digits, in the unit
// that suits its size.
func Milliseconds(ms float64) string {
	switch {
	case ms >= 1000:
		return significant(ms/1000) + " s"
	case ms > 0 && ms < 1:
		return significant(ms*1000) + " µs"
	}
	return significant(ms) + " ms"
}

func significant(f float64) string {
	switch {
	case f >= 100:
		return strconv.FormatFloat(f, 'f', 0, 64)
	case f >= 10:
		return strconv.FormatFloat(f, 'f', 1, 64)
	}
	return strconv.FormatFloat(f, 'f', 2, 64)
}

// Lasted writes how long a run took.
func Lasted(started, ended time.Time) string {
	d := ended.Sub(started)
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(100 * time.Millisecond).String()
}

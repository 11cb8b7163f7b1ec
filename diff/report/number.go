package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// grouped writes n with a comma between every three digits.
func grouped(n uint64) string {
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

// plural writes n and the noun, with an s unless n is 1.
func plural(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return grouped(n) + " " + noun + "s"
}

// percent writes part of whole, and never rounds something to nothing or a
// part to the whole.
func percent(part, whole uint64) string {
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

// evidence writes an e-value: how many times rarer than one this would be if
// branch were no different.
func evidence(e float64) string {
	switch {
	case math.IsInf(e, 1) || e >= math.MaxFloat64:
		return "beyond measure"
	case e >= 1e6:
		return strconv.FormatFloat(e, 'e', 1, 64)
	case e >= 100:
		return grouped(uint64(e))
	}
	return strconv.FormatFloat(e, 'g', 3, 64)
}

// milliseconds writes a latency with three significant digits, in the unit
// that suits its size.
func milliseconds(ms float64) string {
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

// worsening writes by how much other lies above base, in percent.
func worsening(base, other float64) string {
	if base <= 0 {
		return "–"
	}
	p := math.Round(100 * (other - base) / base)
	switch {
	case p > 0:
		return fmt.Sprintf("+%.0f%%", p)
	case p < 0:
		return fmt.Sprintf("−%.0f%%", -p)
	}
	return "0%"
}

// lasted writes how long a run took.
func lasted(started, ended time.Time) string {
	d := ended.Sub(started)
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(100 * time.Millisecond).String()
}

package report

import (
	"strings"
	"unicode/utf8"

	"twinspect.dev/diff/report/look"
)

// contextColumns is how much of what two values have in common stays in sight
// before the first character in which they differ.
const contextColumns = 12

// contrast makes both values visible and cuts each to width columns such that
// the first place where they differ stays in sight.
func contrast(a, b string, width int) (string, string) {
	bound := look.BytesAColumn * max(width, 1)
	if max(len(a), len(b)) <= bound {
		a, b := look.Visible(a), look.Visible(b)
		if max(look.Width(a), look.Width(b)) <= width {
			return a, b
		}
	}
	cut := commonPrefix(a, b)
	for kept := 0; cut > 0 && kept < contextColumns; kept++ {
		_, size := utf8.DecodeLastRuneInString(a[:cut])
		cut -= size
	}
	if cut > 0 {
		return look.Fit("…"+a[cut:], width), look.Fit("…"+b[cut:], width)
	}
	return look.Fit(a, width), look.Fit(b, width)
}

// commonPrefix returns the length in bytes of the whole characters with which
// both begin.
func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) {
		_, size := utf8.DecodeRuneInString(a[n:])
		if !strings.HasPrefix(b[n:], a[n:n+size]) {
			break
		}
		n += size
	}
	return n
}

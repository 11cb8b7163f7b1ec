package report

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// columns measures text as terminals lay it out. Ambiguous characters count as
// narrow whatever the locale is, so that a report looks the same everywhere.
var columns = &runewidth.Condition{StrictEmojiNeutral: true}

// plain reports whether s is printable ASCII, of which each byte is a column.
// Traffic mostly is, and finding grapheme clusters takes a hundred times as long.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// stringWidth returns how many columns s takes.
func stringWidth(s string) int {
	if plain(s) {
		return len(s)
	}
	return columns.StringWidth(s)
}

// truncate cuts s to width columns, the cut shown by "…".
func truncate(s string, width int) string {
	if plain(s) {
		if len(s) <= width {
			return s
		}
		if width > 0 {
			return s[:width-1] + "…"
		}
	}
	return columns.Truncate(s, width, "…")
}

// visible returns s as one line in which every character shows: control
// characters, line breaks, invisible and bidirectional formatting, and bytes
// that are no UTF-8 become escapes such as \n, \x1b and \u202e.
func visible(s string) string {
	if printable(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		writeVisible(&b, r, s[:size])
		s = s[size:]
	}
	return b.String()
}

func printable(s string) bool {
	for _, r := range s {
		if r == utf8.RuneError || !strconv.IsPrint(r) {
			return false
		}
	}
	return true
}

func writeVisible(b *strings.Builder, r rune, raw string) {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		fmt.Fprintf(b, `\x%02x`, raw[0])
	case strconv.IsPrint(r):
		b.WriteRune(r)
	default:
		quoted := strconv.QuoteRune(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
}

// bytesAColumn bounds how much of a text is looked at for each column that it
// may take: an escape has at most 10 bytes, a character with a few combining
// marks some more. Without it the cost of a line would grow with the value.
const bytesAColumn = 16

// clip cuts s to at most n bytes, before the character that would pass them.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// fit makes s visible and cuts it to width columns, the cut shown by "…".
func fit(s string, width int) string {
	width = max(width, 1)
	return truncate(visible(clip(s, bytesAColumn*width)), width)
}

// pad fills s with spaces up to width columns.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(width-stringWidth(s), 0))
}

// padLeft is pad for what is aligned to the right.
func padLeft(s string, width int) string {
	return strings.Repeat(" ", max(width-stringWidth(s), 0)) + s
}

// wrap breaks s at its spaces into lines of at most width columns. A longer
// word is cut.
func wrap(s string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(visible(s)) {
		word = truncate(word, width)
		switch {
		case line == "":
			line = word
		case stringWidth(line)+1+stringWidth(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// contextColumns is how much of what two values have in common stays in sight
// before the first character in which they differ.
const contextColumns = 12

// contrast makes both values visible and cuts each to width columns such that
// the first place where they differ stays in sight.
func contrast(a, b string, width int) (string, string) {
	bound := bytesAColumn * max(width, 1)
	if max(len(a), len(b)) <= bound {
		a, b := visible(a), visible(b)
		if max(stringWidth(a), stringWidth(b)) <= width {
			return a, b
		}
	}
	cut := commonPrefix(a, b)
	for kept := 0; cut > 0 && kept < contextColumns; kept++ {
		_, size := utf8.DecodeLastRuneInString(a[:cut])
		cut -= size
	}
	if cut > 0 {
		return fit("…"+a[cut:], width), fit("…"+b[cut:], width)
	}
	return fit(a, width), fit(b, width)
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

package look

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

// Width returns how many columns s takes.
func Width(s string) int {
	if plain(s) {
		return len(s)
	}
	return columns.StringWidth(s)
}

// Truncate cuts s to width columns, the cut shown by "…".
func Truncate(s string, width int) string {
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

// Visible returns s as one line in which every character shows: control
// characters, line breaks, invisible and bidirectional formatting, and bytes
// that are no UTF-8 become escapes such as \n, \x1b and \u202e.
func Visible(s string) string {
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

// BytesAColumn bounds how much of a text is looked at for each column that it
// may take: an escape has at most 10 bytes, a character with a few combining
// marks some more. Without it the cost of a line would grow with the value.
const BytesAColumn = 16

// Clip cuts s to at most n bytes, before the character that would pass them.
func Clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// Fit makes s visible and cuts it to width columns, the cut shown by "…".
func Fit(s string, width int) string {
	width = max(width, 1)
	return Truncate(Visible(Clip(s, BytesAColumn*width)), width)
}

// Pad fills s with spaces up to width columns.
func Pad(s string, width int) string {
	return s + strings.Repeat(" ", max(width-Width(s), 0))
}

// PadLeft is pad for what is aligned to the right.
func PadLeft(s string, width int) string {
	return strings.Repeat(" ", max(width-Width(s), 0)) + s
}

// Wrap breaks s at its spaces into lines of at most width columns. A longer
// word is cut.
func Wrap(s string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(Visible(s)) {
		word = Truncate(word, width)
		switch {
		case line == "":
			line = word
		case Width(line)+1+Width(word) <= width:
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

package cli

import (
	"strconv"
	"strings"

	"github.com/mattn/go-runewidth"
)

// layout measures text as terminals lay it out. Ambiguous characters count as
// narrow whatever the locale is.
var layout = &runewidth.Condition{StrictEmojiNeutral: true}

// Visible returns s as one line: control characters, which a recording may
// hold and a terminal would obey, become escapes such as \n and \x1b.
func Visible(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strconv.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRune(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}

// padding is what s lacks to the width.
func padding(s string, width int) string {
	return strings.Repeat(" ", max(width-layout.StringWidth(s), 0))
}

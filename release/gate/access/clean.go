package access

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxClean bounds a name or a path in a message, in bytes: names in Kubernetes have at
// most 253.
const maxClean = 253

// clean makes text that a client chose fit to be shown: one line, printable, bounded.
func clean(s string) string {
	if len(s) > maxClean {
		n := maxClean
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n] + "…"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, strings.ToValidUTF8(s, "?"))
}

package look

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// active holds the ASCII characters that may begin or end a construct inside a
// line of GitHub's or GitLab's Markdown, or a reference to a person, an issue
// or a label.
const active = "&<>\\`*_[]{}|~$@:#!^"

// Escape writes s, which is visible already, such that no Markdown or HTML
// comes of it.
func Escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune(active, r) {
			fmt.Fprintf(&b, "&#%d;", r)
		} else {
			b.WriteRune(r)
		}
	}
	return autolink.ReplaceAllString(b.String(), "$1&#46;")
}

// autolink finds what GFM section 6.9 links without any punctuation before it.
var autolink = regexp.MustCompile(`(?i)(www)\.`)

// Code writes s as a code element of at most width columns, inside which
// GitHub and GitLab look for no references.
func Code(s string, width int) string {
	return "<code>" + Escape(Fit(s, width)) + "</code>"
}

// Prose writes a sentence. A zero-width space after the characters that begin
// a reference keeps "@team" from calling the team once the character
// references are resolved, and a first character that is no letter is written
// as a reference, so that no list or heading begins with it.
func Prose(s string) string {
	if first, size := utf8.DecodeRuneInString(s); size > 0 && !unicode.IsLetter(first) {
		s = fmt.Sprintf("&#%d;", first) + Escape(s[size:])
	} else {
		s = Escape(s)
	}
	for _, c := range []string{"@", "#", "!", "~", "$", "&"} {
		ref := Escape(c)
		s = strings.ReplaceAll(s, ref, ref+"&#8203;")
	}
	return s
}

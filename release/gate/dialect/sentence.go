package dialect

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"twinspect.dev/release"
)

// maxSentence bounds what a person reads of a verdict in the events of Kubernetes, in
// bytes: a note has at most 1024 (events.k8s.io/v1 Event.note), and Flagger's own words
// with two names stand before it.
const maxSentence = 800

// maxDigest is how much of a digest is shown: "sha256:" and twelve digits, as in lists
// of images.
const maxDigest = 19

// Sentence says the verdict in one line of at most 800 bytes: what it is, what it is
// about, and the reasons that call for it with what would change them. A nil verdict
// is a hold.
func Sentence(v *release.Verdict) string {
	if v == nil {
		return "hold: the gate has no verdict"
	}
	d := decision(v)
	head := strings.TrimSpace(fmt.Sprintf("%s %s %s", d, short(v.Subject.Service, 200), short(v.Subject.Digest, maxDigest)))
	if v.Override != nil {
		head += fmt.Sprintf(" (overridden by %s: %s)", short(v.Override.By, 60), short(v.Override.Reason, 100))
	}
	return clip(head+": "+join(callers(v.Reasons, d)), maxSentence)
}

// callers are the reasons that call for the decision; all, where none does.
func callers(reasons []release.Reason, d release.Decision) []release.Reason {
	var list []release.Reason
	for _, r := range reasons {
		if r.Decision == d {
			list = append(list, r)
		}
	}
	if len(list) == 0 {
		return reasons
	}
	return list
}

// join puts as many reasons in a line as three quarters of it hold, so that the count
// of the others is never cut off.
func join(reasons []release.Reason) string {
	if len(reasons) == 0 {
		return "no reason was given"
	}
	var b strings.Builder
	for i, r := range reasons {
		s := clip(r.Text, 300)
		if r.Change != "" {
			s += " (to change it: " + clip(r.Change, 200) + ")"
		}
		if i > 0 && b.Len()+len(s) > maxSentence*3/4 {
			fmt.Fprintf(&b, "; and %d more", len(reasons)-i)
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(s)
	}
	return b.String()
}

// short is s without what cannot be printed, cut plainly.
func short(s string, most int) string {
	s = plain(s)
	if len(s) <= most {
		return s
	}
	return cut(s, most)
}

// clip is s without what cannot be printed, at most most bytes with the sign that it
// was cut.
func clip(s string, most int) string {
	const sign = "…"
	s = plain(s)
	if len(s) <= most {
		return s
	}
	return cut(s, most-len(sign)) + sign
}

// cut does not cut a letter in two.
func cut(s string, most int) string {
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

// plain makes one line of s: what it says may come from evidence, and must not forge
// lines or colours in a terminal.
func plain(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "?"), func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
}

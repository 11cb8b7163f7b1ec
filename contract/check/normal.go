package check

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"twinspect.dev/contract"
)

// normal makes texts alike that differ in values alone.
type normal struct {
	// sent are the texts of the request, the longest first: what an error repeats
	// of them is a value.
	sent []string
}

// maxSent is how many texts of a request are looked for in an error; minSent is
// how long they are at least, as shorter ones are parts of words.
const (
	maxSent  = 64
	minSent  = 3
	maxNoise = 1000 // the length of one, in bytes
)

func newNormal(r *contract.Request) *normal {
	n := &normal{}
	for _, values := range []map[string]any{r.Path, r.Query, r.Header, r.Cookie} {
		for _, v := range values {
			n.gather(v, maxErrorDepth)
		}
	}
	if r.Body != nil {
		n.gather(r.Body.Value, maxErrorDepth)
	}
	slices.SortFunc(n.sent, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	n.sent = slices.Compact(n.sent)
	n.sent = n.sent[:min(len(n.sent), maxSent)]
	return n
}

// gather takes the texts out of a value, as many as could matter.
func (n *normal) gather(v any, levels int) {
	if levels == 0 || len(n.sent) > 4*maxSent {
		return
	}
	switch v := v.(type) {
	case string:
		if len(v) >= minSent && len(v) <= maxNoise {
			n.sent = append(n.sent, v)
		}
	case json.Number:
		if len(v) >= minSent && len(v) <= maxNoise {
			n.sent = append(n.sent, string(v))
		}
	case []any:
		for _, element := range v {
			n.gather(element, levels-1)
		}
	case map[string]any:
		for _, member := range v {
			n.gather(member, levels-1)
		}
	}
}

// values are the forms of values in an error's text, those that may be secret
// first. A quoted text is short and in one line; an apostrophe within a word is
// none.
var values = regexp.MustCompile(strings.Join([]string{
	`(?i:\b(?:bearer|basic)\s+[\w.~+/=-]{8,})`, `\beyJ[\w-]+\.[\w-]+\.[\w-]*`, `://[^\s/@]+@`,
	`(?i:\b\w*(?:passw(?:or)?d|pwd|secret|token|api_?key)\s*[=:]\s*\S+)`,
	`"[^"\n]{0,200}"`, "`[^`\n]{0,200}`", `\B'[^'\n]{0,200}'\B`, `“[^”\n]{0,200}”`,
	`[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}`,
	`\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?`,
	`\b0x[0-9A-Fa-f]+`, `\b[0-9A-Fa-f]*\d[0-9A-Fa-f]{7,}\b`, `\b[0-9A-Fa-f]{7,}\d[0-9A-Fa-f]*\b`,
	`[+-]?\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?`,
}, "|"))

var space = regexp.MustCompile(`\s+`)

// maxText is how much of an error's text is read: two lines of a report for the
// cause, and what is normalised out of it.
const maxText = 2000

// text replaces values by "#" and white space by one space.
func (n *normal) text(s string) string {
	s = strings.ToValidUTF8(cut(s, maxText), "?")
	for _, v := range n.sent {
		s = replaceWord(s, v)
	}
	s = values.ReplaceAllString(s, "#")
	return strings.TrimSpace(space.ReplaceAllString(s, " "))
}

// replaceWord replaces a value where it does not stand inside of a word.
func replaceWord(s, value string) string {
	if !strings.Contains(s, value) {
		return s
	}
	var b strings.Builder
	for {
		i := strings.Index(s, value)
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		end := i + len(value)
		b.WriteString(s[:i])
		if (i > 0 && word(s[i-1]) && word(value[0])) || (end < len(s) && word(s[end]) && word(value[len(value)-1])) {
			b.WriteString(value)
		} else {
			b.WriteByte('#')
		}
		s = s[end:]
	}
}

func word(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c >= 0x80
}

// cut shortens a text to at most n bytes, at a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

package cases

import (
	"fmt"
	"hash/fnv"
	"strings"
	"unicode"

	"twinspect.dev/contract/openapi"
)

// slug writes a text in lower case with hyphens: letters and digits stay, a word
// of camel case begins after a hyphen.
func slug(text string) string {
	var b strings.Builder
	lower := false // the last rune was one that a new word can follow
	for _, r := range text {
		switch {
		case unicode.IsUpper(r):
			if lower {
				b.WriteByte('-')
			}
			b.WriteRune(unicode.ToLower(r))
			lower = false
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
			lower = true
		default:
			if b.Len() > 0 && !strings.HasSuffix(b.String(), "-") {
				b.WriteByte('-')
			}
			lower = false
		}
	}
	return strings.TrimSuffix(b.String(), "-")
}

// join writes the slugs of texts one after the other, empty ones left out.
func join(texts ...string) string {
	var parts []string
	for _, text := range texts {
		if s := slug(text); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, "-")
}

// slugs names operations. Those that would be named alike, as GET /a/{b} and GET
// /a/b, get a hash of their whole names, so that a third one renames neither.
func slugs(operations []*openapi.Operation) map[string]string {
	count := map[string]int{}
	for _, op := range operations {
		count[slug(op.Name)]++
	}
	out := make(map[string]string, len(operations))
	for _, op := range operations {
		s := slug(op.Name)
		if count[s] > 1 {
			h := fnv.New32a()
			_, _ = h.Write([]byte(op.Name))
			s = fmt.Sprintf("%s-%08x", s, h.Sum32())
		}
		out[op.Name] = s
	}
	return out
}

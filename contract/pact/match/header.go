package match

import (
	"maps"
	"mime"
	"slices"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/pact"
)

// single are the header fields in which a comma does not separate values.
var single = []string{
	"date", "accept-datetime", "if-modified-since", "if-unmodified-since", "expires", "retry-after",
	"last-modified", "set-cookie", "user-agent", "location", "authorization",
}

// headers compares the fields that are expected; there may be more.
func (c *checker) headers(want map[string][]string, got capture.Header) {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		at := contract.At("header", name)
		values := got.Values(name)
		if len(values) == 0 {
			c.add(at, strings.Join(want[name], ", "), nil, "the header is missing")
			continue
		}
		c.header(at, name, want[name], values)
	}
}

func (c *checker) header(at contract.Place, name string, want, got []string) {
	w, g := headerValues(name, want), headerValues(name, got)
	if rules, ok := c.rulesFor(pact.InHeader, name); ok {
		c.headerRules(at, &rules, w, g)
		return
	}
	if !slices.EqualFunc(w, g, func(w, g string) bool { return sameHeader(name, w, g) }) {
		c.add(at, strings.Join(want, ", "), strings.Join(got, ", "), "another value is expected")
	}
}

// headerRules asks that rules hold for the whole value, or for every one in a list.
func (c *checker) headerRules(at contract.Place, rules *pact.RuleList, want, got []string) {
	whole, all := strings.Join(want, ", "), strings.Join(got, ", ")
	c.decide(at, rules, whole, all, func(r *pact.Rule) string {
		why := c.scalar(r, whole, all, true)
		if why == "" {
			return ""
		}
		for i, g := range got {
			if c.scalar(r, want[min(i, len(want)-1)], g, true) != "" {
				return why
			}
		}
		return ""
	})
}

// headerValues splits the values of a field at commas (RFC 9110 section 5.6.1), none
// within quotes, and takes white space off their ends. There is one at least.
func headerValues(name string, values []string) []string {
	if slices.Contains(single, strings.ToLower(name)) {
		return append([]string{}, trimmed(values)...)
	}
	var split []string
	for _, value := range values {
		split = append(split, trimmed(splitOutside(value, ','))...)
	}
	if len(split) == 0 {
		return []string{""}
	}
	return split
}

func trimmed(values []string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = strings.TrimSpace(v)
	}
	return out
}

// splitOutside splits at a byte that is not within quotes.
func splitOutside(text string, at byte) []string {
	var parts []string
	from, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quoted:
			i++
		case text[i] == '"':
			quoted = !quoted
		case text[i] == at && !quoted:
			parts = append(parts, text[from:i])
			from = i + 1
		}
	}
	return append(parts, text[from:])
}

// sameHeader compares one value. That of a field with parameters is compared by
// them: they may have any order, and more than expected. The case of a media type
// counts in Accept, by the specification's cases, and not in Content-Type (RFC 9110
// section 8.3.1).
func sameHeader(name, want, got string) bool {
	if want == got {
		return true
	}
	switch strings.ToLower(name) {
	case "content-type":
		return sameMedia(want, got)
	case "accept":
		w, _, _ := strings.Cut(want, ";")
		g, _, _ := strings.Cut(got, ";")
		return strings.TrimSpace(w) == strings.TrimSpace(g) && sameMedia(want, got)
	}
	return false
}

func sameMedia(want, got string) bool {
	w, wp, err := mime.ParseMediaType(want)
	g, gp, err2 := mime.ParseMediaType(got)
	if err != nil || err2 != nil || w != g {
		return false
	}
	for name, value := range wp {
		same := gp[name] == value
		if name == "charset" {
			same = strings.EqualFold(gp[name], value)
		}
		if !same {
			return false
		}
	}
	return true
}

// metadata compares what is expected of a message's metadata by its values.
func (c *checker) metadata(want, got map[string]any, contentType string) {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		at := contract.At("metadata", name)
		g, ok := got[name]
		if !ok && isContentType(name) && contentType != "" {
			g, ok = contentType, true
		}
		rules, ruled := c.rulesFor(pact.InMetadata, name)
		switch {
		case !ok:
			c.add(at, want[name], nil, "it is missing")
		case ruled:
			c.decide(at, &rules, want[name], g, func(r *pact.Rule) string { return c.scalar(r, want[name], g, true) })
		case !c.sameMetadata(name, want[name], g):
			c.add(at, want[name], g, "another value is expected")
		}
	}
}

func (c *checker) sameMetadata(name string, want, got any) bool {
	if isContentType(name) {
		return textOf(want) == textOf(got) || sameMedia(textOf(want), textOf(got))
	}
	return len(c.apart(func(sub *checker) { sub.value(cursor{}, want, got) })) == 0
}

func isContentType(name string) bool {
	return strings.EqualFold(strings.ReplaceAll(name, "-", ""), "contenttype")
}

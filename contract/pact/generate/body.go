package generate

import (
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"

	"twinspect.dev/contract/pact"
)

// body makes the values in a body anew: those of JSON by path, those of a form by
// name, all of another by the path "$".
func (m *maker) body(b pact.Body, all pact.Generators) pact.Body {
	if b.Presence != pact.Present || len(all["body"]) == 0 {
		return b
	}
	media, _, _ := strings.Cut(b.ContentType, ";")
	switch {
	case b.IsJSON:
		m.each(all, "body", func(path string, g *pact.Generator) {
			steps, err := parsePath(path)
			if err != nil {
				m.fault(g, "its path: %w", err)
				return
			}
			b.Value, b.Text = m.put(b.Value, steps, g), nil // the text is that of the example
		})
	case strings.EqualFold(strings.TrimSpace(media), "application/x-www-form-urlencoded"):
		b.Text = m.form(b.Text, all)
	default:
		m.each(all, "body", func(path string, g *pact.Generator) {
			if path == "$" || path == "" {
				b.Text = []byte(asText(m.value(g, string(b.Text))))
				return
			}
			m.fault(g, "the body is no JSON, in which a path could lead")
		})
	}
	return b
}

func (m *maker) form(body []byte, all pact.Generators) []byte {
	values, err := url.ParseQuery(string(body))
	if err != nil {
		m.faults = append(m.faults, errors.New("generators: the body is no form"))
		return body
	}
	made := m.lists(values, all, "body", func(a, b string) bool { return a == b })
	return []byte(url.Values(made).Encode())
}

// put returns the tree with a value made where the path leads; along the way it is
// copied. A path that leads nowhere makes nothing: the example does not have the part.
func (m *maker) put(tree any, steps []pact.Step, g *pact.Generator) any {
	if len(steps) == 0 {
		return m.value(g, tree)
	}
	s, rest := steps[0], steps[1:]
	switch v := tree.(type) {
	case map[string]any:
		out := maps.Clone(v)
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if !s.IsIndex() && (s.Any || s.Name == key) {
				out[key] = m.put(v[key], rest, g)
			}
		}
		return out
	case []any:
		out := slices.Clone(v)
		for i := range v {
			if s.Any || s.Index == i {
				out[i] = m.put(v[i], rest, g)
			}
		}
		return out
	}
	return tree
}

// parsePath reads a path, which begins with "$" but for those of old files.
func parsePath(path string) ([]pact.Step, error) {
	if path == "" {
		path = "$"
	} else if path[0] != '$' {
		path = "$." + path
	}
	return pact.ParsePath(path)
}

// asText writes a value where only text can stand.
func asText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}

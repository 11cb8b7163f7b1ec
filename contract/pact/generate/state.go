package generate

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"twinspect.dev/contract/pact"
)

// expressionNames are the names in "${a}/x/${b}", or all of an expression without
// braces.
func expressionNames(expression string) []string {
	if !strings.Contains(expression, "${") {
		if expression == "" {
			return nil
		}
		return []string{expression}
	}
	var out []string
	for {
		_, after, found := strings.Cut(expression, "${")
		name, rest, closed := strings.Cut(after, "}")
		if !found || !closed {
			return out
		}
		out, expression = append(out, strings.TrimSpace(name)), rest
	}
}

// fromState fills an expression. One that is a name alone keeps the value's type; a
// text is made of any other, and "dataType" says as what it is read then.
func (m *maker) fromState(g *pact.Generator, old any) any {
	expression := text(g.Options, "expression")
	names := expressionNames(expression)
	for _, name := range names {
		if _, ok := m.state[name]; !ok {
			return old
		}
	}
	switch {
	case len(names) == 0:
		m.fault(g, "it has no expression")
		return old
	case len(names) == 1 && (expression == names[0] || strings.TrimSpace(expression) == "${"+names[0]+"}"):
		return m.typed(g, m.state[names[0]])
	}
	var b strings.Builder
	for rest := expression; ; {
		before, after, found := strings.Cut(rest, "${")
		b.WriteString(before)
		name, tail, closed := strings.Cut(after, "}")
		if !found || !closed {
			if found {
				b.WriteString("${" + after)
			}
			return m.typed(g, b.String())
		}
		b.WriteString(asText(m.state[strings.TrimSpace(name)]))
		rest = tail
	}
}

// typed reads a value as "dataType" says; RAW and none leave it.
func (m *maker) typed(g *pact.Generator, v any) any {
	s := strings.TrimSpace(asText(v))
	switch kind := strings.ToUpper(text(g.Options, "dataType")); kind {
	case "", "RAW":
		return v
	case "STRING":
		return asText(v)
	case "INTEGER":
		if _, err := strconv.ParseInt(s, 10, 64); err == nil {
			return json.Number(s)
		}
	case "DECIMAL", "FLOAT":
		var n json.Number
		if json.Unmarshal([]byte(s), &n) == nil && n != "" {
			return n
		}
	case "BOOLEAN":
		if b, err := strconv.ParseBool(s); err == nil {
			return b
		}
	default:
		m.fault(g, "it has no data type %.40q", kind)
		return v
	}
	m.fault(g, "the value of the state is no %s", strings.ToLower(text(g.Options, "dataType")))
	return v
}

// mockURL puts the mock server's URL before what the group in "regex" finds in the
// example. The state "mockServer" has the URL as a text, or as {"href": …}; without
// one the example stays.
func (m *maker) mockURL(g *pact.Generator, old any) any {
	base, _ := m.state["mockServer"].(string)
	if server, ok := m.state["mockServer"].(map[string]any); ok {
		base, _ = server["href"].(string)
	}
	if base == "" {
		return old
	}
	if _, err := url.Parse(base); err != nil {
		m.fault(g, "the mock server has no URL")
		return old
	}
	re, err := regexp.Compile(text(g.Options, "regex")) // linear, whatever the file says
	if err != nil {
		m.fault(g, "its expression cannot be read")
		return old
	}
	found := re.FindStringSubmatch(text(g.Options, "example"))
	if len(found) < 2 {
		m.fault(g, "its expression finds no group in its example")
		return old
	}
	return strings.TrimSuffix(base, "/") + "/" + strings.TrimPrefix(found[1], "/")
}

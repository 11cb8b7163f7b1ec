//go:build e2e && linux

package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/compat/impact"
	compatreport "twinspect.dev/contract/compat/report"
	"twinspect.dev/contract/pointer"
	"twinspect.dev/fixtures/market"
)

// documentsWithoutFields takes the leaves of answers out of the documents, one at a
// time, and asks who breaks by that: exactly those who use it.
func documentsWithoutFields(t *testing.T, p programs, u *uses, contracts string) {
	tried, hit := 0, 0
	for _, provider := range market.Services()[1:] {
		text := market.Document(provider)
		old := writeDocument(t, "old.yaml", string(text))
		p.run(t, 0, "contract-check", "consumers", old, "--provider", provider, "--consumers", contracts)
		for _, f := range leaves(provider) {
			without, ok := withoutField(t, text, f)
			require.True(t, ok, "%v is not in the document", f)
			changed := writeDocument(t, "new.yaml", without)
			r := twinspect(t.Context(), "contract-check", "change", old, changed, "--provider", provider, "--consumers", contracts, "--json")
			report, err := compatreport.Read(strings.NewReader(r.stdout))
			require.NoError(t, err, "%v: %s", f, r.stderr)
			require.Len(t, report.Consumers, len(consumersOf(provider)))
			// What may be absent anyway is a risk for who uses it: they got by without.
			level := impact.Breaks
			if !slices.ContainsFunc(report.Changes, func(c impact.Change) bool { return c.ID != "response-optional-property-removed" }) {
				level = impact.Risk
			}
			var got []string
			for _, c := range report.Consumers {
				if c.Level == level {
					got = append(got, c.Name)
				}
			}
			want, code := u.users(f), 0
			if len(want) > 0 && level == impact.Breaks {
				code, hit = 1, hit+1
			}
			assert.ElementsMatch(t, want, got, "%v: %+v", f, report.Consumers)
			assert.Equal(t, code, r.code, "%v: %s", f, r.stderr)
			assert.NotEmpty(t, report.Changes, f)
			tried++
		}
	}
	t.Logf("%d fields taken out of documents, one at a time: %d break exactly who uses them, %d nobody", tried, hit, tried-hit)
}

func consumersOf(provider string) (all []string) {
	for _, pair := range marketPairs() {
		if pair[1] == provider {
			all = append(all, pair[0])
		}
	}
	return all
}

// withoutField takes a field out of the answers of an operation in a document, with the
// references on the way resolved, so that other operations keep theirs. It is false
// where no answer has such a field.
func withoutField(t *testing.T, document []byte, f field) (string, bool) {
	t.Helper()
	root := make(map[string]any)
	require.NoError(t, yaml.Unmarshal(document, &root))
	method, path, _ := strings.Cut(f.operation, " ")
	e := edit{root: root}
	operation := e.member(e.member(e.member(root, "paths"), path), strings.ToLower(method))
	part, name := f.at.Split()
	responses := e.member(operation, "responses")
	for _, status := range slices.Sorted(maps.Keys(responses)) {
		response := e.member(responses, status)
		if part == "header" {
			e.remove(e.member(response, "headers"), name)
			continue
		}
		content := e.member(response, "content")
		for _, media := range slices.Sorted(maps.Keys(content)) {
			e.without(e.member(e.member(content, media), "schema"), pointer.Split(name))
		}
	}
	text, err := yaml.Marshal(root)
	require.NoError(t, err)
	return string(text), e.found
}

// edit changes a document in place.
type edit struct {
	root  map[string]any
	found bool
}

// member is an object in an object, or what it refers to; it becomes a copy of its own
// first. Where there is none it is an object that belongs to nothing.
func (e *edit) member(of map[string]any, name string) map[string]any {
	m, ok := of[name].(map[string]any)
	if ref, is := m["$ref"].(string); is {
		at, _ := pointer.Get(e.root, strings.TrimPrefix(ref, "#"))
		m, _ = at.(map[string]any)
	}
	m = maps.Clone(m)
	if ok {
		of[name] = m
	}
	return m
}

func (e *edit) remove(of map[string]any, name string) {
	if _, ok := of[name]; ok {
		delete(of, name)
		e.found = true
	}
}

// without takes what a path leads to out of a schema. A map loses its members by
// having none.
func (e *edit) without(schema map[string]any, path []string) {
	name, last := path[0], len(path) == 1
	switch {
	case name == "*" && schema["additionalProperties"] != nil && last:
		schema["additionalProperties"] = false
		e.found = true
	case name == "*" && schema["items"] != nil:
		e.without(e.member(schema, "items"), path[1:])
	case !last:
		if properties := e.member(schema, "properties"); properties[name] != nil {
			e.without(e.member(properties, name), path[1:])
		}
	default:
		e.remove(e.member(schema, "properties"), name)
		if required, ok := schema["required"].([]any); ok {
			schema["required"] = slices.DeleteFunc(slices.Clone(required), func(v any) bool { return v == name })
		}
	}
}

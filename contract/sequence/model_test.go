package sequence

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// model is a document as the tests read it: just enough to plan by, and apart
// from the loader, so that a fault of one does not hide in the other.
type model struct{ tree map[string]any }

func read(t testing.TB, text string) *model {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(text))
	require.NoError(t, err)
	return readJSON(t, data)
}

func readJSON(t testing.TB, data []byte) *model {
	t.Helper()
	m := &model{}
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.UseNumber()
	require.NoError(t, d.Decode(&m.tree))
	return m
}

func (m *model) node(p openapi.Place) (any, openapi.Place, error) {
	for range 100 {
		_, pointer, _ := strings.Cut(string(p), "#")
		v, ok := find(any(m.tree), pointer)
		if !ok {
			return nil, p, fmt.Errorf("nothing at %s", p)
		}
		object, _ := v.(map[string]any)
		ref, ok := object["$ref"].(string)
		if !ok {
			return v, p, nil
		}
		p = openapi.Place("doc" + ref)
	}
	return nil, p, fmt.Errorf("bottomless: %s", p)
}

func (m *model) get(p openapi.Place) (map[string]any, openapi.Place) {
	v, at, _ := m.node(p)
	object, _ := v.(map[string]any)
	return object, at
}

func (m *model) operations() []*openapi.Operation {
	var out []*openapi.Operation
	paths, at := m.get("doc#/paths")
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		item, place := m.get(child(at, path))
		for _, method := range slices.Sorted(maps.Keys(item)) {
			if slices.Contains([]string{"get", "put", "post", "delete", "patch", "head"}, method) {
				out = append(out, m.operation(path, method, place))
			}
		}
	}
	m.resolve(out)
	return out
}

func (m *model) operation(path, method string, item openapi.Place) *openapi.Operation {
	tree, at := m.get(child(item, method))
	op := &openapi.Operation{Name: strings.ToUpper(method) + " " + path, Method: strings.ToUpper(method), Path: path, Place: at}
	op.ID, _ = tree["operationId"].(string)
	for _, from := range []openapi.Place{item, at} {
		holder, _ := m.get(from)
		for i := range list(holder["parameters"]) {
			op.Parameters = append(op.Parameters, m.parameter(child(from, "parameters", itoa(i)), ""))
		}
	}
	if body, place := m.get(child(at, "requestBody")); body != nil {
		op.Body = &openapi.Body{Required: true, Media: m.media(place), Place: place}
	}
	if len(list(tree["security"])) > 0 {
		op.Security = []openapi.Requirement{{"key": nil}}
	}
	responses, place := m.get(child(at, "responses"))
	for _, status := range slices.Sorted(maps.Keys(responses)) {
		op.Responses = append(op.Responses, m.response(status, child(place, status)))
	}
	return op
}

func (m *model) parameter(p openapi.Place, name string) *openapi.Parameter {
	tree, at := m.get(p)
	out := &openapi.Parameter{Name: name, In: "header", Place: at}
	if n, ok := tree["name"].(string); ok {
		out.Name = n
	}
	if in, ok := tree["in"].(string); ok {
		out.In = in
	}
	out.Required, _ = tree["required"].(bool)
	if tree["schema"] != nil {
		out.Schema = child(at, "schema")
	}
	if tree["example"] != nil {
		out.Examples = []openapi.Example{{Value: tree["example"]}}
	}
	return out
}

func (m *model) media(holder openapi.Place) []*openapi.Media {
	content, at := m.get(child(holder, "content"))
	var out []*openapi.Media
	for _, typ := range slices.Sorted(maps.Keys(content)) {
		media := &openapi.Media{Type: typ, Place: child(at, typ)}
		if tree, _ := m.get(media.Place); tree["schema"] != nil {
			media.Schema = child(media.Place, "schema")
		}
		out = append(out, media)
	}
	return out
}

func (m *model) response(status string, p openapi.Place) *openapi.Response {
	_, at := m.get(p)
	out := &openapi.Response{Status: status, Media: m.media(at), Place: at}
	headers, place := m.get(child(at, "headers"))
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		out.Headers = append(out.Headers, m.parameter(child(place, name), name))
	}
	links, place := m.get(child(at, "links"))
	for _, name := range slices.Sorted(maps.Keys(links)) {
		tree, where := m.get(child(place, name))
		link := openapi.Link{Name: name, Body: tree["requestBody"], Place: where}
		link.Operation, _ = tree["operationId"].(string)
		link.Parameters, _ = tree["parameters"].(map[string]any)
		out.Links = append(out.Links, link)
	}
	return out
}

// resolve puts the names of operations where links have their operationIds.
func (m *model) resolve(ops []*openapi.Operation) {
	byID := make(map[string]string)
	for _, op := range ops {
		byID[op.ID] = op.Name
	}
	for _, op := range ops {
		for _, r := range op.Responses {
			for i := range r.Links {
				r.Links[i].Operation = byID[r.Links[i].Operation]
			}
		}
	}
}

// ordinary makes a request with every parameter and field that is declared.
func (m *model) ordinary(op *openapi.Operation) (contract.Request, bool) {
	var r contract.Request
	for _, p := range op.Parameters {
		if p.Required || p.In == "path" {
			r = set(r, contract.At(p.In, p.Name), m.value(p.Schema, "one", 0))
		}
	}
	if op.Body != nil && len(op.Body.Media) > 0 {
		media := op.Body.Media[0]
		r.Body = &contract.Body{MediaType: media.Type, Value: m.value(media.Schema, "one", 0)}
	}
	return r, true
}

func (m *model) vary(op *openapi.Operation, not contract.Request) (contract.Request, bool) {
	r, _ := m.ordinary(op)
	if r.Body == nil {
		return r, false
	}
	word := "two"
	if not.Body != nil && strings.Contains(fmt.Sprint(not.Body.Value), "two") {
		word = "three"
	}
	body := *r.Body
	body.Value = m.value(op.Body.Media[0].Schema, word, 0)
	r.Body = &body
	return r, true
}

func (m *model) value(p openapi.Place, text string, depth int) any {
	s := newShapes(m.node)
	sh := s.of(p)
	switch {
	case depth > 4:
		return nil
	case len(sh.fields) > 0:
		out := make(map[string]any)
		for _, f := range sh.fields {
			if !s.of(f.schema).readOnly {
				out[f.name] = m.value(f.schema, text, depth+1)
			}
		}
		return out
	case sh.items != "":
		return []any{m.value(sh.items, text, depth+1)}
	case sh.typ == "integer":
		return json.Number("7")
	}
	return text
}

func (m *model) planner(recorded ...Dependency) *Planner {
	p := &Planner{Ordinary: m.ordinary, Vary: m.vary, Recorded: recorded}
	p.once.Do(func() { p.planned = newBuilder(m.operations(), m.node, p) })
	return p
}

package compat

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// mutants are the changes that are made to real documents: what must be told of the
// change, and of the way back, with the levels in requests and in answers.
var mutants = map[string]struct {
	there, back string
	levels      [4]Level // there: request, response; back: request, response
}{
	"type":              {"type-changed", "type-changed", [4]Level{Breaking, Breaking, Breaking, Breaking}},
	"needed":            {"property-became-required", "property-became-optional", [4]Level{Breaking, Safe, Safe, Breaking}},
	"needed by default": {"property-became-required-with-default", "property-became-optional", [4]Level{Risky, Safe, Safe, Breaking}},
	"not needed":        {"property-became-optional", "property-became-required", [4]Level{Safe, Breaking, Breaking, Safe}},
	"fewer values":      {"enum-value-removed", "enum-value-added", [4]Level{Breaking, Safe, Safe, Breaking}},
	"more values":       {"enum-value-added", "enum-value-removed", [4]Level{Safe, Breaking, Breaking, Safe}},
	"shorter":           {"max-length-decreased", "max-length-increased", [4]Level{Breaking, Safe, Safe, Breaking}},
	"greater":           {"minimum-increased", "minimum-decreased", [4]Level{Breaking, Safe, Safe, Breaking}},
	"gone":              {"property-removed", "required-property-added", [4]Level{Risky, Breaking, Breaking, Safe}},
	"optional gone":     {"optional-property-removed", "optional-property-added", [4]Level{Risky, Risky, Safe, Safe}},
	"status":            {"success-status-removed", "success-status-added", [4]Level{"", Breaking, "", Risky}},
	"error status":      {"error-status-removed", "error-status-added", [4]Level{"", Risky, "", Safe}},
	"media type":        {"media-type-removed", "media-type-added", [4]Level{Breaking, Breaking, Safe, Safe}},
	"parameter":         {"parameter-became-required", "parameter-became-optional", [4]Level{Breaking, "", Safe, ""}},
}

// mutant is a change at a place of a document, and where it must be told.
type mutant struct {
	kind   string
	place  openapi.Place
	change func(m map[string]any)
	site   site
}

// TestMutationsOfRealDocumentsAreToldWithTheirDirectionAndLevel changes one thing in
// each copy of a document.
func TestMutationsOfRealDocumentsAreToldWithTheirDirectionAndLevel(t *testing.T) {
	const perKind = 5       // of each document, in each direction
	const largest = 100_000 // bytes of a document that is read again for each
	rng := rand.New(rand.NewPCG(8, 1))
	told := make(map[string]int)
	all := libraryDocuments(t)
	for _, path := range slices.Sorted(maps.Keys(all)) {
		doc, err := openapi.Loader{Plain: true}.Parse(path, all[path])
		if err != nil || doc.Version == "2.0" || len(all[path]) > largest {
			continue
		}
		list := mutantsOf(doc)
		rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		made := make(map[string]int)
		for _, m := range list {
			key := string(m.site.direction) + " " + m.kind
			if made[key] >= perKind {
				continue
			}
			made[key]++
			if tryMutant(t, doc, m) {
				told[key]++
			}
		}
	}
	for kind, m := range mutants {
		for i, d := range []Direction{InRequest, InResponse} {
			if m.levels[i] != "" && kind != "needed by default" {
				assert.Positive(t, told[string(d)+" "+kind], "%s of a %s was never tried", kind, d)
			}
		}
	}
	t.Log(told)
}

// tryMutant compares a document with a changed copy, there and back.
func tryMutant(t *testing.T, doc *openapi.Document, m mutant) bool {
	t.Helper()
	changed := mutate(t, doc, m)
	if changed == nil {
		return false
	}
	want := mutants[m.kind]
	way := 0
	if m.site.direction == InResponse {
		way = 1
	}
	for i, v := range []struct {
		old, next *openapi.Document
		id        string
	}{{doc, changed, want.there}, {changed, doc, want.back}} {
		changes, err := Compare(v.old, v.next)
		require.NoError(t, err)
		level := want.levels[2*i+way]
		assert.True(t, slices.ContainsFunc(changes, func(c Change) bool {
			return c.ID == string(m.site.direction)+"-"+v.id && c.Level == level && c.Direction == m.site.direction &&
				c.Operation == m.site.operation && c.Status == m.site.status && c.MediaType == m.site.media && c.At == m.site.at
		}), "%s: %s of %+v: %s is not among %d changes, the first: %+v", doc.Path, m.kind, m.site, v.id, len(changes), changes[:min(len(changes), 3)])
	}
	return true
}

// mutate returns a changed copy, nil where the place is in another file.
func mutate(t *testing.T, doc *openapi.Document, m mutant) *openapi.Document {
	t.Helper()
	uri, pointer := m.place.Split()
	root, _ := doc.Root().Split()
	if uri != root {
		return nil
	}
	data, err := json.Marshal(doc.Files()[root])
	require.NoError(t, err)
	var tree any
	require.NoError(t, json.Unmarshal(data, &tree))
	v := tree
	for _, token := range strings.Split(pointer, "/")[1:] {
		object, ok := v.(map[string]any)
		if !ok {
			return nil // below a list
		}
		v = object[unescaper.Replace(token)]
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	m.change(object)
	data, err = json.Marshal(tree)
	require.NoError(t, err)
	changed, err := openapi.Loader{Plain: true}.Parse(doc.Path, data)
	require.NoError(t, err)
	return changed
}

func mutantsOf(doc *openapi.Document) []mutant {
	var list []mutant
	for _, op := range doc.Operations {
		s := site{operation: op.Name, direction: InRequest}
		for _, p := range op.Parameters {
			if p.In == "query" && !p.Required {
				s.at = at(p.In, p.Name)
				list = append(list, mutant{"parameter", p.Place, func(m map[string]any) { m["required"] = true }, s})
			}
		}
		s.at = "body"
		if op.Body != nil {
			list = append(list, mediaMutants(doc, op.Body.Media, op.Body.Place, s)...)
		}
		s.direction = InResponse
		for _, r := range op.Responses {
			s.status = r.Status
			list = append(list, mediaMutants(doc, r.Media, r.Place, s)...)
			if others := slices.DeleteFunc(slices.Clone(op.Responses), func(o *openapi.Response) bool { return o == r }); len(others) == 0 || responseOf(others, r.Status) != nil {
				continue
			}
			bare := s
			bare.at = ""
			list = append(list, mutant{pick(success(r.Status), "status", "error status"), op.Place.Join("responses"), func(m map[string]any) { delete(m, r.Status) }, bare})
		}
	}
	return list
}

func mediaMutants(doc *openapi.Document, media []*openapi.Media, owner openapi.Place, s site) []mutant {
	var list []mutant
	for i, m := range media {
		s.media = m.Type
		if len(media) > 1 && mediaOf(slices.Delete(slices.Clone(media), i, i+1), m.Type) == nil {
			list = append(list, mutant{"media type", owner.Join("content"), func(content map[string]any) { delete(content, m.Type) }, s})
		}
		if m.Schema != "" {
			list = append(list, schemaMutants(doc, m.Schema, nil, nil, s)...)
		}
	}
	return list
}

// schemaMutants lists changes of the properties below a schema. What schemas are put
// together of is left alone: there, other parts may say the same. So is what is below
// itself, which is told where it is first met.
func schemaMutants(doc *openapi.Document, p openapi.Place, way []string, above []openapi.Place, s site) []mutant {
	const deepest = 3
	m, place := plainSchema(doc, p)
	if m == nil || len(way) > deepest || slices.Contains(above, place) {
		return nil
	}
	above = append(slices.Clip(above), place)
	if m["items"] != nil {
		return schemaMutants(doc, place.Join("items"), append(slices.Clip(way), item), above, s)
	}
	props, _ := m["properties"].(map[string]any)
	var list []mutant
	for _, name := range slices.Sorted(maps.Keys(props)) {
		inner, at := plainSchema(doc, place.Join("properties", name))
		if inner == nil || slices.Contains(above, at) {
			continue
		}
		below := append(slices.Clip(way), name)
		s.at = contract.Place("body " + pointer(below))
		for _, kind := range []string{"type", "fewer values", "more values", "shorter", "greater"} {
			if change := valueChange(kind, inner); change != nil {
				list = append(list, mutant{kind, at, change, s})
			}
		}
		list = append(list, propertyMutants(m, inner, name, place, s)...)
		list = append(list, schemaMutants(doc, at, below, above, s)...)
	}
	return list
}

// plainSchema returns a schema that is not put together, and goes both ways.
func plainSchema(doc *openapi.Document, p openapi.Place) (map[string]any, openapi.Place) {
	v, place, err := doc.Node(p)
	m, ok := v.(map[string]any)
	if err != nil || !ok {
		return nil, ""
	}
	for _, keyword := range []string{"allOf", "oneOf", "anyOf", "not", "if", "readOnly", "writeOnly", "patternProperties", "x-extensible-enum"} {
		if m[keyword] != nil {
			return nil, ""
		}
	}
	return m, place
}

// valueChange returns a change of a value's schema, nil where it does not apply.
func valueChange(kind string, m map[string]any) func(map[string]any) {
	values, _ := m["enum"].([]any)
	text, isNumber := m["type"] == "string", m["type"] == "integer" || m["type"] == "number"
	set := func(keyword string, v any) func(map[string]any) { return func(m map[string]any) { m[keyword] = v } }
	switch {
	case kind == "type" && values == nil && (text || isNumber):
		return set("type", "boolean")
	case kind == "fewer values" && len(values) > 1 && text && !slices.Contains(values, nil):
		return set("enum", values[1:])
	case kind == "more values" && len(values) > 0 && text:
		return set("enum", append(slices.Clone(values), "one more"))
	case kind == "shorter" && values == nil && text && m["maxLength"] == nil:
		return set("maxLength", 7)
	case kind == "greater" && values == nil && isNumber && m["minimum"] == nil && m["exclusiveMinimum"] == nil:
		return set("minimum", 7)
	}
	return nil
}

// propertyMutants makes a property needed, or not, and takes it away.
func propertyMutants(object, inner map[string]any, name string, place openapi.Place, s site) []mutant {
	names, _ := object["required"].([]any)
	_, initial := inner["default"]
	if !slices.Contains(names, any(name)) {
		needed := func(m map[string]any) { m["required"] = append(slices.Clone(names), name) }
		list := []mutant{{pick(initial, "needed by default", "needed"), place, needed, s}}
		if object["additionalProperties"] == nil && object["unevaluatedProperties"] == nil {
			list = append(list, mutant{"optional gone", place.Join("properties"), func(m map[string]any) { delete(m, name) }, s})
		}
		return list
	}
	rest := slices.DeleteFunc(slices.Clone(names), func(v any) bool { return v == name })
	if initial {
		return nil
	}
	list := []mutant{{"not needed", place, func(m map[string]any) { m["required"] = rest }, s}}
	if object["additionalProperties"] == nil && object["unevaluatedProperties"] == nil {
		gone := func(m map[string]any) {
			m["required"] = rest
			delete(m["properties"].(map[string]any), name)
		}
		list = append(list, mutant{"gone", place, gone, s})
	}
	return list
}

func TestARequiredPropertyInAClosedObjectBreaksRequestsAndIsARiskInAnswers(t *testing.T) {
	closed := document(t, "a.json", `{"type":"object","additionalProperties":false}`)
	needs := document(t, "b.json", `{"type":"object","additionalProperties":false,"properties":{"a":{}},"required":["a"]}`)
	// A consumer that ignores what it does not know goes on; one that validates by the
	// closed schema does not.
	assert.Equal(t, []string{"breaking request-required-property-added body /a", "risky response-property-added-to-closed body /a"}, found(t, closed, needs))
	assert.Equal(t, []string{"breaking request-property-refused body /a", "breaking response-property-refused body /a"}, found(t, needs, closed))
	open := document(t, "c.json", `{"type":"object","properties":{"a":{}},"required":["a"]}`)
	assert.Equal(t, []string{"breaking request-required-property-added body /a", "safe response-required-property-added body /a"},
		found(t, document(t, "d.json", `{"type":"object"}`), open))
}

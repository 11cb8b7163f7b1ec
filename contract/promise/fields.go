package promise

import (
	"maps"
	"slices"
	"strconv"

	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/pointer"
)

const (
	// maxFields bounds the places of one schema: the largest answer of GitHub's
	// document has some 3,000.
	maxFields = 5000
	// maxNesting bounds how deep they lie: a schema that holds itself has no end.
	maxNesting = 12
)

// Fields returns the places that the schema names in its values, as JSON pointers,
// sorted; what holds itself is followed once.
func Fields(doc *openapi.Document, schema openapi.Place) []string {
	w := &walking{doc: doc, found: make(map[string]bool)}
	w.walk(schema, "", 0, nil)
	return slices.Sorted(maps.Keys(w.found))
}

type walking struct {
	doc   *openapi.Document
	found map[string]bool
	work  int
}

func (w *walking) walk(p openapi.Place, prefix string, nesting int, above []openapi.Place) {
	if w.work++; nesting > maxNesting || len(w.found) >= maxFields || w.work > maxWork {
		return
	}
	v, at, err := w.doc.Node(p)
	n, ok := v.(map[string]any)
	if err != nil || !ok || slices.Contains(above, at) {
		return
	}
	above = append(slices.Clip(above), at)
	for _, joined := range []string{"allOf", "oneOf", "anyOf"} {
		for i := range list(n[joined]) {
			w.walk(at.Join(joined, itoa(i)), prefix, nesting, above)
		}
	}
	properties, _ := n["properties"].(map[string]any)
	for _, name := range sorted(properties) {
		w.enter(at.Join("properties", name), pointer.Join(prefix, name), nesting, above)
	}
	for _, every := range []string{"items", "additionalProperties"} {
		if _, ok := n[every].(map[string]any); ok {
			w.enter(at.Join(every), prefix+"/*", nesting, above)
		}
	}
}

func (w *walking) enter(p openapi.Place, path string, nesting int, above []openapi.Place) {
	if len(w.found) < maxFields {
		w.found[path] = true
		w.walk(p, path, nesting+1, above)
	}
}

func sorted(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

func itoa(i int) string { return strconv.Itoa(i) }

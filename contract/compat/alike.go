package compat

import (
	"regexp"
	"strings"

	"twinspect.dev/contract/openapi"
)

// alike reports whether two schemas stand in the documents alike, annotations aside,
// so that there is nothing to compare. False says nothing.
func (c *comparer) alike(a, b source) bool {
	if a.place == "" || b.place == "" || !c.inRoot(a.place, b.place) {
		return false
	}
	w := walk{same: c.same}
	return w.schema(a.value, b.value)
}

func (c *comparer) inRoot(a, b openapi.Place) bool {
	old, _ := a.Split()
	next, _ := b.Split()
	return old == c.old.root && next == c.next.root && c.old.siblings == c.next.siblings
}

// walk goes through two schemas at once.
type walk struct {
	// same holds the components that are alike, with all that they refer to; nil
	// takes all for alike.
	same map[string]bool
	refs []string
}

// annotations are the keywords that no value depends on.
var annotations = map[string]bool{
	"title": true, "description": true, "example": true, "examples": true, "externalDocs": true, "$comment": true,
}

func ignored(key string) bool {
	return annotations[key] || strings.HasPrefix(key, "x-") && key != "x-extensible-enum"
}

// keyed are the keywords that hold schemas by name, plain those that hold values.
var (
	keyed = map[string]bool{"properties": true, "patternProperties": true, "dependentSchemas": true, "$defs": true, "definitions": true}
	plain = map[string]bool{"default": true, "enum": true, "const": true, "x-extensible-enum": true, "required": true, "type": true}
)

func (w *walk) schema(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		m, ok := b.(map[string]any)
		return ok && w.fields(a, m)
	case []any:
		list, ok := b.([]any)
		if !ok || len(a) != len(list) {
			return false
		}
		for i := range a {
			if !w.schema(a[i], list[i]) {
				return false
			}
		}
		return true
	}
	return equal(a, b)
}

func (w *walk) fields(a, b map[string]any) bool {
	count := 0
	for key := range b {
		if !ignored(key) {
			count++
		}
	}
	for key, v := range a {
		if ignored(key) {
			continue
		}
		count--
		other, ok := b[key]
		if !ok || !w.field(key, v, other) {
			return false
		}
	}
	return count == 0
}

func (w *walk) field(key string, a, b any) bool {
	switch {
	case key == "$ref":
		ref, ok := a.(string)
		return ok && a == b && w.reference(ref)
	case plain[key]:
		return equal(a, b)
	case keyed[key]:
		return w.named(a, b)
	}
	return w.schema(a, b)
}

func (w *walk) named(a, b any) bool {
	x, ok := a.(map[string]any)
	y, fine := b.(map[string]any)
	if !ok || !fine || len(x) != len(y) {
		return false
	}
	for name, schema := range x {
		if other, there := y[name]; !there || !w.schema(schema, other) {
			return false
		}
	}
	return true
}

const components = "#/components/schemas/"

func (w *walk) reference(ref string) bool {
	name, ok := strings.CutPrefix(ref, components)
	if !ok || strings.ContainsAny(name, "/%") {
		return false
	}
	if w.same == nil {
		w.refs = append(w.refs, name)
		return true
	}
	return w.same[name]
}

// sameComponents returns the components that are alike in both documents, with all
// that they refer to: those that are alike but for their references, less those that
// lead to one that is not, until there are no more.
func (c *comparer) sameComponents() map[string]bool {
	before, after := c.old.components(), c.next.components()
	same := make(map[string]bool)
	users := make(map[string][]string)
	if c.old.siblings != c.next.siblings {
		return same
	}
	for name, schema := range before {
		other, ok := after[name]
		if !ok {
			continue
		}
		w := walk{}
		if w.schema(schema, other) {
			same[name] = true
			for _, ref := range w.refs {
				users[ref] = append(users[ref], name)
			}
		}
	}
	var gone []string
	for ref := range users {
		if !same[ref] {
			gone = append(gone, ref)
		}
	}
	for len(gone) > 0 {
		ref := gone[len(gone)-1]
		gone = gone[:len(gone)-1]
		for _, user := range users[ref] {
			if same[user] {
				delete(same, user)
				gone = append(gone, user)
			}
		}
	}
	return same
}

func (s *side) components() map[string]any {
	v, _, err := s.doc.Node(s.doc.Root().Join("components", "schemas"))
	if err != nil {
		return nil
	}
	all, _ := v.(map[string]any)
	return all
}

// matches reports whether a name matches a pattern. One that cannot be read matches
// nothing.
func matches(pattern, name string) bool {
	r, err := regexp.Compile(pattern)
	return err == nil && r.MatchString(name)
}

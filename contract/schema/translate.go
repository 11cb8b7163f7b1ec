package schema

import (
	"fmt"
	"maps"
	"slices"
)

// maxDepth is how deeply schemas, and values, may be nested. What people write
// and programs send has less than 100 levels; encoding/json stops at 10,000.
const maxDepth = 1000

// translator makes one unit into JSON Schema 2020-12. Only what changes is
// copied; the document's own tree is never changed.
type translator struct {
	side *side
	unit *unit
	old  bool // OpenAPI 3.0
	// dynamics tells that the document has a $dynamicRef.
	dynamics bool
	err      error
}

func (t *translator) problem(at spot, format string, args ...any) {
	t.side.set.notes.problem(at.place(), format, args...)
}

// edit is an object that is copied before it is first changed.
type edit struct {
	from, to map[string]any
}

func (e *edit) own() map[string]any {
	if e.to == nil {
		e.to = maps.Clone(e.from)
	}
	return e.to
}

func (e *edit) set(key string, value any) { e.own()[key] = value }
func (e *edit) remove(key string)         { delete(e.own(), key) }

func (e *edit) result() map[string]any {
	if e.to == nil {
		return e.from
	}
	return e.to
}

// schema translates the schema that stands at a spot. What is no schema allows
// everything and is told.
func (t *translator) schema(node any, at spot, depth int) any {
	if depth > maxDepth {
		t.err = fmt.Errorf("%s: schemas are nested more than %d deep", at.place(), maxDepth)
		return true
	}
	object, ok := node.(map[string]any)
	if !ok {
		if allowed, ok := node.(bool); ok {
			return allowed
		}
		t.problem(at, "a schema is an object, not %s; it allows everything", describe(node))
		return true
	}
	if _, ok := object["$ref"]; ok && t.old {
		return t.reference(object, at)
	}
	e := &edit{from: object}
	for key, value := range object {
		t.keyword(e, key, value, at, depth)
	}
	t.optional(e, at)
	t.discriminate(e, at)
	if t.dynamics {
		_, resource := t.side.set.base(at)
		e.set(keyHome, home{resource})
	}
	if t.old {
		t.convert(e, at)
	}
	return e.result()
}

// reference translates a reference of OpenAPI 3.0, whose siblings are ignored
// (section 4.7.23).
func (t *translator) reference(object map[string]any, at spot) any {
	ref, ok := object["$ref"].(string)
	if !ok {
		t.problem(at, "$ref is text, not %s; the schema allows everything", describe(object["$ref"]))
		return true
	}
	for key := range object {
		if _, asserts := keywords[key]; asserts || key == "nullable" {
			t.problem(at, "%s stands beside $ref, where OpenAPI 3.0 ignores it", key)
		}
	}
	return map[string]any{"$ref": t.target(ref, at)}
}

// target returns the URL of the unit that a reference leads to.
func (t *translator) target(ref string, at spot) string {
	to, err := t.side.set.resolve(at, ref)
	if err != nil {
		if t.err == nil {
			t.err = err
		}
		return ""
	}
	return t.unitURL(to)
}

func (t *translator) unitURL(at spot) string {
	u := t.side.unit(at)
	if !slices.Contains(t.unit.refs, u) {
		t.unit.refs = append(t.unit.refs, u)
	}
	return u.url()
}

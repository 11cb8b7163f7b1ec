package schema

import "slices"

// convert translates what OpenAPI 3.0 says otherwise than JSON Schema 2020-12.
func (t *translator) convert(e *edit, at spot) {
	exclusive(e, "minimum", "exclusiveMinimum")
	exclusive(e, "maximum", "exclusiveMaximum")
	if e.result()["type"] == "file" {
		e.set("type", "string")
	}
	nullable, ok := e.from["nullable"]
	if !ok {
		return
	}
	if _, ok := nullable.(bool); !ok {
		t.problem(at.child("nullable"), "nullable cannot be %s; it is ignored", describe(nullable))
	}
	if nullable == true {
		t.nullable(e, at)
	}
}

// exclusive makes a bound that is exclusive by a boolean one by itself.
func exclusive(e *edit, bound, flag string) {
	is, ok := e.result()[flag].(bool)
	if !ok {
		return
	}
	e.remove(flag)
	if limit, ok := e.result()[bound]; ok && is {
		e.remove(bound)
		e.set(flag, limit)
	}
}

// nullable lets null through. Where other schemas could refuse it, it becomes a
// branch of its own. OpenAPI 3.0.3 has nullable beside a type alone, and null in
// an enum; those who write it elsewhere mean it the same.
func (t *translator) nullable(e *edit, at spot) {
	schema := e.result()
	for _, key := range []string{"allOf", "anyOf", "oneOf", "not"} {
		if _, ok := schema[key]; ok {
			t.branch(e, at)
			return
		}
	}
	if enum, ok := schema["enum"].([]any); ok && !slices.Contains(enum, nil) {
		e.set("enum", append(slices.Clip(slices.Clone(enum)), nil))
	}
	if name, ok := schema["type"].(string); ok {
		e.set("type", []any{name, "null"})
	}
}

// branch makes a schema the first branch of an anyOf that null is the second of.
func (t *translator) branch(e *edit, at spot) {
	whole := e.result()
	e.from = map[string]any{"anyOf": []any{whole, map[string]any{"type": "null"}}}
	e.to = nil
	prefix := at.ptr[len(t.unit.at.ptr):]
	t.unit.moves = append(t.unit.moves, move{from: prefix + "/anyOf/0", to: prefix})
}

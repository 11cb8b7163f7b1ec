package schema

import "slices"

// optional takes properties out of required that need not be there in this
// direction.
func (t *translator) optional(e *edit, at spot) {
	required, ok := e.result()["required"].([]any)
	if !ok {
		return
	}
	key := "readOnly"
	if t.side.direction == Response {
		key = "writeOnly"
	}
	gone := make(map[any]bool)
	t.marked(e.from, at, key, gone, 0)
	if len(gone) == 0 {
		return
	}
	e.set("required", slices.DeleteFunc(slices.Clone(required), func(name any) bool { return gone[name] }))
}

// marked collects the properties of a schema, and of those that it consists of,
// that are marked by a keyword.
func (t *translator) marked(node any, at spot, key string, into map[any]bool, hops int) {
	object, ok := node.(map[string]any)
	if !ok || hops > maxHops {
		return
	}
	properties, _ := object["properties"].(map[string]any)
	for name, property := range properties {
		if t.isMarked(property, at.child("properties").child(name), key, 0) {
			into[name] = true
		}
	}
	for i, part := range listOf(object["allOf"]) {
		t.marked(part, at.child("allOf").child(itoa(i)), key, into, hops+1)
	}
	if ref, ok := refOf(object); ok {
		if next, at, err := t.referred(at, ref); err == nil {
			t.marked(next, at, key, into, hops+1)
		}
	}
}

func (t *translator) isMarked(node any, at spot, key string, hops int) bool {
	object, ok := node.(map[string]any)
	if !ok || hops > maxHops {
		return false
	}
	if ref, ok := refOf(object); ok {
		next, there, err := t.referred(at, ref)
		if err == nil && t.isMarked(next, there, key, hops+1) {
			return true
		}
		if t.old {
			return false
		}
	}
	if object[key] == true {
		return true
	}
	for i, part := range listOf(object["allOf"]) {
		if t.isMarked(part, at.child("allOf").child(itoa(i)), key, hops+1) {
			return true
		}
	}
	return false
}

func (t *translator) referred(at spot, ref string) (any, spot, error) {
	target, err := t.side.set.resolve(at, ref)
	if err != nil {
		return nil, at, err
	}
	return t.side.set.lookup(target, 0)
}

func listOf(v any) []any {
	list, _ := v.([]any)
	return list
}

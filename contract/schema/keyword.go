package schema

import "strings"

// keyword translates one keyword of a schema. One whose value has not the right
// shape is left out and told.
func (t *translator) keyword(e *edit, key string, value any, at spot, depth int) {
	if identity[key] {
		e.remove(key)
		return
	}
	if key == "$ref" || key == "$dynamicRef" || key == "$recursiveRef" {
		t.refer(e, key, value, at)
		return
	}
	if name, ok := value.(string); ok && key == "format" && !knownFormat(name) {
		t.side.set.notes.format(name)
	}
	shape, known := keywords[key]
	if !known {
		return
	}
	here := at.child(key)
	if t.old && newer[key] {
		e.remove(key)
		t.problem(here, "%s is no keyword of OpenAPI 3.0 and is ignored", key)
		return
	}
	to, ok := t.value(shape, value, here, depth+1)
	switch {
	case !ok:
		e.remove(key)
		if _, isText := value.(string); shape != expression || !isText { // else it was told why
			t.problem(here, "%s cannot be %s; it is ignored", key, describe(value))
		}
	case to != nil:
		e.set(key, *to)
	}
}

func (t *translator) refer(e *edit, key string, value any, at spot) {
	ref, ok := value.(string)
	if !ok {
		e.remove(key)
		t.problem(at.child(key), "%s is text, not %s; it is ignored", key, describe(value))
		return
	}
	switch key {
	case "$ref":
		e.set(key, t.target(ref, at))
	case "$recursiveRef":
		t.problem(at.child(key), "$recursiveRef is not of JSON Schema 2020-12; it is taken for $ref")
		fallthrough
	default:
		e.remove(key)
		t.dynamic(e, ref, at)
	}
}

// value translates the value of a keyword. It returns nil where nothing changes,
// and false where the value has not the shape.
func (t *translator) value(s shape, v any, at spot, depth int) (*any, bool) {
	switch s {
	case oneSchema:
		if !isSchema(v) {
			return nil, false
		}
		return changed(t.schema(v, at, depth)), true
	case itemsShape:
		if isSchema(v) {
			return changed(t.schema(v, at, depth)), true
		}
		return nil, false
	case listOfSchemas:
		return t.list(v, at, depth)
	case manySchemas, mixed:
		return t.many(v, at, depth)
	case schemasByExpression:
		return t.byExpression(v, at, depth)
	case expression:
		text, ok := v.(string)
		return nil, ok && t.compiles(text, at)
	}
	return plain(s, v, t.old)
}

func changed(v any) *any { return &v }

func isSchema(v any) bool {
	switch v.(type) {
	case map[string]any, bool:
		return true
	}
	return false
}

func (t *translator) list(v any, at spot, depth int) (*any, bool) {
	from, ok := v.([]any)
	if !ok || len(from) == 0 {
		return nil, false
	}
	to := make([]any, len(from))
	for i := range from {
		to[i] = t.schema(from[i], at.child(itoa(i)), depth)
	}
	return changed(to), true
}

func (t *translator) many(v any, at spot, depth int) (*any, bool) {
	from, ok := v.(map[string]any)
	if !ok {
		return nil, false
	}
	to := make(map[string]any, len(from))
	for name := range from {
		if list, ok := from[name].([]any); ok && strings.HasSuffix(at.ptr, "/dependencies") {
			to[name] = list
			continue
		}
		to[name] = t.schema(from[name], at.child(name), depth)
	}
	return changed(to), true
}

func (t *translator) byExpression(v any, at spot, depth int) (*any, bool) {
	from, ok := v.(map[string]any)
	if !ok {
		return nil, false
	}
	to := make(map[string]any, len(from))
	for expr := range from {
		if t.compiles(expr, at.child(expr)) {
			to[expr] = t.schema(from[expr], at.child(expr), depth)
		}
	}
	return changed(to), true
}

// compiles reports whether an expression is a regular one; it is told otherwise.
func (t *translator) compiles(expr string, at spot) bool {
	_, err := compilePattern(expr)
	if err != nil {
		t.problem(at, "the pattern is no regular expression of ECMA-262: %v", err)
	}
	return err == nil
}

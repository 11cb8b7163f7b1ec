package consumer

import (
	"maps"
	"slices"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pact"
)

// builder makes a body of what is used.
type builder struct {
	*writer
	rules pact.Rules
}

// build makes the value at a node out of an example, which may be missing, and writes
// the rules; false leaves it out, which has been told.
func (b *builder) build(n *node, example any, path string) (any, bool) {
	switch {
	case n.mixed():
		b.leave(n, "it is an object or an array only sometimes")
		return nil, false
	case n.reliedBelow() && n.types()["null"] > 0:
		b.leave(n, "it is null at times, and so without what is used in it")
		return nil, false
	case n.array():
		return b.array(n, example, path)
	case n.kids["*"] != nil && n.kids["*"].relied():
		return b.dictionary(n, example, path)
	case len(n.kids) > 0 || n.types()["object"] > 0:
		return b.object(n, example, path)
	}
	if example == nil {
		example = sample(n.field)
	}
	if !fits(n.field, example) {
		example = sample(n.field)
	}
	list, ok := b.valueRules(n.field, example)
	if ok {
		b.putList(b.rules, pact.InBody, path, list)
	}
	return example, ok
}

// array has one item where something in it is used, and every item must be so.
func (b *builder) array(n *node, example any, path string) (any, bool) {
	rule := pact.Rule{Match: "type"}
	item := n.kids["*"]
	if item == nil || !item.relied() {
		b.put(b.rules, pact.InBody, path, rule)
		return []any{}, true
	}
	items, _ := example.([]any)
	var first any
	if i := slices.IndexFunc(items, func(v any) bool { return v != nil }); i >= 0 {
		first = items[i]
	}
	value, ok := b.build(item, first, path+"[*]")
	if !ok {
		b.put(b.rules, pact.InBody, path, rule)
		return []any{}, true
	}
	rule.Options = map[string]any{"min": number(1)}
	b.put(b.rules, pact.InBody, path, rule)
	return []any{value}, true
}

// dictionary is an object whose keys are data: what is used holds for every value.
func (b *builder) dictionary(n *node, example any, path string) (any, bool) {
	if !b.or {
		b.leave(n, "version "+string(b.version)+" cannot speak of an object whose keys are data")
		return nil, false
	}
	members, _ := example.(map[string]any)
	key, first := "key", any(nil)
	if keys := slices.Sorted(maps.Keys(members)); len(keys) > 0 {
		key, first = keys[0], members[keys[0]]
	}
	value, ok := b.build(n.kids["*"], first, path+".*")
	if !ok {
		return map[string]any{}, true
	}
	b.put(b.rules, pact.InBody, path, pact.Rule{Match: "values"})
	return map[string]any{key: value}, true
}

func (b *builder) object(n *node, example any, path string) (any, bool) {
	members, _ := example.(map[string]any)
	out := map[string]any{}
	for _, name := range n.names() {
		kid := n.kids[name]
		switch {
		case name == "*" || !kid.relied():
		case kid.field != nil && kid.field.Optional():
			b.leave(kid, "it is not always there")
		default:
			step := pact.Step{Name: name, Index: -1}
			if value, ok := b.build(kid, members[name], path+step.String()); ok {
				out[name] = value
			}
		}
	}
	if len(out) == 0 {
		b.put(b.rules, pact.InBody, path, pact.Rule{Match: "type"})
	}
	return out, true
}

// leave tells of each used place from a node on that it is left out.
func (b *builder) leave(n *node, why string) {
	if n.used() {
		b.tell("%s is used and left out: %s", n.field.At, why)
	} else if n.field != nil {
		why = string(n.field.At) + " is why: " + why
	}
	for _, name := range n.names() {
		if n.kids[name].relied() {
			b.leave(n.kids[name], why)
		}
	}
}

// fits reports whether an example has one of the types that were seen.
func fits(f *contract.Field, v any) bool {
	number, _ := isNumber(f.Types)
	switch v.(type) {
	case string:
		return f.Types["string"] > 0
	case bool:
		return f.Types["boolean"] > 0
	case nil:
		return f.Types["null"] > 0
	case map[string]any, []any:
		return false
	}
	return number
}

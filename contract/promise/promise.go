// Package promise tells what an OpenAPI document promises of one part of a
// message: whether it is declared at all, whether it always comes, and of which
// types it is.
//
// Schemas are read as they stand, through $ref, allOf, oneOf and anyOf, in the
// dialects of OpenAPI 3.0 and 3.1.
package promise

import (
	"slices"

	"twinspect.dev/contract/openapi"
)

const (
	// maxDepth bounds the schemas that lie within each other on the way to one
	// value: allOf and its kin may form circles.
	maxDepth = 64
	// maxWork bounds the schemas looked at for one place: unions of unions multiply.
	maxWork = 10_000
)

// Promise is what a schema says of one place in its values.
type Promise struct {
	// Declared says that the place is named, as a property, an item or a value of a
	// map.
	Declared bool
	// Open says that the place is not named, and not forbidden either.
	Open bool
	// Always says that it comes wherever what holds it does.
	Always bool
	// Types are the types of JSON that it may have, sorted; nil where it may have any.
	// "null" is among them where it may be null.
	Types []string
	// Enum holds the values it may have, nil where that is not limited.
	Enum []any
	// Schema is where it is said, "" where it is not.
	Schema openapi.Place
}

// Null reports whether the value may be null.
func (p *Promise) Null() bool { return p.Types == nil || slices.Contains(p.Types, "null") }

// Look returns what the schema promises of the place that the tokens of a JSON
// pointer lead to; the token "*" stands for any item of an array and any value of
// an object.
func Look(doc *openapi.Document, schema openapi.Place, tokens []string) Promise {
	l := &looking{doc: doc}
	return l.look(schema, tokens, 0)
}

type looking struct {
	doc  *openapi.Document
	work int
}

// look finds the place below the schema at p.
func (l *looking) look(p openapi.Place, tokens []string, depth int) Promise {
	if l.work++; p == "" || depth > maxDepth || l.work > maxWork {
		return Promise{Open: true}
	}
	v, at, err := l.doc.Node(p)
	if err != nil {
		return Promise{Open: true}
	}
	n, ok := v.(map[string]any)
	if !ok { // true and false are schemas of 3.1
		return Promise{Open: v != false}
	}
	var own Promise
	if len(tokens) == 0 {
		own = l.itself(n, at)
	} else {
		own = l.below(n, at, tokens, depth)
	}
	for i := range list(n["allOf"]) {
		own = both(own, l.look(at.Join("allOf", itoa(i)), tokens, depth+1))
	}
	for _, union := range []string{"oneOf", "anyOf"} {
		if branches := list(n[union]); len(branches) > 0 {
			own = both(own, l.union(at.Join(union), len(branches), tokens, depth))
		}
	}
	return own
}

// union is what is promised whichever branch a value is of.
func (l *looking) union(at openapi.Place, branches int, tokens []string, depth int) Promise {
	all := l.look(at.Join("0"), tokens, depth+1)
	for i := 1; i < branches; i++ {
		all = either(all, l.look(at.Join(itoa(i)), tokens, depth+1))
	}
	return all
}

// itself is what a schema says of its own value.
func (l *looking) itself(n map[string]any, at openapi.Place) Promise {
	p := Promise{Declared: true, Always: true, Schema: at, Types: types(n)}
	if enum := list(n["enum"]); enum != nil {
		p.Enum = enum
	}
	if c, ok := n["const"]; ok {
		p.Enum = []any{c}
	}
	return p
}

// below goes one token down.
func (l *looking) below(n map[string]any, at openapi.Place, tokens []string, depth int) Promise {
	token, rest := tokens[0], tokens[1:]
	properties, _ := n["properties"].(map[string]any)
	if _, ok := properties[token]; ok {
		p := l.look(at.Join("properties", token), rest, depth+1)
		p.Always = p.Always && (len(rest) > 0 || requires(n, token))
		return p
	}
	if token == "*" {
		if p, ok := l.any(n, at, properties, rest, depth); ok {
			return p
		}
	}
	if _, ok := n["additionalProperties"].(map[string]any); ok {
		return optional(l.look(at.Join("additionalProperties"), rest, depth+1), len(rest) == 0)
	}
	return Promise{
		Open:   n["additionalProperties"] != false && takes(n, "object", "array"),
		Always: len(rest) == 0 && requires(n, token), // as a schema beside one that names it
	}
}

// any is what is promised of every item of an array, and of every value of an
// object.
func (l *looking) any(n map[string]any, at openapi.Place, properties map[string]any, rest []string, depth int) (Promise, bool) {
	var found []Promise
	if _, ok := n["items"]; ok {
		found = append(found, l.look(at.Join("items"), rest, depth+1))
	}
	for i := range list(n["prefixItems"]) {
		found = append(found, l.look(at.Join("prefixItems", itoa(i)), rest, depth+1))
	}
	if _, ok := n["additionalProperties"].(map[string]any); ok {
		found = append(found, l.look(at.Join("additionalProperties"), rest, depth+1))
	}
	for _, name := range sorted(properties) {
		found = append(found, optional(l.look(at.Join("properties", name), rest, depth+1), len(rest) == 0 && !requires(n, name)))
	}
	if len(found) == 0 {
		return Promise{}, false
	}
	p := found[0]
	for _, o := range found[1:] {
		p = either(p, o)
	}
	return p, true
}

// both joins what two schemas say that hold at the same time.
func both(a, b Promise) Promise {
	switch {
	case !a.Declared && !b.Declared:
		return Promise{Open: a.Open && b.Open, Always: a.Always || b.Always}
	case !a.Declared:
		a, b = b, a
	}
	p := a
	p.Always = a.Always || b.Always
	if b.Declared {
		p.Types = common(a.Types, b.Types)
		if p.Enum == nil {
			p.Enum = b.Enum
		}
	}
	return p
}

// either joins what two schemas say of which one holds.
func either(a, b Promise) Promise {
	switch {
	case !a.Declared && !b.Declared:
		return Promise{Open: a.Open || b.Open, Always: a.Always && b.Always}
	case !a.Declared:
		a, b = b, a
	}
	p := a
	p.Always = a.Always && b.Always
	if b.Declared {
		p.Types = together(a.Types, b.Types)
		if a.Enum == nil || b.Enum == nil {
			p.Enum = nil
		} else {
			p.Enum = append(slices.Clone(a.Enum), b.Enum...)
		}
	}
	return p
}

func optional(p Promise, yes bool) Promise {
	p.Always = p.Always && !yes
	return p
}

// types reads "type" and the "nullable" of OpenAPI 3.0, and what "const" and
// "enum" leave where there is no type.
func types(n map[string]any) []string {
	var found []string
	switch t := n["type"].(type) {
	case string:
		found = []string{t}
	case []any:
		for _, v := range t {
			if s, ok := v.(string); ok {
				found = append(found, s)
			}
		}
	}
	if found != nil && n["nullable"] == true {
		found = append(found, "null")
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func takes(n map[string]any, names ...string) bool {
	t := types(n)
	return t == nil || slices.ContainsFunc(names, func(name string) bool { return slices.Contains(t, name) })
}

func requires(n map[string]any, name string) bool {
	return slices.ContainsFunc(list(n["required"]), func(v any) bool { return v == name })
}

// common are the types that both lists allow; an integer is a number.
func common(a, b []string) []string {
	if a == nil || b == nil {
		return append(a, b...)
	}
	var found []string
	for _, t := range a {
		switch {
		case slices.Contains(b, t), t == "integer" && slices.Contains(b, "number"):
			found = append(found, t)
		case t == "number" && slices.Contains(b, "integer"):
			found = append(found, "integer")
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func together(a, b []string) []string {
	if a == nil || b == nil {
		return nil
	}
	found := append(slices.Clone(a), b...)
	slices.Sort(found)
	return slices.Compact(found)
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

package match

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"twinspect.dev/contract/pact"
)

// value compares a tree of values with the expected one.
func (c *checker) value(at cursor, want, got any) {
	if !c.work.step() {
		return
	}
	rules := at.best()
	if rules == nil || len(rules.list.Rules) == 0 {
		c.plain(at, want, got)
		return
	}
	c.ruled(at, rules, want, got)
}

// plain compares where no rule holds: the values must be equal, but for members that
// are more than expected.
func (c *checker) plain(at cursor, want, got any) {
	switch w := want.(type) {
	case map[string]any:
		if g, ok := got.(map[string]any); ok {
			c.members(at, w, g)
			return
		}
	case []any:
		if g, ok := got.([]any); ok {
			c.items(at, w, g)
			return
		}
	default:
		if equalScalar(want, got) {
			return
		}
	}
	c.different(at, want, got)
}

func (c *checker) different(at cursor, want, got any) {
	if w, g := typeOf(want), typeOf(got); w != g {
		c.add(at.place(), want, got, "%s is expected, it is %s", article(w), article(g))
		return
	}
	c.add(at.place(), want, got, "another value is expected")
}

// members compares two objects by the names of the expected one.
func (c *checker) members(at cursor, want, got map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if g, ok := got[name]; ok {
			c.value(at.key(name), want[name], g)
		} else {
			c.add(at.key(name).place(), want[name], nil, "it is missing")
		}
	}
	if !c.strict {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[name]; !ok {
			c.add(at.key(name).place(), nil, got[name], "it is not expected")
		}
	}
}

// items compares two arrays that must have the same length.
func (c *checker) items(at cursor, want, got []any) {
	if len(want) != len(got) {
		c.add(at.place(), want, got, "%s expected, there %s", count(len(want)), isCount(len(got)))
	}
	for i := range min(len(want), len(got)) {
		c.value(at.item(i), want[i], got[i])
	}
}

// examples compares the items of an array with the expected ones, and those that are
// more with the first, which is the example.
func (c *checker) examples(at cursor, want, got []any) {
	if len(want) == 0 {
		return
	}
	for i, g := range got {
		w := want[0]
		if i < len(want) {
			w = want[i]
		}
		c.value(at.item(i), w, g)
	}
}

// ruled compares where rules hold: first the value as such, then what is in it.
func (c *checker) ruled(at cursor, rules *candidate, want, got any) {
	if rules.list.Any {
		c.anyOf(at, rules, want, got)
	} else {
		for i := range rules.list.Rules {
			c.rule(at, rules, &rules.list.Rules[i], want, got)
		}
	}
	if !slices.ContainsFunc(rules.list.Rules, descends) {
		c.inside(at, rules, want, got)
	}
}

// anyOf asks that one of the rules holds.
func (c *checker) anyOf(at cursor, rules *candidate, want, got any) {
	var failed []Mismatch
	for i := range rules.list.Rules {
		found := c.apart(func(sub *checker) { sub.rule(at, rules, &rules.list.Rules[i], want, got) })
		if len(found) == 0 {
			return
		}
		failed = append(failed, found...)
	}
	for _, m := range failed {
		c.keep(m)
	}
}

// inside compares what is in a value for which rules hold.
func (c *checker) inside(at cursor, rules *candidate, want, got any) {
	switch w := want.(type) {
	case map[string]any:
		if g, ok := got.(map[string]any); ok {
			c.members(at, w, g)
		}
	case []any:
		g, ok := got.([]any)
		switch {
		case !ok:
		case slices.ContainsFunc(rules.list.Rules, byExample):
			c.examples(at, w, g)
		default:
			c.items(at, w, g)
		}
	}
}

// typeOf names the type of a value of JSON.
func typeOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case json.Number:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return fmt.Sprintf("%T", v)
}

func article(name string) string {
	switch name {
	case "null":
		return name
	case "array", "object":
		return "an " + name
	}
	return "a " + name
}

// count begins a sentence about how many items there are, or should be.
func count(n int) string {
	if n == 1 {
		return "1 item is"
	}
	return fmt.Sprintf("%d items are", n)
}

func isCount(n int) string {
	switch n {
	case 0:
		return "is none"
	case 1:
		return "is 1"
	}
	return fmt.Sprintf("are %d", n)
}

// show writes a value for a person, cut to MaxText bytes.
func show(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return cut(v)
	case []any, map[string]any:
		// What is written is bounded before it is written.
		text, err := pact.FormatJSON(shallow(v, 3))
		if err != nil {
			return typeOf(v)
		}
		return cut(string(text))
	}
	return cut(fmt.Sprint(v))
}

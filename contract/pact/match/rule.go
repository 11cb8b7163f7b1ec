package match

import (
	"fmt"
	"maps"
	"slices"

	"twinspect.dev/contract/pact"
)

// structural are the rules about an array or an object as such.
var structural = map[string]bool{
	"values": true, "arrayContains": true, "eachKey": true, "eachValue": true,
}

// ofContainers are the other rules that may stand at an array or an object.
var ofContainers = map[string]bool{"type": true, "equality": true, "min": true, "max": true, "notEmpty": true}

// descends reports whether a rule itself says how what is in a value is compared.
func descends(r pact.Rule) bool { return structural[r.Name()] }

// byExample reports whether the items of an expected array are examples.
func byExample(r pact.Rule) bool { return r.Name() != "equality" }

// rule compares a value as such by one rule.
func (c *checker) rule(at cursor, rules *candidate, r *pact.Rule, want, got any) {
	if !c.work.step() {
		return
	}
	switch name := r.Name(); {
	case name == "arrayContains":
		c.contains(at, r, want, got)
	case descends(*r):
		c.each(at, rules, r, want, got)
	case container(want) && name != "contentType":
		c.containerRule(at, rules, r, want, got)
	default:
		if why := c.scalar(r, want, got, false); why != "" {
			c.add(at.place(), want, got, "%s", why)
		}
	}
}

func container(v any) bool {
	switch v.(type) {
	case []any, map[string]any:
		return true
	}
	return false
}

// containerRule compares an array or an object as such. Rules for texts and numbers
// that stand above are about what is in it.
func (c *checker) containerRule(at cursor, rules *candidate, r *pact.Rule, want, got any) {
	name := r.Name()
	if !ofContainers[name] && !rules.above {
		c.add(at.place(), want, got, "the rule %q is not for %s", name, article(typeOf(want)))
		return
	}
	if typeOf(want) != typeOf(got) {
		c.different(at, want, got)
		return
	}
	if name == "notEmpty" && empty(got) {
		c.add(at.place(), want, got, "something that is not empty is expected")
	}
	if items, ok := got.([]any); ok && !rules.above {
		if why := sizeFits(r, len(items)); why != "" {
			c.add(at.place(), want, got, "%s", why)
		}
	}
}

// sizeFits says why an array has not as many items as a rule allows, "" where it has.
func sizeFits(r *pact.Rule, n int) string {
	if least, ok := r.Int("min"); ok && n < least {
		return fmt.Sprintf("%s expected at least, there %s", count(least), isCount(n))
	}
	if most, ok := r.Int("max"); ok && n > most {
		return fmt.Sprintf("%s expected at most, there %s", count(most), isCount(n))
	}
	return ""
}

// each compares what is in an array or an object by rules that hold for every key or
// value of it, whatever the keys are and however many items there are.
func (c *checker) each(at cursor, rules *candidate, r *pact.Rule, want, got any) {
	name := r.Name()
	if want == nil && got == nil {
		return // there is no key and no value
	}
	if typeOf(want) != typeOf(got) || !container(want) {
		c.add(at.place(), want, got, "the rule %q is for an array or an object", name)
		return
	}
	nested := r.Nested()
	if name == "eachValue" {
		if len(nested) == 0 {
			nested = []pact.Rule{{Match: "type"}}
		}
		at = at.with(rules, nested)
	}
	if g, ok := got.([]any); ok {
		c.examples(at, want.([]any), g)
		return
	}
	w, g := want.(map[string]any), got.(map[string]any)
	if name != "eachKey" {
		c.values(at, w, g)
		return
	}
	c.keys(at, nested, w, g)
	if !slices.ContainsFunc(rules.list.Rules, byValue) {
		c.shared(at, w, g)
	}
}

// values compares every value with that of the same name, or else with the first.
func (c *checker) values(at cursor, want, got map[string]any) {
	if len(want) == 0 {
		return
	}
	first := want[slices.Min(slices.Collect(maps.Keys(want)))]
	for _, name := range slices.Sorted(maps.Keys(got)) {
		w, ok := want[name]
		if !ok {
			w = first
		}
		c.value(at.key(name), w, got[name])
	}
}

// keys compares every name by rules.
func (c *checker) keys(at cursor, rules []pact.Rule, want, got map[string]any) {
	example := ""
	if len(want) > 0 {
		example = slices.Min(slices.Collect(maps.Keys(want)))
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		to := at.key(name)
		for i := range rules {
			if why := c.scalar(&rules[i], example, name, true); why != "" {
				c.add(to.place(), nil, nil, "its name does not fit: %s", why)
			}
		}
	}
}

// shared compares the values whose names both have, where rules of their own are
// about them: a rule for the names alone lets the values be any, as those names are
// examples.
func (c *checker) shared(at cursor, want, got map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		to := at.key(name)
		if g, ok := got[name]; ok && len(to.live) > 0 {
			c.value(to, want[name], g)
		}
	}
}

func byValue(r pact.Rule) bool { return r.Name() == "values" || r.Name() == "eachValue" }

// contains asks for an item for every variant. Its rules are those of a body by
// itself.
func (c *checker) contains(at cursor, r *pact.Rule, want, got any) {
	w, ok := want.([]any)
	g, is := got.([]any)
	if !ok || !is {
		c.add(at.place(), want, got, "an array is expected, it is %s", article(typeOf(got)))
		return
	}
	variants := r.Variants()
	if len(variants) == 0 {
		for i := range w {
			variants = append(variants, pact.Variant{Index: i})
		}
	}
	for _, v := range variants {
		if v.Index < 0 || v.Index >= len(w) {
			c.add(at.place(), nil, nil, "the rule's variant %d is beyond the expected array", v.Index)
			continue
		}
		variant, unreadable := root(v.Rules[pact.InBody])
		c.unreadable(unreadable)
		if !c.containsOne(variant, w[v.Index], g) {
			c.add(at.place(), w[v.Index], nil, "no item fits the expected one at %d", v.Index)
		}
	}
}

func (c *checker) containsOne(at cursor, want any, got []any) bool {
	for _, g := range got {
		if len(c.apart(func(sub *checker) { sub.value(at, want, g) })) == 0 && c.work.exceeded() == "" {
			return true
		}
	}
	return false
}

func (c *checker) unreadable(paths []string) {
	for _, path := range paths {
		c.add("body", path, nil, "the path of a rule cannot be read")
	}
}

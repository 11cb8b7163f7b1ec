package values

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pattern"
	"twinspect.dev/contract/schema"
)

// oversized is how long a text is that is far longer than any client sends, in
// characters: over the 64 KiB that fields of databases hold.
const oversized = 70_000

// wrong are values of each kind, to stand where their kind is not allowed.
var wrong = []struct {
	kind kinds
	data any
	name string
}{
	{isText, "text", "a string"}, {isInteger, json.Number("17"), "an integer"}, {isFraction, json.Number("17.5"), "a number with a fraction"},
	{isBool, true, "a boolean"}, {isArray, []any{}, "an array"}, {isObject, map[string]any{}, "an object"}, {isNull, nil, "null"},
}

// broken returns values that break a node, each for one reason.
func (m *maker) broken(n *node, depth int, hint string) *found {
	key := depthOf{n, depth, hint}
	if f, ok := m.breaking[key]; ok {
		return f
	}
	f := &found{}
	m.breaking[key] = f
	if !m.spend(1) {
		f.gap("", "", errWork.Error())
		return f
	}
	alts := m.alternatives(n)
	var allowed kinds
	var lists []list
	union := false
	for _, a := range alts {
		allowed |= a.mask
		union = union || a.union
	}
	f.wrongKinds(allowed, union)
	m.breakWhole(f, n, hint)
	for _, a := range alts {
		own := &found{}
		m.breakBy(own, n, a, depth, hint)
		if a.union {
			m.alone(own, a)
		}
		f.merge("", own)
		lists = append(lists, list{values: own.values})
	}
	f.take(lists, 2*maxValues)
	return f
}

func (f *found) wrongKinds(allowed kinds, union bool) {
	up := 0
	if union {
		up = 1
	}
	for _, w := range wrong {
		if allowed&w.kind != 0 {
			continue
		}
		rule := contract.Rule("type")
		if w.kind == isNull {
			rule = contract.RuleNull
		}
		f.add(Value{Data: w.data, Rule: rule, Why: w.name + " where none is allowed", up: up})
	}
}

// breakWhole makes what "not" refuses, and what fits two branches of a oneOf.
func (m *maker) breakWhole(f *found, n *node, hint string) {
	all := flat(n.schemas, nil)
	h := how{depth: 1, hint: hint}
	for _, s := range all {
		if s.Not != nil && s.Not.Bool == nil {
			rest := m.but(all, s, "not", func(c *jsonschema.Schema) { c.Not = nil })
			if v, err := m.make(m.node(append(rest, s.Not)...), h); err == nil {
				f.add(Value{Data: v, Rule: "not", Why: "a value that is refused"})
			}
		}
		if len(s.OneOf) > 1 && schema.DiscriminatorOf(s) == nil {
			m.breakOneOf(f, m.but(all, s, "oneOf", func(c *jsonschema.Schema) { c.OneOf = nil }), s.OneOf, h)
		}
	}
}

// maxPairs is how many pairs of branches are tried for a value that fits both:
// all those of six.
const maxPairs = 15

// breakOneOf makes a value that fits two branches. Mostly there is none: they are
// there to be told apart.
func (m *maker) breakOneOf(f *found, rest, branches []*jsonschema.Schema, h how) {
	tried := 0
	for i, a := range branches {
		for j, b := range branches[i+1:] {
			if tried++; tried > maxPairs {
				return
			}
			n := m.node(append(slices.Clip(rest), a, b)...)
			if v, err := m.make(n, h); err == nil {
				f.add(Value{Data: v, Rule: "oneOf", Why: fmt.Sprintf("branches %d and %d of oneOf at once", i+1, i+j+2)})
				return
			}
		}
	}
}

// breakBy breaks each keyword of one way through the unions.
func (m *maker) breakBy(f *found, n *node, a *alternative, depth int, hint string) {
	sh := m.shape(a)
	h := m.at(depth, hint)
	if sh.isFixed {
		m.breakListed(f, sh)
		if sh.mask&(isObject|isArray) == 0 {
			return
		}
	}
	for _, k := range inOrder(sh) {
		switch k {
		case isInteger, isFraction:
			if k == isFraction || sh.mask&isFraction == 0 {
				m.breakNumber(f, sh)
			}
		case isText:
			m.breakText(f, n, sh, h)
		case isArray:
			m.breakArray(f, sh, h, depth)
		case isObject:
			m.breakObject(f, n, sh, h, depth)
		}
	}
}

func (m *maker) breakListed(f *found, sh *shape) {
	rule := contract.Rule("enum")
	if slices.ContainsFunc(sh.schemas, func(s *jsonschema.Schema) bool { return s.Const != nil }) {
		rule = "const"
	}
	for _, v := range sh.fixed {
		switch v := v.(type) {
		case string:
			f.add(Value{Data: v + "x", Rule: rule, Why: "a text that is not listed"})
			f.add(Value{Data: swapped(v), Rule: rule, Why: "a listed text in another case"})
		case json.Number:
			if r, ok := rational(v); ok {
				f.rat(new(big.Rat).Add(r, big.NewRat(1009, 1)), rule, "a number that is not listed")
			}
		case bool:
			f.add(Value{Data: !v, Rule: rule, Why: "a boolean that is not listed"})
		case map[string]any:
			more := maps.Clone(v)
			more["unlisted"] = json.Number("1")
			f.add(Value{Data: more, Rule: rule, Why: "an object that is not listed"})
		case []any:
			f.add(Value{Data: append(slices.Clone(v), "unlisted"), Rule: rule, Why: "an array that is not listed"})
		}
		if len(f.values) >= 2 {
			return
		}
	}
}

func swapped(s string) string {
	if up := strings.ToUpper(s); up != s {
		return up
	}
	return strings.ToLower(s)
}

func (m *maker) breakNumber(f *found, sh *shape) {
	if sh.low.at != nil {
		f.rat(sh.beyond(sh.low, false), sh.low.rule, "one step below "+sh.low.text())
	}
	if sh.high.at != nil {
		f.rat(sh.beyond(sh.high, true), sh.high.rule, "one step above "+sh.high.text())
	}
	if sh.step == nil || sh.integer && sh.step.Cmp(big.NewRat(1, 1)) == 0 {
		return
	}
	m.breakStep(f, sh)
}

func (l limit) text() string {
	n, _ := decimal(l.at)
	if l.exclusive {
		return "what lies above or below the exclusive bound of " + string(n)
	}
	return "the bound of " + string(n)
}

// breakStep makes a number between two multiples, an integer where one is asked
// for.
func (m *maker) breakStep(f *found, sh *shape) {
	at := sh.first()
	if at == nil {
		if at = sh.last(); at != nil {
			at = new(big.Rat).Sub(at, new(big.Rat).Mul(sh.step, big.NewRat(2, 1)))
		} else {
			at = sh.step
		}
	}
	off := new(big.Rat).Quo(sh.step, big.NewRat(2, 1))
	if sh.integer {
		off = big.NewRat(1, 1)
	}
	r := new(big.Rat).Add(at, off)
	if new(big.Rat).Quo(r, sh.step).IsInt() {
		f.gap("", "multipleOf", "every integer is a multiple")
		return
	}
	f.rat(r, "multipleOf", "between two multiples")
}

func (m *maker) breakText(f *found, n *node, sh *shape, h how) {
	if sh.minLength > 0 {
		m.lengthened(f, n, sh, h, sh.minLength-1, "minLength", fmt.Sprintf("one character fewer than the %d that are needed", sh.minLength))
	}
	if sh.maxLength >= 0 {
		m.lengthened(f, n, sh, h, sh.maxLength+1, "maxLength", fmt.Sprintf("one character more than the %d that are allowed", sh.maxLength))
		if sh.maxLength < oversized {
			m.lengthened(f, n, sh, h, oversized, contract.RuleOversized, fmt.Sprintf("%d characters", oversized))
		}
	}
	for _, expr := range sh.patterns {
		m.breakPattern(f, n, sh, expr, h)
	}
	for _, format := range sh.formats {
		made := false
		for _, bad := range brokenFormats[format] {
			if m.matches(sh, bad.text, sh.minLength, sh.maxLength) {
				f.add(Value{Data: bad.text, Rule: "format", Why: "no " + format + ": " + bad.why})
				made = true
			}
		}
		if !made && len(brokenFormats[format]) > 0 {
			f.gap("", "format", "no text that is no "+format+" keeps to the lengths and patterns")
		}
	}
	if sh.content {
		f.add(Value{Data: "{", Rule: "contentMediaType", Why: "a document that is cut"})
	}
}

// lengthened makes a text of a length that is not allowed, and that keeps to
// everything else where that is possible.
func (m *maker) lengthened(f *found, n *node, sh *shape, h how, length int, rule contract.Rule, why string) {
	s, err := m.someText(n, sh, length, length, h)
	if err != nil && length <= maxText {
		s, err = fitted(phrase(h, m.source(n, h)), length, length), nil
	}
	if err != nil {
		f.gap("", rule, why+": "+err.Error())
		return
	}
	f.add(Value{Data: s, Rule: rule, Why: why})
}

func (m *maker) breakPattern(f *found, n *node, sh *shape, expr string, h how) {
	p, err := m.pattern(expr)
	if err != nil {
		f.gap("", "pattern", err.Error())
		return
	}
	high := sh.maxLength
	s, err := p.Mismatch(m.source(n, h), sh.minLength, high)
	if err != nil {
		f.gap("", "pattern", err.Error())
		return
	}
	f.add(Value{Data: s, Rule: "pattern", Why: "a text that the pattern " + p.String() + " does not match"})
	m.surround(f, n, sh, p, h)
}

// surround adds something before and behind a text that matches: a pattern is often
// read as if it were anchored at one end alone.
func (m *maker) surround(f *found, n *node, sh *shape, p *pattern.Pattern, h how) {
	high := sh.maxLength
	if high >= 0 {
		high -= 2
	}
	s, err := p.Generate(m.source(n, h), max(sh.minLength-2, 0), high)
	if err != nil {
		return // no text has room for more
	}
	for _, around := range []struct{ text, why string }{
		{s + "zZ", "a text that the pattern " + p.String() + " matches, and more behind it"},
		{"Zz" + s, "a text that the pattern " + p.String() + " matches, and more before it"},
	} {
		if !p.Match(around.text) && m.lengthFits(sh, around.text) {
			f.add(Value{Data: around.text, Rule: "pattern", Why: around.why})
		}
	}
}

func (m *maker) lengthFits(sh *shape, s string) bool {
	n := utf8.RuneCountInString(s)
	return n >= sh.minLength && (sh.maxLength < 0 || n <= sh.maxLength)
}

func (m *maker) breakArray(f *found, sh *shape, h how, depth int) {
	sized := func(n int, rule contract.Rule, why string) {
		g := h
		g.depth = min(g.depth, 1)
		loose := *sh
		loose.unique = sh.unique && rule != "uniqueItems"
		list, err := m.items(&loose, n, g)
		if err != nil {
			f.gap("", rule, why+": "+err.Error())
			return
		}
		f.add(Value{Data: list, Rule: rule, Why: why})
	}
	if sh.minItems > 0 {
		sized(sh.minItems-1, "minItems", fmt.Sprintf("one item fewer than the %d that are needed", sh.minItems))
	}
	if sh.maxItems >= 0 {
		sized(sh.maxItems+1, "maxItems", fmt.Sprintf("one item more than the %d that are allowed", sh.maxItems))
		if sh.maxItems < 1000 && sh.prefix == 0 && !sh.unique {
			sized(10_000, contract.RuleOversized, "10000 items")
		}
	}
	count := max(sh.minItems, sh.prefix, 1)
	if sh.maxItems >= 0 {
		count = min(count, sh.maxItems)
	}
	base, err := m.array(sh, count, h)
	items, _ := base.([]any)
	if err != nil || len(items) == 0 {
		return
	}
	m.breakItems(f, sh, items, h, depth)
}

func (m *maker) breakItems(f *found, sh *shape, items []any, h how, depth int) {
	if sh.unique {
		twice := append(slices.Clone(items), items[len(items)-1])
		if sh.maxItems >= 0 && len(twice) > sh.maxItems {
			twice = append(slices.Clone(items[:len(items)-1]), items[0])
		}
		f.add(Value{Data: twice, Rule: "uniqueItems", Why: "the same item twice"})
	}
	for _, s := range sh.schemas {
		if s.Contains != nil {
			m.breakContains(f, sh, s, len(items), h)
		}
	}
	if slices.ContainsFunc(item(sh, len(items)), func(s *jsonschema.Schema) bool { return isNever(s) }) {
		f.add(Value{Data: append(slices.Clone(items), "unexpected"), Rule: m.itemRule(sh, len(items)), At: fmt.Sprintf("/%d", len(items)), Why: "an item where no further ones are allowed"})
	}
	if depth <= 0 {
		return
	}
	var lists []list
	for i := range min(len(items), max(sh.prefix, 1)) {
		at := fmt.Sprintf("/%d", i)
		child := m.broken(m.node(m.itemSchemas(sh, i)...), depth-1, h.hint)
		f.merge(at, child)
		lists = append(lists, list{child.values, at, func(v any) any {
			changed := slices.Clone(items)
			changed[i] = v
			return changed
		}})
	}
	f.take(lists, maxValues)
}

// itemRule returns the keyword that refuses an item, as far as one does.
func (m *maker) itemRule(sh *shape, i int) contract.Rule {
	if sh.maxItems >= 0 && i >= sh.maxItems {
		return "maxItems"
	}
	for _, s := range sh.schemas {
		if s.UnevaluatedItems != nil && s.Items2020 == nil {
			return "unevaluatedItems"
		}
	}
	return "items"
}

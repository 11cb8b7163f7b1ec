package values

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"twinspect.dev/contract"
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
	alts := m.alternatives(n)
	var allowed kinds
	var lists [][]Value
	for _, a := range alts {
		allowed |= a.mask
	}
	f.wrongKinds(allowed)
	m.breakWhole(f, n)
	for _, a := range alts {
		own := &found{}
		m.breakBy(own, n, a, depth, hint)
		f.merge("", own)
		lists = append(lists, own.values)
	}
	f.take(lists, 2*maxValues)
	return f
}

func (f *found) wrongKinds(allowed kinds) {
	for _, w := range wrong {
		if allowed&w.kind != 0 {
			continue
		}
		rule := contract.Rule("type")
		if w.kind == isNull {
			rule = contract.RuleNull
		}
		f.add(Value{Data: w.data, Rule: rule, Why: w.name + " where none is allowed"})
	}
}

// breakWhole makes what "not" refuses.
func (m *maker) breakWhole(f *found, n *node) {
	for _, s := range n.schemas {
		for _, part := range append([]*jsonschema.Schema{s}, together(s)...) {
			if part.Not == nil || part.Not.Bool != nil {
				continue
			}
			v, err := m.make(m.node(part.Not), how{depth: 1})
			if err != nil {
				f.gap("", "not", "a value that is refused: "+err.Error())
				continue
			}
			f.add(Value{Data: v, Rule: "not", Why: "a value that is refused"})
		}
	}
}

// breakBy breaks each keyword of one way through the unions.
func (m *maker) breakBy(f *found, n *node, a *alternative, depth int, hint string) {
	sh := m.shape(a)
	h := how{depth: min(depth, ordinaryDepth), hint: hint}
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
			m.breakObject(f, sh, h, depth)
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
	list, _ := base.([]any)
	if err != nil || len(list) == 0 {
		return
	}
	m.breakItems(f, sh, list, h, depth)
}

func (m *maker) breakItems(f *found, sh *shape, list []any, h how, depth int) {
	if sh.unique {
		twice := append(slices.Clone(list), list[len(list)-1])
		if sh.maxItems >= 0 && len(twice) > sh.maxItems {
			twice = append(slices.Clone(list[:len(list)-1]), list[0])
		}
		f.add(Value{Data: twice, Rule: "uniqueItems", Why: "the same item twice"})
	}
	for _, s := range sh.schemas {
		if s.Contains == nil {
			continue
		}
		for _, w := range wrong {
			if !m.keeps(s.Contains, w.data) {
				f.add(Value{Data: slices.Repeat([]any{w.data}, len(list)), Rule: "contains", Why: "no item that must be among them"})
			}
		}
	}
	if slices.ContainsFunc(item(sh, len(list)), func(s *jsonschema.Schema) bool { return isNever(s) }) {
		f.add(Value{Data: append(slices.Clone(list), "unexpected"), Rule: m.itemRule(sh, len(list)), At: fmt.Sprintf("/%d", len(list)), Why: "an item where no further ones are allowed"})
	}
	if depth <= 0 {
		return
	}
	var lists [][]Value
	for i := range min(len(list), max(sh.prefix, 1)) {
		at := fmt.Sprintf("/%d", i)
		child := m.broken(m.node(m.itemSchemas(sh, i)...), depth-1, h.hint)
		f.merge(at, child)
		lists = append(lists, within(child, at, func(v any) any {
			changed := slices.Clone(list)
			changed[i] = v
			return changed
		}))
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

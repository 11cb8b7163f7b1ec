package values

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pointer"
)

// variants returns values of a node at the edges of what it allows.
func (m *maker) variants(n *node, depth int, hint string) *found {
	key := depthOf{n, depth, hint}
	if f, ok := m.varied[key]; ok {
		return f
	}
	f := &found{}
	m.varied[key] = f // for what leads back here by parts that nest in nothing
	if !m.spend(1) {
		f.gap("", "", errWork.Error())
		return f
	}
	alts := m.alternatives(n)
	if len(alts) == 0 {
		f.gap("", "", "the parts of the schema contradict each other: no kind of value is left")
		return f
	}
	var lists []list
	for _, a := range alts {
		own := &found{}
		m.vary(own, n, a, depth, hint)
		f.merge("", own)
		lists = append(lists, list{values: own.values})
	}
	f.take(lists, 2*maxValues)
	return f
}

// vary adds the values of one way through the unions.
func (m *maker) vary(f *found, n *node, a *alternative, depth int, hint string) {
	h := m.at(depth, hint)
	if a.why != "" {
		v, err := m.makeBy(n, a, h)
		if err != nil {
			f.gap("", contract.RuleBranch, a.why+": "+err.Error())
			return
		}
		f.add(Value{Data: v, Rule: a.rule, Why: a.why})
	}
	sh := m.shape(a)
	if sh.isFixed {
		m.varyListed(f, n, sh)
		return
	}
	for _, k := range inOrder(sh) {
		switch k {
		case isNull:
			f.add(Value{Rule: "type", Why: "null"})
		case isBool:
			f.add(Value{Data: true, Rule: "type", Why: "true"})
			f.add(Value{Data: false, Rule: "type", Why: "false"})
		case isInteger, isFraction:
			if k == isFraction || sh.mask&isFraction == 0 {
				m.varyNumber(f, sh)
			}
		case isText:
			m.varyText(f, n, sh, h)
		case isArray:
			m.varyArray(f, sh, h, depth)
		case isObject:
			m.varyObject(f, n, sh, h, depth)
		}
	}
}

func (m *maker) varyListed(f *found, n *node, sh *shape) {
	for i, v := range sh.fixed {
		if i >= maxValues {
			f.left += len(sh.fixed) - i
			return
		}
		if m.fits(n, v) {
			f.add(Value{Data: v, Rule: "enum", Why: fmt.Sprintf("value %d of the %d that are listed", i+1, len(sh.fixed))})
		}
	}
}

// varyNumber adds the bounds, their neighbours, and numbers that programs stumble
// over.
func (m *maker) varyNumber(f *found, sh *shape) {
	edge := func(l limit, r *big.Rat, up bool, what string) {
		if r == nil {
			return
		}
		if !sh.allows(r) {
			f.gap("", l.rule, "no number lies within the bounds")
			return
		}
		f.rat(r, l.rule, what)
		if next := add(r, sh.unit(), up); sh.allows(next) {
			f.rat(next, l.rule, "one step within "+what)
		}
	}
	edge(sh.low, sh.first(), true, "the least number that is allowed")
	edge(sh.high, sh.last(), false, "the greatest number that is allowed")
	odd := []string{"0", "-1", "1"}
	if !sh.integer {
		odd = append(odd, "0.5", "-0.25", "0.1", "123456789.125", "1e-7")
	}
	if sh.high.at == nil {
		odd = append(odd, "2147483648", "9007199254740991")
	}
	if sh.low.at == nil {
		odd = append(odd, "-2147483649")
	}
	for _, text := range odd {
		if r, ok := rational(text); ok && sh.allows(r) && sh.isEven(r) {
			f.rat(r, "type", "the number "+text)
		}
	}
	if sh.step != nil && (!sh.integer || sh.step.Cmp(big.NewRat(1, 1)) != 0) {
		for _, times := range []int64{1, 2, 8, 125, -3} {
			r := new(big.Rat).Mul(sh.step, big.NewRat(times, 1))
			if sh.allows(r) && sh.isEven(r) {
				f.rat(r, "multipleOf", fmt.Sprintf("%d times the step", times))
			}
		}
	}
}

func (f *found) rat(r *big.Rat, rule contract.Rule, why string) {
	n, err := number(r)
	if err != nil {
		f.gap("", rule, err.Error())
		return
	}
	f.add(Value{Data: n, Rule: rule, Why: why})
}

// unicodeTexts are texts that programs stumble over, with what is in them. They
// hold no control characters, which transports refuse for reasons of their own.
var unicodeTexts = []oddText{
	{"e\u0301", "a letter and a combining accent (NFD)"}, {"\u00e9", "the same letter in one (NFC)"},
	{"\U0001F469\u200d\U0001F4BB", "an emoji of three code points"}, {"שלום", "text from right to left"},
	{"\u4e2d\u6587", "letters of three bytes"}, {"\U00010348", "a letter beyond the basic plane"},
	{"I\u0130\u0131\u00df", "letters whose case changes their length"}, {"O'Brien \"x\" <b>&amp;</b>", "quotes and markup"},
	{" a ", "spaces around"}, {"null", "the word null"}, {"a/b?c=d&e=%41#f", "delimiters of URLs"},
}

func (m *maker) varyText(f *found, n *node, sh *shape, h how) {
	try := func(low, high int, rule contract.Rule, why string) {
		g := h
		s, err := m.someText(n, sh, low, high, g)
		if err != nil {
			f.gap("", rule, why+": "+err.Error())
			return
		}
		f.add(Value{Data: s, Rule: rule, Why: why})
	}
	if sh.minLength > 0 {
		try(sh.minLength, sh.minLength, "minLength", fmt.Sprintf("the shortest that is allowed, %d characters", sh.minLength))
	}
	if sh.maxLength >= 0 {
		try(max(sh.maxLength, sh.minLength), sh.maxLength, "maxLength", fmt.Sprintf("the longest that is allowed, %d characters", sh.maxLength))
	}
	for _, format := range sh.formats {
		m.varyFormat(f, sh, format)
	}
	switch {
	case len(sh.patterns) > 0:
		g := h
		g.salt = 1
		for _, expr := range sh.patterns {
			m.varyPattern(f, n, sh, expr, g)
		}
	case len(sh.formats) == 0 && !sh.content:
		m.varyPlain(f, sh)
	}
}

func (m *maker) varyFormat(f *found, sh *shape, format string) {
	for _, odd := range oddFormats[format] {
		if m.matches(sh, odd.text, sh.minLength, sh.maxLength) && isFormat(sh, odd.text) {
			f.add(Value{Data: odd.text, Rule: "format", Why: format + ": " + odd.why})
		}
	}
}

func (m *maker) varyPattern(f *found, n *node, sh *shape, expr string, h how) {
	p, err := m.pattern(expr)
	if err != nil {
		f.gap("", "pattern", err.Error())
		return
	}
	rng := m.source(n, h)
	for _, long := range []bool{false, true} {
		low, why := sh.minLength, "a short match of the pattern"
		if long {
			low, why = sh.minLength+24, "a long match of the pattern"
			if sh.maxLength >= 0 && low > sh.maxLength {
				continue
			}
		}
		if s, err := p.Generate(rng, low, sh.maxLength); err == nil && m.matches(sh, s, sh.minLength, sh.maxLength) && isFormat(sh, s) {
			f.add(Value{Data: s, Rule: "pattern", Why: why})
		}
	}
}

func (m *maker) varyPlain(f *found, sh *shape) {
	for _, short := range []oddText{{"", "no characters"}, {"a", "one character"}} {
		if m.matches(sh, short.text, sh.minLength, sh.maxLength) {
			f.add(Value{Data: short.text, Rule: "type", Why: short.why})
		}
	}
	for _, odd := range unicodeTexts {
		s := fitted(odd.text, sh.minLength, -1)
		if sh.minLength <= maxText && m.matches(sh, s, sh.minLength, sh.maxLength) {
			f.add(Value{Data: s, Rule: contract.RuleUnicode, Why: odd.why})
		}
	}
}

func (m *maker) varyArray(f *found, sh *shape, h how, depth int) {
	sized := func(n int, rule contract.Rule, why string) {
		g := h
		if n > 8 {
			g.depth = min(g.depth, 1)
		}
		list, err := m.array(sh, n, g)
		if err != nil {
			f.gap("", rule, why+": "+err.Error())
			return
		}
		f.add(Value{Data: list, Rule: rule, Why: why})
	}
	sized(sh.minItems, "minItems", fmt.Sprintf("the fewest items that are allowed, %d", sh.minItems))
	if sh.maxItems >= 0 {
		sized(sh.maxItems, "maxItems", fmt.Sprintf("the most items that are allowed, %d", sh.maxItems))
	} else {
		sized(sh.minItems+3, "items", "several items")
	}
	if depth <= 0 {
		return
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
	m.varyItems(f, sh, items, depth, h.hint)
}

func (m *maker) varyItems(f *found, sh *shape, items []any, depth int, hint string) {
	var lists []list
	for i := range min(len(items), max(sh.prefix, 1)) {
		child := m.variants(m.node(m.itemSchemas(sh, i)...), depth-1, hint)
		f.merge(fmt.Sprintf("/%d", i), child)
		lists = append(lists, list{child.values, fmt.Sprintf("/%d", i), func(v any) any {
			changed := slices.Clone(items)
			changed[i] = v
			return changed
		}})
	}
	f.take(lists, maxValues)
}

func (m *maker) varyObject(f *found, n *node, sh *shape, h how, depth int) {
	base, err := m.base(n, sh, h)
	if err != nil {
		f.gap("", "", err.Error())
		return
	}
	if sh.minProperties > 0 {
		m.sizedObject(f, sh, sh.minProperties, "minProperties", "the fewest properties that are allowed")
	}
	if sh.maxProperties >= 0 {
		m.sizedObject(f, sh, sh.maxProperties, "maxProperties", "the most properties that are allowed")
	}
	if depth <= 0 {
		return
	}
	for _, name := range sh.declared {
		if isDeep(base[name]) && !slices.Contains(sh.required, name) {
			if v, ok := pointer.Delete(base, pointer.Join("", name)); ok {
				f.add(Value{Data: v, Rule: contract.RuleMinimal, At: pointer.Join("", name), Why: "the optional property " + name + " is not there"})
			}
		}
	}
	var lists []list
	for _, name := range m.varying(sh, base) {
		schemas, ok := m.property(sh, name)
		at := pointer.Join("", name)
		if !ok || m.nameFits(sh, name) != nil {
			if slices.Contains(sh.declared, name) && !m.isForbidden(sh, name) {
				f.gap(at, "", "the property may not be there")
			}
			continue
		}
		if sh.leftOut(schemas) && !slices.Contains(sh.required, name) {
			continue
		}
		child := m.variants(m.node(schemas...), depth-1, name)
		f.merge(at, child)
		lists = append(lists, list{child.values, at, func(v any) any { return m.with(sh, base, name, v) }})
	}
	f.take(lists, maxValues)
}

// isForbidden reports whether a property is declared so that it may not be there.
func (m *maker) isForbidden(sh *shape, name string) bool {
	for _, s := range sh.schemas {
		if p := s.Properties[name]; p != nil && p.Bool != nil && !*p.Bool {
			return true
		}
	}
	return false
}

// varying are the properties whose values are varied.
func (m *maker) varying(sh *shape, base map[string]any) []string {
	names := slices.Concat(sh.required, sh.declared, m.patternNames(sh), sorted(base))
	if sh.hasExtra() {
		if name, ok := m.extraName(sh, 0, nil); ok {
			names = append(names, name)
		}
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(names, func(name string) bool {
		had := seen[name]
		seen[name] = true
		return had
	})
}

func (m *maker) sizedObject(f *found, sh *shape, n int, rule contract.Rule, why string) {
	why += fmt.Sprintf(", %d", n)
	least, err := m.object(sh, how{mode: minimal})
	if err == nil {
		b := &builder{m, sh, how{}, least}
		err = b.fill(n)
		least = b.object
	}
	if err != nil {
		f.gap("", rule, why+": "+strings.TrimSpace(err.Error()))
		return
	}
	f.add(Value{Data: least, Rule: rule, Why: why})
}

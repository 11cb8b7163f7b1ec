package values

import (
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// preference is the order in which kinds are taken where several are allowed.
var preference = []kinds{isObject, isArray, isText, isInteger, isFraction, isBool, isNull}

// make returns one value that fits the node.
func (m *maker) make(n *node, h how) (any, error) {
	if h.depth < -bottom {
		return nil, errBottomless
	}
	key := made{n, h}
	if o, ok := m.made[key]; ok {
		return o.v, o.err
	}
	if !m.spend(1) {
		return nil, errWork
	}
	v, err := m.find(n, h)
	m.made[key] = outcome{v, err}
	return v, err
}

func (m *maker) find(n *node, h how) (any, error) {
	if h.salt == 0 && h.mode == ordinary {
		if v, ok := m.shown(n, h); ok {
			return v, nil
		}
	}
	alts := m.alternatives(n)
	if len(alts) == 0 {
		return nil, errors.New("the parts of the schema contradict each other: no kind of value is left")
	}
	var first error
	for i := range alts {
		v, err := m.makeBy(n, alts[(i+h.salt)%len(alts)], h)
		if err == nil {
			return v, nil
		}
		if first == nil || errors.Is(first, errBottomless) {
			first = err
		}
	}
	return nil, first
}

// makeBy makes a value by one way through the unions of a node.
func (m *maker) makeBy(n *node, a *alternative, h how) (any, error) {
	sh := m.shape(a)
	if sh.isFixed {
		return m.listed(n, sh, h)
	}
	err := errors.New("no kind of value is left")
	for _, k := range inOrder(sh) {
		var v any
		if v, err = m.ofKind(n, sh, k, h); err == nil {
			return v, nil
		}
	}
	return nil, err
}

// listed takes one of the values that are listed.
func (m *maker) listed(n *node, sh *shape, h how) (any, error) {
	for i := range sh.fixed {
		v := sh.fixed[(i+h.salt)%len(sh.fixed)]
		if m.fits(n, v) {
			return v, nil
		}
	}
	return nil, errors.New("none of the values that are listed fits the rest of the schema")
}

// inOrder returns the kinds of a shape, those first that its keywords are about.
func inOrder(sh *shape) []kinds {
	about := sh.about()
	var out, rest []kinds
	for _, k := range preference {
		switch {
		case sh.mask&k == 0:
		case about&k != 0:
			out = append(out, k)
		default:
			rest = append(rest, k)
		}
	}
	if about == 0 && sh.mask == anyKind {
		rest = []kinds{isText, isInteger, isFraction, isBool, isObject, isArray, isNull}
	}
	return append(out, rest...)
}

// about returns the kinds that keywords of a shape are about.
func (sh *shape) about() kinds {
	var k kinds
	if len(sh.declared)+len(sh.required) > 0 || sh.minProperties > 0 || sh.maxProperties >= 0 {
		k |= isObject
	}
	if sh.minItems > 0 || sh.maxItems >= 0 || sh.prefix > 0 || sh.unique {
		k |= isArray
	}
	for _, s := range sh.schemas {
		if len(s.PatternProperties) > 0 || s.AdditionalProperties != nil || s.UnevaluatedProperties != nil || s.PropertyNames != nil {
			k |= isObject
		}
		if s.Items2020 != nil || s.Items != nil || s.UnevaluatedItems != nil {
			k |= isArray
		}
	}
	if sh.minLength > 0 || sh.maxLength >= 0 || len(sh.patterns)+len(sh.formats) > 0 || sh.content {
		k |= isText
	}
	if sh.low.at != nil || sh.high.at != nil {
		k |= isInteger | isFraction
		k &^= isText
	}
	return k
}

// ofKind makes a value of one kind, and checks it.
func (m *maker) ofKind(n *node, sh *shape, k kinds, h how) (any, error) {
	err := errors.New("what was tried does not fit the rest of the schema")
	try := func(v any, failed error) bool {
		switch {
		case failed != nil:
			err = failed
			return false
		case !m.spend(size(v, maxSize)/32) || !small(v, maxSize):
			err = fmt.Errorf("it has more than %d bytes", maxSize)
			return false
		}
		return m.fits(n, v)
	}
	var found any
	pick := func(v any, failed error) bool {
		ok := try(v, failed)
		if ok {
			found = v
		}
		return ok
	}
	var ok bool
	switch k {
	case isNull:
		ok = pick(nil, nil)
	case isBool:
		ok = pick(h.salt%2 == 0, nil) || pick(h.salt%2 != 0, nil)
	case isInteger, isFraction:
		ok = m.tryNumbers(n, sh, k, h, pick)
	case isText:
		ok = m.tryTexts(n, sh, h, pick)
	case isArray:
		ok = m.tryArrays(sh, h, pick)
	case isObject:
		ok = m.tryObjects(sh, h, pick)
	}
	if ok {
		return found, nil
	}
	return nil, err
}

func (m *maker) tryNumbers(n *node, sh *shape, k kinds, h how, pick func(any, error) bool) bool {
	for i := range 4 {
		g := h
		g.salt += i * 7
		v, err := sh.someNumber(m.source(n, g), k, g)
		if pick(v, err) {
			return true
		}
	}
	return sh.refuses() && slices.ContainsFunc(sh.beside(), func(r *big.Rat) bool { return sh.allows(r) && pick(number(r)) })
}

// refuses reports whether a "not" says more of values than their kind.
func (sh *shape) refuses() bool {
	return slices.ContainsFunc(sh.schemas, func(s *jsonschema.Schema) bool { return s.Not != nil })
}

// beside returns numbers that a "not" may leave: those at its bounds and at the
// others.
func (sh *shape) beside() []*big.Rat {
	ends := []*big.Rat{new(big.Rat), sh.first(), sh.last()}
	for _, s := range sh.schemas {
		if s.Not != nil {
			ends = append(ends, s.Not.Minimum, s.Not.Maximum, s.Not.ExclusiveMinimum, s.Not.ExclusiveMaximum, s.Not.MultipleOf)
		}
	}
	var out []*big.Rat
	for _, r := range ends {
		if r != nil {
			out = append(out, r, add(r, sh.unit(), true), add(r, sh.unit(), false))
		}
	}
	return out
}

// base returns the object whose properties are varied or broken. Where a "not"
// may refuse it, it is checked.
func (m *maker) base(n *node, sh *shape, h how) (map[string]any, error) {
	if sh.refuses() {
		if v, err := m.ofKind(n, sh, isObject, h); err == nil {
			return v.(map[string]any), nil
		}
	}
	return m.object(sh, h)
}

func (m *maker) tryTexts(n *node, sh *shape, h how, pick func(any, error) bool) bool {
	for i := range 4 {
		g := h
		g.salt += i * 7
		v, err := m.someText(n, sh, sh.minLength, sh.maxLength, g)
		if pick(v, err) {
			return true
		}
	}
	return false
}

func (m *maker) tryArrays(sh *shape, h how, pick func(any, error) bool) bool {
	size := sh.items(h)
	if pick(m.array(sh, size, h)) {
		return true
	}
	return size != sh.minItems && pick(m.array(sh, sh.minItems, h)) || size != sh.minItems+1 && pick(m.array(sh, sh.minItems+1, h))
}

// tryObjects makes an object as it should be, the least one, and those with one
// property less: a "not" may refuse any of them.
func (m *maker) tryObjects(sh *shape, h how, pick func(any, error) bool) bool {
	whole, err := m.object(sh, h)
	if pick(any(whole), err) {
		return true
	}
	if h.mode != minimal {
		g := h
		g.depth = min(g.depth, 0)
		if pick(m.object(sh, g)) {
			return true
		}
	}
	if err != nil {
		return false
	}
	for i, name := range sorted(whole) {
		if i < 16 && !slices.Contains(sh.required, name) {
			less := maps.Clone(whole)
			delete(less, name)
			if pick(less, nil) {
				return true
			}
		}
	}
	return false
}

// shown returns an example or the default of a schema, where it fits.
func (m *maker) shown(n *node, h how) (any, bool) {
	for _, v := range examples(n.schemas, 0) {
		v = m.stripped(n, plain(v), 0)
		if small(v, maxLargest) && m.fits(n, v) && (h.depth >= 0 || !isDeep(v)) {
			return v, true
		}
	}
	return nil, false
}

func isDeep(v any) bool { return kindOf(v)&(isArray|isObject) != 0 }

func (m *maker) isShown(v any) bool {
	key, _ := canonical(v, maxSize)
	for _, e := range examples(m.root.schemas, 0) {
		if k, ok := canonical(m.stripped(m.root, plain(e), 0), maxSize); ok && k == key {
			return true
		}
	}
	return false
}

func examples(schemas []*jsonschema.Schema, hops int) []any {
	var out []any
	for _, s := range schemas {
		out = append(out, s.Examples...)
		if s.Default != nil {
			out = append(out, *s.Default)
		}
		if hops < 8 {
			out = append(out, examples(together(s), hops+1)...)
		}
	}
	return out
}

// stripped takes out of an example what is not sent in this direction.
func (m *maker) stripped(n *node, v any, depth int) any {
	if depth > bottom || !isDeep(v) {
		return v
	}
	alts := m.alternatives(n)
	if len(alts) == 0 {
		return v
	}
	sh := m.shape(alts[0])
	if list, ok := v.([]any); ok {
		for i := range list {
			list[i] = m.stripped(m.node(item(sh, i)...), list[i], depth+1)
		}
		return list
	}
	object := v.(map[string]any)
	for _, name := range sorted(object) {
		schemas, ok := m.property(sh, name)
		if !ok {
			continue
		}
		if sh.leftOut(schemas) && !slices.Contains(sh.required, name) {
			delete(object, name)
			continue
		}
		object[name] = m.stripped(m.node(schemas...), object[name], depth+1)
	}
	return object
}

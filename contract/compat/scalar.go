package compat

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"twinspect.dev/contract/openapi"
)

// allows tells whether a schema allows null: 1 for yes, -1 for no, 0 where it does
// not say.
func (s *side) allows(v *view, depth int) int {
	const deepest = 8 // unions in unions; deeper ones do not say
	if v.nullable || v.types&null != 0 {
		return 1
	}
	if v.types != 0 {
		return -1
	}
	if depth > deepest {
		return 0
	}
	for _, u := range v.unions {
		known := -1
		if u.null {
			known = 1
		}
		for _, branch := range u.branches {
			known = max(known, s.allows(s.view(branch), depth+1))
		}
		if known != 0 {
			return known
		}
	}
	return 0
}

func (m *matcher) nulls() {
	if m.mode.branch {
		return
	}
	before, after := m.old.allows(m.a, 0), m.next.allows(m.b, 0)
	switch {
	case before == -1 && after == 1:
		m.tell(becameNullable, m.a.place, m.b.place, "null is allowed")
	case before == 1 && after == -1:
		m.tell(becameNotNull, m.a.place, m.b.place, "null is not allowed any longer")
	}
}

// types compares the types, null aside, and returns those that both allow.
func (m *matcher) types() types {
	before, after := m.a.types.all(), m.b.types.all()
	if m.a.types == 0 && m.b.types == 0 {
		return every
	}
	wide := func(t types) types {
		if m.mode.text && t&text != 0 { // every text may be a string
			t |= boolean | number | null
		}
		return t
	}
	x, y := wide(before)&^null, wide(after)&^null
	if x == 0 || y == 0 { // null alone
		x, y = before, after
	}
	common := x & y
	said := fmt.Sprintf("the type was %s and is %s", m.a.types, m.b.types)
	place := func(v *view) openapi.Place { return v.place.Join("type") }
	switch {
	case x == y:
	case m.a.types == 0 && m.a.suggested() == m.b.types&^null:
		m.tell(typeStated, m.a.place, place(m.b), said)
	case m.b.types == 0 && m.b.suggested() == m.a.types&^null:
		m.tell(typeUnstated, place(m.a), m.b.place, said)
	case common == y:
		m.tell(typeNarrowed, place(m.a), place(m.b), said)
	case common == x:
		m.tell(typeWidened, place(m.a), place(m.b), said)
	default:
		m.tell(typeChanged, place(m.a), place(m.b), said)
	}
	return common
}

// suggested returns the type that keywords are about where none is stated.
func (v *view) suggested() types {
	switch {
	case len(v.props) > 0 || len(v.required) > 0 || len(v.further) > 0:
		return object
	case len(v.items) > 0:
		return array
	case len(v.enum) > 0:
		return typesOfValues(v.enum)
	}
	return 0
}

// values compares the listed values and the default.
func (m *matcher) values() {
	m.listed()
	m.growing()
	a, b := m.a.initial, m.b.initial
	switch {
	case a == nil && b == nil:
	case a == nil:
		m.tell(defaultAdded, m.a.place, b.place, "the default is "+show(b.value))
	case b == nil:
		m.tell(defaultRemoved, a.place, m.b.place, "the default was "+show(a.value))
	case !equal(a.value, b.value):
		m.tell(defaultChanged, a.place, b.place, "the default was "+show(a.value)+" and is "+show(b.value))
	}
}

func (m *matcher) listed() {
	a, b := m.a, m.b
	switch {
	case a.enum == nil && b.enum == nil:
	case a.enum == nil:
		if m.a.types.all()&^(null|boolean) != 0 || len(b.enum) < 2 { // true and false are all there is
			m.tell(enumAdded, a.place, b.listed, "only "+show(b.enum)+" are allowed")
		}
	case b.enum == nil:
		if b.grows {
			return
		}
		m.tell(enumDropped, a.listed, b.place, "not only "+show(a.enum)+" are allowed")
	default:
		for _, item := range b.enum {
			if !contains(a.enum, item) {
				m.tell(pick(a.grows, enumExtended, enumValueAdded), a.listed, b.listed, show(item)+" was added to the allowed values")
			}
		}
		for _, item := range a.enum {
			if !contains(b.enum, item) {
				m.tell(enumValueGone, a.listed, b.listed, show(item)+" was removed from the allowed values")
			}
		}
	}
}

func (m *matcher) growing() {
	a, b := m.a, m.b
	at := func(v *view) openapi.Place { return v.place.Join("x-extensible-enum") }
	switch {
	case a.grows && !b.grows:
		m.tell(enumClosed, at(a), b.place, "the allowed values are not said to grow any longer")
	case !a.grows && b.grows && a.enum != nil:
		m.tell(enumExtensible, a.place, at(b), "the allowed values are said to grow")
	}
	if len(a.growing) == 0 || !b.grows {
		return
	}
	for _, item := range b.growing {
		if !contains(a.growing, item) {
			m.tell(enumExtended, at(a), at(b), show(item)+" was added to the values so far")
		}
	}
	for _, item := range a.growing {
		if !contains(b.growing, item) {
			m.tell(extensibleGone, at(a), at(b), show(item)+" was removed from the values so far")
		}
	}
}

// limited are the kinds of change of each limit: it allows less, or more.
var limited = [limitCount]struct {
	less, more int
	of         types
}{
	minimum:       {minimumRaised, minimumLowered, number},
	maximum:       {maximumLowered, maximumRaised, number},
	minLength:     {minLengthRaised, minLengthLowered, text},
	maxLength:     {maxLengthLowered, maxLengthRaised, text},
	minItems:      {minItemsRaised, minItemsLowered, array},
	maxItems:      {maxItemsLowered, maxItemsRaised, array},
	minProperties: {minPropsRaised, minPropsLowered, object},
	maxProperties: {maxPropsLowered, maxPropsRaised, object},
}

// scalars compares what limits values of the types that both allow.
func (m *matcher) scalars(common types) {
	for b, l := range limited {
		if l.of&common != 0 {
			m.limit(bound(b), l.less, l.more)
		}
	}
	if common&number != 0 {
		m.multiples()
	}
	if common&text != 0 {
		m.pattern()
		if !slices.Equal(m.a.encodings, m.b.encodings) {
			m.tell(encodingChanged, m.a.place, m.b.place, changed("the encoding", strings.Join(m.a.encodings, ", "), strings.Join(m.b.encodings, ", ")))
		}
	}
	if common&(text|number) != 0 {
		m.format()
	}
}

func changed(what, before, after string) string {
	switch {
	case before == "":
		return what + " is " + after
	case after == "":
		return what + " was " + before + " and is not stated any longer"
	}
	return what + " was " + before + " and is " + after
}

func (m *matcher) limit(b bound, less, more int) {
	before, after := m.a.limits[b], m.b.limits[b]
	said := changed(bounds[b], before.String(), after.String())
	place := func(l limit, v *view) openapi.Place { return pick(l.set, l.place, v.place) }
	old, next := place(before, m.a), place(after, m.b)
	switch {
	case !before.set && !after.set:
	case !before.set:
		m.tell(less, old, next, said)
	case !after.set:
		m.tell(more, old, next, said)
	default:
		if c := stricter(b, after, before); c != 0 {
			m.tell(pick(c > 0, less, more), old, next, said)
		}
	}
}

func (l limit) String() string {
	if l.exclusive {
		return string(l.value) + " (exclusive)"
	}
	return string(l.value)
}

func (m *matcher) multiples() {
	covered := func(list []json.Number, n json.Number) bool { // one of list implies n
		return slices.ContainsFunc(list, func(step json.Number) bool { return multiple(step, n) })
	}
	implied := func(steps, by []json.Number) bool {
		return !slices.ContainsFunc(steps, func(n json.Number) bool { return !covered(by, n) })
	}
	narrower, wider := implied(m.a.multiple, m.b.multiple), implied(m.b.multiple, m.a.multiple)
	said := changed("multipleOf", numbers(m.a.multiple), numbers(m.b.multiple))
	switch {
	case narrower && wider:
	case narrower:
		m.tell(multipleNarrowed, m.a.place, m.b.place, said)
	case wider:
		m.tell(multipleWidened, m.a.place, m.b.place, said)
	default:
		m.tell(multipleChanged, m.a.place, m.b.place, said)
	}
}

func numbers(list []json.Number) string {
	parts := make([]string, len(list))
	for i, n := range list {
		parts[i] = string(n)
	}
	return strings.Join(parts, " and ")
}

// anything are patterns that every string matches.
var anything = []string{".*", "^.*$", "^.*", ".*$", "^", "$", "[\\s\\S]*", "^[\\s\\S]*$"}

func (m *matcher) pattern() {
	clean := func(list []string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(anything, s) })
	}
	a, b := clean(m.a.patterns), clean(m.b.patterns)
	within := func(list, of []string) bool {
		return !slices.ContainsFunc(list, func(s string) bool { return !slices.Contains(of, s) })
	}
	said := changed("the pattern", strings.Join(m.a.patterns, " and "), strings.Join(m.b.patterns, " and "))
	switch {
	case within(a, b) && within(b, a):
	case within(a, b):
		m.tell(patternAdded, m.a.place, m.b.place.Join("pattern"), said)
	case within(b, a):
		m.tell(patternRemoved, m.a.place.Join("pattern"), m.b.place, said)
	default:
		m.tell(patternChanged, m.a.place.Join("pattern"), m.b.place.Join("pattern"), said)
	}
}

// narrowFormats holds formats whose values are all of another one.
var narrowFormats = map[string][]string{
	"int32": {"int64", "double", "float", "int"}, "int64": {"int"}, "float": {"double"}, "int8": {"int16", "int32", "int64"},
	"int16": {"int32", "int64"}, "uri": {"uri-reference", "iri", "iri-reference", "url"}, "uri-reference": {"iri-reference"},
	"email": {"idn-email"}, "hostname": {"idn-hostname"},
}

func (m *matcher) format() {
	a, b := strings.Join(m.a.formats, ", "), strings.Join(m.b.formats, ", ")
	said := changed("the format", a, b)
	switch {
	case a == b:
	case a == "" || slices.Contains(narrowFormats[b], a):
		m.tell(formatAdded, m.a.place, m.b.place.Join("format"), said)
	case b == "" || slices.Contains(narrowFormats[a], b):
		m.tell(formatRemoved, m.a.place.Join("format"), m.b.place, said)
	default:
		m.tell(formatChanged, m.a.place.Join("format"), m.b.place.Join("format"), said)
	}
}

package compat

import (
	"maps"
	"slices"

	"twinspect.dev/contract/openapi"
)

// item stands for an item of an array, and for a property of a map, in a place.
const item = "*"

func (m *matcher) arrays() {
	a, b := m.a, m.b
	if a.unique != b.unique {
		m.tell(pick(b.unique, uniqueSet, uniqueUnset), a.place.Join("uniqueItems"), b.place.Join("uniqueItems"), "uniqueItems is "+show(b.unique))
	}
	for i := range max(len(a.prefix), len(b.prefix)) {
		before, after := a.at(i), b.at(i)
		switch {
		case i >= len(a.prefix) && !m.implied(before, after):
			m.tellAt(item, tupleLonger, a.place, after[0].place, "an item at a certain index has a schema of its own")
		case i >= len(b.prefix) && !m.implied(before, after):
			m.tellAt(item, tupleShorter, before[0].place, b.place, "an item at a certain index has no schema of its own any longer")
		case i < len(a.prefix) && i < len(b.prefix):
			m.step(item, before, after, m.inner())
		}
	}
	if len(a.items) > 0 || len(b.items) > 0 {
		m.step(item, a.items, b.items, m.inner())
	}
}

// implied reports whether two schemas say the same.
func (m *matcher) implied(a, b []source) bool {
	for _, d := range []Direction{InRequest, InResponse} {
		if m.breaks(m.sources(a, b, mode{direction: d}), d) {
			return false
		}
	}
	return true
}

// at returns what is said of the item at an index.
func (v *view) at(i int) []source {
	if i < len(v.prefix) {
		return v.prefix[i]
	}
	return v.items
}

// prop is a property as it is seen in one direction.
type prop struct {
	declared, required bool
	// away says that it does not go in this direction.
	away bool
	view *view
	list []source
}

func (m *matcher) prop(s *side, v *view, name string) prop {
	_, required := v.required[name]
	p := prop{list: v.props[name], required: required}
	p.declared = len(p.list) > 0
	if p.declared {
		p.view = s.view(p.list...)
		p.away = pick(m.mode.direction == InRequest, p.view.readOnly, p.view.writeOnly)
	}
	return p
}

func (m *matcher) objects() {
	names := slices.Collect(maps.Keys(m.a.props))
	for name := range m.b.props {
		if _, ok := m.a.props[name]; !ok {
			names = append(names, name)
		}
	}
	for _, from := range []map[string]openapi.Place{m.a.required, m.b.required} {
		for name := range from {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		m.property(name)
	}
	m.further()
	m.patternProperties()
	switch a, b := m.a.names, m.b.names; {
	case len(a) == 0 && len(b) == 0:
	case len(a) == 0:
		m.tell(namesAdded, m.a.place, b[0].place, "the names of properties must fit a schema")
	case len(b) == 0:
		m.tell(namesGone, a[0].place, m.b.place, "the names of properties need not fit a schema any longer")
	case !m.implied(a, b):
		m.tell(keywordChanged, a[0].place, b[0].place, "propertyNames says something else")
	}
}

func (m *matcher) property(name string) {
	before, after := m.prop(m.old, m.a, name), m.prop(m.next, m.b, name)
	switch {
	case before.declared && after.declared:
		m.both(name, before, after)
	case before.declared:
		m.removed(name, before)
	case after.declared:
		m.added(name, after)
	default:
		m.need(name, before.required, after.required, false)
	}
}

// need compares whether a property must be there.
func (m *matcher) need(name string, before, after, initial bool) {
	old, next := m.a.place, m.b.place
	switch {
	case before == after:
	case after:
		m.tellAt(name, pick(initial, becameRequiredDef, becameRequired), old, m.b.required[name], name+" must be there")
	default:
		m.tellAt(name, becameOptional, m.a.required[name], next, name+" may be missing")
	}
}

func (m *matcher) both(name string, before, after prop) {
	old, next := before.list[0].place, after.list[0].place
	request := m.mode.direction == InRequest
	switch {
	case before.away && after.away:
		return
	case after.away && request:
		m.tellAt(name, becameReadOnly, old, next, name+" is read only")
		return
	case after.away:
		m.tellAt(name, pick(before.required, requiredWriteOnly, becameWriteOnly), old, next, name+" is write only")
		return
	case before.away && request:
		m.tellAt(name, pick(after.required, becameSentRequired, becameNotReadOnly), old, next, name+" is not read only any longer")
		return
	case before.away:
		m.tellAt(name, becameNotWriteOnly, old, next, name+" is not write only any longer")
		return
	}
	m.need(name, before.required, after.required, after.view.initial != nil)
	m.step(name, before.list, after.list, m.inner())
}

func (m *matcher) removed(name string, before prop) {
	if before.away {
		return
	}
	required := before.required
	if _, still := m.b.required[name]; still && m.mode.direction == InResponse {
		required = false // it comes, with any value
	}
	old, next := before.list[0].place, m.b.place
	switch list := m.b.rest(name); {
	case len(list) > 0:
		m.need(name, before.required, false, false)
		m.step(name, before.list, list, m.inner())
	case m.b.closed:
		m.tellAt(name, pick(required, propertyRefused, optionalRefused), old, next, name+" is not allowed any longer")
	default:
		m.tellAt(name, pick(required, propertyGone, optionalGone), old, next, name+" is not declared any longer")
	}
}

func (m *matcher) added(name string, after prop) {
	if after.away {
		return
	}
	old, next := m.a.place, after.list[0].place
	list := m.a.rest(name)
	_, demanded := m.a.required[name]
	if demanded && !after.required {
		m.need(name, true, false, false)
	}
	shut := m.a.closed && len(list) == 0
	switch {
	case after.required && !demanded && (!shut || m.mode.direction == InRequest):
		m.tellAt(name, pick(after.view.initial != nil, requiredDefault, requiredAdded), old, next, name+" must be there")
	case shut:
		m.tellAt(name, addedToClosed, old, next, name+" was added")
	default:
		m.tellAt(name, optionalAdded, old, next, name+" was added")
	}
	if len(list) > 0 {
		m.step(name, list, after.list, m.inner())
	}
}

// rest returns what a property that is not declared must fit.
func (v *view) rest(name string) []source {
	var list []source
	for _, pattern := range slices.Sorted(maps.Keys(v.byPattern)) {
		if matches(pattern, name) {
			list = append(list, v.byPattern[pattern]...)
		}
	}
	if len(list) > 0 {
		return list
	}
	return v.further
}

// further compares what is said of properties that are not declared.
func (m *matcher) further() {
	a, b := m.a, m.b
	switch {
	case !a.closed && b.closed:
		m.tell(additionalClosed, a.place, b.place.Join("additionalProperties"), "properties that are not declared are not allowed any longer")
	case a.closed && !b.closed:
		m.tell(additionalOpened, a.place.Join("additionalProperties"), b.place, "properties that are not declared are allowed")
	case !a.closed && (len(a.further) > 0 || len(b.further) > 0):
		m.step(item, a.further, b.further, m.inner())
	}
}

func (m *matcher) patternProperties() {
	for _, pattern := range slices.Sorted(maps.Keys(m.a.byPattern)) {
		before := m.a.byPattern[pattern]
		if after, ok := m.b.byPattern[pattern]; ok {
			m.step(item, before, after, m.inner())
			continue
		}
		m.tell(patternPropGone, before[0].place, m.b.place, "properties that match "+pattern+" have no schema of their own any longer")
	}
	for _, pattern := range slices.Sorted(maps.Keys(m.b.byPattern)) {
		if _, ok := m.a.byPattern[pattern]; !ok {
			m.tell(patternPropAdded, m.a.place, m.b.byPattern[pattern][0].place, "properties that match "+pattern+" have a schema of their own")
		}
	}
}

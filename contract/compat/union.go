package compat

import (
	"maps"
	"slices"
)

// bare reports whether a schema says nothing beside its alternatives that o does not.
func (v *view) bare(o *view) bool {
	return len(v.unions) == 1 && (v.types == 0 || o.types != 0 && o.types&^v.types&^null == 0) && v.enum == nil && v.limits == [limitCount]limit{} &&
		len(v.multiple)+len(v.patterns)+len(v.formats)+len(v.props)+len(v.required)+len(v.further)+len(v.byPattern)+
			len(v.names)+len(v.items)+len(v.prefix)+len(v.keywords)+len(v.encodings) == 0 && !v.closed && !v.unique
}

// hoisted compares a schema without alternatives with one that has nothing else: it
// is taken as the only alternative.
func (m *matcher) hoisted() bool {
	switch a, b := m.a, m.b; {
	case len(a.unions) == 0 && b.bare(a):
		m.alternatives(&union{place: a.place}, b.unions[0], []*view{a}, m.views(m.next, b.unions[0]))
		return true
	case len(b.unions) == 0 && a.bare(b):
		m.alternatives(a.unions[0], &union{place: b.place}, m.views(m.old, a.unions[0]), []*view{b})
		return true
	}
	return false
}

func (m *matcher) views(s *side, u *union) []*view {
	list := make([]*view, len(u.branches))
	for i, branch := range u.branches {
		list[i] = s.view(branch)
	}
	return list
}

// unions compares lists of alternatives by their order: more than one list is rare.
// Where only one side has alternatives, they are compared with all that is said
// beside them.
func (m *matcher) unions() {
	switch {
	case len(m.a.unions) == 0 && len(m.b.unions) == 1:
		m.alternatives(&union{place: m.a.place}, m.b.unions[0], []*view{m.a}, m.full(m.next, m.b))
		return
	case len(m.a.unions) == 1 && len(m.b.unions) == 0:
		m.alternatives(m.a.unions[0], &union{place: m.b.place}, m.full(m.old, m.a), []*view{m.b})
		return
	}
	for i := range max(len(m.a.unions), len(m.b.unions)) {
		a, before := m.union(m.old, m.a, i)
		b, after := m.union(m.next, m.b, i)
		m.alternatives(a, b, before, after)
		m.discriminator(a, b)
	}
}

// full returns the alternatives of a schema with what it says beside them.
func (m *matcher) full(s *side, v *view) []*view {
	var list []*view
	for _, branch := range m.views(s, v.unions[0]) {
		whole := *v
		whole.unions, whole.only = nil, source{}
		whole.meet(branch)
		whole.name = branch.name
		list = append(list, &whole)
	}
	return list
}

// union returns a list of alternatives; where there is none, anything is one.
func (m *matcher) union(s *side, v *view, i int) (*union, []*view) {
	if i < len(v.unions) {
		return v.unions[i], m.views(s, v.unions[i])
	}
	return &union{place: v.place}, []*view{s.view(source{true, v.place.Join("anyOf")})}
}

// alternatives matches the alternatives of two lists as sets: by their names, then
// by what they accept. Those that are left were added or removed.
func (m *matcher) alternatives(a, b *union, before, after []*view) {
	mode := m.inner()
	mode.branch = true
	lost, fresh := m.named(before, after, mode)
	request := mode.direction == InRequest
	accepted := func(old, next *view) bool {
		m.tries++
		return m.tries <= maxTries && !m.breaks(m.pair(old, next, mode), mode.direction)
	}
	if request {
		lost = slices.DeleteFunc(lost, func(o *view) bool {
			return m.taken(o, a, b, after, accepted)
		})
	} else {
		fresh = slices.DeleteFunc(fresh, func(n *view) bool {
			return slices.ContainsFunc(before, func(o *view) bool { return accepted(o, n) })
		})
	}
	if len(lost) == 1 && len(fresh) == 1 && len(before) == len(after) {
		m.beside(lost[0], fresh[0], mode)
		return
	}
	for _, o := range lost {
		m.tell(branchGone, o.place, b.place, "the alternative"+o.called()+" was removed")
	}
	for _, n := range fresh {
		m.tell(branchAdded, a.place, n.place, "the alternative"+n.called()+" was added")
	}
}

// taken reports whether an alternative of requests is accepted by one of the new
// ones. Where there were none before, one that fits several is refused (oneOf).
func (m *matcher) taken(o *view, a, b *union, after []*view, accepted func(o, n *view) bool) bool {
	count := 0
	for _, n := range after {
		if accepted(o, n) {
			count++
		}
	}
	if count > 1 && b.one && b.tag == "" && len(a.branches) == 0 {
		m.tell(branchOverlap, a.place, b.place, "what was allowed fits more than one alternative")
	}
	return count > 0
}

func (v *view) called() string {
	if v.name == "" {
		return ""
	}
	return " " + v.name
}

func (m *matcher) beside(a, b *view, mode mode) {
	if a.only.place != "" && b.only.place != "" && m.alike(a.only, b.only) {
		return
	}
	if r := m.pair(a, b, mode); r != nil {
		m.result.below = append(m.result.below, edge{"", r})
	}
}

// maxTries bounds how many alternatives of a union are held against each other, as
// for two lists of a hundred without names. Those beyond count as other ones.
const maxTries = 10_000

// named compares the alternatives that have the same name, or are alike, and returns
// the others.
func (m *matcher) named(before, after []*view, mode mode) (lost, fresh []*view) {
	fresh = slices.Clone(after)
	take := func(fits func(n *view) bool) *view {
		i := slices.IndexFunc(fresh, fits)
		if i < 0 {
			return nil
		}
		n := fresh[i]
		fresh = slices.Delete(fresh, i, i+1)
		return n
	}
	for _, o := range before {
		if take(func(n *view) bool { return m.alike(o.only, n.only) }) == nil {
			lost = append(lost, o)
		}
	}
	rest := lost
	lost = nil
	for _, o := range rest {
		n := take(func(n *view) bool { return o.name != "" && o.name == n.name })
		if n == nil {
			lost = append(lost, o)
			continue
		}
		m.beside(o, n, mode)
	}
	rest = lost
	lost = nil
	for _, o := range rest { // in other files, or put together in another way
		if take(func(n *view) bool { return m.equivalent(o, n, mode) }) == nil {
			lost = append(lost, o)
		}
	}
	return lost, fresh
}

func (m *matcher) equivalent(a, b *view, mode mode) bool {
	m.tries++
	return m.tries <= maxTries && !m.pair(a, b, mode).any(func(*finding) bool { return true })
}

func (m *matcher) discriminator(a, b *union) {
	switch {
	case a.tag == "" && b.tag == "":
		return
	case a.tag == "":
		m.tell(tagAdded, a.place, b.place, b.tag+" tells the alternatives apart")
		return
	case b.tag == "":
		m.tell(tagGone, a.place, b.place, a.tag+" does not tell the alternatives apart any longer")
		return
	case a.tag != b.tag:
		m.tell(tagChanged, a.place, b.place, "not "+a.tag+" but "+b.tag+" tells the alternatives apart")
		return
	}
	names := maps.Clone(a.mapping)
	maps.Copy(names, b.mapping)
	for _, value := range slices.Sorted(maps.Keys(names)) {
		before, was := a.mapping[value]
		after, is := b.mapping[value]
		switch {
		case !was:
			m.tell(mappingAdded, a.place, b.place, value+" names "+after)
		case !is:
			m.tell(mappingGone, a.place, b.place, value+" named "+before)
		case before != after:
			m.tell(mappingChanged, a.place, b.place, value+" named "+before+" and names "+after)
		}
	}
}

// schemas are the keywords of [whole] that hold one schema.
var schemas = []string{"not", "if", "then", "else", "contains", "contentSchema", "unevaluatedItems", "unevaluatedProperties"}

// wholes compares keywords that neither narrow nor widen when they change.
func (m *matcher) wholes() {
	for _, keyword := range whole {
		a, b := m.a.keywords[keyword], m.b.keywords[keyword]
		switch {
		case len(a) == 0 && len(b) == 0:
		case keyword == "xml":
			m.written(a, b)
		case len(a) == 0:
			m.tell(keywordAdded, m.a.place, b[0].place, keyword+" was added")
		case len(b) == 0:
			m.tell(keywordRemoved, a[0].place, m.b.place, keyword+" was removed")
		case slices.Contains(schemas, keyword) && m.implied(a, b):
		case len(a) == len(b) && slices.EqualFunc(a, b, func(x, y source) bool { return equal(x.value, y.value) }):
		default:
			m.tell(keywordChanged, a[0].place, b[0].place, keyword+" says something else")
		}
	}
}

func (m *matcher) written(a, b []source) {
	value := func(list []source) any {
		if len(list) == 0 {
			return map[string]any{}
		}
		return list[0].value
	}
	if !equal(value(a), value(b)) {
		m.tell(encodingChanged, m.a.place, m.b.place, "it has another form in XML")
	}
}

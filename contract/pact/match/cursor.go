package match

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pact"
	"twinspect.dev/contract/pointer"
)

// candidate is a path of rules that fits so far.
type candidate struct {
	steps []pact.Step // those that are still to be matched
	list  pact.RuleList
	// length counts the steps of the whole path. weight is 2 for the "$" and for
	// each step that is named, 1 for each that is any, multiplied, as the
	// specification has it; 512 steps are within a float64.
	length int
	weight float64
	// above says that the path ended above the place.
	above bool
}

// cursor is a place in a body, with the rules that are about it and about what is
// below. A rule for a value holds for all that is in it, until a rule that is nearer
// takes its place.
type cursor struct {
	at   *spot
	live []candidate
}

// spot is a name on the way to a place, or an index where it has no name. The pointer
// is made of it when there is a mismatch to tell.
type spot struct {
	up    *spot
	name  string
	index int // -1 for a name
}

func (s *spot) pointer() string {
	switch {
	case s == nil:
		return ""
	case s.index >= 0:
		return pointer.Join(s.up.pointer(), strconv.Itoa(s.index))
	}
	return pointer.Join(s.up.pointer(), s.name)
}

// root returns the cursor for a whole body. Paths that cannot be read are returned
// besides.
func root(rules map[string]pact.RuleList) (c cursor, unreadable []string) {
	for _, path := range slices.Sorted(maps.Keys(rules)) {
		steps, err := pact.ParsePath(path)
		if err != nil {
			unreadable = append(unreadable, path)
			continue
		}
		c.live = append(c.live, candidate{steps: steps, list: rules[path], length: len(steps), weight: 2})
	}
	return c, unreadable
}

func (c cursor) place() contract.Place {
	if c.at == nil {
		return "body"
	}
	return contract.At("body", c.at.pointer())
}

// key leads to a member of an object.
func (c cursor) key(name string) cursor {
	return c.next(&spot{up: c.at, name: name, index: -1}, func(s pact.Step) bool { return !s.IsIndex() && (s.Any || s.Name == name) })
}

// item leads to an item of an array.
func (c cursor) item(index int) cursor {
	return c.next(&spot{up: c.at, index: index}, func(s pact.Step) bool {
		return s.Any || s.Index == index || !s.IsIndex() && s.Name == strconv.Itoa(index)
	})
}

func (c cursor) next(at *spot, fits func(pact.Step) bool) cursor {
	to := cursor{at: at}
	for _, l := range c.live {
		switch {
		case len(l.steps) == 0:
			if l.list = cascading(l.list); len(l.list.Rules) > 0 {
				l.above = true
				to.live = append(to.live, l)
			}
		case fits(l.steps[0]):
			to.live = append(to.live, l.step())
		}
	}
	return to
}

// step takes a step that fits.
func (l candidate) step() candidate {
	if !l.steps[0].Any {
		l.weight *= 2
	}
	l.steps = l.steps[1:]
	return l
}

// cascading leaves out the rules about an array or an object as such, which do not
// hold for what is in it.
func cascading(list pact.RuleList) pact.RuleList {
	is := func(r pact.Rule) bool { return structural[r.Name()] }
	if slices.ContainsFunc(list.Rules, is) {
		list.Rules = slices.DeleteFunc(slices.Clone(list.Rules), is)
	}
	return list
}

// best selects the rules of the path that is the most specific: that weighs the
// most, and of equal ones the longest. It is nil where no rule holds.
func (c cursor) best() *candidate {
	var best *candidate
	for i := range c.live {
		if l := &c.live[i]; len(l.steps) == 0 && (best == nil || l.heavier(best)) {
			best = l
		}
	}
	return best
}

func (l *candidate) heavier(than *candidate) bool {
	return cmp.Or(
		cmp.Compare(l.weight*float64(1+l.length), than.weight*float64(1+than.length)),
		cmp.Compare(l.length, than.length),
	) > 0
}

// with adds rules for every member and item of the place, as a path that ends with
// "*" would.
func (c cursor) with(from *candidate, rules []pact.Rule) cursor {
	added := candidate{
		steps: []pact.Step{{Index: -1, Any: true}}, list: pact.RuleList{Rules: rules},
		length: from.length + 1, weight: from.weight,
	}
	return cursor{at: c.at, live: append(slices.Clone(c.live), added)}
}

package correlate

import (
	"cmp"
	"slices"
)

const (
	// known is the share of the values at a place that must have been given
	// before, for values that may be equal by chance: by chance alone, the few
	// that happen to be given first are found, not most.
	knownNumerator, knownDenominator = 1, 2
	// minShare is one in minShare: a giver that explains less of the values at a
	// place, though its name agrees, is met by chance beside the true one.
	minShare = 20
	// maxGivers bounds the rules to one place. A value that an operation creates
	// is often listed and shown by others; the first of these that has it is
	// enough.
	maxGivers = 8
)

// Rules returns what was learned so far, in the order of the operations that
// use.
//
// A rule is accepted where the values are opaque: that these are equal by chance
// is out of the question. Where they may be, most of the values at the place must
// have been given before, and the names must agree or, for numbers of 7 digits
// and more, at least two different values must have come from this giver, and
// most of all. A giver that gave the same value to several sessions and never
// another gives a constant: no rule. Validators are spared, many documents being
// in their first version.
func (l *Learner) Rules() *Rules {
	to := make(map[uint32][]linkID)
	for id, k := range l.links {
		if l.accepts(id, k) {
			to[id.to] = append(to[id.to], id)
		}
	}
	rules := Defaults()
	for _, ids := range to {
		slices.SortFunc(ids, func(a, b linkID) int {
			return cmp.Or(cmp.Compare(l.links[b].n, l.links[a].n), cmp.Compare(a.from, b.from))
		})
		for _, id := range ids[:min(len(ids), maxGivers)] {
			rules.List = append(rules.List, l.rule(id))
		}
	}
	slices.SortFunc(rules.List, func(a, b Rule) int {
		return cmp.Or(cmp.Compare(a.To.String(), b.To.String()), cmp.Compare(b.Learned.Linked, a.Learned.Linked),
			cmp.Compare(a.From.String(), b.From.String()))
	})
	return rules
}

func (l *Learner) accepts(id linkID, k *learnedLink) bool {
	from, to := &l.places[id.from], &l.places[id.to]
	switch {
	case !from.differ && from.sessions && validators[from.place.Name] == "":
		return false
	case k.opaque > 0:
		return true
	case to.found*knownDenominator < to.uses*knownNumerator:
		return false
	case k.agree:
		return k.n*minShare >= to.uses
	}
	return k.class == medium && k.distinctValues() >= 2 && k.n*2 >= to.uses
}

func (l *Learner) rule(id linkID) Rule {
	k, from, to := l.links[id], &l.places[id.from], &l.places[id.to]
	s := &Support{
		Uses: to.uses, Known: to.found, Linked: k.n, Distinct: k.distinctValues(),
		Names: k.agree, Looks: k.class.String(), Shortest: k.shortest, Longest: k.longest,
	}
	return Rule{
		From: End{from.op.name, from.place}, To: End{to.op.name, to.place},
		Reason: s.reason(), Learned: s,
	}
}

package correlate

import (
	"cmp"
	"maps"
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
	// maxGivers bounds the rules to one place.
	maxGivers = 8
)

// Rules returns what was learned so far, in the order of the operations that
// use.
//
// A link is accepted where the values are opaque: that these are equal by chance
// is out of the question. Where they may be, most of the values at the place must
// have been given before, and the names must agree or, for numbers of 7 digits
// and more, at least two different values must have come from this giver, and
// most of all. A giver that gave the same value to several sessions and never
// another gives a constant, one that mostly repeats what its request holds gives
// nothing: no link. Validators are spared, many documents being in their first
// version.
//
// Of the givers that explain the same values the best one makes the rule, see
// [demand.choose]. A cookie, and a field that the same giver explains in most
// operations, are one rule for all operations. A cookie that an answer of the same
// session had set is left to the session's jar.
func (l *Learner) Rules() *Rules {
	rules := Defaults()
	for _, d := range l.demands() {
		rules.List = append(rules.List, d.rules()...)
	}
	slices.SortFunc(rules.List, func(a, b Rule) int {
		return cmp.Or(cmp.Compare(a.To.String(), b.To.String()), cmp.Compare(b.Learned.Linked, a.Learned.Linked),
			cmp.Compare(a.From.String(), b.From.String()))
	})
	return rules
}

// demands returns the places that use values of accepted links, those of all
// operations first.
func (l *Learner) demands() []*demand {
	shared := make(map[Place][]*learnedPlace)
	var list []*demand
	for i := range l.places {
		p := &l.places[i]
		switch {
		case len(p.links) == 0 && !p.place.everywhere():
		case p.place.everywhere() && p.uses > 0:
			shared[p.place] = append(shared[p.place], p)
		case p.uses > 0:
			list = append(list, l.demandOf(End{p.op.name, p.place}, p))
		}
	}
	for _, place := range slices.SortedFunc(maps.Keys(shared), comparePlaces) {
		all := l.demandOf(End{anyOperation, place}, shared[place]...)
		if place.Kind == Cookie || all.isCommon(len(shared[place])) {
			list = append(list, all)
			continue
		}
		for _, p := range shared[place] {
			list = append(list, l.demandOf(End{p.op.name, p.place}, p))
		}
	}
	return list
}

func comparePlaces(a, b Place) int { return cmp.Compare(a.String(), b.String()) }

func (l *Learner) accepts(to *learnedPlace, k *learnedLink) bool {
	from := &l.places[k.from]
	isValidator := validators[from.place.Name] != ""
	switch {
	case !from.differ && from.sessions && !isValidator:
		return false
	case from.repeated*2 > from.gifts && !isValidator:
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

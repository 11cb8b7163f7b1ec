package correlate

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
)

// anyOperation is the operation of an end that lies in all of them.
const anyOperation = "*"

// everywhere reports whether a place means the same in all operations: a cookie,
// and a field that does not speak of one document.
func (p Place) everywhere() bool {
	return p.Kind == Cookie || p.Kind == Header && validators[p.Name] == ""
}

// demand is a place that uses values, of one operation or of all, and who offers
// them.
type demand struct {
	to          End
	uses, known uint64
	offers      []offer
	// sets says how many values each set of offers explains, a bit each.
	sets map[uint64]uint64
}

// offer is a place that gives, of one operation or of all.
type offer struct {
	from       End
	operations int         // that use it
	link       learnedLink // the sum; its from is 0 where several operations give
}

func (l *Learner) demandOf(to End, places ...*learnedPlace) *demand {
	d := &demand{to: to, sets: make(map[uint64]uint64)}
	for _, p := range places {
		d.uses += p.uses
		d.known += p.found
		offers := l.offers(d, p)
		for links, n := range p.together {
			var set uint64
			for ; links != 0; links &= links - 1 {
				set |= offers[bits.TrailingZeros64(links)]
			}
			d.sets[set] += n
		}
	}
	for i := range d.offers {
		if o := &d.offers[i]; o.link.from != 0 && !o.isCookie(to.Place) {
			o.from.Operation = l.places[o.link.from].op.name
		}
	}
	return d
}

// offers adds what the accepted links of a place offer, and returns the bit of the
// offer for each link, 0 where it is not accepted.
func (l *Learner) offers(d *demand, p *learnedPlace) (offers [maxOffers]uint64) {
	var counted uint64
	for i, k := range p.links {
		if !l.accepts(p, k) {
			continue
		}
		at := d.offer(End{l.places[k.from].op.name, l.places[k.from].place}, k)
		if at < 0 {
			l.lost++
			continue
		}
		offers[i] = 1 << at
		if o := &d.offers[at]; counted&offers[i] == 0 {
			o.operations++
		}
		counted |= offers[i]
	}
	return offers
}

// offer adds the link to those from the same place and returns its number; -1
// where there are too many.
func (d *demand) offer(from End, k *learnedLink) int {
	if from.Place.everywhere() {
		from.Operation = anyOperation
	}
	at := slices.IndexFunc(d.offers, func(o offer) bool { return o.from == from })
	switch {
	case at < 0 && len(d.offers) == maxOffers:
		return -1
	case at < 0:
		at = len(d.offers)
		d.offers = append(d.offers, offer{from: from, link: *k})
		return at
	}
	o := &d.offers[at].link
	if o.from != k.from {
		o.from = 0
	}
	o.add(k)
	return at
}

func (k *learnedLink) add(o *learnedLink) {
	k.agree = k.agree || o.agree
	k.n += o.n
	k.opaque += o.opaque
	k.distinct |= o.distinct
	k.class = max(k.class, o.class)
	k.shortest, k.longest = min(k.shortest, o.shortest), max(k.longest, o.longest)
}

// isCookie reports whether the place is a cookie and the offer sets it: then the
// operation does not matter.
func (o *offer) isCookie(to Place) bool { return to.Kind == Cookie && o.from.Place == to }

// isCommon reports whether one offer explains the place in most of the operations
// that have it, and in more than one.
func (d *demand) isCommon(operations int) bool {
	return slices.ContainsFunc(d.offers, func(o offer) bool { return o.operations >= 2 && o.operations*2 >= operations })
}

// rules returns the rule of each offer that is chosen.
func (d *demand) rules() []Rule {
	var list []Rule
	all := d.count(0)
	for _, at := range d.choose() {
		o := &d.offers[at]
		k := &o.link
		s := &Support{
			Uses: d.uses, Known: d.known, Linked: all[at], Distinct: k.distinctValues(),
			Names: k.agree, Looks: k.class.String(), Shortest: k.shortest, Longest: k.longest,
		}
		list = append(list, Rule{From: o.from, To: d.to, Reason: s.reason(), Learned: s})
	}
	return list
}

// choose returns the offers that explain all values that any does, the best
// first, without those that explain no more than the ones before. Where several
// explain at least half as many values as the one with the most, the most direct
// is best.
func (d *demand) choose() []int {
	var chosen []int
	var covered uint64
	for len(chosen) < maxGivers {
		counts := d.count(covered)
		most := slices.Max(append(counts, 0))
		best := -1
		for i, n := range counts {
			if n > 0 && n*2 >= most && (best < 0 || d.offers[i].compare(&d.offers[best], d.to.Place, n, counts[best]) < 0) {
				best = i
			}
		}
		if best < 0 || !d.offers[best].adds(counts[best], d.uses) {
			break
		}
		covered |= 1 << best
		chosen = append(chosen, best)
	}
	return chosen
}

// count returns how many values each offer explains that the covered ones do not.
func (d *demand) count(covered uint64) []uint64 {
	counts := make([]uint64, len(d.offers))
	for set, n := range d.sets {
		if set&covered != 0 {
			continue
		}
		for ; set != 0; set &= set - 1 {
			counts[bits.TrailingZeros64(set)] += n
		}
	}
	return counts
}

// adds reports whether n more of the values are worth a rule: any opaque one is,
// since nobody else gave it.
func (o *offer) adds(n, uses uint64) bool { return o.link.opaque > 0 || n*minShare >= uses }

// compare sorts the more direct offer first: the cookie itself, what is given
// alone, what a creation gives, the shorter path in a body, a body before a field,
// and then whoever explains more.
func (o *offer) compare(p *offer, to Place, n, m uint64) int {
	return cmp.Or(cmp.Compare(o.distance(to), p.distance(to)), cmp.Compare(m, n), cmp.Compare(o.from.String(), p.from.String()))
}

func (o *offer) distance(to Place) int {
	const (
		depth    = 1
		kind     = 1 << 8
		method   = 1 << 12
		many     = 1 << 16
		stranger = 1 << 17
	)
	place := o.from.Place
	sum := min(strings.Count(place.Name, "."), kind-1)*depth + int(place.Kind)*kind
	name, _, _ := strings.Cut(o.from.Operation, " ")
	switch name {
	case "POST", "PUT", anyOperation:
	case "PATCH":
		sum += method
	default:
		sum += 2 * method
	}
	if place.many() {
		sum += many
	}
	if to.Kind == Cookie && !o.isCookie(to) {
		sum += stranger
	}
	return sum
}

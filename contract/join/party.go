package join

import "slices"

// settle pairs a party: one exchange with one call, or, where there are as many of
// both, in the only way that pairs all of them.
func (p *party) settle(m *meeting, core bool, risk float64) {
	if len(p.guests) != p.calls {
		return
	}
	if !m.whole(p) {
		return
	}
	chance := 0.0
	for _, g := range p.guests {
		chance += g.by(core)
	}
	if p.calls > 1 { // each that is there by chance leads the others astray
		chance = float64(p.calls) * max(chance, 1)
	}
	risk *= chance
	if risk > mostRisk {
		return
	}
	pairs := unfold(p.open)
	if len(pairs) != p.calls {
		return
	}
	for g, t := range pairs {
		g.found = t.call
		g.sure = sureness(t, p.calls, core) * (1 - risk)
	}
}

func sureness(t tie, calls int, core bool) float64 {
	sure := pairSure
	switch {
	case calls > 1:
		sure = orderSure
	case t.here:
		sure = connectionSure
	case !core:
		sure = slowSure
	}
	if !t.exact {
		sure *= vague
	}
	return sure
}

// whole reports whether all that is tied to the party is at hand: beyond the
// window's reach some is not, and of closed calls it is not known what is.
func (m *meeting) whole(p *party) bool {
	for _, g := range p.guests {
		if !m.own.wider(m.reach).has(g.start) {
			return false
		}
		if slices.ContainsFunc(p.open[g], func(t tie) bool { return m.w.closed[t.call] }) {
			return false
		}
	}
	return true
}

// unfold pairs all where there is one way only. Then some guest, or some call, has
// one tie left at each step: a bipartite graph whose perfect matching is unique
// has such a vertex on both sides (Lovász and Plummer, Matching Theory, 4.3).
func unfold(open map[*guest][]tie) map[*guest]tie {
	by := make(map[int][]*guest)
	left := make(map[*guest]int, len(open))
	var ready []*guest
	for g, ties := range open {
		left[g] = len(ties)
		if len(ties) == 1 {
			ready = append(ready, g)
		}
		for _, t := range ties {
			by[t.call] = append(by[t.call], g)
		}
	}
	pairs := make(map[*guest]tie, len(open))
	taken := make(map[int]bool, len(open))
	for len(ready) > 0 {
		g := ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		for _, t := range open[g] {
			if taken[t.call] {
				continue
			}
			pairs[g], taken[t.call] = t, true
			for _, other := range by[t.call] {
				if left[other]--; left[other] == 1 && other != g {
					ready = append(ready, other)
				}
			}
			break
		}
	}
	return pairs
}

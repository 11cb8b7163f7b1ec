package join

import (
	"math"
)

// The confidence of a match in time where the clocks' offset is known.
const (
	// pairSure: the exchange and the call fit each other alone.
	pairSure = 0.98
	// connectionSure: they were on the same connection as well.
	connectionSure = 0.99
	// slowSure: they do where the slowest moments are looked at.
	slowSure = 0.93
	// orderSure: of as many exchanges as calls, there is one way to pair all.
	orderSure = 0.9
	// mostRisk is what may be wrong by chance, where both partners were not
	// recorded.
	mostRisk = 0.004
)

// meeting pairs the exchanges of one recorder with the calls of a window.
type meeting struct {
	w        *window
	recorder uint64
	guests   []*guest
	// own is the window's time in the recorder's clock, reach how far a tie goes.
	own   band
	reach int64
}

// settle pairs what can be paired: first by what nearly all take, then by what the
// slowest do.
func (m *meeting) settle() {
	for _, core := range [...]bool{true, false} {
		risk, ok := m.risk(core)
		if !ok {
			for _, g := range m.guests {
				g.refused = true
			}
			return
		}
		taken := make(map[int]bool)
		for _, g := range m.guests {
			if g.found >= 0 {
				taken[g.found] = true
			}
		}
		for _, p := range m.parties(core, taken) {
			p.settle(m, core, risk)
		}
	}
}

// risk estimates how many of the exchanges have no call at hand, and how many calls
// no exchange, by those that have no tie; what chance ties is taken in. Where a
// thing is not seen, it is taken to happen twice in as many and two more: an
// estimate that is too low where numbers are small picks what is wrong. The product
// is that of an exchange and a call, both alone, that stand beside each other; times
// how many do. It is not ok where there are too many calls to look at.
func (m *meeting) risk(core bool) (risk float64, ok bool) {
	var alone, n, free float64
	tied := make(map[int]bool)
	for _, g := range m.guests {
		degree := 0
		for _, t := range g.ties {
			if t.core || !core {
				tied[t.call] = true
				degree++
			}
		}
		if !g.own {
			continue
		}
		n++
		free += math.Exp(-g.by(core))
		if degree == 0 {
			alone++
		}
	}
	if n == 0 {
		return 1, true
	}
	exchanges := min(1, (alone+2)/(free+2))
	calls, alone, ok := m.unmet(tied)
	if exchanges == 1 {
		return 1, ok
	}
	spans := min(1, (alone+2)/(calls*free/n+2))
	return exchanges * spans / (1 - exchanges), ok
}

// unmet counts the calls of the window's time whose clocks are known, and those
// that are tied to no exchange.
func (m *meeting) unmet(tied map[int]bool) (calls, alone float64, ok bool) {
	w := m.w
	if !w.effort.allows(len(w.ends)) {
		return 0, 0, false
	}
	for _, end := range w.ends {
		k := end.clock.of(m.recorder)
		if len(w.known.of[k]) == 0 {
			continue
		}
		if !w.effort.allows(len(end.calls)) {
			return 0, 0, false
		}
		for _, i := range end.calls {
			at := w.finder.calls[i].end.Start.UnixNano()
			if o, ok := w.known.at(k, at); !ok || !o.found() || !m.own.has(at-o.middle()) {
				continue
			}
			calls++
			if !tied[i] && !w.closed[i] {
				alone++
			}
		}
	}
	return calls, alone, true
}

// party is some exchanges and calls that are tied with each other, and with no
// others.
type party struct {
	guests []*guest
	open   map[*guest][]tie
	calls  int
}

// parties divides exchanges that have no call yet, and calls that are free.
func (m *meeting) parties(core bool, taken map[int]bool) []*party {
	of := make(map[int]int) // a call's first guest
	first := make([]int, len(m.guests))
	head := func(i int) int {
		for first[i] != i {
			first[i] = first[first[i]]
			i = first[i]
		}
		return i
	}
	open := make([][]tie, len(m.guests))
	for i, g := range m.guests {
		first[i] = i
		open[i] = g.open(core, taken)
		for _, t := range open[i] {
			if other, ok := of[t.call]; ok {
				first[head(i)] = head(other)
			} else {
				of[t.call] = i
			}
		}
	}
	byHead := make(map[int]*party)
	var all []*party
	for i, g := range m.guests {
		if len(open[i]) == 0 {
			continue
		}
		p := byHead[head(i)]
		if p == nil {
			p = &party{open: make(map[*guest][]tie, 1)}
			byHead[head(i)] = p
			all = append(all, p)
		}
		p.guests = append(p.guests, g)
		p.open[g] = open[i]
	}
	for _, i := range of {
		byHead[head(i)].calls++
	}
	return all
}

// open are the ties that still count.
func (g *guest) open(core bool, taken map[int]bool) []tie {
	if g.found >= 0 {
		return nil
	}
	var out []tie
	for _, t := range g.ties {
		if (t.core || !core) && !taken[t.call] {
			out = append(out, t)
		}
	}
	return out
}

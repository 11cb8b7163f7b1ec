package join

import (
	"math"
	"slices"

	"twinspect.dev/capture"
	"twinspect.dev/capture/trace"
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

// tie is a call that an exchange may be.
type tie struct {
	call  int
	core  bool // within what nearly all take
	query bool
	here  bool // on the same connection
	exact bool // by its path, not by its route alone
}

// guest is an exchange among those of a window.
type guest struct {
	*heard
	own   bool // else it is looked at for the others' sake
	start int64
	ties  []tie
	// chance is how many calls of others fit by chance, chanceCore within the core.
	chance, chanceCore, others float64

	learnt bool
	found  int // the call, -1 while there is none
	sure   float64
}

// meeting pairs the exchanges of one recorder with the calls of a window.
type meeting struct {
	w      *window
	guests []*guest
	// own is the window's time in the recorder's clock, reach how far a tie goes.
	own   band
	reach int64
}

// invite finds the ties of an exchange. It is not learnt where no clock of its
// candidates is known.
func (w *window) invite(h *heard, own bool) *guest {
	g := &guest{heard: h, own: own, start: h.e.Request.Start.UnixNano(), found: -1}
	recorder := recorderOf(&h.e)
	for _, l := range w.lanes.paths[h.path] {
		w.look(g, recorder, l, true)
	}
	if len(g.ties) == 0 {
		for _, l := range w.lanes.about(h.path) {
			w.look(g, recorder, l, false)
		}
	}
	if g.narrow(func(t tie) bool { return t.here }) {
		fewer := (float64(w.calls[h.e.Context.Client]) + unseen) / max(g.others, unseen)
		g.chance *= fewer
		g.chanceCore *= fewer
	}
	g.narrow(func(t tie) bool { return t.query })
	return g
}

// narrow leaves out all others where some ties are better, and reports whether
// some are.
func (g *guest) narrow(better func(tie) bool) bool {
	found := slices.ContainsFunc(g.ties, better)
	if found {
		g.ties = slices.DeleteFunc(g.ties, func(t tie) bool { return !better(t) })
	}
	return found
}

// by is the chance of a pass.
func (g *guest) by(core bool) float64 {
	if core {
		return g.chanceCore
	}
	return g.chance
}

// unseen is how many calls of others may be about although none is.
const unseen = 0.5

// look ties an exchange to those calls of a lane that are in its time.
func (w *window) look(g *guest, recorder uint64, l *lane, exact bool) {
	o, ok := w.known.at(clock{recorder, serviceHash(l.service), l.server}, g.start)
	if !ok || l.status != 0 && l.status != g.e.Response.Status {
		return
	}
	g.learnt = true
	if o.unknown {
		return
	}
	from, to := l.within(band{g.start + o.lagAll.from, g.start + o.lagAll.to})
	first, last := l.within(band{o.middle(), o.middle()}.wider(w.skew).after(g.start))
	if n := len(g.ties); n > 0 && !exact {
		from = to // the path tells more than the route
	}
	tied := 0
	for _, i := range l.calls[from:to] {
		c := &w.finder.calls[i]
		likes := like(g.heard, w.more, c.spans...)
		_, other := servedBy(g.heard, c.spans)
		here, elsewhere := w.connection(g.heard, c)
		if !likes.requested() || likes.failed || other || elsewhere {
			continue
		}
		over := int64(unknownOver)
		if t := tookOf(&g.e); t >= 0 && !c.end.End.Before(c.end.Start) {
			over = t - int64(c.end.End.Sub(c.end.Start))
		}
		if over != unknownOver && !o.overAll.has(over) {
			continue
		}
		tied++
		lag := c.end.Start.UnixNano() - g.start
		g.ties = append(g.ties, tie{call: i, query: likes.query, here: here, exact: exact,
			core: o.lag.has(lag) && (over == unknownOver || o.over.has(over))})
	}
	others := float64(last-first-min(tied, 1, last-first)) + unseen
	fits := others * o.alike / float64(2*w.skew)
	g.others += others
	g.chance += fits * float64(o.lagAll.width())
	g.chanceCore += fits * float64(o.lag.width())
}

func (b band) after(t int64) band { return band{b.from + t, b.to + t} }

// connection reports whether a call is known to have come on the connection of an
// exchange, or on another one that was recorded.
func (w *window) connection(h *heard, c *candidate) (here, elsewhere bool) {
	for _, s := range c.spans {
		if from := w.more[s].from; from != "" {
			here = here || from == h.e.Context.Client
			elsewhere = elsewhere || w.clients[from]
		}
	}
	return here, elsewhere && !here
}

// settle pairs what can be paired: first by what nearly all take, then by what the
// slowest do.
func (m *meeting) settle() {
	for _, core := range [...]bool{true, false} {
		taken := make(map[int]bool)
		for _, g := range m.guests {
			if g.found >= 0 {
				taken[g.found] = true
			}
		}
		risk := m.risk(core)
		for _, p := range m.parties(core, taken) {
			p.settle(m, core, risk)
		}
	}
}

// risk estimates how many of the exchanges have no call at hand, and how many calls
// no exchange, by those that have no tie; what chance ties is taken in. Where a
// thing is not seen, it is taken to happen twice in as many and two more: an
// estimate that is too low where numbers are small picks what is wrong. The product is that of an exchange and a call, both alone, that
// stand beside each other; times how many do.
func (m *meeting) risk(core bool) float64 {
	var alone, n, free float64
	tied := make(map[int]bool)
	var recorder uint64
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
		recorder = recorderOf(&g.e)
		n++
		free += math.Exp(-g.by(core))
		if degree == 0 {
			alone++
		}
	}
	if n == 0 {
		return 1
	}
	exchanges := min(1, (alone+2)/(free+2))
	alone, calls := 0, 0.0
	for i := range m.w.finder.calls {
		s := m.w.finder.calls[i].end
		o, ok := m.w.known.at(clockOf(recorder, s), s.Start.UnixNano())
		if !ok || o.unknown || !m.own.has(s.Start.UnixNano()-o.middle()) {
			continue
		}
		calls++
		if !tied[i] {
			alone++
		}
	}
	spans := min(1, (alone+2)/(calls*free/n+2))
	if exchanges == 1 {
		return 1
	}
	return exchanges * spans / (1 - exchanges)
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

// outcome is what became of an exchange.
func (g *guest) outcome(w *window) (match, capture.Reason) {
	switch {
	case g.found >= 0:
		s := w.finder.calls[g.found].end
		return match{s.Trace, s.ID, s.Kind == trace.Server, g.sure}, ""
	case len(g.ties) == 0:
		return match{}, NoCallFits
	}
	return match{}, Ambiguous
}

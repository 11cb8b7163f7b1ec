package join

import (
	"twinspect.dev/capture"
	"twinspect.dev/capture/trace"
)

// tie is a call that an exchange may be.
type tie struct {
	call  int
	core  bool // within what nearly all take
	here  bool // on the same connection
	exact bool // by its path, not by its route alone
}

// mostTies is how many calls an exchange may be so that it is paired: the chance
// that it is one of others, unseen, is beyond [mostRisk] with far fewer.
const mostTies = 32

// guestCost is what a guest takes beside its exchange: its ties, those that are
// open, and the way back from their calls.
const guestCost = 1 << 10

// guest is an exchange among those of a window.
type guest struct {
	*heard
	own   bool // else it is looked at for the others' sake
	start int64
	ties  []tie
	rank  int // of its ties: others are no match for the best
	// chance is how many calls of others fit by chance, chanceCore within the core.
	chance, chanceCore, others float64

	learnt  bool
	astray  bool // no offset stands out of the clock of some call that is like it
	crowded bool // it has more ties than it may
	refused bool // comparing it takes too long
	found   int  // the call, -1 while there is none
	sure    float64
}

// stretch is a part of a lane that a guest was to be compared with.
type stretch struct {
	lane     *lane
	from, to int
}

// tied takes a tie, where none is better: those on the same connection leave out
// all others, then those with the same query.
func (g *guest) tied(t tie, query bool) {
	rank := 0
	if t.here {
		rank += 2
	}
	if query {
		rank++
	}
	switch {
	case rank > g.rank:
		g.rank, g.crowded, g.ties = rank, false, g.ties[:0]
	case rank < g.rank:
		return
	case len(g.ties) >= mostTies:
		g.crowded = true
		return
	}
	g.ties = append(g.ties, t)
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

// invite finds the ties of an exchange. It is not learnt where no clock of its
// candidates is known.
func (w *window) invite(h *heard, own bool) *guest {
	g := &guest{heard: h, own: own, start: h.e.Request.Start.UnixNano(), found: -1}
	w.seen = w.seen[:0]
	w.lookAt(g, w.lanes.paths[h.path], true)
	if len(g.ties) == 0 && !g.refused {
		routes, ok := w.lanes.routes.match(h.path, w.effort)
		if !ok {
			w.lanes.shut, g.refused = true, true
		}
		for _, at := range routes {
			w.lookAt(g, at, false)
		}
	}
	if g.rank >= 2 {
		fewer := (float64(w.calls[h.e.Context.Client]) + unseen) / max(g.others, unseen)
		g.chance *= fewer
		g.chanceCore *= fewer
	}
	if g.crowded || g.refused {
		for _, s := range w.seen {
			s.lane.close(s.from, s.to)
		}
	}
	return g
}

func (w *window) lookAt(g *guest, at *lanesAt, exact bool) {
	if at == nil {
		return
	}
	if !w.effort.allows(len(at.lanes)) {
		at.shut, g.refused = true, true
		return
	}
	for _, l := range at.lanes {
		w.look(g, l, exact)
	}
}

// look ties an exchange to those calls of a lane that are in its time.
func (w *window) look(g *guest, l *lane, exact bool) {
	if l.status != 0 && l.status != g.e.Response.Status {
		return
	}
	o, ok := w.known.at(l.clock.of(g.recorder), g.start)
	if !ok || o.loose {
		return
	}
	g.learnt = true
	if o.unknown {
		g.astray = true
		return
	}
	from, to := l.within(o.lagAll.after(g.start))
	first, last := l.within(band{o.middle(), o.middle()}.wider(w.skew).after(g.start))
	w.seen = append(w.seen, stretch{l, from, to})
	if !w.effort.allows((to - from) * l.spans) {
		g.refused = true
		return
	}
	tied := 0
	for _, i := range l.calls[from:to] {
		if w.tie(g, i, &o, exact) {
			tied++
		}
	}
	others := float64(last-first-min(tied, 1, last-first)) + unseen
	fits := others * o.alike / float64(2*w.skew)
	g.others += others
	g.chance += fits * float64(o.lagAll.width())
	g.chanceCore += fits * float64(o.lag.width())
}

// tie ties an exchange to a call, where they fit.
func (w *window) tie(g *guest, i int, o *offset, exact bool) bool {
	c := &w.finder.calls[i]
	likes := like(g.heard, w.more, c.spans...)
	_, other := servedBy(g.heard, c.spans)
	here, elsewhere := w.connection(g.heard, c)
	if !likes.requested() || likes.failed || other || elsewhere {
		return false
	}
	over := int64(unknownOver)
	if t := tookOf(&g.e); t >= 0 && !c.end.End.Before(c.end.Start) {
		over = t - int64(c.end.End.Sub(c.end.Start))
	}
	if over != unknownOver && !o.overAll.has(over) {
		return false
	}
	lag := c.end.Start.UnixNano() - g.start
	g.tied(tie{call: i, here: here, exact: exact,
		core: o.lag.has(lag) && (over == unknownOver || o.over.has(over))}, likes.query)
	return true
}

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

// outcome is what became of an exchange.
func (g *guest) outcome(w *window) (match, capture.Reason) {
	switch {
	case g.refused || g.crowded:
		return match{}, TooManyAlike
	case g.found >= 0:
		s := w.finder.calls[g.found].end
		return match{s.Trace, s.ID, s.Kind == trace.Server, g.sure}, ""
	case len(g.ties) == 0 && g.astray:
		return match{}, ClocksUnknown
	case len(g.ties) == 0:
		return match{}, NoCallFits
	}
	return match{}, Ambiguous
}

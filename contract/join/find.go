package join

import (
	"slices"

	"twinspect.dev/capture"
	"twinspect.dev/capture/trace"
)

// The confidence that an exchange is the one call that it fits, halved by one
// other that nearly fits, in a third by two. They are orders, not frequencies.
const (
	// traceSure: the trace, the target and the status are the same.
	traceSure = 0.95
	// timeSure: the service, the target and the status are the same, and the time.
	timeSure = 0.9
	// vague is by how much either is less where the route alone is the same, or the
	// status or a time is not known.
	vague = 0.85
)

func (l likeness) confidence(sure float64, near int) float64 {
	if !l.target || !l.status || l.timeless {
		sure *= vague
	}
	return sure / float64(1+near)
}

// finder finds calls by what was asked.
type finder struct {
	calls  []candidate
	paths  map[string]*alike
	routes byRoute[alike]
}

// alike are calls at the same path or route, and how many spans they have.
type alike struct {
	calls []int
	spans int
}

// candidate is a call with its spans; a call that ByTime looks at may have more of
// them than two.
type candidate struct {
	node  *trace.Call
	spans []*trace.Span
	end   *trace.Span // of ByTime's
}

func (f *finder) add(c candidate) { f.calls = append(f.calls, c) }

// index is made when it is first asked for: where clocks are known, lanes serve.
func (f *finder) index() {
	f.paths = make(map[string]*alike)
	for i := range f.calls {
		f.enter(i, &f.calls[i])
	}
}

func (f *finder) enter(i int, c *candidate) {
	for _, s := range c.spans {
		if path := pathOf(s); path != "" {
			if f.paths[path] == nil {
				f.paths[path] = new(alike)
			}
			f.paths[path].put(i, len(c.spans))
		}
		if s.HTTP.Route != "" {
			f.routes.at(s.HTTP.Route).put(i, len(c.spans))
		}
	}
}

func (a *alike) put(i, spans int) {
	if n := len(a.calls); n == 0 || a.calls[n-1] != i {
		a.calls = append(a.calls, i)
		a.spans += spans
	}
}

// each calls visit with the calls whose path is that of h. Where enough says that
// none was found, it goes on to those whose route is the path's: a recording may be
// redacted, and a span may know its route alone. It is false where that takes more
// than the effort.
func (f *finder) each(h *heard, e *effort, visit func(c *candidate), enough func() bool) bool {
	if f.paths == nil {
		f.index()
	}
	var exact []int
	if at := f.paths[h.path]; at != nil {
		if !e.allows(at.spans) {
			return false
		}
		exact = at.calls
	}
	for _, i := range exact {
		visit(&f.calls[i])
	}
	if enough() {
		return true
	}
	routes, ok := f.routes.match(h.path, e)
	spans := 0
	for _, r := range routes {
		spans += r.spans
	}
	if !ok || !e.allows(spans) {
		return false
	}
	var more []int
	for _, r := range routes {
		more = append(more, r.calls...)
	}
	slices.Sort(more)
	for _, i := range slices.Compact(more) {
		if _, found := slices.BinarySearch(exact, i); !found {
			visit(&f.calls[i])
		}
	}
	return true
}

func newFinder(s *scene) *finder {
	f := &finder{}
	for i, n := range s.nodes {
		if s.bottoms[i] != i || !overHTTP(n) {
			continue
		}
		c := candidate{node: n}
		for _, sp := range []*trace.Span{n.Client, n.Server} {
			if sp != nil {
				c.spans = append(c.spans, sp)
			}
		}
		f.add(c)
	}
	return f
}

// choice is the search for the one call that an exchange fits.
type choice struct {
	fits  int
	near  int // that nearly fit
	best  *candidate
	like  likeness
	query bool // only calls with the same query count
}

// take compares one more call. Of calls that fit, those with the same query leave
// out all others.
func (c *choice) take(n *candidate, l likeness, fits bool) {
	switch {
	case !fits && l.requested() && !l.other:
		c.near++
	case !fits, c.query && !l.query:
	case l.query && !c.query:
		c.query, c.fits, c.best, c.like = true, 1, n, l
	default:
		c.fits++
		c.best, c.like = n, l
	}
}

// byTrace finds the one call of the trace that an exchange fits: a free one first.
func (s *scene) byTrace(h *heard, find *finder, taken map[*trace.Call][]*heard) (*trace.Call, float64, capture.Reason) {
	var free, used choice
	all := find.each(h, s.effort, func(c *candidate) {
		l := like(h, s.aside, c.spans...)
		if len(taken[c.node]) > 0 {
			used.take(c, l, l.fits(s.skew))
		} else {
			free.take(c, l, l.fits(s.skew))
		}
	}, func() bool { return free.fits+used.fits > 0 })
	switch {
	case !all:
		return nil, 0, TooManyAlike
	case free.fits == 1:
		return free.best.node, free.like.confidence(traceSure, free.near), ""
	case free.fits > 1:
		return nil, 0, Ambiguous
	case used.fits == 1:
		return used.best.node, 0, ""
	}
	return nil, 0, NoCallFits
}

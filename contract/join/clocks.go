package join

import (
	"cmp"
	"encoding/binary"
	"maps"
	"slices"
	"time"

	"twinspect.dev/capture/trace"
)

// clock is a recorder's against that of a service. A server's span begins a little
// later than the exchange, a client's a little earlier, so they are told apart.
type clock struct {
	recorder, service uint64
	server            bool
}

func clockOf(recorder uint64, s *trace.Span) clock {
	return clock{recorder, serviceHash(s.Service), s.Kind == trace.Server}
}

// of is the same service's against another recorder's.
func (c clock) of(recorder uint64) clock {
	c.recorder = recorder
	return c
}

// pairing is an exchange with a span that may be its own.
type pairing struct {
	clock clock
	order uint64
	at    int64 // the exchange's start
	lag   int64 // from there to the span's start, each in its own clock
	over  int64 // how much longer the exchange took; unknownOver where that is not known
	thin  int32 // how many pairs it stands for
	sure  bool  // by trace context
}

func (p pairing) rank() uint64 { return p.order }

const unknownOver = -1 << 63

// origin names a span of a trace.
type origin struct {
	trace uint64
	span  trace.SpanID
}

// learner pairs what is remembered of exchanges with spans.
type learner struct {
	byContext map[origin][]glimpse
	byClass   map[uint64][]glimpse // by start
	byHere    map[uint64][]glimpse
	near, far int64
	pairs     sieve[pairing]
}

const (
	// sameOrigin is how many exchanges name one span: tries, at a few places.
	sameOrigin = 8
	// nearCompared and farCompared bound the time for a span: as many of its class
	// tell as much, within the skew and on each side beyond.
	nearCompared = 128
	farCompared  = 32
)

func newLearner(sample []glimpse, skew time.Duration, most int) *learner {
	l := &learner{byContext: make(map[origin][]glimpse), byClass: make(map[uint64][]glimpse), byHere: make(map[uint64][]glimpse), near: int64(skew), far: searched(skew)}
	l.pairs.most = most
	slices.SortFunc(sample, func(a, b glimpse) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.order, b.order))
	})
	for _, g := range sample {
		switch at := (origin{g.trace, g.span}); {
		case g.trace == 0:
			l.byClass[g.class] = append(l.byClass[g.class], g)
			if g.here != 0 {
				l.byHere[g.here] = append(l.byHere[g.here], g)
			}
		case len(l.byContext[at]) < sameOrigin:
			l.byContext[at] = append(l.byContext[at], g)
		}
	}
	return l
}

// see takes one span.
func (l *learner) see(s *trace.Span, from string) {
	path := pathOf(s)
	if path == "" || s.HTTP.Status == 0 || s.Start.IsZero() {
		return
	}
	class := classOf(methodOf(s), path, s.HTTP.Status)
	ids := []trace.SpanID{s.ID, s.Parent}
	if s.Kind != trace.Server {
		ids = ids[:1]
	}
	for _, id := range ids {
		for _, g := range l.byContext[origin{low(s.Trace), id}] {
			if g.class == class && !id.IsZero() {
				l.pair(g, s, 1, true)
			}
		}
	}
	all := l.byHere[onConnection(class, from)]
	if len(all) == 0 {
		all = l.byClass[class]
	}
	start := s.Start.UnixNano()
	l.compare(all, s, band{start - l.near, start + l.near}, nearCompared)
	l.compare(all, s, band{start - l.far, start - l.near - 1}, farCompared)
	l.compare(all, s, band{start + l.near + 1, start + l.far}, farCompared)
}

// compare pairs a span with exchanges of its class that began in a time: with every
// so many of them, which the span's id picks.
func (l *learner) compare(all []glimpse, s *trace.Span, in band, most int) {
	byStart := func(g glimpse, at int64) int { return cmp.Compare(g.start, at) }
	from, _ := slices.BinarySearchFunc(all, in.from, byStart)
	to, _ := slices.BinarySearchFunc(all, in.to+1, byStart)
	thin := 1 + (to-from)/most
	for i := from + int(mix(binary.BigEndian.Uint64(s.ID[:]))%uint64(thin)); i < to; i += thin {
		g := all[i]
		if s.Kind == trace.Server && g.service != 0 && s.Service != "" && g.service != serviceHash(s.Service) {
			continue
		}
		l.pair(g, s, thin, false)
	}
}

func (l *learner) pair(g glimpse, s *trace.Span, thin int, sure bool) {
	p := pairing{clock: clockOf(g.recorder, s), order: mix(g.order), at: g.start, lag: s.Start.UnixNano() - g.start, over: unknownOver, thin: int32(thin), sure: sure} //nolint:gosec // no more than the sample
	if g.took >= 0 && !s.End.Before(s.Start) {
		p.over = g.took - int64(s.End.Sub(s.Start))
	}
	l.pairs.add(p)
}

// clocks are what was learned, for each by time.
type clocks struct {
	of map[clock][]offset
	// most is how wide a lag may be that is of use.
	most int64
}

const (
	// chunkLeast and chunkMost bound the time for which one offset is learned: a quartz
	// that drifts by 50 ppm goes off by 0.5 ms in 10 s, by 3 ms in a minute.
	chunkLeast = 10 * time.Second
	chunkMost  = time.Minute
	chunkPairs = 512
	// apart is how far from a chunk its offset counts, widened by drift: 100 ppm is
	// the worst of two machines' quartzes without a time server.
	apart = 10 * time.Minute
	drift = 10_000 // a part in so many
)

// learn finds the offsets of clocks: of the most that most seen, where these are more.
func (l *learner) learn(most int) clocks {
	byClock := make(map[clock][]pairing)
	for _, p := range l.pairs.kept {
		byClock[p.clock] = append(byClock[p.clock], p)
	}
	l.pairs.kept = nil
	known := clocks{make(map[clock][]offset), l.near / 2}
	for _, c := range foremost(byClock, most) {
		pairs := byClock[c]
		slices.SortFunc(pairs, func(a, b pairing) int {
			return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.order, b.order), cmp.Compare(a.lag, b.lag), cmp.Compare(a.over, b.over))
		})
		known.of[c] = l.offsets(pairs)
	}
	return known
}

// foremost are the clocks of the most pairs.
func foremost(pairs map[clock][]pairing, most int) []clock {
	all := slices.Collect(maps.Keys(pairs))
	slices.SortFunc(all, func(a, b clock) int {
		return cmp.Or(cmp.Compare(len(pairs[b]), len(pairs[a])), cmp.Compare(a.recorder, b.recorder), cmp.Compare(a.service, b.service), flag(a.server, b.server))
	})
	return all[:min(len(all), most)]
}

// offsets are those of one clock by time. Where none stands out at any time, there
// is one for all of it: the more is seen, the more had to stand out.
func (l *learner) offsets(pairs []pairing) []offset {
	whole := offset{from: pairs[0].at, to: pairs[len(pairs)-1].at}
	var all []offset
	var seen evidence
	found := false
	for len(pairs) > 0 {
		n := chunkEnd(pairs)
		if o, ok := offsetOf(pairs[:n], time.Duration(l.near)); ok {
			all = append(all, o)
			found = found || o.found()
		}
		seen.add(pairs[:n], l.near)
		pairs = pairs[n:]
	}
	if found {
		return all
	}
	whole.loose = len(all) == 0 && seen.agrees(l.near, l.far)
	whole.unknown = !whole.loose
	return []offset{whole}
}

func chunkEnd(pairs []pairing) int {
	for i, p := range pairs {
		long := time.Duration(p.at - pairs[0].at)
		if long > chunkMost || long > chunkLeast && i >= chunkPairs {
			return i
		}
	}
	return len(pairs)
}

// at is the offset at a time: that of the nearest chunk.
func (c clocks) at(k clock, t int64) (offset, bool) {
	all := c.of[k]
	if len(all) == 0 {
		return offset{}, false
	}
	i, _ := slices.BinarySearchFunc(all, t, func(o offset, t int64) int { return cmp.Compare(o.to, t) })
	best, gap := offset{}, int64(apart)+1
	for _, o := range all[max(0, i-1):min(len(all), i+1)] {
		if d := max(o.from-t, t-o.to, 0); d < gap {
			best, gap = o, d
		}
	}
	if gap > int64(apart) {
		return offset{}, false
	}
	best = best.widened(gap / drift)
	best.unknown = best.unknown || !best.loose && best.lagAll.width() > c.most
	return best, true
}

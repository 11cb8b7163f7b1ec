package join

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/capture/trace"
)

// timeSet knows the windows in which there are exchanges without trace context. It
// may take a window for one of them, which costs time alone: it is a bitmap of
// 128 KiB whose place is a hash.
type timeSet struct{ bits []uint64 }

const timeBits = 20

func (t *timeSet) add(window int64) {
	if t.bits == nil {
		t.bits = make([]uint64, 1<<timeBits/64)
	}
	i := mix(uint64(window)) >> (64 - timeBits)
	t.bits[i/64] |= 1 << (i % 64)
}

func (t *timeSet) has(window int64) bool {
	i := mix(uint64(window)) >> (64 - timeBits)
	return t.bits[i/64]&(1<<(i%64)) != 0
}

// window is twice the skew long: what fits an exchange, or nearly does, is in its
// own or in one beside it.
func (j *Joiner) window(t time.Time) int64 {
	long := 2 * int64(j.opts.Skew)
	n := t.UnixNano()
	if n < 0 {
		n -= long - 1
	}
	return n / long
}

// matchByTime gives the exchanges that name no trace to those in which their calls
// are. Each call stands in three windows, so that an exchange meets all that were
// made about its time.
func (j *Joiner) matchByTime(ctx context.Context) error {
	if err := j.learnClocks(ctx); err != nil {
		return err
	}
	if err := j.eachSpan(ctx, j.addToWindows); err != nil {
		return err
	}
	if err := j.untraced.flush(); err != nil {
		return err
	}
	g := &groups{most: j.opts.MaxBytes / 4, group: j.matchWindow, tooLarge: j.leaveOutOfWindow}
	if err := j.untraced.each(ctx, g); err != nil {
		return err
	}
	return j.traces.flush()
}

func (j *Joiner) eachSpan(ctx context.Context, visit func(s *trace.Span, from string, rec []byte) error) error {
	return j.traces.scan(ctx, func(_ uint64, rec []byte) error {
		if kindOf(rec) != isSpan {
			return nil
		}
		s := trace.Span{Trace: traceOf(rec)}
		more, err := decodeSpan(rec[recordHead:], &s)
		if err != nil {
			return err
		}
		if methodOf(&s) == "" || s.Start.IsZero() || s.Kind == trace.Internal || s.Kind == trace.Producer || s.Kind == trace.Consumer {
			return nil
		}
		return visit(&s, more.from, rec)
	})
}

// learnClocks learns how far the clocks of recorders and of services are apart, and
// which are so far that their calls stand in other windows.
func (j *Joiner) learnClocks(ctx context.Context) error {
	l := newLearner(j.sample.kept, j.opts.Skew, int(j.opts.MaxBytes/pairShare))
	err := j.eachSpan(ctx, func(s *trace.Span, from string, _ []byte) error {
		l.see(s, from)
		return nil
	})
	if err != nil {
		return err
	}
	j.sample.kept = nil
	j.known = l.learn(int(j.opts.MaxBytes / clockShare))
	j.far = make(map[clock][]clock)
	for k, chunks := range j.known.of {
		if slices.ContainsFunc(chunks, func(o offset) bool { return o.found() && time.Duration(o.middle()).Abs() > j.opts.Skew/2 }) {
			end := clock{0, k.service, k.server}
			j.far[end] = append(j.far[end], k)
		}
	}
	for end, list := range j.far {
		slices.SortFunc(list, func(a, b clock) int { return cmp.Compare(a.recorder, b.recorder) })
		j.far[end] = list[:min(len(list), mostFar)]
	}
	return nil
}

// mostFar is how many recorders of one service may have clocks that are off by
// much: each of its spans is looked at for each.
const mostFar = 64

func (j *Joiner) addToWindows(s *trace.Span, _ string, rec []byte) error {
	own := j.window(s.Start)
	windows := []int64{own - 1, own, own + 1}
	for _, k := range j.far[clockOf(0, s)] {
		if o, ok := j.known.at(k, s.Start.UnixNano()); ok && o.found() {
			n := j.window(s.Start.Add(-time.Duration(o.middle())))
			windows = append(windows, n-1, n, n+1)
		}
	}
	slices.Sort(windows)
	for _, n := range slices.Compact(windows) {
		if !j.times.has(n) {
			continue
		}
		if err := j.untraced.add(windowKey(n, methodOf(s)), rec); err != nil {
			return err
		}
	}
	return nil
}

func (j *Joiner) leaveOutOfWindow(rec []byte) error {
	if kindOf(rec) == isExchange {
		j.timed.exchanges.Drop(WindowTooLarge, 1)
	}
	return nil
}

// matchWindow finds the calls of the exchanges of one window.
func (j *Joiner) matchWindow(ctx context.Context, recs []record) error {
	var cost int64
	for _, r := range recs {
		if cost += costOf(r.data); kindOf(r.data) != isSpan {
			cost += guestCost
		}
	}
	if cost > j.opts.MaxBytes/2 {
		for _, r := range recs {
			if err := j.leaveOutOfWindow(r.data); err != nil {
				return err
			}
		}
		return nil
	}
	w, said, shadows, err := readWindow(recs)
	if err != nil {
		return err
	}
	said, again := single(said)
	if again > 0 {
		j.timed.exchanges.Filter(Duplicate, again)
	}
	shadows, _ = single(shadows)
	w.known, w.skew = j.known, int64(j.opts.Skew)
	return j.decide(ctx, w, said, shadows)
}

// decide finds the calls of the exchanges of a window: of each recorder's together
// where its clock is known, else of each alone.
func (j *Joiner) decide(ctx context.Context, w *window, said, shadows []*heard) error {
	w.prepare(said, shadows)
	of := make(map[uint64]*meeting)
	var meetings []*meeting
	guests := make([]*guest, 0, len(said))
	for i, h := range slices.Concat(said, shadows) {
		if i%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		g := w.invite(h, i < len(said))
		if g.own {
			guests = append(guests, g)
		}
		if !g.learnt || g.refused || g.crowded {
			continue
		}
		m := of[h.recorder]
		if m == nil {
			m = &meeting{w: w, recorder: h.recorder, reach: w.skew / 4}
			of[h.recorder] = m
			meetings = append(meetings, m)
		}
		m.guests = append(m.guests, g)
	}
	w.closed = w.lanes.closed(len(w.finder.calls))
	for _, m := range meetings {
		for _, g := range m.guests {
			if n := j.window(g.e.Request.Start); g.own {
				m.own = band{n * 2 * w.skew, (n+1)*2*w.skew - 1}
			}
		}
		m.settle()
	}
	for i, g := range guests {
		if i%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		found, reason := g.outcome(w)
		if !g.learnt && !g.refused {
			found, reason = w.find(g.heard, j.opts.Skew)
		}
		if reason != "" {
			j.timed.exchanges.Drop(reason, 1)
			continue
		}
		if err := j.traces.add(keyOfTrace(found.trace), matchedRecord(nil, g.rec, found)); err != nil {
			return err
		}
	}
	return nil
}

// prepare orders the calls, and notes the connections that were recorded.
func (w *window) prepare(said, shadows []*heard) {
	w.calls = make(map[string]int)
	for i := range w.finder.calls {
		c := &w.finder.calls[i]
		c.end = end(c.spans)
		if from := w.more[c.end].from; from != "" {
			w.calls[from]++
		}
	}
	w.lanes = newLanes(w.finder.calls)
	w.ends = endsOf(w.finder.calls)
	w.clients = make(map[string]bool)
	for _, h := range slices.Concat(said, shadows) {
		if h.e.Context.Client != "" {
			w.clients[h.e.Context.Client] = true
		}
	}
}

// window holds the calls made about a time.
type window struct {
	finder  finder
	effort  *effort
	more    map[*trace.Span]beside
	lanes   *lanes
	ends    []ends
	seen    []stretch // by the guest that is invited
	closed  []bool    // the calls that are not paired
	known   clocks
	skew    int64
	clients map[string]bool // of the exchanges' connections
	calls   map[string]int  // by the connection that they came on
}

// place is where a span stands among those of a window.
type place struct {
	trace  uint64
	id     trace.SpanID
	server bool
}

func readWindow(recs []record) (w *window, said, shadows []*heard, err error) {
	w = &window{effort: newEffort(), more: make(map[*trace.Span]beside)}
	var spans []*trace.Span
	at := make(map[place]int)
	for _, r := range recs {
		if kindOf(r.data) != isSpan {
			h, err := decodeExchange(r.data)
			if err != nil {
				return nil, nil, nil, err
			}
			if kindOf(r.data) == isShadow {
				shadows = append(shadows, h)
			} else {
				said = append(said, h)
			}
			continue
		}
		s := &trace.Span{Trace: traceOf(r.data)}
		more, err := decodeSpan(r.data[recordHead:], s)
		if err != nil {
			return nil, nil, nil, err
		}
		key := place{low(s.Trace), s.ID, s.Kind == trace.Server}
		if _, ok := at[key]; ok {
			continue
		}
		at[key] = len(spans)
		spans = append(spans, s)
		if more != (beside{}) {
			w.more[s] = more
		}
	}
	w.group(spans, at)
	return w, said, shadows, nil
}

// group makes one candidate of the spans of each call: of both ends, and of what
// proxies and layers of clients made between them.
func (w *window) group(spans []*trace.Span, at map[place]int) {
	first := make([]int, len(spans))
	for i := range first {
		first[i] = i
	}
	head := func(i int) int {
		for first[i] != i {
			first[i] = first[first[i]]
			i = first[i]
		}
		return i
	}
	for i, s := range spans {
		if above, ok := sender(s, spans, at); ok {
			first[head(i)] = head(above)
		}
	}
	parts := make(map[int][]*trace.Span)
	var order []int
	for i, s := range spans {
		h := head(i)
		if parts[h] == nil {
			order = append(order, h)
		}
		parts[h] = append(parts[h], s)
	}
	for _, h := range order {
		w.finder.add(candidate{spans: parts[h]})
	}
}

// sender is the span of the same call that caused s.
func sender(s *trace.Span, spans []*trace.Span, at map[place]int) (int, bool) {
	server := s.Kind == trace.Server
	if i, ok := at[place{low(s.Trace), s.ID, false}]; ok && server {
		return i, true
	}
	if i, ok := at[place{low(s.Trace), s.Parent, false}]; ok {
		return i, server || sameService(s.Service, spans[i].Service) && sameRequest(s, spans[i])
	}
	if i, ok := at[place{low(s.Trace), s.Parent, true}]; ok {
		return i, server && sameService(s.Service, spans[i].Service) && sameRequest(s, spans[i])
	}
	return 0, false
}

// find finds the one call that an exchange fits. Those whose service is known to be
// the exchange's come first; those known to be another's are none.
func (w *window) find(h *heard, skew time.Duration) (match, capture.Reason) {
	var named, others choice
	all := w.finder.each(h, w.effort, func(c *candidate) {
		l := like(h, w.more, c.spans...)
		known, other := servedBy(h, c.spans)
		here, elsewhere := w.connection(h, c)
		known = known || here
		switch {
		case other || elsewhere || l.near > 2*skew:
		case known:
			named.take(c, l, l.fits(skew))
		default:
			others.take(c, l, l.fits(skew))
		}
	}, func() bool { return named.fits+others.fits > 0 })
	if !all {
		return match{}, TooManyAlike
	}
	near := named.near + others.near
	found := named
	if named.fits > 0 {
		near += others.fits
	} else {
		found = others
	}
	switch found.fits {
	case 0:
		return match{}, NoCallFits
	case 1:
		if !w.agree(h, found.best) {
			return match{}, ClocksUnknown
		}
		s := found.best.end
		sure := found.like.confidence(timeSure, near)
		if named.fits == 0 {
			sure *= vague
		}
		return match{s.Trace, s.ID, s.Kind == trace.Server, sure}, ""
	}
	return match{}, Ambiguous
}

// agree reports whether the clocks of a recorder and of a call's services were seen
// to agree.
func (w *window) agree(h *heard, c *candidate) bool {
	return slices.ContainsFunc(c.spans, func(s *trace.Span) bool {
		o, ok := w.known.at(clockOf(h.recorder, s), h.e.Request.Start.UnixNano())
		return ok && o.loose
	})
}

// ends are the calls whose last ends have one clock.
type ends struct {
	clock clock // of no recorder
	calls []int
}

func endsOf(calls []candidate) []ends {
	var all []ends
	at := make(map[clock]int)
	for i := range calls {
		k := clockOf(0, calls[i].end)
		n, ok := at[k]
		if !ok {
			n = len(all)
			at[k] = n
			all = append(all, ends{clock: k})
		}
		all[n].calls = append(all[n].calls, i)
	}
	return all
}

// end is the server's span, of several the last to begin, else the client's.
func end(spans []*trace.Span) *trace.Span {
	return slices.MaxFunc(spans, func(a, b *trace.Span) int {
		if c := flag(a.Kind == trace.Server, b.Kind == trace.Server); c != 0 {
			return c
		}
		return a.Start.Compare(b.Start)
	})
}

// servedBy reports whether the services of a call are known to be the exchange's,
// or known to be others.
func servedBy(h *heard, spans []*trace.Span) (known, other bool) {
	to, from := h.e.Context.Service, h.e.Context.Caller
	for _, s := range spans {
		switch {
		case s.Kind == trace.Server:
			known = known || sameService(s.Service, to)
			other = other || s.Service != "" && to != "" && !sameService(s.Service, to)
		default:
			other = other || s.Service != "" && from != "" && !sameService(s.Service, from)
			known = known || s.Peer != "" && (s.Peer == h.e.Context.Server || sameService(s.PeerName(), to) ||
				strings.EqualFold(hostOf(s.Peer), hostOf(h.e.Context.Server)))
		}
	}
	return known, other
}

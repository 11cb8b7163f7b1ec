package join

import (
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
	err := j.traces.scan(ctx, func(_ uint64, rec []byte) error {
		if kindOf(rec) != isSpan {
			return nil
		}
		var s trace.Span
		if _, err := decodeSpan(rec[recordHead:], &s); err != nil {
			return err
		}
		return j.addToWindows(&s, rec)
	})
	if err != nil {
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

func (j *Joiner) addToWindows(s *trace.Span, rec []byte) error {
	method := methodOf(s)
	if method == "" || s.Start.IsZero() || s.Kind == trace.Internal || s.Kind == trace.Producer || s.Kind == trace.Consumer {
		return nil
	}
	own := j.window(s.Start)
	for n := own - 1; n <= own+1; n++ {
		if !j.times.has(n) {
			continue
		}
		if err := j.untraced.add(windowKey(n, method), rec); err != nil {
			return err
		}
	}
	return nil
}

func (j *Joiner) leaveOutOfWindow(rec []byte) error {
	if kindOf(rec) != isSpan {
		j.timed.exchanges.Drop(WindowTooLarge, 1)
	}
	return nil
}

// matchWindow finds the calls of the exchanges of one window.
func (j *Joiner) matchWindow(ctx context.Context, recs []record) error {
	var cost int64
	for _, r := range recs {
		cost += costOf(r.data)
	}
	if cost > j.opts.MaxBytes/2 {
		for _, r := range recs {
			if err := j.leaveOutOfWindow(r.data); err != nil {
				return err
			}
		}
		return nil
	}
	w, said, err := readWindow(recs)
	if err != nil {
		return err
	}
	said, again := single(said)
	if again > 0 {
		j.timed.exchanges.Filter(Duplicate, again)
	}
	for i, h := range said {
		if i%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		m, reason := w.find(h, j.opts.Skew)
		if reason != "" {
			j.timed.exchanges.Drop(reason, 1)
			continue
		}
		if err := j.traces.add(keyOfTrace(m.trace), matchedRecord(nil, h.rec, m)); err != nil {
			return err
		}
	}
	return nil
}

// window holds the calls made about a time.
type window struct {
	finder  finder
	queries map[*trace.Span]queryHash
}

// place is where a span stands among those of a window.
type place struct {
	trace  uint64
	id     trace.SpanID
	server bool
}

func readWindow(recs []record) (*window, []*heard, error) {
	w := &window{queries: make(map[*trace.Span]queryHash)}
	var said []*heard
	var spans []*trace.Span
	at := make(map[place]int)
	for _, r := range recs {
		if kindOf(r.data) != isSpan {
			h, err := decodeExchange(r.data)
			if err != nil {
				return nil, nil, err
			}
			said = append(said, h)
			continue
		}
		s := &trace.Span{Trace: traceOf(r.data)}
		query, err := decodeSpan(r.data[recordHead:], s)
		if err != nil {
			return nil, nil, err
		}
		key := place{low(s.Trace), s.ID, s.Kind == trace.Server}
		if _, ok := at[key]; ok {
			continue
		}
		at[key] = len(spans)
		spans = append(spans, s)
		if query != 0 {
			w.queries[s] = query
		}
	}
	w.group(spans, at)
	return w, said, nil
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
	w.finder.each(h, func(c *candidate) {
		l := like(h, w.queries, c.spans...)
		known, other := servedBy(h, c.spans)
		switch {
		case other || l.near > 2*skew:
		case known:
			named.take(c, l, l.fits(skew))
		default:
			others.take(c, l, l.fits(skew))
		}
	}, func() bool { return named.fits+others.fits > 0 })
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
		s := end(found.best.spans)
		sure := found.like.confidence(timeSure, near)
		if named.fits == 0 {
			sure *= vague
		}
		return match{s.Trace, s.ID, s.Kind == trace.Server, sure}, ""
	}
	return match{}, Ambiguous
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

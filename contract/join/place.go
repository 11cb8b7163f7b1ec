package join

import (
	"cmp"
	"context"
	"slices"

	"twinspect.dev/capture/trace"
)

// placed is an exchange with its call.
type placed struct {
	node       *trace.Call
	heard      *heard
	how        How
	confidence float64
}

// claims are the exchanges that were found to be a call, by that call.
type claims struct {
	of    map[*trace.Call][]*heard
	order []*trace.Call
}

func (c *claims) add(n *trace.Call, h *heard) {
	if c.of == nil {
		c.of = make(map[*trace.Call][]*heard)
	}
	if c.of[n] == nil {
		c.order = append(c.order, n)
	}
	c.of[n] = append(c.of[n], h)
}

// place finds the calls of the exchanges: the surest way first, so that what is
// known narrows what is guessed.
func (s *scene) place(ctx context.Context, said []*heard, counts *counts) error {
	var surely, surmised claims
	var left []*heard
	confidence := make(map[*heard]float64)
	for _, h := range said {
		if h.match.span.IsZero() {
			continue
		}
		confidence[h] = h.match.confidence
		if n := s.matched(h); n != nil {
			surmised.add(n, h)
		} else {
			counts.dropExchanges(NoCallFits, 1)
		}
	}
	left, err := s.byContext(ctx, said, &surely, counts)
	if err != nil {
		return err
	}
	taken := s.settle(&surely, counts)
	var likely claims
	find := newFinder(s)
	for i, h := range left {
		if i%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		n, sure, reason := s.byTrace(h, find, taken)
		if n == nil {
			counts.dropExchanges(reason, 1)
			continue
		}
		confidence[h] = sure
		likely.add(n, h)
	}
	s.surmise(&likely, ByTrace, taken, confidence, counts)
	s.surmise(&surmised, ByTime, taken, confidence, counts)
	return nil
}

// matched is the call that ByTime found.
func (s *scene) matched(h *heard) *trace.Call {
	n := s.client[h.match.span]
	if h.match.server {
		n = s.server[h.match.span]
	}
	if n == nil {
		return nil
	}
	return s.bottom(n)
}

// settle makes calls of the claims by context: each try is one.
func (s *scene) settle(c *claims, counts *counts) map[*trace.Call][]*heard {
	taken := make(map[*trace.Call][]*heard, len(c.order))
	for _, n := range c.order {
		for _, part := range tries(c.of[n], s.skew) {
			h := best(part, n)
			s.calls = append(s.calls, placed{n, h, ByContext, 1})
			taken[n] = append(taken[n], h)
			for range len(part) - 1 {
				counts.filterExchanges(RecordedTwice, 1)
			}
		}
	}
	return taken
}

// surmise makes calls of claims that are guesses. Of a call that is taken these
// are records at another place or mistakes; so are several that cannot be one.
func (s *scene) surmise(c *claims, how How, taken map[*trace.Call][]*heard, confidence map[*heard]float64, counts *counts) {
	for _, n := range c.order {
		parts := tries(c.of[n], s.skew)
		if len(taken[n]) == 0 && len(parts) == 1 {
			h := best(parts[0], n)
			s.calls = append(s.calls, placed{n, h, how, confidence[h]})
			taken[n] = []*heard{h}
			for range len(parts[0]) - 1 {
				counts.filterExchanges(RecordedTwice, 1)
			}
			continue
		}
		compared := s.effort.allows(len(taken[n]) * len(c.of[n]))
		for _, h := range c.of[n] {
			switch {
			case !compared:
				counts.dropExchanges(TooManyAlike, 1)
			case slices.ContainsFunc(taken[n], func(t *heard) bool { return sameCall(&h.e, &t.e, s.skew) }):
				counts.filterExchanges(RecordedTwice, 1)
			default:
				counts.dropExchanges(Ambiguous, 1)
			}
		}
	}
}

// byContext claims calls for the exchanges that name a span, and returns those that
// name none that is known.
func (s *scene) byContext(ctx context.Context, said []*heard, c *claims, counts *counts) ([]*heard, error) {
	var left, named []*heard
	for _, h := range said {
		switch {
		case !h.match.span.IsZero():
		case h.span.IsZero():
			left = append(left, h)
		default:
			named = append(named, h)
		}
	}
	slices.SortStableFunc(named, func(a, b *heard) int { return slices.Compare(a.span[:], b.span[:]) })
	for len(named) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n := 1
		for n < len(named) && named[n].span == named[0].span {
			n++
		}
		more, err := s.claim(ctx, named[:n], c, counts)
		if err != nil {
			return nil, err
		}
		left = append(left, more...)
		named = named[n:]
	}
	return left, nil
}

// claim divides exchanges that name one span among the calls that it can stand
// for, and returns those that none is for.
//
// The id is that of the client's span, which sent it. Where that is not at hand, it
// is known as the parent of a server's. A service that makes no client's spans
// sends the id of its own, with each of its calls; then what was asked must be
// the same as well.
func (s *scene) claim(ctx context.Context, said []*heard, c *claims, counts *counts) (left []*heard, err error) {
	id := said[0].span
	own := s.client[id]
	sender := own != nil && (own.Client.Kind == trace.Client || own.Client.Kind == trace.Producer)
	others := s.beneath[id]
	if sender && len(others) == 0 || !sender && own == nil && s.server[id] == nil && len(others) == 1 {
		n := own
		if !sender {
			n = others[0]
		}
		for _, h := range said {
			c.add(s.bottom(n), h)
		}
		return nil, nil
	}
	ends := slices.Clone(others)
	for _, n := range []*trace.Call{own, s.server[id]} {
		if n != nil && !slices.Contains(ends, n) {
			ends = append(ends, n)
		}
	}
	parts := tries(said, s.skew)
	if !s.effort.allows(2 * len(parts) * len(ends)) { // a call has two ends
		for range said {
			counts.dropExchanges(TooManyAlike, 1)
		}
		return nil, nil
	}
	return s.share(ctx, parts, ends, sender || own == nil && s.server[id] == nil, c)
}

// share gives each try the free call that it is most like. Where all calls are
// surely the sender's, a try that is like none is one of the first, whose span is
// missing.
func (s *scene) share(ctx context.Context, parts [][]*heard, ends []*trace.Call, sure bool, c *claims) (left []*heard, err error) {
	taken := make(map[*trace.Call]bool, len(ends))
	for _, part := range parts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var found *trace.Call
		var as likeness
		for _, n := range ends {
			if l := like(part[0], s.aside, n.Client, n.Server); !taken[n] && l.requested() && (found == nil || closer(l, as) < 0) {
				found, as = n, l
			}
		}
		if found == nil && sure && len(ends) > 0 {
			found = ends[len(ends)-1]
		}
		if found == nil {
			left = append(left, part...)
			continue
		}
		taken[found] = true
		for _, h := range part {
			c.add(s.bottom(found), h)
		}
	}
	return left, nil
}

// closer compares how like two calls are to the same exchange: less is more.
func closer(a, b likeness) int {
	return cmp.Or(flag(a.failed, b.failed), flag(b.query, a.query), flag(b.target, a.target), flag(b.status, a.status), cmp.Compare(a.near, b.near))
}

func flag(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// sortCalls orders the calls as they began.
func (s *scene) sortCalls() {
	slices.SortStableFunc(s.calls, func(a, b placed) int {
		return cmp.Or(a.node.Began.Compare(b.node.Began), cmp.Compare(s.at[a.node], s.at[b.node]), compareHeard(a.heard, b.heard))
	})
}

package join

import (
	"cmp"
	"context"
	"slices"

	"twinspect.dev/capture"
	"twinspect.dev/capture/trace"
)

// eachTrace divides records whose traces have the same low 64 bits. Where all that
// have high bits have the same, those without are of the same trace: a system that
// knows 64 bits wrote them. Else each is for itself.
func (j *Joiner) eachTrace(ctx context.Context, recs []record, do func(*Chain) error) error {
	byHigh := make(map[uint64][]record, 1)
	for _, r := range recs {
		h := high(traceOf(r.data))
		byHigh[h] = append(byHigh[h], r)
	}
	if len(byHigh) == 2 && byHigh[0] != nil {
		for h := range byHigh {
			if h != 0 {
				byHigh = map[uint64][]record{h: recs}
				break
			}
		}
	}
	highs := make([]uint64, 0, len(byHigh))
	for h := range byHigh {
		highs = append(highs, h)
	}
	slices.Sort(highs)
	for _, h := range highs {
		if err := j.oneTrace(ctx, h, byHigh[h], do); err != nil {
			return err
		}
	}
	return nil
}

func (j *Joiner) oneTrace(ctx context.Context, h uint64, recs []record, do func(*Chain) error) error {
	var cost int64
	id := traceOf(recs[0].data)
	for _, r := range recs {
		cost += costOf(r.data)
		if t := traceOf(r.data); high(t) == h {
			id = t
		}
	}
	if cost > j.opts.MaxBytes/2 {
		for _, r := range recs {
			if err := j.leaveOut(r.data); err != nil {
				return err
			}
		}
		return nil
	}
	spans, aside, said, err := j.decode(id, recs)
	if err != nil {
		return err
	}
	if len(spans) == 0 {
		for range said {
			j.counts.dropExchanges(NoSpans, 1)
		}
		return nil
	}
	chain, err := j.chain(ctx, trace.NewTree(id, spans), aside, said)
	if err != nil {
		return err
	}
	return do(chain)
}

// decode reads the records of a trace. Of records of the same exchange it takes
// the most complete one, and counts the others.
func (j *Joiner) decode(id trace.TraceID, recs []record) ([]trace.Span, map[*trace.Span]beside, []*heard, error) {
	n := 0
	for _, r := range recs {
		if kindOf(r.data) == isSpan {
			n++
		}
	}
	spans := make([]trace.Span, 0, n)
	aside := make(map[*trace.Span]beside)
	var said []*heard
	for _, r := range recs {
		if kindOf(r.data) != isSpan {
			h, err := decodeExchange(r.data)
			if err != nil {
				return nil, nil, nil, err
			}
			said = append(said, h)
			continue
		}
		spans = append(spans, trace.Span{Trace: id})
		s := &spans[len(spans)-1]
		more, err := decodeSpan(r.data[recordHead:], s)
		if err != nil {
			return nil, nil, nil, err
		}
		if more != (beside{}) {
			aside[s] = more
		}
	}
	said, again := single(said)
	for range again {
		j.counts.filterExchanges(Duplicate, 1)
	}
	return spans, aside, said, nil
}

// single leaves out the records that were delivered again, and counts them.
func single(said []*heard) (kept []*heard, again uint64) {
	n := uint64(len(said))
	slices.SortStableFunc(said, func(a, b *heard) int {
		return cmp.Or(slices.Compare(a.e.ID[:], b.e.ID[:]), cmp.Compare(completeness(&b.e), completeness(&a.e)))
	})
	kept = slices.CompactFunc(said, func(a, b *heard) bool { return a.e.ID == b.e.ID && !a.e.ID.IsZero() })
	return kept, n - uint64(len(kept))
}

// completeness counts the halves that are whole.
func completeness(e *capture.Exchange) int {
	n := 0
	for _, m := range [...]*capture.Message{&e.Request.Message, &e.Response.Message} {
		if m.Incomplete == "" {
			n++
		}
	}
	return n
}

// chain joins the exchanges to the calls of a tree.
func (j *Joiner) chain(ctx context.Context, tree *trace.Tree, aside map[*trace.Span]beside, said []*heard) (*Chain, error) {
	j.counts.tree(uint64(tree.Spans), uint64(tree.Duplicates))
	s := newScene(tree, aside, j.opts.Skew)
	if err := s.place(ctx, said, &j.counts); err != nil {
		return nil, err
	}
	c := &Chain{Tree: tree, Calls: make([]Call, 0, len(s.calls))}
	s.sortCalls()
	index := make(map[*trace.Call]int, len(s.calls))
	for i, p := range s.calls {
		if _, ok := index[p.node]; !ok {
			index[p.node] = i
		}
	}
	for _, p := range s.calls {
		e := &p.heard.e
		consumer, provider := s.consumer(p.node, e), s.provider(p.node, e)
		c.Calls = append(c.Calls, Call{
			Node: p.node, Consumer: consumer, Provider: provider,
			Operation: j.opts.Operation(provider, p.node, e), Exchange: e,
			How: p.how, Confidence: p.confidence, Parent: s.parent(p.node, consumer, index),
		})
		j.counts.join(p.how)
	}
	for i, n := range s.nodes {
		if overHTTP(n) && s.bottoms[i] == i {
			_, ok := index[n]
			j.counts.call(ok)
		}
	}
	return c, nil
}

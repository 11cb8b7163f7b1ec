package topology

import (
	"cmp"
	"maps"
	"slices"
)

// Merge adds what o has seen, which stays as it is.
func (b *Builder) Merge(o *Builder) {
	b.span(o.from)
	b.span(o.to)
	b.traces += o.traces
	b.whole += o.whole
	b.spans += o.spans
	b.left.Services += o.left.Services
	b.left.Operations += o.left.Operations
	b.left.Edges += o.left.Edges
	b.left.Links += o.left.Links
	b.left.Roots += o.left.Roots
	for _, name := range slices.Sorted(maps.Keys(o.services)) {
		b.mergeService(name, o.services[name])
	}
	for _, key := range sortedEdges(o.edges) {
		from := o.edges[key]
		if e := room(b.edges, key, b.limits.Edges, &b.left.Edges, from.calls); e != nil {
			e.merge(from)
		}
	}
	for _, key := range slices.SortedFunc(maps.Keys(o.links), linkKey.compare) {
		from := o.links[key]
		if b.edges[edgeKey{key.caller, key.provider}] == nil {
			continue // counted with the edge
		}
		if l := room(b.links, key, b.limits.Links, &b.left.Links, from.calls); l != nil {
			l.merge(&from.outcomes, b.limits.Outcomes)
			l.requests += from.requests
			l.most = max(l.most, from.most)
		}
	}
	for _, key := range sortedRoots(o.roots) {
		from := o.roots[key]
		if r := room(b.roots, key, b.limits.Roots, &b.left.Roots, from.calls); r != nil {
			r.merge(from)
		}
	}
}

func (b *Builder) mergeService(name string, from *service) {
	s := b.service(name)
	if s == nil {
		b.left.Services += from.tally.calls
		return
	}
	s.is(from.role)
	s.spans += from.spans
	s.tally.merge(&from.tally)
	for _, op := range slices.Sorted(maps.Keys(from.operations)) {
		calls := from.operations[op].calls
		if op == Other {
			calls = 0 // counted already
		}
		b.operation(s, op, calls).merge(from.operations[op], b.limits.Outcomes)
	}
}

func sortedEdges(m map[edgeKey]*tally) []edgeKey {
	return slices.SortedFunc(maps.Keys(m), func(a, b edgeKey) int {
		return cmp.Or(cmp.Compare(a.caller, b.caller), cmp.Compare(a.provider, b.provider))
	})
}

func sortedRoots(m map[rootKey]*tally) []rootKey {
	return slices.SortedFunc(maps.Keys(m), func(a, b rootKey) int {
		return cmp.Or(cmp.Compare(a.service, b.service), cmp.Compare(a.operation, b.operation), cmp.Compare(a.begin, b.begin))
	})
}

// Graph returns what was seen so far. It shares nothing with the builder.
func (b *Builder) Graph() *Graph {
	g := &Graph{From: b.from.UTC(), To: b.to.UTC(), Traces: b.traces, Whole: b.whole, Spans: b.spans, Left: b.left}
	for _, name := range slices.Sorted(maps.Keys(b.services)) {
		s := b.services[name]
		out := Service{Name: name, Role: s.role, Spans: s.spans, Tally: s.tally.sum()}
		for _, op := range slices.Sorted(maps.Keys(s.operations)) {
			o := s.operations[op]
			out.Operations = append(out.Operations, Operation{Name: op, Tally: o.sum(), Outcomes: maps.Clone(o.by)})
		}
		g.Services = append(g.Services, out)
	}
	links := slices.SortedFunc(maps.Keys(b.links), linkKey.compare)
	for _, key := range sortedEdges(b.edges) {
		e := Edge{Caller: key.caller, Provider: key.provider, Tally: b.edges[key].sum()}
		for len(links) > 0 && links[0].caller == key.caller && links[0].provider == key.provider {
			l := b.links[links[0]]
			e.Links = append(e.Links, Link{For: links[0].reason, Operation: links[0].operation, Tally: l.sum(),
				Outcomes: maps.Clone(l.by), Requests: l.requests, Most: l.most})
			links = links[1:]
		}
		g.Edges = append(g.Edges, e)
	}
	for _, key := range sortedRoots(b.roots) {
		g.Roots = append(g.Roots, Root{Service: key.service, Operation: key.operation, Begin: key.begin, Tally: b.roots[key].sum()})
	}
	return g
}

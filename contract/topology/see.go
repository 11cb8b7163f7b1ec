package topology

import (
	"slices"
	"time"

	"twinspect.dev/capture/trace"
)

// frame is a call that waits to be seen, and what it was made during.
type frame struct {
	call *trace.Call
	// service works on operation, the request of that number in the tree; 0 is none.
	service, operation string
	request            int
	// first says that nothing in the trace led to the call: it has no parent, or is
	// the first of those whose parent is missing.
	first bool
}

// made is a call made during a request.
type made struct {
	request int
	key     linkKey
}

// See adds the calls of a tree, which it does not keep.
func (b *Builder) See(t *trace.Tree) {
	b.traces++
	b.spans += uint64(t.Spans)
	if t.Whole() {
		b.whole++
	}
	requests := 0
	b.made = b.made[:0]
	b.stack = append(b.stack[:0], frame{call: t.Root, first: true})
	for len(b.stack) > 0 {
		f := b.stack[len(b.stack)-1]
		b.stack = b.stack[:len(b.stack)-1]
		below := b.call(f, &requests)
		for i, c := range f.call.Children {
			below.call, below.first = c, i == 0 && f.call.Synthetic() || c.Span().Parent.IsZero()
			b.stack = append(b.stack, below)
		}
	}
	b.perRequest()
	clear(b.stack[:cap(b.stack)]) // so that it does not hold the tree
}

// call counts one call and returns what its children are made during.
func (b *Builder) call(f frame, requests *int) frame {
	c := f.call
	if c.Synthetic() {
		return f
	}
	b.own(c.Client)
	b.own(c.Server)
	b.span(c.Began)
	begins := f.begins(c)
	if c.Inside() && begins != Job {
		if own := c.Client.Service; own != "" && own != f.service { // the span between is missing
			return frame{service: own}
		}
		return f
	}
	operation := b.called(c)
	b.root(c, operation, begins)
	b.between(f, c, operation)
	*requests++
	return frame{service: c.Service(), operation: operation, request: *requests}
}

// begins tells how the trace begins with c; "" where it does not.
func (f *frame) begins(c *trace.Call) Begin {
	switch {
	case !f.first:
		return ""
	case c.Inside() && c.Client.Parent.IsZero():
		return Job
	case c.Inside():
		return ""
	case c.Client != nil:
		return Caller
	}
	return Request
}

func (b *Builder) root(c *trace.Call, operation string, begins Begin) {
	if begins == "" {
		return
	}
	service := c.Service()
	if begins == Caller {
		service = c.Client.Service
	}
	if r := room(b.roots, rootKey{service, operation, begins}, b.limits.Roots, &b.left.Roots, 1); r != nil {
		r.add(c.Failed(), duration(c))
	}
}

// own counts a span with the service that sent it.
func (b *Builder) own(s *trace.Span) {
	if s == nil || s.Service == "" {
		return
	}
	if own := b.service(s.Service); own != nil {
		own.spans++
		own.is(Instrumented)
	}
}

// called counts the call with the one that was called, and returns its operation.
func (b *Builder) called(c *trace.Call) string {
	operation := c.Operation()
	s := b.service(c.Service())
	if s == nil {
		b.left.Services++
		return operation
	}
	s.is(provider(c))
	failed, took := c.Failed(), duration(c)
	s.tally.add(failed, took)
	o := b.operation(s, operation, 1)
	o.add(failed, took)
	o.count(c.Outcome(), 1, b.limits.Outcomes)
	return operation
}

// duration is how long a call took: who sends a message does not wait, so that the
// time is that of whoever handles it.
func duration(c *trace.Call) time.Duration {
	if c.Server != nil && c.Server.Kind == trace.Consumer {
		return c.Server.Duration()
	}
	return c.Duration()
}

// between counts the call with the one that made it.
func (b *Builder) between(f frame, c *trace.Call, operation string) {
	caller, reason := f.service, f.operation
	if c.Client != nil && c.Client.Service != "" && c.Client.Service != caller {
		caller, reason, f.request = c.Client.Service, "", 0
	}
	if caller == "" || c.Inside() {
		return
	}
	provider := c.Service()
	e := room(b.edges, edgeKey{caller, provider}, b.limits.Edges, &b.left.Edges, 1)
	if e == nil {
		return
	}
	failed, took := c.Failed(), duration(c)
	e.add(failed, took)
	key := linkKey{caller, reason, provider, operation}
	l := room(b.links, key, b.limits.Links, &b.left.Links, 1)
	if l == nil {
		return
	}
	l.add(failed, took)
	l.count(c.Outcome(), 1, b.limits.Outcomes)
	if f.request > 0 {
		b.made = append(b.made, made{f.request, key})
	}
}

// perRequest counts how often each request of the tree made the same call.
func (b *Builder) perRequest() {
	slices.SortFunc(b.made, func(x, y made) int {
		if x.request != y.request {
			return x.request - y.request
		}
		return x.key.compare(y.key)
	})
	for i := 0; i < len(b.made); {
		n := i + 1
		for n < len(b.made) && b.made[n] == b.made[i] {
			n++
		}
		l := b.links[b.made[i].key]
		l.requests++
		l.most = max(l.most, uint64(n-i))
		i = n
	}
	clear(b.made)
}

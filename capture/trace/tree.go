package trace

import (
	"cmp"
	"slices"
	"strconv"
	"time"
)

// Tree is what one request caused, call by call.
type Tree struct {
	Trace TraceID
	// Root is the call that began it. Where several spans have no parent among the
	// spans at hand, Root has neither Client nor Server, and these are beneath it.
	Root *Call
	// Spans is how many spans it was built of, Duplicates how many more were the
	// same span again. Orphans are spans whose parent is missing, but for the one
	// that the trace begins with. Merged are the calls of which both ends are known,
	// Shifted those whose server's clock was moved to that of the caller.
	Spans, Duplicates, Orphans, Merged, Shifted int
}

// Whole reports whether no span between the root and any other is missing. Of a
// tree that is not whole, what is missing shows as calls that were not made.
func (t *Tree) Whole() bool { return t.Orphans == 0 && !t.Root.Synthetic() }

// Call is one node: a call with the spans of both of its ends, or work inside a
// service, whose span stands as Client.
type Call struct {
	// Client is the span of who called, Server that of who was called; one of the
	// two may be nil.
	Client, Server *Span
	// Children are in the order in which they began.
	Children []*Call
	// Began is the start in the clock of the root's service, as far as clocks can
	// be told apart; the order of siblings goes by it.
	Began time.Time
}

// Synthetic reports whether c only holds others together.
func (c *Call) Synthetic() bool { return c.Client == nil && c.Server == nil }

// Span is the span that tells most of the call: the server's, else the client's.
// It is nil for a synthetic call.
func (c *Call) Span() *Span {
	if c.Server != nil {
		return c.Server
	}
	return c.Client
}

// Inside reports whether c is work inside a service and no call of another.
func (c *Call) Inside() bool {
	return c.Server == nil && c.Client != nil && (c.Client.Kind == Internal || c.Client.Kind == KindUnknown) &&
		c.Client.DB.System == "" && c.Client.Peer == ""
}

// Service is who was called: the service of the server's span, else by whose name
// the client called it, else the kind of the database or of the messaging system.
func (c *Call) Service() string {
	s := c.Span()
	switch {
	case s == nil:
		return ""
	case c.Server != nil || c.Inside():
		return s.Service
	case s.DB.System != "":
		return s.DB.System
	case s.Messaging.System != "":
		return s.Messaging.System
	case s.PeerName() != "":
		return s.PeerName()
	}
	return "(called by " + s.Service + ")"
}

// Operation is what was called; the server's span knows its route.
func (c *Call) Operation() string {
	if s := c.Span(); s != nil {
		return s.Operation()
	}
	return ""
}

// Failed reports whether the call failed for the service that was called, or came
// to nothing for its caller.
func (c *Call) Failed() bool {
	s := c.Span()
	return s != nil && s.Failed() || c.Unanswered()
}

// Unanswered reports whether the caller had no answer although there was one: it
// waited no longer, or the connection broke.
func (c *Call) Unanswered() bool {
	return c.Client != nil && c.Server != nil && c.Client.Kind == Client &&
		c.Client.Status == Error && c.Client.HTTP.Status == 0 && c.Client.RPC.Status == "" && !c.Server.Failed()
}

// Outcome is how the call ended, as text that can be compared: an HTTP status, a
// code of gRPC other than OK, "no answer", "error" or "ok".
func (c *Call) Outcome() string {
	s := c.Span()
	switch {
	case s == nil:
		return ""
	case c.Unanswered():
		return "no answer"
	case s.HTTP.Status != 0:
		return strconv.Itoa(s.HTTP.Status)
	case s.RPC.failed():
		return s.RPC.System + " " + s.RPC.Status
	case s.Failed():
		return "error"
	}
	return "ok"
}

// Duration is the time of the client, which waits, else of the server.
func (c *Call) Duration() time.Duration {
	switch {
	case c.Client != nil:
		return c.Client.Duration()
	case c.Server != nil:
		return c.Server.Duration()
	}
	return 0
}

// spanKey tells spans apart. Both ends of a call may have the same id (B3 with
// shared spans).
type spanKey struct {
	id     SpanID
	server bool
}

func keyOf(s *Span) spanKey { return spanKey{s.ID, s.Kind == Server || s.Kind == Consumer} }

// NewTree builds the tree of the spans of one trace, in whatever order they come.
// It keeps pointers into spans. The same spans give the same tree.
func NewTree(id TraceID, spans []Span) *Tree {
	b := builder{tree: &Tree{Trace: id}, nodes: make(map[spanKey]*Call, len(spans)), up: make(map[*Call]*Call, len(spans))}
	sorted := make([]*Span, 0, len(spans))
	for i := range spans {
		sorted = append(sorted, &spans[i])
	}
	slices.SortStableFunc(sorted, func(a, b *Span) int {
		return cmp.Or(a.Start.Compare(b.Start), slices.Compare(a.ID[:], b.ID[:]), cmp.Compare(a.Kind, b.Kind))
	})
	for _, s := range sorted {
		b.add(s)
	}
	b.join()
	b.root()
	b.clocks()
	return b.tree
}

type builder struct {
	tree  *Tree
	nodes map[spanKey]*Call
	order []*Span // of the nodes
	roots []*Call
	up    map[*Call]*Call
}

func (b *builder) add(s *Span) {
	key := keyOf(s)
	if b.nodes[key] != nil {
		b.tree.Duplicates++
		return
	}
	c := &Call{Began: s.Start}
	if key.server {
		c.Server = s
	} else {
		c.Client = s
	}
	b.nodes[key] = c
	b.order = append(b.order, s)
	b.tree.Spans++
}

// parent finds the node that caused s: the other end of the same id first, then
// its parent's, the server's end of that before the client's.
func (b *builder) parent(s *Span) *Call {
	if keyOf(s).server {
		if c := b.nodes[spanKey{s.ID, false}]; c != nil {
			return c
		}
	}
	if s.Parent.IsZero() || s.Parent == s.ID {
		return nil
	}
	if c := b.nodes[spanKey{s.Parent, true}]; c != nil {
		return c
	}
	return b.nodes[spanKey{s.Parent, false}]
}

// join puts the nodes together. The first server beneath a client is the other
// end of the same call; further ones are tries of the same call, which stand
// beside it, so that they are counted.
func (b *builder) join() {
	for _, s := range b.order {
		key := keyOf(s)
		if p := b.parent(s); key.server && p != nil && isCaller(p.Client) && p.Server == nil {
			p.Server = s
			b.nodes[key] = p
			b.tree.Merged++
		}
	}
	for _, s := range b.order {
		c := b.nodes[keyOf(s)]
		if c.Client != nil && c.Client != s {
			continue // merged: its client stands for both
		}
		p := b.parent(s)
		if p != nil && c.Client == nil && isCaller(p.Client) && !beneathServer(p, s) {
			if q := b.parent(p.Client); q != nil { // another try
				p = q
			}
		}
		b.hang(c, p)
	}
	b.cutCircles()
}

// beneathServer reports whether s names the server's span of a call as its parent:
// a proxy beside the service passed the call on to it, which is no other try.
func beneathServer(p *Call, s *Span) bool {
	return p.Server != nil && p.Server.ID == s.Parent && p.Client.ID != s.Parent
}

func (b *builder) hang(c, p *Call) {
	if p == nil || p == c {
		b.roots = append(b.roots, c)
		return
	}
	p.Children = append(p.Children, c)
	b.up[c] = p
}

// cutCircles makes roots of spans that name each other as parents, which is
// damage: no root leads to them.
func (b *builder) cutCircles() {
	reached := make(map[*Call]bool, len(b.order))
	for _, r := range b.roots {
		reach(r, reached)
	}
	for _, s := range b.order {
		c := b.nodes[keyOf(s)]
		if reached[c] {
			continue
		}
		reach(c, reached)
		if p := b.up[c]; p != nil {
			p.Children = slices.DeleteFunc(p.Children, func(x *Call) bool { return x == c })
		}
		b.roots = append(b.roots, c)
	}
}

func reach(root *Call, reached map[*Call]bool) {
	stack := []*Call{root}
	for len(stack) > 0 {
		c := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if !reached[c] {
			reached[c] = true
			stack = append(stack, c.Children...)
		}
	}
}

func isCaller(s *Span) bool { return s != nil && (s.Kind == Client || s.Kind == Producer) }

// root sets the root. A trace begins with the first span whose parent is missing;
// every other such span has lost its own.
func (b *builder) root() {
	switch len(b.roots) {
	case 0:
		b.tree.Root = &Call{}
	case 1:
		b.tree.Root = b.roots[0]
	default:
		b.tree.Root = &Call{Children: b.roots, Began: b.roots[0].Began}
		b.tree.Orphans = len(b.roots) - 1
	}
}

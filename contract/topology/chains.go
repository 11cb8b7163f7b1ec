package topology

import (
	"cmp"
	"slices"

	"twinspect.dev/capture/trace"
)

// Order says which chains are kept.
type Order uint8

// The orders.
const (
	Slowest Order = iota // those whose call took longest
	First                // those whose call began first
)

// Chains collects the chains that a query finds: the best Limit of all trees, in
// whatever order these come. It holds their trees. It is used by one goroutine.
type Chains struct {
	query Query
	order Order
	kept  []Chain // the best first
	// Found counts the trees with a call that fits.
	Found uint64
}

// NewChains returns an empty collector.
func NewChains(q Query, o Order) *Chains {
	if q.Limit <= 0 {
		q.Limit = 10
	}
	return &Chains{query: q, order: o}
}

// See looks for the chain in t, and keeps t where it is among the best.
func (c *Chains) See(t *trace.Tree) {
	found, ok := c.query.Match(t)
	if !ok {
		return
	}
	c.Found++
	i, _ := slices.BinarySearchFunc(c.kept, found, c.compare)
	if i >= c.query.Limit {
		return
	}
	c.kept = slices.Insert(c.kept, i, found)
	if len(c.kept) > c.query.Limit {
		c.kept = slices.Delete(c.kept, c.query.Limit, len(c.kept))
	}
}

func (c *Chains) compare(a, b Chain) int {
	took, began := cmp.Compare(b.Call.Duration(), a.Call.Duration()), a.Call.Began.Compare(b.Call.Began)
	if c.order == First {
		took, began = began, took
	}
	return cmp.Or(took, began, slices.Compare(a.Tree.Trace[:], b.Tree.Trace[:]))
}

// List returns the chains, the best first.
func (c *Chains) List() []Chain { return slices.Clone(c.kept) }

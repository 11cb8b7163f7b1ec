package locate

import (
	"slices"
	"time"

	"twinspect.dev/capture/trace"
)

// key is what calls under one caller have in common.
type key struct{ service, operation string }

func (k key) String() string {
	if k.service == "" {
		return k.operation
	}
	return k.service + " " + k.operation
}

// group is all calls of a key under the calls of another group.
type group struct {
	key      key
	count    int
	outcomes map[string]int
	took     time.Duration
	// children are in the order in which the first call of each began.
	children []*group
	index    map[key]*group
	// failures are the kinds of work inside the service that failed, the deepest
	// first.
	failures []key
}

func newGroup(k key) *group {
	return &group{key: k, outcomes: map[string]int{}, index: map[key]*group{}}
}

// grouped returns the group of the tree's root.
func grouped(t *trace.Tree) *group {
	root := newGroup(keyOf(t.Root))
	root.add(t.Root)
	return root
}

func keyOf(c *trace.Call) key { return key{c.Service(), c.Operation()} }

func (g *group) add(c *trace.Call) {
	g.count++
	g.outcomes[c.Outcome()]++
	g.took += c.Duration()
	g.calls(c.Children)
}

// calls adds the calls beneath one; those that work inside the service makes are
// the service's.
func (g *group) calls(list []*trace.Call) {
	for _, c := range list {
		if !c.Inside() {
			g.child(keyOf(c)).add(c)
			continue
		}
		g.calls(c.Children)
		if k := keyOf(c); c.Failed() && !slices.Contains(g.failures, k) {
			g.failures = append(g.failures, k)
		}
	}
}

func (g *group) child(k key) *group {
	c := g.index[k]
	if c == nil {
		c = newGroup(k)
		g.index[k] = c
		g.children = append(g.children, c)
	}
	return c
}

// pair is what both sides have of one key; one of the two may be nil.
type pair struct{ base, other *group }

func (p pair) key() key {
	if p.base != nil {
		return p.base.key
	}
	return p.other.key
}

// pairs joins the children of both sides in the order of base. What other has
// alone stands behind what it came after.
func pairs(base, other *group) []pair {
	alone := map[*group][]pair{} // by the child of base before it, nil for the front
	var before *group
	for _, c := range other.children {
		if b := base.index[c.key]; b != nil {
			before = b
			continue
		}
		alone[before] = append(alone[before], pair{nil, c})
	}
	out := alone[nil]
	for _, c := range base.children {
		out = append(out, pair{c, other.index[c.key]})
		out = append(out, alone[c]...)
	}
	return out
}

// repeats reports whether there are more or fewer calls than on the other side, and
// their callers do not explain it: what is called once for each call of a caller
// grows with these.
func repeats(caller, p pair) bool {
	return p.base.count != p.other.count && p.base.count*caller.other.count != p.other.count*caller.base.count
}

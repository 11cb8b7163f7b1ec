package operation

import "slices"

// node is a place in the tree of paths.
type node struct {
	children map[string]*node
	// variable is where the children went that are values of a variable.
	variable *node
	hits     uint64
	// ends is how many requests end here, posts how many of them are POSTs.
	ends, posts uint64
}

func newNode() *node { return &node{children: make(map[string]*node)} }

// next returns the child that the segment leads to, nil where there is none.
func (n *node) next(segment string) *node {
	if child := n.children[segment]; child != nil {
		return child
	}
	if isVariable(segment) {
		return nil
	}
	return n.variable
}

func (n *node) end(method string) {
	n.ends++
	if method == "POST" {
		n.posts++
	}
}

// settle folds the variables of the whole tree, from the root down, so that
// what is below the values of a variable is put together before it is looked
// at. It returns how many nodes are gone.
func (n *node) settle(root bool) int {
	gone := n.fold(root)
	for _, child := range n.children {
		gone += child.settle(false)
	}
	if n.variable != nil {
		gone += n.variable.settle(false)
	}
	return gone
}

const (
	// many is from how many children of one form on they may be values of a
	// variable. Resources beside each other are fewer, or differ below.
	many = 20
	// certain is from how many on they are, even if no new ones turn up.
	certain = 100
)

// fold makes those children one variable that are its values. It returns how
// many nodes are gone.
func (n *node) fold(root bool) int {
	values, alike := n.values()
	if root {
		values = n.withoutFrequent(values)
	}
	if len(values) <= many || !alike && !n.isOpen(values) {
		return 0
	}
	gone := 0
	if n.variable == nil {
		n.variable = newNode()
		gone = -1
	}
	for _, key := range values {
		gone += n.variable.merge(n.children[key]) + 1
		delete(n.children, key)
	}
	return gone
}

// values returns the keys of the children that may be values of one variable:
// the leaves, and the others if they have the same below them. A leaf that is
// only ever posted to is an action (POST /rpc/getUser), not a value. alike says
// that there are many of the others.
func (n *node) values() (keys []string, alike bool) {
	var leaves, inner []string
	below := make(map[string]bool)
	total := 0
	for _, key := range sortedKeys(n.children) {
		child := n.children[key]
		switch {
		case isVariable(key):
		case len(child.children) > 0 || child.variable != nil:
			inner = append(inner, key)
			for k := range child.children {
				below[k] = true
				total++
			}
		case child.ends == 0 || child.posts < child.ends:
			leaves = append(leaves, key)
		}
	}
	// Values of a variable share what is below them: a few names, over and over.
	if len(inner) > 0 && 4*len(below) <= total {
		return append(leaves, inner...), len(inner) > many
	}
	return leaves, false
}

// isOpen reports whether more leaves are to be expected: there are very many,
// or a fifth of them was seen just once. By Good and Turing that share tells
// how likely the next one is new, where a fixed set of names has long been seen
// whole.
func (n *node) isOpen(values []string) bool {
	once := 0
	for _, key := range values {
		if n.children[key].hits == 1 {
			once++
		}
	}
	return len(values) > certain || 5*once >= len(values)
}

// withoutFrequent leaves out what is asked for far more often than its like. At
// the root of a service /health and /login stand beside what scanners try.
func (n *node) withoutFrequent(values []string) []string {
	if len(values) == 0 {
		return nil
	}
	hits := make([]uint64, len(values))
	for i, key := range values {
		hits[i] = n.children[key].hits
	}
	slices.Sort(hits)
	limit := 20 * max(hits[len(hits)/2], 1)
	return slices.DeleteFunc(values, func(key string) bool { return n.children[key].hits >= limit })
}

// merge puts o and all below it into n. It returns how many nodes are gone
// besides o itself.
func (n *node) merge(o *node) int {
	n.hits += o.hits
	n.ends += o.ends
	n.posts += o.posts
	gone := 0
	for key, child := range o.children {
		if own := n.children[key]; own != nil {
			gone += own.merge(child) + 1
		} else {
			n.children[key] = child
		}
	}
	switch {
	case o.variable == nil:
	case n.variable == nil:
		n.variable = o.variable
	default:
		gone += n.variable.merge(o.variable) + 1
	}
	return gone
}

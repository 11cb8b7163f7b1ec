package consumer

import (
	"maps"
	"slices"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pointer"
)

// node is a place in a body: its field, and what is below it by token.
type node struct {
	field *contract.Field
	kids  map[string]*node
}

// treeOf puts the fields of bodies into a tree; nil where there are none.
func treeOf(fields []contract.Field) *node {
	var root *node
	for i := range fields {
		part, at := fields[i].At.Split()
		if part != "body" {
			continue
		}
		if root == nil {
			root = &node{}
		}
		n := root
		for _, token := range pointer.Split(at) {
			if n.kids == nil {
				n.kids = map[string]*node{}
			}
			if n.kids[token] == nil {
				n.kids[token] = &node{}
			}
			n = n.kids[token]
		}
		n.field = &fields[i]
	}
	return root
}

// relied reports whether the node, or anything below it, is used.
func (n *node) relied() bool {
	if n.used() {
		return true
	}
	return n.reliedBelow()
}

func (n *node) used() bool { return n.field != nil && n.field.Usage.State == contract.Used }

func (n *node) reliedBelow() bool {
	for _, kid := range n.kids {
		if kid.relied() {
			return true
		}
	}
	return false
}

func (n *node) types() map[string]uint64 {
	if n.field == nil {
		return nil
	}
	return n.field.Types
}

// array reports whether the node holds items: by its types, else by what is below.
func (n *node) array() bool {
	t := n.types()
	if t["array"]+t["object"] > 0 {
		return t["array"] > 0
	}
	return n.kids["*"] != nil
}

// mixed reports whether it is a container in some samples and not in others, null
// left aside.
func (n *node) mixed() bool {
	t := n.types()
	kinds := 0
	for _, kind := range []string{"array", "object"} {
		if t[kind] > 0 {
			kinds++
		}
	}
	return kinds > 1 || kinds == 1 && t["string"]+t["number"]+t["integer"]+t["boolean"] > 0
}

// names are the tokens below it, sorted.
func (n *node) names() []string { return slices.Sorted(maps.Keys(n.kids)) }

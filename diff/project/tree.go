package project

import (
	"cmp"
	"slices"
)

const (
	// MaxDepth is how deep elements may be nested. Each takes two levels of JSON,
	// of which 512 are compared; real pages stay below 100.
	MaxDepth = 250
	// maxNodes bounds the memory for a document to some 150 MiB: a node of 48
	// bytes for each element and text, and as much for an attribute each.
	maxNodes = 1 << 21
)

// textName is the number of the name of texts.
const textName = 0

// tree is a document of elements and texts in flat arrays. Node 0 is the
// document; no other node has 0 for a child or for the next.
type tree struct {
	kind  Kind
	names []string
	ids   map[string]int32
	nodes []node
	attrs []attr
	text  []byte
	depth int
	kids  []int32 // children by name, as a stack; see writer.element
}

type node struct {
	name, namespace    int32
	owner              int32 // the name below which the text lies, 0 for none
	first, last, next  int32
	attrsFrom, attrsTo int32
	textFrom, textTo   int32
	alone              bool // not in an array
	json               bool // the text is JSON
}

type attr struct {
	name             int32
	under            int32 // the name below which the value lies, 0 for none
	textFrom, textTo int32
	form             attrForm
}

// attrForm is how the value of an attribute is written.
type attrForm uint8

const (
	plain attrForm = iota
	boolean
	tokens // separated by white space, in no order
)

func newTree(kind Kind) *tree {
	t := &tree{kind: kind, ids: map[string]int32{}, nodes: make([]node, 1, 64)}
	t.id("#text")
	return t
}

func (t *tree) id(name string) int32 {
	id, known := t.ids[name]
	if !known {
		id = int32(len(t.names))
		t.names = append(t.names, name)
		t.ids[name] = id
	}
	return id
}

func (t *tree) limit(n int, unit string) error {
	return &LimitError{Kind: t.kind, Limit: n, Unit: unit}
}

// add appends a node to the children of parent.
func (t *tree) add(parent int32, n node) (int32, error) {
	if len(t.nodes)+len(t.attrs) >= maxNodes {
		return 0, t.limit(maxNodes, "elements, texts and attributes")
	}
	i := int32(len(t.nodes))
	t.nodes = append(t.nodes, n)
	if p := &t.nodes[parent]; p.first == 0 {
		p.first, p.last = i, i
	} else {
		t.nodes[p.last].next = i
		p.last = i
	}
	return i, nil
}

// keep appends a text to those of the tree.
func (t *tree) keep(s string) (from, to int32) {
	from = int32(len(t.text))
	t.text = append(t.text, s...)
	return from, int32(len(t.text))
}

// addText appends text to parent. Where its last child is a text, it becomes
// longer.
func (t *tree) addText(parent int32, s string) error {
	from, to := t.keep(s)
	if last := t.nodes[parent].last; last != 0 && t.nodes[last].name == textName && t.nodes[last].textTo == from {
		t.nodes[last].textTo = to
		return nil
	}
	_, err := t.add(parent, node{name: textName, textFrom: from, textTo: to})
	return err
}

// addAttr appends an attribute to element, which must be the last node.
func (t *tree) addAttr(element int32, name, under, value string, form attrForm) {
	a := attr{name: t.id(name), form: form}
	if under != "" {
		a.under = t.id(under)
	}
	a.textFrom, a.textTo = t.keep(value)
	if n := &t.nodes[element]; n.attrsTo == n.attrsFrom {
		n.attrsFrom, n.attrsTo = int32(len(t.attrs)), int32(len(t.attrs))
	}
	t.attrs = append(t.attrs, a)
	t.nodes[element].attrsTo++
}

// byName pushes the children of n, those of the same name together and in their
// order, and reports whether there is an element among them.
func (t *tree) byName(n *node) (kids []int32, elements bool) {
	mark := len(t.kids)
	for i := n.first; i != 0; i = t.nodes[i].next {
		t.kids = append(t.kids, i)
		elements = elements || t.nodes[i].name != textName
	}
	kids = t.kids[mark:len(t.kids):len(t.kids)]
	slices.SortStableFunc(kids, func(a, b int32) int { return cmp.Compare(t.nodes[a].name, t.nodes[b].name) })
	return kids, elements
}

// dropSpace takes texts of white space out of the children of n where there are
// elements.
func (t *tree) dropSpace(n *node) {
	elements, blank := false, false
	for i := n.first; i != 0; i = t.nodes[i].next {
		isText := t.nodes[i].name == textName
		elements = elements || !isText
		blank = blank || isText && t.isBlank(&t.nodes[i])
	}
	if !elements || !blank {
		return
	}
	first, last := int32(0), int32(0)
	for i := n.first; i != 0; i = t.nodes[i].next {
		switch c := &t.nodes[i]; {
		case c.name == textName && t.isBlank(c):
			continue
		case last == 0:
			first = i
		default:
			t.nodes[last].next = i
		}
		last = i
	}
	t.nodes[last].next = 0
	n.first, n.last = first, last
}

func (t *tree) isBlank(n *node) bool { return len(trimSpace(t.text[n.textFrom:n.textTo])) == 0 }

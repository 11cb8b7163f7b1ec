package project

import (
	"bytes"
	"slices"
)

// isString reports whether an element is written as a string.
func (t *tree) isString(n *node) bool {
	if n.alone || n.attrsFrom != n.attrsTo || n.namespace != 0 {
		return false
	}
	return n.first == 0 || n.first == n.last && t.nodes[n.first].name == textName && !t.nodes[n.first].json
}

func (w *writer) element(t *tree, n *node) {
	switch {
	case w.over:
	case t.isString(n) && n.first == 0:
		w.raw(`""`)
	case t.isString(n):
		w.text(t, &t.nodes[n.first])
	default:
		w.raw("{")
		w.attributes(t, n)
		w.children(t, n)
		w.raw("}")
	}
}

func (w *writer) text(t *tree, n *node) { writeText(w, t.text[n.textFrom:n.textTo]) }

func (w *writer) attributes(t *tree, n *node) {
	if n.namespace != 0 {
		w.name("#ns")
		writeText(w, t.names[n.namespace])
	}
	for i := n.attrsFrom; i < n.attrsTo; i++ {
		a := &t.attrs[i]
		w.attribute(t.names[a.name])
		value := t.text[a.textFrom:a.textTo]
		switch {
		case a.form == boolean:
			w.raw("true")
		case a.form == tokens:
			w.tokens(value)
		case a.under != 0:
			w.raw("{")
			w.name(t.names[a.under])
			writeText(w, value)
			w.raw("}")
		default:
			writeText(w, value)
		}
	}
}

// tokens writes what white space separates, each once and sorted.
func (w *writer) tokens(value []byte) {
	list := bytes.Fields(value)
	slices.SortFunc(list, bytes.Compare)
	w.raw("[")
	for _, s := range slices.CompactFunc(list, bytes.Equal) {
		w.comma()
		writeText(w, s)
	}
	w.raw("]")
}

func (w *writer) children(t *tree, n *node) {
	mark := len(t.kids)
	kids, elements := t.byName(n)
	names := 0
	for len(kids) > 0 {
		first := &t.nodes[kids[0]]
		count := 1
		for count < len(kids) && t.nodes[kids[count]].name == first.name {
			count++
		}
		switch {
		case first.json:
			w.name("#json")
			w.rawBytes(t.text[first.textFrom:first.textTo])
		case first.name == textName:
			w.name("#text")
			w.texts(t, n, kids[:count], elements)
		case first.alone:
			w.name(t.names[first.name])
			w.element(t, first)
		default:
			w.name(t.names[first.name])
			w.list(t, kids[:count])
		}
		names++
		kids = kids[count:]
	}
	t.kids = t.kids[:mark]
	if names > 1 && !t.nodes[n.first].alone {
		w.order(t, n)
	}
}

// texts writes the pieces of text of n; where there are no elements, there is
// one.
func (w *writer) texts(t *tree, n *node, pieces []int32, elements bool) {
	if n.owner != 0 {
		w.raw("{")
		w.name(t.names[n.owner])
		defer w.raw("}")
	}
	if elements {
		w.list(t, pieces)
		return
	}
	w.text(t, &t.nodes[pieces[0]])
}

func (w *writer) node(t *tree, n *node) {
	if n.name == textName {
		w.text(t, n)
		return
	}
	w.element(t, n)
}

func (w *writer) list(t *tree, nodes []int32) {
	w.raw("[")
	for _, i := range nodes {
		w.comma()
		w.node(t, &t.nodes[i])
	}
	w.raw("]")
}

func (w *writer) order(t *tree, n *node) {
	w.name(Order)
	w.raw("[")
	for i := n.first; i != 0; i = t.nodes[i].next {
		w.comma()
		writeText(w, t.names[t.nodes[i].name])
	}
	w.raw("]")
}

// Order is the member of an element in which the order of its elements stands.
// Where a name is added to it or removed from it, the element of that name, or
// the text, is too.
const Order = "#order"

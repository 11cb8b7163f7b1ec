package casefile

import "strconv"

type kind uint8

const (
	plain kind = iota // as it stands: a number, true, false, null, or a text in a file
	text              // a text, quoted where it has to be
	list
	object
)

// node is a value of YAML, with the place where it was read.
type node struct {
	kind kind
	// block keeps it from being written on one line.
	block     bool
	line, col int
	text      string
	items     []*node
	members   []member
}

// member is an entry of an object, in the order of the file.
type member struct {
	key       string
	value     *node
	line, col int
}

// nodes makes nodes many at a time, as a file has some ten thousand.
type nodes struct{ chunk []node }

func (a *nodes) make(n node) *node {
	const many = 128
	if len(a.chunk) == 0 {
		a.chunk = make([]node, many)
	}
	out := &a.chunk[0]
	a.chunk = a.chunk[1:]
	*out = n
	return out
}

func (a *nodes) plain(s string) *node { return a.make(node{kind: plain, text: s}) }

func (a *nodes) text(s string) *node { return a.make(node{kind: text, text: s}) }

func (a *nodes) number(n int) *node { return a.plain(strconv.Itoa(n)) }

// add puts a member at the end.
func (n *node) add(key string, value *node) {
	if n.members == nil {
		n.members = make([]member, 0, 4)
	}
	n.members = append(n.members, member{key: key, value: value})
}

func (n *node) get(key string) *node {
	for i := range n.members {
		if n.members[i].key == key {
			return n.members[i].value
		}
	}
	return nil
}

// name tells a kind to a person.
func (n *node) name() string {
	switch {
	case n.kind == list:
		return "a list"
	case n.kind == object:
		return "an object"
	case n.kind == plain && n.text == "":
		return "nothing"
	}
	return strconv.Quote(shorten(n.text))
}

// shorten keeps a message on a line.
func shorten(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}

package jsondiff

import "bytes"

type kind uint8

const (
	null kind = iota
	boolean
	number
	text
	array
	object
)

// node is one value or one member's name. The nodes of a document stand in the
// order in which they begin; a member's name comes right before its value.
type node struct {
	start, end uint32 // the place in the document, quotes and brackets included
	next       uint32 // the node behind this one and all that it holds
	count      uint32 // elements or members
	kind       kind
	escaped    bool // a text that holds an escape
}

// maxDocument keeps offsets and counts within 31 bits.
const maxDocument = 1<<31 - 1

// tape is a document with its nodes.
type tape struct {
	src   []byte
	nodes []node
	sums  []uint64 // of the nodes, 0 where not yet known; see Differ.sum
	// While the document is read: pos is the place in it, open holds the
	// containers around it.
	pos  int
	open []uint32
	max  int // depth
	side Side
	err  error
}

// ref is a node of a tape.
type ref struct {
	t *tape
	i uint32
}

// span returns the place of x, the zero span where x stands for nothing.
func (x ref) span() span {
	if x.t == nil {
		return span{}
	}
	n := x.node()
	return span{n.start, n.end}
}

func (x ref) node() *node     { return &x.t.nodes[x.i] }
func (x ref) at(i uint32) ref { return ref{x.t, i} }
func (x ref) next() ref       { return ref{x.t, x.t.nodes[x.i].next} }

// first returns the first element, or the first member's name.
func (x ref) first() ref { return ref{x.t, x.i + 1} }

// value returns the value of the member whose name x is.
func (x ref) value() ref { return ref{x.t, x.i + 1} }

// raw returns the bytes of the document that x stands for.
func (x ref) raw() []byte { n := x.node(); return x.t.src[n.start:n.end:n.end] }

func (x ref) sameBytes(y ref) bool { return bytes.Equal(x.raw(), y.raw()) }

// index reads the whole document.
func (t *tape) index(side Side, src []byte, maxDepth int) error {
	t.start(side, src, 0, maxDepth)
	if len(src) > maxDocument {
		return &LimitError{Side: side, Offset: maxDocument, Limit: maxDocument, Unit: "bytes"}
	}
	if !t.values(false) {
		return t.err
	}
	if t.pos = space(src, t.pos); t.pos < len(src) {
		t.fail(t.pos, "nothing may follow the document's value")
	}
	return t.err
}

func (t *tape) start(side Side, src []byte, pos, maxDepth int) {
	t.src, t.nodes, t.sums, t.pos, t.open = src, t.nodes[:0], t.sums[:0], pos, t.open[:0]
	t.side, t.max, t.err = side, maxDepth, nil
}

// indexValue reads one value at pos.
func (t *tape) indexValue(side Side, src []byte, pos, maxDepth int) bool {
	t.start(side, src, pos, maxDepth)
	return t.values(false)
}

// indexRest reads the members of an object that is left from pos on, where a
// name or the end of the object is due. They become an object of their own.
func (t *tape) indexRest(side Side, src []byte, pos, maxDepth int) bool {
	t.start(side, src, pos, maxDepth)
	t.open = append(t.open, 0)
	t.nodes = append(t.nodes, node{start: uint32(pos), kind: object})
	if pos < len(src) && src[pos] == '}' {
		t.finish()
		return true
	}
	return t.values(true)
}

func (t *tape) fail(offset int, msg string) bool {
	t.err = newSyntaxError(t.side, t.src, offset, msg)
	return false
}

// word reads a literal; where it is none, it returns 0.
func (t *tape) word(pos int, word string) int {
	if end := pos + len(word); end <= len(t.src) && string(t.src[pos:end]) == word {
		return end
	}
	t.fail(pos, "a value is due; did you mean "+word+"?")
	return 0
}

// scalar reads a scalar that is no string, and returns the place behind it, 0
// where it is broken.
func (t *tape) scalar(pos int) (end int, k kind) {
	switch c := t.src[pos]; {
	case c == 't':
		return t.word(pos, "true"), boolean
	case c == 'f':
		return t.word(pos, "false"), boolean
	case c == 'n':
		return t.word(pos, "null"), null
	case c != '-' && c-'0' > 9:
		t.fail(pos, "a value is due")
		return 0, number
	}
	if end = numberEnd(t.src, pos); end == 0 {
		end, msg := scanNumber(t.src, pos)
		t.fail(end, msg)
		return 0, number
	}
	return end, number
}

// values reads until everything that is open has ended; nameDue says that a
// member's name comes first. It is one loop: with a call for each token it takes
// half as long again.
func (t *tape) values(nameDue bool) bool {
	src, nodes, pos := t.src, t.nodes, t.pos
	for {
		pos = space(src, pos)
		if pos == len(src) || nameDue && src[pos] != '"' {
			return t.failValue(pos, nameDue)
		}
		n := node{start: uint32(pos), next: uint32(len(nodes)) + 1}
		switch c := src[pos]; c {
		case '"':
			end, escaped, msg := scanString(src, pos)
			if msg != "" {
				return t.fail(end, msg)
			}
			n.end, n.kind, n.escaped, pos = uint32(end), text, escaped, end
			if nameDue {
				nodes = append(nodes, n)
				if pos = space(src, pos); pos == len(src) || src[pos] != ':' {
					return t.fail(pos, "a colon is due behind a member's name")
				}
				pos, nameDue = pos+1, false
				continue
			}
		case '{', '[':
			if len(t.open) == t.max {
				t.err = &LimitError{Side: t.side, Offset: pos, Limit: t.max, Unit: "levels"}
				return false
			}
			n.kind = array
			if c == '{' {
				n.kind = object
			}
			if pos = space(src, pos+1); pos == len(src) || src[pos] != c+2 {
				t.open, nodes, nameDue = append(t.open, n.next-1), append(nodes, n), c == '{'
				continue
			}
			pos++
			n.end = uint32(pos)
		default:
			if pos, n.kind = t.scalar(pos); pos == 0 {
				return false
			}
			n.end = uint32(pos)
		}
		nodes = append(nodes, n)
		t.nodes, t.pos = nodes, pos
		if ended, ok := t.follow(); ended || !ok {
			return ok
		}
		pos = t.pos
		nameDue = nodes[t.open[len(t.open)-1]].kind == object
	}
}

func (t *tape) failValue(pos int, nameDue bool) bool {
	if nameDue {
		return t.fail(pos, "a member's name in quotes is due")
	}
	return t.fail(pos, "the document ends where a value is due")
}

// finish ends the innermost container at its closing bracket.
func (t *tape) finish() {
	t.pos++
	n := &t.nodes[t.open[len(t.open)-1]]
	n.end, n.next = uint32(t.pos), uint32(len(t.nodes))
	t.open = t.open[:len(t.open)-1]
}

// follow reads from behind a value to the next one, or until all that was open
// has ended.
func (t *tape) follow() (ended, ok bool) {
	for len(t.open) > 0 {
		top := &t.nodes[t.open[len(t.open)-1]]
		top.count++
		t.pos = space(t.src, t.pos)
		c := byte(0)
		if t.pos < len(t.src) {
			c = t.src[t.pos]
		}
		switch {
		case c == ',':
			t.pos++
			return false, true
		case c == ']' && top.kind == array, c == '}' && top.kind == object:
			t.finish()
		case top.kind == array:
			return false, t.fail(t.pos, "a comma or ] is due in an array")
		default:
			return false, t.fail(t.pos, "a comma or } is due in an object")
		}
	}
	return true, true
}

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
	if !t.values() {
		return t.err
	}
	if t.peek(); t.pos < len(src) {
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
	return t.values()
}

// indexRest reads the members of an object that is left from pos on, where a
// name or the end of the object is due. They become an object of their own.
func (t *tape) indexRest(side Side, src []byte, pos, maxDepth int) bool {
	t.start(side, src, pos, maxDepth)
	t.open = append(t.open, 0)
	t.add(object, pos, false)
	if t.peek() == '}' {
		t.finish()
		return true
	}
	return t.name() && t.values()
}

// values reads until everything that is open has ended.
func (t *tape) values() bool {
	for t.value() && t.follow() {
	}
	return t.err == nil
}

func (t *tape) fail(offset int, msg string) bool {
	t.err = newSyntaxError(t.side, t.src, offset, msg)
	return false
}

// peek skips white space and returns the byte behind it, 0 at the end.
func (t *tape) peek() byte {
	t.pos = space(t.src, t.pos)
	if t.pos < len(t.src) {
		return t.src[t.pos]
	}
	return 0
}

// value reads until a value is whole: a scalar or an empty container.
func (t *tape) value() bool {
	for {
		switch c := t.peek(); c {
		case '{':
			if !t.begin(object) {
				return false
			}
			if t.peek() == '}' {
				return t.finish()
			}
			if !t.name() {
				return false
			}
		case '[':
			if !t.begin(array) {
				return false
			}
			if t.peek() == ']' {
				return t.finish()
			}
		default:
			return t.scalar(c)
		}
	}
}

func (t *tape) scalar(c byte) bool {
	switch c {
	case '"':
		return t.text()
	case 't':
		return t.literal("true", boolean)
	case 'f':
		return t.literal("false", boolean)
	case 'n':
		return t.literal("null", null)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		end, msg := scanNumber(t.src, t.pos)
		if msg != "" {
			return t.fail(end, msg)
		}
		return t.add(number, end, false)
	}
	if t.pos == len(t.src) {
		return t.fail(t.pos, "the document ends where a value is due")
	}
	return t.fail(t.pos, "a value is due")
}

func (t *tape) add(k kind, end int, escaped bool) bool {
	n := uint32(len(t.nodes))
	t.nodes = append(t.nodes, node{start: uint32(t.pos), end: uint32(end), next: n + 1, kind: k, escaped: escaped})
	t.pos = end
	return true
}

func (t *tape) text() bool {
	end, escaped, msg := scanString(t.src, t.pos)
	if msg != "" {
		return t.fail(end, msg)
	}
	return t.add(text, end, escaped)
}

func (t *tape) literal(word string, k kind) bool {
	end := t.pos + len(word)
	if end > len(t.src) || string(t.src[t.pos:end]) != word {
		return t.fail(t.pos, "a value is due; did you mean "+word+"?")
	}
	return t.add(k, end, false)
}

// name reads a member's name and the colon.
func (t *tape) name() bool {
	if t.peek() != '"' {
		return t.fail(t.pos, "a member's name in quotes is due")
	}
	if !t.text() {
		return false
	}
	if t.peek() != ':' {
		return t.fail(t.pos, "a colon is due behind a member's name")
	}
	t.pos++
	return true
}

func (t *tape) begin(k kind) bool {
	if len(t.open) == t.max {
		t.err = &LimitError{Side: t.side, Offset: t.pos, Limit: t.max, Unit: "levels"}
		return false
	}
	t.open = append(t.open, uint32(len(t.nodes)))
	return t.add(k, t.pos+1, false)
}

// finish ends the innermost container at its closing bracket.
func (t *tape) finish() bool {
	t.pos++
	n := &t.nodes[t.open[len(t.open)-1]]
	n.end, n.next = uint32(t.pos), uint32(len(t.nodes))
	t.open = t.open[:len(t.open)-1]
	return true
}

// follow reads from behind a value to the next one. It returns false where all
// that was open has ended.
func (t *tape) follow() bool {
	for len(t.open) > 0 {
		top := &t.nodes[t.open[len(t.open)-1]]
		top.count++
		switch c := t.peek(); {
		case c == ',' && top.kind == array:
			t.pos++
			return true
		case c == ',':
			t.pos++
			t.peek()
			return t.name()
		case c == ']' && top.kind == array, c == '}' && top.kind == object:
			t.finish()
		case top.kind == array:
			return t.fail(t.pos, "a comma or ] is due in an array")
		default:
			return t.fail(t.pos, "a comma or } is due in an object")
		}
	}
	return false
}

package selfcheck

import (
	"bytes"
	"math/rand/v2"
)

// value is one value of a document: where it stands, and in what.
type value struct {
	start, end int
	// inside is '{' or '[', or 0 for the document itself. name and nameEnd are
	// where a member's name stands, with its quotes.
	inside        byte
	name, nameEnd int
	// before is the end of the sibling before it, or -1; after is where the next
	// one begins, or -1.
	before, after int
}

// from is where the member or element begins.
func (v *value) from() int {
	if v.inside == '{' {
		return v.name
	}
	return v.start
}

// cursor walks over JSON texts in a body, and keeps for each folded path one of
// the values there, each as likely as the other.
type cursor struct {
	doc    []byte // up to the end of the text
	at     int
	rng    *rand.Rand
	path   []byte
	found  map[string]*place
	order  []*place
	folds  *folds
	sizes  []int // of the text's objects, in the order in which they begin
	beyond uint64
}

// place is all values of one folded path.
type place struct {
	path  string
	value value // one of them
	times uint64
}

// maxPlaces bounds the places of a document: ten times as many as are tried.
const maxPlaces = 10 * maxPerAnswer

func newCursor(rng *rand.Rand, f *folds) *cursor {
	return &cursor{rng: rng, folds: f, found: make(map[string]*place)}
}

// text walks over what is known to be a JSON text and stands below a path.
func (c *cursor) text(body []byte, at span, path string) {
	c.doc, c.at, c.path = body[:at.end], at.start, append(c.path[:0], path...)
	c.sizes = sizesOf(c.sizes[:0], body[at.start:at.end])
	c.value(value{before: -1, after: -1})
}

func (c *cursor) space() {
	for c.at < len(c.doc) && bytes.IndexByte([]byte(" \t\r\n"), c.doc[c.at]) >= 0 {
		c.at++
	}
}

// value walks over the value at the cursor, and enters it.
func (c *cursor) value(v value) {
	c.space()
	v.start = c.at
	switch c.doc[c.at] {
	case '{', '[':
		p := c.enter() // before what is inside
		c.inside(c.doc[c.at], c.doc[c.at] == '{' && c.isMap())
		v.end = c.at
		c.offer(p, v)
		return
	case '"':
		c.at = endOfString(c.doc, c.at)
	default:
		for c.at < len(c.doc) && bytes.IndexByte([]byte(",]} \t\r\n"), c.doc[c.at]) < 0 {
			c.at++
		}
	}
	v.end = c.at
	c.offer(c.enter(), v)
}

// isMap reports whether the object at the cursor, which begins next, is a map.
func (c *cursor) isMap() bool {
	size := c.sizes[0]
	c.sizes = c.sizes[1:]
	return size > maxMembers
}

// inside walks over the members or elements of a container.
func (c *cursor) inside(kind byte, isMap bool) {
	c.at++
	before := -1
	for {
		c.space()
		if c.doc[c.at] == '}' || c.doc[c.at] == ']' {
			c.at++
			return
		}
		if c.doc[c.at] == ',' {
			c.at++
			continue
		}
		before = c.member(value{inside: kind, before: before}, isMap)
	}
}

// member walks over one member or element and returns its end.
func (c *cursor) member(v value, isMap bool) int {
	length := len(c.path)
	if v.inside == '{' {
		v.name, v.nameEnd = c.at, endOfString(c.doc, c.at)
		c.path = append(c.path, c.folds.step(c.doc[v.name:v.nameEnd], isMap)...)
		c.at = v.nameEnd
		c.space()
		c.at++ // the colon
	} else {
		c.path = append(c.path, "[*]"...)
	}
	c.value(v)
	c.path = c.path[:length]
	return c.at
}

// enter returns the place that the cursor stands at; nil where there are too many.
func (c *cursor) enter() *place {
	if p := c.found[string(c.path)]; p != nil {
		return p
	}
	if len(c.order) >= maxPlaces {
		c.beyond++
		return nil
	}
	p := &place{path: string(c.path)}
	c.found[p.path] = p
	c.order = append(c.order, p)
	return p
}

// offer makes v the place's value, with the probability of 1 in as many as there
// were.
func (c *cursor) offer(p *place, v value) {
	if p == nil {
		return
	}
	if p.times++; c.rng.Uint64N(p.times) != 0 {
		return
	}
	v.after = c.next()
	p.value = v
}

// next returns where the sibling behind the cursor begins, or -1.
func (c *cursor) next() int {
	at := c.at
	defer func() { c.at = at }()
	if c.space(); c.at >= len(c.doc) || c.doc[c.at] != ',' {
		return -1
	}
	c.at++
	c.space()
	return c.at
}

// endOfString returns where the string ends that begins at a place.
func endOfString(doc []byte, at int) int {
	for at++; doc[at] != '"'; at++ {
		if doc[at] == '\\' {
			at++
		}
	}
	return at + 1
}

// elements returns the values of an array.
func elements(doc []byte) []value {
	c := &cursor{doc: doc, at: 1}
	var list []value
	for {
		c.space()
		switch doc[c.at] {
		case ']':
			return list
		case ',':
			c.at++
		default:
			v := value{inside: '[', start: c.at}
			c.skip()
			v.end = c.at
			list = append(list, v)
		}
	}
}

// skip moves the cursor over a value.
func (c *cursor) skip() {
	depth := 0
	for c.at < len(c.doc) {
		switch c.doc[c.at] {
		case '"':
			c.at = endOfString(c.doc, c.at)
			if depth == 0 {
				return
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return
			}
			if depth--; depth == 0 {
				c.at++
				return
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return
			}
		}
		c.at++
	}
}

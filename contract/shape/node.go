package shape

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"twinspect.dev/contract"
)

// kind is a type of JSON.
type kind uint8

const (
	isNull kind = iota
	isBoolean
	isInteger
	isNumber
	isString
	isArray
	isObject
	kinds
	noKind = kinds
)

// kindNames are the types by the names of JSON Schema.
var kindNames = [kinds]string{"null", "boolean", "integer", "number", "string", "array", "object"}

// node is what was learned of one place.
type node struct {
	seen  uint64
	types [kinds]uint64
	// private is of the name alone: its texts, and those below, are kept secret.
	private bool
	// last is the message in which a part was there last.
	last uint64

	texts    words
	min, max decimal // of its numbers; without text where there are none
	// shortest and longest are of its strings and arrays.
	shortest, longest int

	kids map[string]*node // by name
	star *node            // of the items, and of the keys that are no names

	usage contract.Usage
}

func newNode() *node { return &node{texts: words{forms: all}} }

// measured counts the values that have a length.
func (n *node) measured() uint64 { return n.types[isString] + n.types[isArray] }

// walk learns from a value and from what is in it.
func (b *Builder) walk(n *node, v any, depth int, private bool) {
	k := kindOf(v)
	if k == noKind {
		b.lost[NoJSON]++
		return
	}
	n.seen++
	switch v := v.(type) {
	case json.Number:
		k = b.number(n, string(v))
	case string:
		n.text(v, private)
	case []any:
		n.length(len(v))
		b.items(n, v, depth, private)
	case map[string]any:
		b.members(n, v, depth, private)
	}
	n.types[k]++
}

func kindOf(v any) kind {
	switch v.(type) {
	case nil:
		return isNull
	case bool:
		return isBoolean
	case json.Number:
		return isNumber
	case string:
		return isString
	case []any:
		return isArray
	case map[string]any:
		return isObject
	}
	return noKind
}

// length takes the length of a string or of an array; it is called before the value
// is counted.
func (n *node) length(l int) {
	first := n.measured() == 0
	if first || l < n.shortest {
		n.shortest = l
	}
	if first || l > n.longest {
		n.longest = l
	}
}

func (n *node) text(s string, private bool) {
	n.length(utf8.RuneCountInString(s))
	n.texts.add(s, private)
}

// number takes a number and tells which of the two types it has.
func (b *Builder) number(n *node, text string) kind {
	d, ok := parseDecimal(text)
	if !ok {
		b.lost[LongNumber]++
		if isWhole(text) {
			return isInteger
		}
		return isNumber
	}
	n.bound(&d)
	if d.whole() {
		return isInteger
	}
	return isNumber
}

// bound widens the bounds by a number, whose text is kept.
func (n *node) bound(d *decimal) {
	if n.min.text == "" || d.before(&n.min) {
		n.min = d.clone()
	}
	if n.max.text == "" || d.after(&n.max) {
		n.max = d.clone()
	}
}

func (b *Builder) items(n *node, items []any, depth int, private bool) {
	if len(items) == 0 || !b.deeper(depth) {
		return
	}
	star := b.starOf(n)
	if star == nil {
		return
	}
	for _, item := range items {
		b.walk(star, item, depth+1, private)
	}
}

func (b *Builder) members(n *node, members map[string]any, depth int, private bool) {
	if len(members) == 0 || !b.deeper(depth) {
		return
	}
	for key, v := range members {
		if kid := n.kids[key]; kid != nil { // most
			b.walk(kid, v, depth+1, private || kid.private)
			continue
		}
		if kid := b.kid(n, key); kid != nil {
			b.walk(kid, v, depth+1, private || isPrivate(key))
		}
	}
}

func (b *Builder) deeper(depth int) bool {
	if depth < MaxDepth {
		return true
	}
	b.lost[TooDeep]++
	return false
}

// kid returns the node of a key that is not known yet, nil where there may be no
// more.
func (b *Builder) kid(n *node, key string) *node {
	switch {
	case n.star != nil || !isName(key) || len(n.kids) >= maxNames:
		return b.starOf(n)
	case !utf8.ValidString(key):
		b.lost[BadName]++
		return nil
	case !b.room():
		return nil
	}
	kid := newNode()
	kid.private = isPrivate(key)
	n.put(strings.Clone(key), kid)
	b.nodes++
	return kid
}

// starOf returns the node of all items and keys, into which those of names go that
// there are.
func (b *Builder) starOf(n *node) *node {
	if n.star == nil {
		if len(n.kids) == 0 && !b.room() {
			return nil
		}
		n.star = newNode()
		b.nodes++
	}
	if len(n.kids) > 0 {
		b.nodes -= n.gather()
	}
	return n.star
}

func (n *node) put(key string, kid *node) {
	if n.kids == nil {
		n.kids = make(map[string]*node, 4)
	}
	n.kids[key] = kid
}

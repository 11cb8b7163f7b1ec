package shape

import "strings"

const (
	// maxNames is how many keys are names; objects of public services have up to
	// some 120.
	maxNames = 256
	// maxOptional is how many keys with values of one type may be missing now and
	// then. Objects with more optional members than this spread them over types.
	maxOptional = 32
)

// isName reports whether a key may be the name of a member, and is no data. What it
// says of a key depends on nothing else.
func isName(key string) bool {
	if key == "*" || len(key) > MaxKey || strings.ContainsAny(key, "@/") {
		return false
	}
	switch formOf(key) {
	case none, code:
		return true
	case base64, hex: // words of programs may have the form, and a digit or two
		return strings.Count(strings.Map(figure, key), "0") <= 2 && len(key) <= 40
	}
	return false
}

// figure maps digits to zero, and anything else to nothing.
func figure(r rune) rune {
	if r >= '0' && r <= '9' {
		return '0'
	}
	return -1
}

// mapLike reports whether the keys are data. It must stay true whatever is merged
// into n; see the package's comment.
func (n *node) mapLike() bool {
	if n.star != nil && n.star.seen > 0 {
		return len(n.kids) > 0
	}
	names, optional := 0, [kinds]int{}
	for _, kid := range n.kids {
		if kid.seen == 0 {
			continue // declared alone
		}
		names++
		if kid.seen < n.types[isObject] {
			for k := range optional {
				if kid.types[k] > 0 && kind(k) != isNull {
					optional[k]++
				}
			}
		}
	}
	for _, count := range optional {
		if count > maxOptional {
			return true
		}
	}
	return names > maxNames
}

// gather merges the named members into the star, and returns how many nodes that
// were there are no more.
func (n *node) gather() (gone int) {
	if n.star == nil {
		n.star = newNode()
		gone--
	}
	for _, kid := range n.kids {
		gone += n.star.merge(kid)
	}
	n.kids = nil
	return gone
}

// merge adds what src learned, whose nodes may become those of n, and returns how
// many nodes that were there are no more.
func (n *node) merge(src *node) (gone int) {
	gone = 1
	n.mergeBounds(src)
	n.texts.merge(&src.texts)
	n.usage = mergeUsage(n.usage, src.usage)
	n.seen += src.seen
	for k := range n.types {
		n.types[k] += src.types[k]
	}
	for key, kid := range src.kids {
		if own := n.kids[key]; own != nil {
			gone += own.merge(kid)
		} else {
			n.put(key, kid)
		}
	}
	switch {
	case n.star == nil:
		n.star = src.star
	case src.star != nil:
		gone += n.star.merge(src.star)
	}
	if n.star != nil && n.star.seen > 0 && len(n.kids) > 0 {
		gone += n.gather()
	}
	return gone
}

func (n *node) mergeBounds(src *node) {
	if src.min.text != "" {
		n.bound(&src.min)
		n.bound(&src.max)
	}
	if src.measured() == 0 {
		return
	}
	if n.measured() == 0 {
		n.shortest, n.longest = src.shortest, src.longest
		return
	}
	n.shortest, n.longest = min(n.shortest, src.shortest), max(n.longest, src.longest)
}

// folded returns a copy in which the objects that are maps have no names. n is not
// changed: more samples may come.
func (n *node) folded() *node {
	out := *n
	out.texts = n.texts.copy()
	out.kids = nil
	if n.star != nil {
		out.star = n.star.folded()
	}
	for key, kid := range n.kids {
		out.put(key, kid.folded())
	}
	out.fold()
	return &out
}

// fold takes the names from the objects that are maps, in n and below it.
func (n *node) fold() {
	if n.mapLike() {
		n.gather()
	}
	for _, kid := range n.kids {
		kid.fold()
	}
	if n.star != nil {
		n.star.fold()
	}
}

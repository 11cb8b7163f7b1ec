package pattern

import (
	"math/rand/v2"
)

// builder makes one string along the structure of an expression, assertions
// aside.
type builder struct {
	*measure
	rng      *rand.Rand
	hints    []class
	captured map[int][]rune
	out      []rune
	// left bounds the steps of one string: each makes a character or repeats
	// something empty.
	left int
}

// build writes a string of n that fits the node; false where a choice led
// nowhere, such as a backreference to something longer.
func (b *builder) build(n node, length int) bool {
	if b.left--; b.left < 0 || !b.of(n).has(length) {
		return false
	}
	switch n := n.(type) {
	case *chars:
		return b.character(n.class)
	case *sequence:
		return b.sequence(n.parts, length)
	case *choice:
		return b.choice(n.of, length)
	case *repeat:
		return b.repeat(n, length)
	case *group:
		start := len(b.out)
		ok := b.build(n.of, length)
		b.captured[n.number] = append([]rune(nil), b.out[start:]...)
		return ok
	case *again:
		text := b.captured[n.number]
		b.out = append(b.out, text...)
		return len(text) == length
	}
	return true
}

// character prefers, half the time, one that a lookahead asks for.
func (b *builder) character(c class) bool {
	if len(b.hints) > 0 && b.rng.IntN(2) == 0 {
		if both := c.and(b.hints[b.rng.IntN(len(b.hints))]); len(both) > 0 {
			c = both
		}
	}
	r, ok := c.pick(b.rng)
	b.out = append(b.out, r)
	return ok
}

func (b *builder) choice(of []node, length int) bool {
	var fit []node
	for _, n := range of {
		if b.of(n).has(length) {
			fit = append(fit, n)
		}
	}
	return len(fit) > 0 && b.build(fit[b.rng.IntN(len(fit))], length)
}

func (b *builder) sequence(parts []node, length int) bool {
	if len(parts) == 0 {
		return length == 0
	}
	// rest[i] holds the lengths of the parts from i on.
	rest := make([]lengths, len(parts)+1)
	rest[len(parts)] = b.only(0)
	for i := len(parts) - 1; i >= 0; i-- {
		rest[i] = rest[i+1].plus(b.of(parts[i]))
	}
	for i, p := range parts {
		n, ok := b.share(p, length, rest[i+1])
		if !ok || !b.build(p, n) {
			return false
		}
		length -= n
	}
	return true
}

// share draws how much of a length a part gets, so that the rest can be had by
// what follows. A backreference gets what was captured.
func (b *builder) share(p node, length int, rest lengths) (int, bool) {
	if a, ok := p.(*again); ok {
		n := len(b.captured[a.number])
		return n, rest.has(length - n)
	}
	least := false
	if r, ok := p.(*repeat); ok {
		least = r == lead || r == tail
	}
	var fit []int
	b.of(p).each(func(n int) bool {
		if n > length {
			return false
		}
		if rest.has(length - n) {
			fit = append(fit, n)
		}
		return !least || len(fit) == 0
	})
	if len(fit) == 0 {
		return 0, false
	}
	return fit[b.rng.IntN(len(fit))], true
}

// repeat draws how often, one by one: what is left must be had by the times that
// are left.
func (b *builder) repeat(n *repeat, length int) bool {
	once := b.of(n.of)
	for done := 0; ; done++ {
		if length == 0 && (done >= n.min || once.has(0)) {
			return b.empty(n, n.min-done)
		}
		if b.left < 0 || n.max >= 0 && done >= n.max {
			return false
		}
		size, ok := b.one(n, once, done, length)
		if !ok || !b.build(n.of, size) {
			return false
		}
		length -= size
	}
}

// empty builds what is left of the least number of times, with nothing in it:
// groups in it capture nothing.
func (b *builder) empty(n *repeat, times int) bool {
	return times <= 0 || b.build(n.of, 0)
}

// one draws the length of the next time.
func (b *builder) one(n *repeat, once lengths, done, length int) (int, bool) {
	if low, high := once.ends(); low == high {
		return low, low > 0 && low <= length
	}
	rest := -1
	if n.max >= 0 {
		rest = n.max - max(done+1, n.min)
	}
	after := once.times(max(n.min-done-1, 0)).plus(b.anyTimes(n, once, rest))
	var fit []int
	once.each(func(size int) bool {
		if size > 0 && size <= length && after.has(length-size) {
			fit = append(fit, size)
		}
		return size < length
	})
	if len(fit) == 0 {
		return 0, false
	}
	return fit[b.rng.IntN(len(fit))], true
}

// unbounded is the key of the lengths of any number of times of a part.
type unbounded struct{ of *repeat }

func (b *builder) anyTimes(n *repeat, once lengths, rest int) lengths {
	if rest >= 0 {
		return once.upto(rest)
	}
	key := unbounded{n}
	if _, ok := b.known[key]; !ok {
		b.known[key] = once.upto(-1)
	}
	return b.known[key]
}

package pattern

import "math/bits"

// lengths is a set of lengths in code points: bit n is set where a string of n
// can be made. All sets of one measure have the same number of words.
type lengths []uint64

func (l lengths) has(n int) bool { return n >= 0 && n/64 < len(l) && l[n/64]>>(n%64)&1 == 1 }

func (l lengths) add(n int) {
	if n/64 < len(l) {
		l[n/64] |= 1 << (n % 64)
	}
}

func (l lengths) join(m lengths) {
	for i := range l {
		l[i] |= m[i]
	}
}

func (l lengths) equal(m lengths) bool {
	for i := range l {
		if l[i] != m[i] {
			return false
		}
	}
	return true
}

// each calls f for the lengths from low to high until it returns false.
func (l lengths) each(f func(n int) bool) {
	for i, w := range l {
		for ; w != 0; w &= w - 1 {
			if !f(i*64 + bits.TrailingZeros64(w)) {
				return
			}
		}
	}
}

// ends returns the least and the greatest length, -1 where there is none.
func (l lengths) ends() (low, high int) {
	low, high = -1, -1
	l.each(func(n int) bool {
		if low < 0 {
			low = n
		}
		high = n
		return true
	})
	return low, high
}

// plus returns the sums of a length of l and one of m.
func (l lengths) plus(m lengths) lengths {
	out := make(lengths, len(l))
	l.each(func(n int) bool {
		word, bit := n/64, n%64
		for i := 0; i+word < len(out); i++ {
			out[i+word] |= m[i] << bit
			if bit > 0 && i > 0 {
				out[i+word] |= m[i-1] >> (64 - bit)
			}
		}
		return true
	})
	return out
}

// times returns the sums of n lengths of l, by doubling.
func (l lengths) times(n int) lengths {
	out, power := make(lengths, len(l)), l
	out.add(0)
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			out = out.plus(power)
		}
		if n > 1 {
			power = power.plus(power)
		}
	}
	return out
}

// upto returns the sums of at most n lengths of l; n < 0 is any number.
func (l lengths) upto(n int) lengths {
	once := append(lengths(nil), l...)
	once.add(0)
	if n >= 0 {
		return once.times(n)
	}
	for {
		twice := once.plus(once)
		if twice.equal(once) {
			return once
		}
		once = twice
	}
}

// measure tells which lengths the parts of an expression can have, assertions
// aside. Lengths from words*64 on are not told.
type measure struct {
	words  int
	known  map[node]lengths
	groups map[int]node
}

func newMeasure(root node, limit int) *measure {
	m := &measure{words: limit/64 + 1, known: map[node]lengths{}, groups: map[int]node{}}
	walk(root, func(n node) {
		if g, ok := n.(*group); ok {
			m.groups[g.number] = g
		}
	})
	return m
}

func (m *measure) of(n node) lengths {
	if l, ok := m.known[n]; ok {
		return l
	}
	m.known[n] = m.only(0) // for a backreference within its own group
	l := m.find(n)
	m.known[n] = l
	return l
}

func (m *measure) only(n int) lengths {
	l := make(lengths, m.words)
	l.add(n)
	return l
}

func (m *measure) find(n node) lengths {
	switch n := n.(type) {
	case *chars:
		if len(n.class) == 0 {
			return make(lengths, m.words)
		}
		return m.only(1)
	case *sequence:
		l := m.only(0)
		for _, p := range n.parts {
			l = l.plus(m.of(p))
		}
		return l
	case *choice:
		l := make(lengths, m.words)
		for _, c := range n.of {
			l.join(m.of(c))
		}
		return l
	case *repeat:
		return m.repeated(n)
	case *group:
		return m.of(n.of)
	case *again:
		l := m.only(0) // a group that took no part captures nothing
		if g, ok := m.groups[n.number]; ok {
			l.join(m.of(g))
		}
		return l
	}
	return m.only(0)
}

func (m *measure) repeated(n *repeat) lengths {
	once := m.of(n.of)
	rest := -1
	if n.max >= 0 {
		rest = n.max - n.min
	}
	return once.times(n.min).plus(once.upto(rest))
}

package jsondiff

import "slices"

// maxMoves bounds the moves of a patch within one array, each of which takes time
// by the array's length. Above it, elements are removed and added.
const maxMoves = 256

// array writes what makes the array y of x: elements that y lacks are removed,
// the last first; then, from the front, the array is brought into the order of y.
func (p *patcher) array(x, y ref) {
	d := p.d
	refs, ints := d.refs.mark(), d.ints.mark()
	defer func() { d.refs.release(refs); d.ints.release(ints) }()
	m := d.match(x, y, ArrayRule{})
	s := shift{patcher: p, m: &m, stay: d.ints.take(len(m.xs))}
	s.limit()
	s.rest = d.ints.take(len(m.xs))[:0]
	for i := len(m.xs) - 1; i >= 0; i-- {
		if m.mateX[i] != none {
			s.rest = append(s.rest, int32(i))
			continue
		}
		end := p.enterElement(m.first + i)
		p.op("remove")
		p.close()
		p.path = p.path[:end]
	}
	slices.Reverse(s.rest)
	for j, i := range m.mateY {
		s.fill(j, i)
	}
}

// shift brings an array into another order. Before the j-th element is filled in,
// the array holds the first j elements of the order that is wanted, and then the
// rest.
type shift struct {
	*patcher
	m    *matching
	stay []int32 // 1 where an element of xs is not moved
	rest []int32 // places in xs
}

// limit gives up counterparts that would take too many moves.
func (s *shift) limit() {
	m := s.m
	if m.mated()-s.d.longestRun(m.mateX, s.stay) <= maxMoves {
		return
	}
	for i, j := range m.mateX {
		if j != none && s.stay[i] == 0 {
			m.mateX[i], m.mateY[j] = none, none
		}
	}
}

// fill brings the j-th element to its place, which is made of the one at i in xs,
// or is added.
func (s *shift) fill(j int, i int32) {
	at := s.m.first + j
	y := ref{s.m.y, s.m.ys[j]}
	if i == none {
		end := s.enterElement(at)
		s.op("add")
		s.with(y)
		s.path = s.path[:end]
		return
	}
	for s.stay[i] != 0 && s.rest[0] != i {
		s.postpone(at)
	}
	k := slices.Index(s.rest, i)
	if k > 0 {
		s.move(at+k, at)
	}
	s.rest = slices.Delete(s.rest, k, k+1)
	end := s.enterElement(at)
	s.value(ref{s.m.x, s.m.xs[i]}, y)
	s.path = s.path[:end]
}

// postpone moves the first of the rest, which is wanted later, behind the last
// element before it that is not moved. All that stand before the wanted one are
// such: those that stay keep their order.
func (s *shift) postpone(at int) {
	i := s.rest[0]
	before := s.m.mateX[i] - 1
	for s.m.mateY[before] == none || s.stay[s.m.mateY[before]] == 0 {
		before--
	}
	k := slices.Index(s.rest, s.m.mateY[before])
	s.move(at, at+k)
	copy(s.rest, s.rest[1:k+1])
	s.rest[k] = i
}

func (s *shift) move(from, to int) {
	end := s.enterElement(to)
	s.op("move")
	s.path = s.path[:end]
	s.out = append(s.out, `","from":"`...)
	s.enterElement(from)
	s.out = append(s.out, s.path...)
	s.path = s.path[:end]
	s.close()
}

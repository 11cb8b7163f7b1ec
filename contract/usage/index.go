package usage

// index finds the messages and places at which a value was sent within a group. It
// is an open-addressing table that is used again: clearing it is counting up.
type index struct {
	slots []slot // a power of two
	nodes []node
	gen   uint32
	used  int
}

type slot struct {
	hash uint64
	gen  uint32
	head int32 // of nodes, counted from 1
}

// node is one place at which a value was sent, by the last message of its kind.
type node struct {
	message int32
	next    int32
	at      uint16
}

func (x *index) reset() {
	x.gen++
	x.nodes, x.used = x.nodes[:0], 0
	if x.gen == 0 || x.slots == nil || len(x.slots) > maxIdle {
		x.slots, x.gen = make([]slot, 1<<10), 1
	}
}

// slot returns where a hash is, or would be.
func (x *index) slot(hash uint64) *slot {
	mask := uint64(len(x.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := &x.slots[i]
		if s.gen != x.gen || s.hash == hash {
			return s
		}
	}
}

// make room for one more, with half of the table empty.
func (x *index) grow() {
	if x.used++; 2*x.used < len(x.slots) {
		return
	}
	old := x.slots
	x.slots = make([]slot, 2*len(old))
	for _, s := range old {
		if s.gen == x.gen {
			*x.slot(s.hash) = s
		}
	}
}

// add notes that a message has a hash at a place. Messages come in order.
func (x *index) add(hash uint64, at uint16, message int, of []message) {
	s := x.slot(hash)
	if s.gen != x.gen {
		x.grow()
		s = x.slot(hash)
		*s = slot{hash: hash, gen: x.gen}
	}
	hits := 0
	for i := s.head; i > 0; i = x.nodes[i-1].next {
		n := &x.nodes[i-1]
		if n.at == at && of[n.message].book == of[message].book {
			n.message = int32(message)
			return
		}
		if hits++; hits == maxHits {
			return
		}
	}
	x.nodes = append(x.nodes, node{message: int32(message), next: s.head, at: at})
	s.head = int32(len(x.nodes))
}

// note keeps a hash without a place.
func (x *index) note(hash uint64) {
	s := x.slot(hash)
	if s.gen != x.gen {
		x.grow()
		*x.slot(hash) = slot{hash: hash, gen: x.gen}
	}
}

func (x *index) has(hash uint64) bool { return x.slot(hash).gen == x.gen }

// first is the first node of a hash, 0 for none.
func (x *index) first(hash uint64) int32 {
	if s := x.slot(hash); s.gen == x.gen {
		return s.head
	}
	return 0
}

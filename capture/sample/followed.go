package sample

// followed holds the sessions that a quota keeps, by the hash of their keys, and
// how many exchanges of each are still kept. It is bounded: a new session takes
// the place of one that was not asked for since the hand last passed it (the
// clock algorithm of page replacement).
type followed struct {
	index map[uint64]int32 // to slots
	slots []slot
	free  []int32
	hand  int
}

type slot struct {
	hash uint64
	left uint32
	used bool
}

// take reports whether h is followed, and where spend is set takes one off what
// is left to it.
func (f *followed) take(h uint64, spend bool) bool {
	i, ok := f.index[h]
	if !ok {
		return false
	}
	s := &f.slots[i]
	s.used = true
	if spend {
		s.left--
	}
	if s.left == 0 {
		delete(f.index, h)
		f.free = append(f.free, i)
	}
	return true
}

// add follows h, which is not followed, for n exchanges.
func (f *followed) add(h uint64, n int) {
	if f.index == nil {
		f.index = make(map[uint64]int32)
	}
	i := f.place()
	f.slots[i] = slot{hash: h, left: uint32(min(n, 1<<31))}
	f.index[h] = i
}

// place returns a slot that nobody holds.
func (f *followed) place() int32 {
	if n := len(f.free); n > 0 {
		i := f.free[n-1]
		f.free = f.free[:n-1]
		return i
	}
	if len(f.slots) < maxFollowed {
		f.slots = append(f.slots, slot{})
		return int32(len(f.slots) - 1)
	}
	// No slot is free, so all are held; after one round none is used.
	for ; f.slots[f.hand].used; f.hand = (f.hand + 1) % maxFollowed {
		f.slots[f.hand].used = false
	}
	i := f.hand
	f.hand = (f.hand + 1) % maxFollowed
	delete(f.index, f.slots[i].hash)
	return int32(i)
}

func (f *followed) clear() { *f = followed{} }

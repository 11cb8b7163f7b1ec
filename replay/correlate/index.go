package correlate

import "twinspect.dev/capture"

// keptGivers is how many of the exchanges that gave one value are kept: the first
// one, and the latest.
const keptGivers = 4

// giverKey names a value that an answer gave at the place of a source. scope is
// the path that the value is about, or 0.
type giverKey struct {
	source uint32
	value  uint64
	scope  uint64
}

// giver is a recorded exchange whose answer gave a value.
type giver struct {
	id      capture.ID
	session uint64
	end     int64
}

// givers are those of one value, the first one at 0 and the others in the order
// in which they were read.
type givers struct {
	list [keptGivers]giver
	n    int
}

// index finds who gave a value, by the hash of the recorded value.
type index struct{ *lru[giverKey, givers] }

func (x index) add(key giverKey, g giver) {
	known := x.get(key)
	if known == nil {
		x.put(key, givers{list: [keptGivers]giver{g}, n: 1}, 0)
		return
	}
	for i := range known.n {
		if known.list[i].id == g.id { // another pass over the recording
			return
		}
	}
	if known.n == keptGivers {
		copy(known.list[1:], known.list[2:])
		known.n--
	}
	known.list[known.n] = g
	known.n++
}

// before returns the last one whose answer had ended by then, one of the same
// session before all: it is what the client saw, and nobody has to wait for it.
// first is the earliest one.
func (x index) before(key giverKey, session uint64, then int64) (last, first giver, found bool) {
	known := x.get(key)
	if known == nil {
		return giver{}, giver{}, false
	}
	for _, g := range known.list[:known.n] {
		if g.end > then {
			continue
		}
		own, lastOwn := g.session == session, last.session == session
		if !found || own && !lastOwn || own == lastOwn && g.end >= last.end {
			last = g
		}
		if !found || g.end < first.end {
			first = g
		}
		found = true
	}
	return last, first, found
}

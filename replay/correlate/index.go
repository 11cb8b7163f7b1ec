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
	id  capture.ID
	end int64
}

// givers are those of one value, the first one at 0 and the others in the order
// in which they were read.
type givers struct {
	list [keptGivers]giver
	n    int
}

// index finds who gave a value, by the hash of the recorded value.
type index struct{ *lru[giverKey, *givers] }

func (x index) add(key giverKey, g giver) {
	known, ok := x.get(key)
	if !ok {
		known = new(givers)
		x.put(key, known, 0)
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

// before returns the last one whose answer had ended by then.
func (x index) before(key giverKey, then int64) (giver, bool) {
	known, ok := x.get(key)
	if !ok {
		return giver{}, false
	}
	var best giver
	found := false
	for _, g := range known.list[:known.n] {
		if g.end <= then && (!found || g.end >= best.end) {
			best, found = g, true
		}
	}
	return best, found
}

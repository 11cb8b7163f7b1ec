package kafka

import "twinspect.dev/capture"

// recent remembers the last IDs that it was given, up to a limit. An ID takes 16
// bytes in the ring and about 40 in the map with its share of free slots: 1<<18
// of them are 14 MiB. It grows with what it is given, up to that.
type recent struct {
	limit int
	ids   map[capture.ID]struct{}
	ring  []capture.ID
	next  int
}

// maxRemembered bounds the IDs of all partitions together: 112 MiB.
const maxRemembered = 1 << 21

func newRecent(limit int) *recent {
	return &recent{limit: limit, ids: make(map[capture.ID]struct{})}
}

// has reports whether id is remembered. The zero ID never is.
func (r *recent) has(id capture.ID) bool {
	_, ok := r.ids[id]
	return ok
}

// add remembers id, and forgets the oldest where there is no room.
func (r *recent) add(id capture.ID) {
	if id.IsZero() || r.limit <= 0 || r.has(id) {
		return
	}
	r.ids[id] = struct{}{}
	if len(r.ring) < r.limit {
		r.ring = append(r.ring, id)
		return
	}
	delete(r.ids, r.ring[r.next])
	r.ring[r.next] = id
	r.next = (r.next + 1) % r.limit
}

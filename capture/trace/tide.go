package trace

import (
	"slices"
	"time"
)

// tide tells a stream's own time. It goes by the median of a few spans, so that
// one whose clock is wrong, or that has no time, moves nothing; and it never goes
// back.
type tide struct {
	time time.Time
	few  [15]time.Time
	n    int
}

func (t *tide) see(at time.Time) {
	t.few[t.n] = at
	if t.n++; t.n < len(t.few) {
		return
	}
	t.n = 0
	slices.SortFunc(t.few[:], time.Time.Compare)
	if middle := t.few[len(t.few)/2]; middle.After(t.time) {
		t.time = middle
	}
}

// memory remembers the last ids that were added, as many as its limit.
type memory struct {
	limit int
	ids   []TraceID // a ring when it is full
	at    int
	known map[TraceID]struct{}
}

func (m *memory) add(id TraceID) {
	if m.known == nil {
		m.known = map[TraceID]struct{}{}
	}
	if m.has(id) {
		return
	}
	if len(m.ids) < m.limit {
		m.ids = append(m.ids, id)
	} else {
		delete(m.known, m.ids[m.at])
		m.ids[m.at] = id
		m.at = (m.at + 1) % m.limit
	}
	m.known[id] = struct{}{}
}

func (m *memory) has(id TraceID) bool {
	_, ok := m.known[id]
	return ok
}

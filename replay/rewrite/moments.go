package rewrite

import (
	"sync"
	"time"

	"twinspect.dev/capture"
)

// maxMoments is how many exchanges share their time over the sides. The sides are
// asked at the same time, so it is far above what is in flight.
const maxMoments = 4096

// moments gives all sides of one exchange the same time of sending, so that the
// dates in their requests are equal: else base and control would differ.
type moments struct {
	mu    sync.Mutex
	times map[capture.ID]time.Time
	ring  []capture.ID
	next  int
}

func (m *moments) of(id capture.ID, now time.Time) time.Time {
	if id.IsZero() {
		return now
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if at, ok := m.times[id]; ok {
		return at
	}
	if m.times == nil {
		m.times = make(map[capture.ID]time.Time)
	}
	if len(m.ring) < maxMoments {
		m.ring = append(m.ring, id)
	} else {
		delete(m.times, m.ring[m.next])
		m.ring[m.next] = id
		m.next = (m.next + 1) % maxMoments
	}
	m.times[id] = now
	return now
}

// moment returns the time of sending of an exchange. Without dates and tokens it
// is not needed.
func (r *Rules) moment(id capture.ID) time.Time {
	if r.dates == nil && len(r.auth) == 0 {
		return time.Time{}
	}
	return r.times.of(id, r.now())
}

package replay

import (
	"sync"

	"twinspect.dev/capture"
)

// sessions lets one job of a session through at a time, in order, and none
// before the jobs that it needs have been answered.
//
// It cannot come to a standstill: a job is offered after those before it in its
// session and, by link, after those that it needs.
type sessions struct {
	mu   sync.Mutex
	busy map[string]line
	// open holds the jobs that may be needed: all that are on their way. It is
	// used where there are links.
	open map[capture.ID]*job
	// ready holds the jobs that a worker may take. It has room for all that
	// there are, so that no send ever blocks.
	ready chan *job
}

// line is the jobs that wait behind the one of their session that is first; they
// are linked by job.next.
type line struct{ head, tail *job }

func newSessions(slots int) *sessions {
	return &sessions{busy: make(map[string]line), open: make(map[capture.ID]*job), ready: make(chan *job, slots)}
}

// link makes j wait for the jobs that it needs and that are on their way. One
// that is offered later than j is not waited for: it may be behind j in the same
// session.
func (s *sessions) link(j *job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if j.links != nil {
		for _, id := range j.links.Needs() {
			if giver := s.open[id.Copy(j.copied)]; giver != nil && giver.due <= j.due {
				giver.dependents = append(giver.dependents, j)
				j.needs++
			}
		}
	}
	s.open[j.out.Recorded.ID] = j
}

// offer makes j the first of its session, or puts it in line where that is busy.
func (s *sessions) offer(j *job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, busy := s.busy[j.key]
	switch {
	case !busy:
		s.busy[j.key] = line{}
		s.first(j)
		return
	case l.head == nil:
		l = line{head: j, tail: j}
	default:
		l.tail.next = j
		l.tail = j
	}
	s.busy[j.key] = l
}

// first makes j ready where it needs nothing more: from here on it is a
// worker's.
func (s *sessions) first(j *job) {
	j.first = true
	if j.needs == 0 {
		s.ready <- j
	}
}

// answered says that nothing waits for j any more from here on, and returns what
// did.
func (s *sessions) answered(j *job) []*job {
	s.mu.Lock()
	defer s.mu.Unlock()
	dependents := j.dependents
	j.dependents = nil
	if s.open[j.out.Recorded.ID] == j {
		delete(s.open, j.out.Recorded.ID)
	}
	return dependents
}

// finish lets the session and the dependents go on.
func (s *sessions) finish(key string, dependents []*job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range dependents {
		if j.needs--; j.needs == 0 && j.first {
			s.ready <- j
		}
	}
	l := s.busy[key]
	if l.head == nil {
		delete(s.busy, key)
		return
	}
	j := l.head
	l.head, j.next = j.next, nil
	s.busy[key] = l
	s.first(j)
}

// close ends the workers; nothing may be offered afterwards.
func (s *sessions) close() { close(s.ready) }

package replay

import "sync"

// sessions lets one job of a session through at a time, in order.
type sessions struct {
	mu   sync.Mutex
	busy map[string]line
	// ready holds the jobs that a worker may take. It has room for all that
	// there are, so that no send ever blocks.
	ready chan *job
}

// line is the jobs that wait behind the one of their session that is ready or
// in flight; they are linked by job.next.
type line struct{ head, tail *job }

func newSessions(slots int) *sessions {
	return &sessions{busy: make(map[string]line), ready: make(chan *job, slots)}
}

// offer makes j ready, or puts it in line where its session is busy.
func (s *sessions) offer(j *job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, busy := s.busy[j.key]
	switch {
	case !busy:
		s.busy[j.key] = line{}
		s.ready <- j // from here on a worker's
		return
	case l.head == nil:
		l = line{head: j, tail: j}
	default:
		l.tail.next = j
		l.tail = j
	}
	s.busy[j.key] = l
}

// finish makes the next job of the session ready.
func (s *sessions) finish(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.busy[key]
	if l.head == nil {
		delete(s.busy, key)
		return
	}
	j := l.head
	l.head, j.next = j.next, nil
	s.busy[key] = l
	s.ready <- j
}

// close ends the workers; nothing may be offered afterwards.
func (s *sessions) close() { close(s.ready) }

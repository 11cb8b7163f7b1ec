package correlate

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
)

// side is one side's answers, and the sender that uses them.
type side struct {
	*Correlator
	name  replay.Side
	next  replay.Sender
	now   func() time.Time
	tally []tally // by the rule's number
	desks sync.Pool

	mu     sync.Mutex
	bound  *lru[capture.ID, binding]
	jars   *lru[string, *jar]
	cookie cookieCounts
}

// tally counts the values of one rule on one side.
type tally struct{ bound, unbound, differing atomic.Uint64 }

// Side returns the sender of a side: it gives the request this side's values,
// asks next, and keeps what the answer gave. It is called once for each side,
// before the run.
func (c *Correlator) Side(name replay.Side, next replay.Sender) replay.Sender {
	s := &side{
		Correlator: c, name: name, next: next, now: time.Now,
		tally: make([]tally, len(c.rules)),
		bound: newLRU[capture.ID, binding](c.limits.Givers, c.limits.Bytes),
		jars:  newLRU[string, *jar](c.limits.Sessions, c.limits.CookieBytes),
	}
	s.desks.New = func() any { return newDesk(s) }
	c.mu.Lock()
	c.sides = append(c.sides, s)
	c.mu.Unlock()
	return s
}

// Send implements [replay.Sender].
func (s *side) Send(ctx context.Context, ask *replay.Ask) replay.Answer {
	l, _ := ask.Links.(*links)
	if l != nil && len(l.uses) > 0 {
		d := s.desks.Get().(*desk)
		d.replace(ask, l)
		s.desks.Put(d)
	}
	if s.Correlator.jars {
		s.sendCookies(ask, l)
	}
	a := s.next.Send(ctx, ask)
	if a.Fault != "" {
		return a
	}
	if l != nil && l.gives {
		d := s.desks.Get().(*desk)
		d.bind(ask, l, &a)
		s.desks.Put(d)
	}
	if s.Correlator.jars {
		s.keepCookies(ask, &a)
	}
	return a
}

// resolve returns what this side gave in the place of the used value, and counts
// it.
func (s *side) resolve(u *use, copied uint64, recorded []byte) (string, *tally, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range u.candidates {
		k := &u.candidates[i]
		text, ok := s.given(k, k.id, u.value, copied)
		if !ok && k.first.id != k.id {
			text, ok = s.given(k, k.first.id, u.value, copied)
		}
		if ok {
			t := &s.tally[k.rule.number]
			t.bound.Add(1)
			if text != string(recorded) {
				t.differing.Add(1)
			}
			return text, t, true
		}
	}
	t := &s.tally[u.candidates[0].rule.number]
	t.unbound.Add(1)
	return "", t, false
}

func (s *side) given(k *candidate, id capture.ID, value, copied uint64) (string, bool) {
	b := s.bound.get(id.Copy(copied))
	if b == nil {
		return "", false
	}
	return b.find(boundKey{k.rule.from.number, value})
}

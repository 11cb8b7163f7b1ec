package pace

import (
	"fmt"
	"time"

	"twinspect.dev/replay"
)

// step is what is known of a step of an [Adaptive] pace.
type step struct {
	since time.Duration // when its first exchange was planned for
	worse time.Duration // bad outcomes planned since then belong to it
	ended bool          // an exchange was sent after its end
	next  float64       // the rate that follows, once it is judged

	outcomes, bad uint64
	late          uint64   // in the second half
	third, fourth lateness // of the quarters
}

// lateness sums up how late exchanges were.
type lateness struct {
	n       uint64
	seconds float64
}

func (l *lateness) add(d time.Duration) {
	l.n++
	l.seconds += d.Seconds()
}

func (l *lateness) mean() float64 { return l.seconds / float64(max(l.n, 1)) }

// verdict is what follows from a step.
type verdict int

const (
	undecided verdict = iota
	good
	failing // for its faults
	late
	draining // late, and less so in the end: what the rate before left behind
)

const (
	// leastOutcomes is where 10 % are two: one outcome alone decides nothing.
	leastOutcomes = 20
	// tolerated is the share of outcomes that may be bad, and that may be late.
	tolerated = 0.1
	// lateShare is how late an exchange may be, in shares of a step: one who
	// sends 1 % less than planned is that late at its end.
	lateShare = 0.01
	// leastLate is above what timers and the scheduler of a busy machine cost.
	leastLate = 10 * time.Millisecond
)

// count takes in an outcome that was planned and sent at these times.
func (s *step) count(planned, sent time.Duration, o *replay.Outcome, every time.Duration) {
	s.ended = s.ended || sent >= s.since+every
	bad := overloaded(o)
	if planned < s.since && (!bad || planned < s.worse) {
		return
	}
	s.outcomes++
	if bad {
		s.bad++
	}
	if sent < s.since+every/2 {
		return
	}
	if o.Late > max(time.Duration(lateShare*float64(every)), leastLate) {
		s.late++
	}
	if sent < s.since+every*3/4 {
		s.third.add(o.Late)
	} else {
		s.fourth.add(o.Late)
	}
}

// judge decides once the step has ended, or earlier where its faults are more
// than the whole step may have.
func (s *step) judge(rate float64, every time.Duration) verdict {
	expected := max(rate*every.Seconds(), leastOutcomes)
	whole := s.ended && s.outcomes >= leastOutcomes
	switch {
	case float64(s.bad) > tolerated*expected, whole && float64(s.bad) > tolerated*float64(s.outcomes):
		return failing
	case !whole:
		return undecided
	case float64(s.late) <= tolerated*float64(s.third.n+s.fourth.n):
		return good
	case s.fourth.mean() < s.third.mean():
		return draining
	}
	return late
}

// why tells a bad verdict to a person.
func (s *step) why(v verdict) string {
	if v == failing {
		return fmt.Sprintf("%d of %d outcomes hold faults or server errors that the recording does not", s.bad, s.outcomes)
	}
	return fmt.Sprintf("%d of %d exchanges were sent late", s.late, s.third.n+s.fourth.n)
}

// overloaded reports whether a side failed, or gave a server error where the
// recording holds none.
func overloaded(o *replay.Outcome) bool {
	for i := range o.Answers {
		a := &o.Answers[i]
		if !a.OK() && a.Fault != replay.Canceled {
			return true
		}
		if a.OK() && a.Response.Status >= 500 && o.Recorded.Response.Status < 500 {
			return true
		}
	}
	return false
}

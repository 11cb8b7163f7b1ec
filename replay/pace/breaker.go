package pace

import (
	"errors"
	"fmt"

	"twinspect.dev/replay"
)

// Breaker ends a run in which a side fails for most or for many: going on would
// harm the side and prove nothing. It is a [replay.Feedback].
//
// It opens when the answers of one side, whatever the others gave, were faulted
// Consecutive times in a row, or when more than Share of its last Window answers
// were. A fault is an answer that is not OK. What the interruption of a run
// canceled counts for nothing. Once open it stays open.
//
// Its fields are set before the run; Observe is called from one goroutine at a
// time.
type Breaker struct {
	// Consecutive is 40 where it is 0: more than the exchanges that a run has in
	// flight unless told otherwise (32), which a restart fails all at once.
	Consecutive int
	// Share is 0.1 where it is 0.
	Share float64
	// Window is 500 where it is 0, and nothing is said about a share before so
	// many answers. A restart that fails 32 and a side that always fails for 2 %
	// stay below the 50 faults that open.
	Window int
	// Gateway counts the statuses 502, 503 and 504 as faults where the recording
	// holds none of them.
	Gateway bool

	sides []sideHealth
	open  *OpenError
}

const (
	defaultConsecutive = 40
	defaultShare       = 0.1
	defaultWindow      = 500
)

// OpenError says why a [Breaker] ended the run.
type OpenError struct {
	Side replay.Side
	// Faults of the side's last Answers were faulted.
	Faults, Answers int
	// Fault is the last one, empty for a gateway error with the status; Detail
	// tells it to a person.
	Fault  replay.Fault
	Status int
	Detail string
}

// Error says what happened and what to do about it.
func (e *OpenError) Error() string {
	last := string(e.Fault)
	if e.Fault == "" {
		last = fmt.Sprintf("status %d", e.Status)
	}
	if e.Detail != "" {
		last += " (" + e.Detail + ")"
	}
	return fmt.Sprintf("%s failed for %d of its last %d exchanges, at last with %s, so the run was ended: %s",
		e.Side, e.Faults, e.Answers, last, e.remedy())
}

func (e *OpenError) remedy() string {
	switch e.Fault {
	case replay.Refused:
		return "check that the service is up and that its address is right"
	case replay.Timeout:
		return "lower the rate, or allow more time for an answer"
	case replay.Reset, "":
		return "look into the service's own log, or lower the rate"
	case replay.Malformed:
		return "check that the address is that of an HTTP service and not of another protocol"
	case replay.TooLarge:
		return "raise the limit of bodies"
	case replay.Misrouted:
		return "check the route to this version"
	}
	return "repair the cause, then run again"
}

// Observe implements [replay.Feedback]. It fails with an [*OpenError].
func (b *Breaker) Observe(o *replay.Outcome) error {
	for i := range o.Answers {
		if b.open != nil {
			break
		}
		if a := &o.Answers[i]; a.Fault != replay.Canceled {
			b.observe(a, b.faulted(o, a))
		}
	}
	if b.open != nil {
		return b.open
	}
	return nil
}

func (b *Breaker) observe(a *replay.Answer, faulted bool) {
	s := b.side(a.Side)
	s.add(faulted)
	switch {
	case !faulted:
	case s.row >= orInt(b.Consecutive, defaultConsecutive):
		b.trip(a, s.row, s.row)
	case s.full() && float64(s.faults) > b.share()*float64(len(s.last)):
		b.trip(a, s.faults, len(s.last))
	}
}

func (b *Breaker) trip(a *replay.Answer, faults, answers int) {
	b.open = &OpenError{Side: a.Side, Faults: faults, Answers: answers, Fault: a.Fault, Detail: a.Err}
	if a.Fault == "" {
		b.open.Status = a.Response.Status
	}
}

func (b *Breaker) faulted(o *replay.Outcome, a *replay.Answer) bool {
	if !a.OK() {
		return true
	}
	return b.Gateway && gatewayError(a.Response.Status) && !gatewayError(o.Recorded.Response.Status)
}

func gatewayError(status int) bool { return status >= 502 && status <= 504 }

func (b *Breaker) share() float64 {
	if b.Share <= 0 {
		return defaultShare
	}
	return b.Share
}

func orInt(n, instead int) int {
	if n <= 0 {
		return instead
	}
	return n
}

// side finds the health of one; a run has three sides at most.
func (b *Breaker) side(name replay.Side) *sideHealth {
	for i := range b.sides {
		if b.sides[i].name == name {
			return &b.sides[i]
		}
	}
	b.sides = append(b.sides, sideHealth{name: name, last: make([]bool, orInt(b.Window, defaultWindow))})
	return &b.sides[len(b.sides)-1]
}

// sideHealth is what is known of the last answers of a side.
type sideHealth struct {
	name   replay.Side
	row    int    // faults since the last good answer
	last   []bool // a ring: which answers were faulted
	seen   int    // answers, at most as many as the ring holds
	next   int
	faults int // in the ring
}

func (s *sideHealth) full() bool { return s.seen == len(s.last) }

func (s *sideHealth) add(faulted bool) {
	if s.last[s.next] {
		s.faults--
	}
	s.last[s.next] = faulted
	s.next = (s.next + 1) % len(s.last)
	s.seen = min(s.seen+1, len(s.last))
	s.row++
	if faulted {
		s.faults++
	} else {
		s.row = 0
	}
}

// Feedbacks tells each of several of every outcome, in order; nil ones are
// passed over. All hear of an outcome for which one of them ends the run, and
// the errors are joined.
type Feedbacks []replay.Feedback

// Observe implements [replay.Feedback].
func (f Feedbacks) Observe(o *replay.Outcome) error {
	var errs []error
	for _, next := range f {
		if next == nil {
			continue
		}
		if err := next.Observe(o); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

package pace

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"twinspect.dev/replay"
)

// Adaptive searches the highest rate that the sides and this machine sustain: an
// open loop whose rate follows the outcomes. It is given to a runner both as its
// Pacer and as its Feedback.
//
// It begins at From. A step at one rate lasts Every, and until 20 outcomes are
// known. After a good one the rate rises by the factor By, up to To. A step is
// bad where more than 10 % of its outcomes hold a fault or a server error (5xx)
// that the recording did not hold, or where more than 10 % of those in its second
// half were late by more than 1 % of Every, and 10 ms at least; a step that is
// late but less so towards its end makes up for the rate before, and is made
// again. After a bad step, or as soon as its
// faults suffice for one, the rate falls to a half; from there it rises again to
// the last rate below the one that failed, and stays. Each failure there lowers
// that limit by the factor By.
//
// It has no clock. Now is the elapsed time of Pace, and for an outcome the time
// at which it was sent, since the earliest planned time of an outcome (the start
// of its request less how late that was), which is the first exchange's. An
// outcome belongs to the step in which it was planned; a bad one that was planned
// at a lower rate, and answered late, to the present step. Exchanges that were
// read ahead keep their times: a new rate begins behind them, 16 x InFlight
// exchanges later at most, and what could not be sent in time is not made up for.
//
// Its zero By and Every stand for 1.5 and 10 s. All methods may be called at
// the same time.
type Adaptive struct {
	// From and To are the lowest and the highest rate, in exchanges a second.
	From, To float64
	// By is the factor of a step upwards; above 1.
	By float64
	// Every is how long a step lasts, several times as long as an answer takes.
	Every time.Duration

	mu sync.Mutex
	plan
	origin time.Time     // of the first exchange planned
	first  time.Duration // when it was planned for
	step   step
	limit  float64 // the highest rate that may be tried
	found  Found
}

// Found is what an [Adaptive] pace has learned.
type Found struct {
	// Sustained is the highest rate that was good for a whole step, in exchanges a
	// second, and not bad in a later one; 0 where there was none.
	Sustained float64 `json:"sustained_per_second"`
	// Failed is the rate of the last bad step, 0 where there was none, and Why
	// says what was bad.
	Failed float64 `json:"failed_per_second,omitempty"`
	Why    string  `json:"why,omitempty"`
}

// plan is the times at the present rate.
type plan struct {
	begun   bool
	rate    float64
	anchor  time.Duration // when the exchange before the base-th more was planned
	base    uint64
	last    time.Duration // the latest time planned
	changed bool          // the next exchange begins the step of a new rate
}

const (
	// defaultBy comes to ten times the rate in six steps, and to within a third
	// below what is sustainable.
	defaultBy = 1.5
	// defaultEvery outlasts the pauses of a garbage collector and most timeouts'
	// beginnings.
	defaultEvery = 10 * time.Second
	// minBy tells two rates apart in a step; maxBy bounds the harm of one.
	minBy, maxBy = 1.01, 10
	// leastEvery leaves room for latenesses above the 1 ms of a timer.
	leastEvery = 100 * time.Millisecond
)

func (a *Adaptive) check() error {
	switch {
	case a.From > a.To:
		return errors.New("adaptive ends below its beginning")
	case a.Every < leastEvery:
		return fmt.Errorf("adaptive needs steps of at least %s", leastEvery)
	}
	return nil
}

func (a *Adaptive) by() float64 {
	if a.By <= 1 {
		return defaultBy
	}
	return a.By
}

func (a *Adaptive) every() time.Duration {
	if a.Every <= 0 {
		return defaultEvery
	}
	return a.Every
}

// String returns the form that [Parse] reads.
func (a *Adaptive) String() string {
	return "adaptive " + rateText(a.From) + ".." + rateText(a.To) + " by " + decimal(a.by()) + " every " + span(a.every())
}

// Found returns what was learned so far.
func (a *Adaptive) Found() Found {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.found
}

// Pace implements [replay.Pacer].
func (a *Adaptive) Pace(elapsed time.Duration, sent uint64, _ time.Duration) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case !a.begun:
		a.plan = plan{begun: true, rate: a.From, anchor: elapsed, base: sent, last: elapsed}
		a.first, a.limit = elapsed, a.To
		a.step = step{since: elapsed, worse: elapsed}
	case a.changed:
		a.begin(elapsed, sent)
	}
	a.last = a.due(sent)
	return a.last - elapsed
}

func (p *plan) due(sent uint64) time.Duration {
	return min(p.anchor+seconds(float64(sent-p.base)/p.rate), farthest)
}

// begin begins a step at a new rate, after all that was planned.
func (a *Adaptive) begin(elapsed time.Duration, sent uint64) {
	at := max(a.last+seconds(1/a.rate), elapsed)
	worse := a.step.worse
	if a.rate >= a.step.next {
		worse = at
	}
	a.plan = plan{begun: true, rate: a.step.next, anchor: at, base: sent}
	a.step = step{since: at, worse: worse}
}

// Observe implements [replay.Feedback]. It never fails.
func (a *Adaptive) Observe(o *replay.Outcome) error {
	sent, ok := sentAt(o)
	if !ok {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.begun {
		return nil
	}
	planned := sent.Add(-o.Late)
	if a.origin.IsZero() || planned.Before(a.origin) {
		a.origin = planned
	}
	if a.changed {
		return nil // the step is judged
	}
	now := a.first + sent.Sub(a.origin)
	a.step.count(now-o.Late, now, o, a.every())
	switch v := a.step.judge(a.rate, a.every()); v {
	case good:
		a.found.Sustained = max(a.found.Sustained, a.rate)
		a.goOn(min(a.rate*a.by(), a.limit), now)
	case draining:
		a.goOn(a.rate, now)
	case failing, late:
		a.backOff(a.step.why(v))
	}
	return nil
}

// goOn begins another step: where the rate stays, with the plan that there is.
func (a *Adaptive) goOn(rate float64, now time.Duration) {
	if rate == a.rate {
		a.step = step{since: now, worse: a.step.worse}
		return
	}
	a.step.next, a.changed = rate, true
}

func (a *Adaptive) backOff(why string) {
	a.limit = max(a.rate/a.by(), a.From)
	a.found = Found{Sustained: min(a.found.Sustained, a.limit), Failed: a.rate, Why: why}
	if a.rate <= a.From {
		a.found.Sustained = 0
	}
	a.step.next, a.changed = max(a.rate/2, a.From), true
}

// sentAt is when the first side was asked; not ok where none was.
func sentAt(o *replay.Outcome) (at time.Time, ok bool) {
	for i := range o.Answers {
		start := o.Answers[i].Request.Start
		if o.Answers[i].Fault == replay.Canceled || start.IsZero() {
			continue
		}
		if !ok || start.Before(at) {
			at, ok = start, true
		}
	}
	return at, ok
}

package pace

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

	"twinspect.dev/replay"
)

// Ceiling never plans more than PerSecond exchanges in a second, whatever Next
// says: any two are planned at least 1/PerSecond apart, and none in the past.
// What Next would send at once is spread.
//
// It holds for planned times. What is planned and cannot be sent, as all of
// InFlight are waiting for answers, is sent without delay afterwards.
//
// Where Next has a plan, the ceiling's times are the plan of the run, and its
// lateness is counted from these: [Ceiling.Moved] tells the rest. Where Next has
// none, an exchange that may be sent at once has none either; one that has to
// wait is planned for when it may be sent.
//
// Next is not an [Adaptive] pace, which would take the ceiling's rate for its
// own: its upper rate is its ceiling. Pace is called from one goroutine at a
// time.
type Ceiling struct {
	Next replay.Pacer
	// PerSecond is the highest rate, in exchanges a second; above 0.
	PerSecond float64

	// runs are the times planned, in order, and only those that may still be
	// within 1/PerSecond of a new one.
	runs  []occupied
	moved Moved
}

// Moved is what a [Ceiling] did to the times of its pace.
type Moved struct {
	// Exchanges counts those planned later than the pace said, by Total in all
	// and by Max at most.
	Exchanges  uint64
	Total, Max time.Duration
}

// occupied is a stretch of time whose ends are planned times, and in which there
// is no room for another.
type occupied struct{ from, to time.Duration }

// Pace implements [replay.Pacer].
func (c *Ceiling) Pace(elapsed time.Duration, sent uint64, recorded time.Duration) time.Duration {
	wait := c.Next.Pace(elapsed, sent, recorded)
	planned := wait != replay.Now
	if !planned {
		wait = 0
	}
	at := c.take(elapsed, elapsed+max(wait, 0))
	switch rest := at - elapsed; {
	case planned:
		c.moved.add(rest - wait)
		return rest
	case rest > 0:
		return rest
	}
	return replay.Now
}

// Moved returns what the ceiling did so far.
func (c *Ceiling) Moved() Moved { return c.moved }

func (m *Moved) add(by time.Duration) {
	if by > 0 {
		m.Exchanges++
		m.Total = min(m.Total, farthest) + by
		m.Max = max(m.Max, by)
	}
}

// take returns the first time from at on that has room, and occupies it.
func (c *Ceiling) take(now, at time.Duration) time.Duration {
	gap := c.gap()
	c.forget(now - gap)
	i := sort.Search(len(c.runs), func(i int) bool { return c.runs[i].to > at-gap })
	for ; i < len(c.runs) && c.runs[i].from < at+gap; i++ {
		at = min(c.runs[i].to+gap, farthest)
	}
	c.occupy(i, at, gap)
	return at
}

// gap is the distance of two exchanges, rounded up.
func (c *Ceiling) gap() time.Duration {
	return max(duration(math.Ceil(1e9/c.PerSecond)), 1)
}

// forget drops the runs that end before a time.
func (c *Ceiling) forget(before time.Duration) {
	n := 0
	for n < len(c.runs) && c.runs[n].to <= before {
		n++
	}
	c.runs = slices.Delete(c.runs, 0, n)
}

// occupy enters at, which comes before the i-th run, and joins the runs between
// which no other has room any more.
func (c *Ceiling) occupy(i int, at, gap time.Duration) {
	c.runs = slices.Insert(c.runs, i, occupied{at, at})
	for _, k := range []int{i, i - 1} {
		if k >= 0 && k+1 < len(c.runs) && c.runs[k+1].from-c.runs[k].to < 2*gap {
			c.runs[k].to = c.runs[k+1].to
			c.runs = slices.Delete(c.runs, k+1, k+2)
		}
	}
}

// String returns the form that [Parse] reads.
func (c *Ceiling) String() string {
	return fmt.Sprintf("%v at most %s", c.Next, rateText(c.PerSecond))
}

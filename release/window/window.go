package window

import (
	"fmt"
	"time"
)

const (
	day = 24 * time.Hour
	// MaxLength is the longest time that a recurring window may be open: a quarter, as
	// what is longer is written with its dates.
	MaxLength = 92 * day
	// horizon is how far ahead an opening is looked for: eight years lie between the
	// 29ths of February around 2100. A window that is open for longest, which is more
	// than a year, stays so.
	horizon = 9 * 366 * day
	longest = 400 * day
	// slack is more than any two offsets of a zone differ by: 24 hours, where the date
	// line was moved.
	slack = 26 * time.Hour
)

// Window is a time in which nothing is promoted: either it recurs, as [Window.Recur]
// says, or it is a single time, From and To. It may be used by many goroutines once it
// was made.
type Window struct {
	Name   string
	Reason string
	// Services are patterns with * for any text, of the services that it is for; none
	// is all.
	Services []string
	// Line is where it stands in the policy's file.
	Line int
	// From and To bound a single window: it is open at From, no longer at To.
	From, To time.Time

	times  *calendar // nil for a single window
	length time.Duration
	zone   *time.Location
}

// Recur makes w open at each time of a cron expression of five fields, such as
// "0 16 * * FRI", in a time zone, for a time.
func (w *Window) Recur(expression string, length time.Duration, zone *time.Location) error {
	if length < time.Minute || length > MaxLength {
		return fmt.Errorf("length %s: want from 1m to %s", length, MaxLength)
	}
	times, err := parse(expression)
	if err != nil {
		return fmt.Errorf("cron %q: %w", shown(expression), err)
	}
	w.times, w.length, w.zone = times, length, zone
	return nil
}

// Open reports whether the window is open at a time, and then until when: zero where
// it does not close within 400 days.
func (w *Window) Open(at time.Time) (until time.Time, open bool) {
	if w.times == nil {
		return w.To, !at.Before(w.From) && at.Before(w.To)
	}
	until = w.reach(at)
	if !until.After(at) {
		return time.Time{}, false
	}
	for limit := at.Add(longest); until.Before(limit); {
		further := w.reach(until)
		if !further.After(until) {
			return until, true
		}
		until = further
	}
	return time.Time{}, true
}

// Change returns when the window next opens or closes after a time, zero where it
// does not open within nine years, or not close within 400 days.
func (w *Window) Change(at time.Time) time.Time {
	if until, open := w.Open(at); open {
		return until
	}
	return w.Opens(at)
}

// Opens returns when a window that is closed at a time next opens, zero where it does
// not within nine years.
func (w *Window) Opens(at time.Time) time.Time {
	if w.times != nil {
		return w.next(at)
	}
	if at.Before(w.From) && w.From.Before(w.To) {
		return w.From
	}
	return time.Time{}
}

// reach returns until when the openings up to a time, and those that follow them
// without a break before clocks are changed, keep the window open.
func (w *Window) reach(at time.Time) time.Time {
	var until time.Time
	oldest := at.Add(-w.length - slack)
	// Within an era the last opening is open longest; over a change of clocks an
	// earlier one may be.
	for e := eraOf(at, w.zone); ; e = e.before() {
		if wall, ok := w.times.last(e.wall(e.clip(at)), e.first(e.wall(oldest))); ok {
			if end := w.end(e, w.follow(e, wall)); end.After(until) {
				until = end
			}
		}
		if e.start.IsZero() || e.start.Before(oldest) {
			return until
		}
	}
}

// follow returns the last opening of the era that is reached from one without a break.
func (w *Window) follow(e era, wall time.Time) time.Time {
	limit := e.limit(wall.Add(longest + slack))
	for {
		if w.times.gap <= w.length {
			wall = w.times.run(wall, limit)
		} else {
			wall = w.times.along(wall, limit, w.length)
		}
		next, ok := w.times.next(wall.Add(time.Minute), earlier(limit, wall.Add(w.length+1)))
		if !ok {
			return wall
		}
		wall = next
	}
}

// end returns when the opening at a wall time of the era is over.
func (w *Window) end(e era, wall time.Time) time.Time {
	days := w.length / day
	if days == 0 {
		return e.instant(wall).Add(w.length)
	}
	return after(wall.Add(days*day), w.zone).Add(w.length % day)
}

// next returns the first opening that is not before a time.
func (w *Window) next(at time.Time) time.Time {
	limit := at.Add(horizon)
	for e := eraOf(at, w.zone); ; e = e.after() {
		// What clocks go forward over is past when they have.
		from := e.wall(at)
		if !e.start.IsZero() && !at.After(e.start) {
			from = e.first(time.Time{})
		}
		if wall, ok := w.times.next(from, e.limit(e.wall(limit))); ok {
			return e.instant(wall)
		}
		if e.end.IsZero() || e.end.After(limit) {
			return time.Time{}
		}
	}
}

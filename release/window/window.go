// Package window tells when freeze windows are open.
package window

import (
	"errors"
	"fmt"
	"time"

	"github.com/robfig/cron/v3"
)

// MaxLength is the longest time that a recurring window may be open: a quarter, as
// what is longer is written with its dates.
const MaxLength = 92 * 24 * time.Hour

// Window is a time in which nothing is promoted: either it recurs, by Cron and For, or
// it is a single time, From and To.
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

	schedule cron.Schedule
	length   time.Duration
	zone     *time.Location
}

// Recur makes w open at each time of a cron expression of five fields, such as
// "0 16 * * FRI", in a time zone, for a time.
func (w *Window) Recur(expression string, length time.Duration, zone *time.Location) error {
	if length <= 0 || length > MaxLength {
		return fmt.Errorf("length %s: want more than 0 and at most %s", length, MaxLength)
	}
	schedule, err := cron.ParseStandard(expression)
	if err != nil {
		return fmt.Errorf("cron %q: %w", expression, err)
	}
	if schedule.Next(time.Unix(0, 0).In(zone)).IsZero() {
		return fmt.Errorf("cron %q: %w", expression, errNever)
	}
	w.schedule, w.length, w.zone = schedule, length, zone
	return nil
}

var errNever = errors.New("no such day in the next five years")

// Open reports whether the window is open at a time, and then until when.
func (w *Window) Open(at time.Time) (until time.Time, open bool) {
	if w.schedule == nil {
		return w.To, !at.Before(w.From) && at.Before(w.To)
	}
	// Each opening within the last length keeps it open; the last one is open longest.
	for next := w.schedule.Next(at.Add(-w.length).In(w.zone)); !next.IsZero() && !next.After(at); next = w.schedule.Next(next) {
		until = next.Add(w.length)
	}
	return until, !until.IsZero()
}

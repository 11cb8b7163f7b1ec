package window

import (
	"errors"
	"math/bits"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// calendar has the times of a cron expression. Its times are those of a clock on the
// wall, written as times in UTC.
type calendar struct {
	minute, hour, dom, month, dow uint64
	// either says that one of the day of the month and that of the week is enough, as
	// cron has it where both are restricted.
	either bool
	// daily says that every day has times.
	daily bool
	// gap is the longest time between two openings where every day has them.
	gap time.Duration
}

// maxExpression bounds an expression: to list all minutes takes 170 bytes.
const maxExpression = 1000

var (
	errFields = errors.New("want five fields: minute, hour, day of the month, month, day of the week")
	errNever  = errors.New("there is no such time")
	errLong   = errors.New("want at most 1000 bytes")
)

func parse(expression string) (*calendar, error) {
	if len(expression) > maxExpression {
		return nil, errLong
	}
	// The parser takes a zone before the fields, and panics on one without a blank.
	fields := strings.Fields(expression)
	if len(fields) != 5 || strings.ContainsAny(expression, "=@") {
		return nil, errFields
	}
	parser := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)
	parsed, err := parser.Parse(strings.Join(fields, " "))
	if err != nil {
		return nil, err
	}
	s := parsed.(*cron.SpecSchedule)
	// The parser marks a star by the highest bit.
	const star = 1 << 63
	c := &calendar{
		minute: s.Minute &^ star, hour: s.Hour &^ star, dom: s.Dom &^ star, month: s.Month &^ star, dow: s.Dow &^ star,
		either: s.Dom&star == 0 && s.Dow&star == 0,
	}
	// Any four years have every day that any years have, but for some around 1900.
	from := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, ok := c.next(from, from.AddDate(4, 0, 0)); !ok {
		return nil, errNever
	}
	c.gap = c.widest()
	dom, dow := c.dom == 1<<32-2, c.dow == 1<<7-1
	c.daily = c.month == 1<<13-2 && (dom && dow || c.either && (dom || dow))
	return c, nil
}

// day reports whether the expression has times on a day.
func (c *calendar) day(at time.Time) bool {
	if c.month>>uint(at.Month())&1 == 0 {
		return false
	}
	dom, dow := c.dom>>uint(at.Day())&1 == 1, c.dow>>uint(at.Weekday())&1 == 1
	if c.either {
		return dom || dow
	}
	return dom && dow
}

// next returns the first time from one on and before a limit.
func (c *calendar) next(from, limit time.Time) (time.Time, bool) {
	date := midnight(from)
	minute := int((from.Sub(date) + time.Minute - 1) / time.Minute)
	for date.Before(limit) {
		if c.day(date) {
			if m, ok := c.minuteFrom(minute); ok {
				t := date.Add(time.Duration(m) * time.Minute)
				return t, t.Before(limit)
			}
		}
		date, minute = c.skip(date), 0
	}
	return time.Time{}, false
}

// skip returns the day after one, or the first of the next month where the
// expression has no times in the month.
func (c *calendar) skip(date time.Time) time.Time {
	if c.month>>uint(date.Month())&1 == 0 {
		return time.Date(date.Year(), date.Month()+1, 1, 0, 0, 0, 0, time.UTC)
	}
	return date.Add(day)
}

// last returns the last time up to one, and not before oldest.
func (c *calendar) last(upTo, oldest time.Time) (time.Time, bool) {
	date := midnight(upTo)
	minute := int(upTo.Sub(date) / time.Minute)
	for floor := midnight(oldest); !date.Before(floor); date = date.Add(-day) {
		if c.day(date) {
			if m, ok := c.minuteTo(minute); ok {
				t := date.Add(time.Duration(m) * time.Minute)
				return t, !t.Before(oldest)
			}
		}
		minute = 24*60 - 1
	}
	return time.Time{}, false
}

// run returns the last time before a limit among the days with times that follow the
// one of a time without a day between them.
func (c *calendar) run(wall, limit time.Time) time.Time {
	date := midnight(wall).Add(day)
	if c.daily {
		date = limit
	}
	for date.Before(limit) && c.day(date) {
		date = date.Add(day)
	}
	if t, ok := c.last(earlier(limit, date).Add(-1), wall); ok {
		return t
	}
	return wall
}

// along returns the last time before a limit on the day of a time that is reached from
// it by steps of at most a length.
func (c *calendar) along(wall, limit time.Time, length time.Duration) time.Time {
	date := midnight(wall)
	minute, last := int(wall.Sub(date)/time.Minute), int((limit.Sub(date)-1)/time.Minute)
	for {
		next, ok := c.minuteFrom(minute + 1)
		if !ok || next > last || time.Duration(next-minute)*time.Minute > length {
			return date.Add(time.Duration(minute) * time.Minute)
		}
		minute = next
	}
}

// minuteFrom returns the first minute of the day, from one on, that the expression has.
func (c *calendar) minuteFrom(from int) (int, bool) {
	minute := from % 60
	for hour := from / 60; hour < 24; hour++ {
		if rest := c.minute >> minute; c.hour>>hour&1 == 1 && rest != 0 {
			return hour*60 + minute + bits.TrailingZeros64(rest), true
		}
		minute = 0
	}
	return 0, false
}

// minuteTo returns the last minute of the day, up to one, that the expression has.
func (c *calendar) minuteTo(upTo int) (int, bool) {
	minute := upTo % 60
	for hour := upTo / 60; hour >= 0; hour-- {
		if rest := c.minute & (1<<(minute+1) - 1); c.hour>>hour&1 == 1 && rest != 0 {
			return hour*60 + bits.Len64(rest) - 1, true
		}
		minute = 59
	}
	return 0, false
}

// widest returns the longest time between two openings of days that follow each other.
func (c *calendar) widest() time.Duration {
	first, _ := c.minuteFrom(0)
	gap, before := 0, first
	for m, ok := c.minuteFrom(first + 1); ok; m, ok = c.minuteFrom(before + 1) {
		gap, before = max(gap, m-before), m
	}
	return time.Duration(max(gap, first+24*60-before)) * time.Minute
}

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// shown shortens an expression for messages.
func shown(expression string) string {
	if len(expression) <= 60 {
		return expression
	}
	return strings.ToValidUTF8(expression[:60], "") + "…"
}

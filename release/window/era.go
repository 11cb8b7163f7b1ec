package window

import "time"

// era is the time between two changes of a zone's clocks.
type era struct {
	// start and end are zero where there is none.
	start, end time.Time
	offset     time.Duration
	// past is the offset before start.
	past time.Duration
	zone *time.Location
}

func eraOf(at time.Time, zone *time.Location) era {
	local := at.In(zone)
	e := era{offset: offset(local), zone: zone}
	e.start, e.end = local.ZoneBounds()
	e.past = e.offset
	if !e.start.IsZero() {
		e.past = offset(e.start.Add(-1))
	}
	return e
}

func offset(t time.Time) time.Duration {
	_, seconds := t.Zone()
	return time.Duration(seconds) * time.Second
}

// before returns the era before one that has a start, after the one after one that
// has an end.
func (e era) before() era { return eraOf(e.start.Add(-1), e.zone) }
func (e era) after() era  { return eraOf(e.end, e.zone) }

// wall returns what the clock of the era shows at a time.
func (e era) wall(at time.Time) time.Time { return at.UTC().Add(e.offset) }

// first returns the first wall time of the era, or another one if it is later. What
// clocks went forward over is part of it.
func (e era) first(other time.Time) time.Time {
	if e.start.IsZero() {
		return other
	}
	return later(other, e.start.UTC().Add(min(e.offset, e.past)))
}

// limit returns the wall time at which the era is over, or another one if it is
// earlier.
func (e era) limit(other time.Time) time.Time {
	if e.end.IsZero() {
		return other
	}
	return earlier(e.wall(e.end), other)
}

// clip returns a time, or the era's last one if it is later.
func (e era) clip(at time.Time) time.Time {
	if e.end.IsZero() {
		return at
	}
	return earlier(at, e.end.Add(-1))
}

// instant returns when the clock of the era shows a wall time: what clocks went
// forward over, as they did.
func (e era) instant(wall time.Time) time.Time {
	at := wall.Add(-e.offset).In(e.zone)
	if !e.start.IsZero() && at.Before(e.start) {
		return e.start
	}
	return at
}

// Instants returns when the clock of a zone shows what the clock of UTC shows at
// civil, ascending: it is one time, or none or two where clocks are changed.
func Instants(civil time.Time, zone *time.Location) []time.Time {
	var times []time.Time
	for _, around := range []time.Duration{-slack, slack} {
		o := offset(civil.Add(around).In(zone))
		t := civil.Add(-o).In(zone)
		if offset(t) == o && (len(times) == 0 || t.After(times[0])) {
			times = append(times, t)
		}
	}
	return times
}

// Midnight returns when the day begins in a zone that begins at civil in UTC: the
// first of two midnights, or when clocks go forward over it.
func Midnight(civil time.Time, zone *time.Location) time.Time {
	if times := Instants(civil, zone); len(times) > 0 {
		return times[0]
	}
	e := eraOf(civil.Add(-offset(civil.Add(-slack).In(zone))), zone)
	return e.instant(civil)
}

// after returns when the clock of a zone last shows a wall time; where it is gone
// over, when it would have (RFC 5545 section 3.3.5).
func after(wall time.Time, zone *time.Location) time.Time {
	if times := Instants(wall, zone); len(times) > 0 {
		return times[len(times)-1]
	}
	return wall.Add(-offset(wall.Add(-slack).In(zone))).In(zone)
}

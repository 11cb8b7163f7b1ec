package policyfile

import (
	"regexp"
	"strings"
	"time"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/release/window"
)

var (
	dateForm = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	wallForm = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?$`)
)

// moment reads a time in a zone. A date is when the day begins, or after it where the
// day is included.
func (r *reader) moment(f rulefile.Field, zone *time.Location, included bool) time.Time {
	key := f.Key.Value
	text, ok := r.plain(f.Value, key)
	if !ok {
		return time.Time{}
	}
	var t time.Time
	var err error
	switch {
	case dateForm.MatchString(text):
		if t, err = time.Parse(time.DateOnly, text); err == nil && included {
			t = t.AddDate(0, 0, 1)
		}
		t = window.Midnight(t, zone)
	case wallForm.MatchString(text):
		return r.wall(f, text, zone)
	default:
		t, err = time.Parse(time.RFC3339, text)
	}
	if err != nil {
		r.mistake(f.Value, key+" is a date such as 2026-12-20, a time such as 2026-12-20 18:00, or one with an offset such as 2026-12-20T18:00:00+01:00")
		return time.Time{}
	}
	return t
}

// wall reads a time as the clock of the zone shows it, which it does once.
func (r *reader) wall(f rulefile.Field, text string, zone *time.Location) time.Time {
	layout := "2006-01-02 15:04:05"
	if strings.Count(text, ":") == 1 {
		layout = "2006-01-02 15:04"
	}
	civil, err := time.Parse(layout, strings.Replace(text, "T", " ", 1))
	if err != nil {
		r.mistake(f.Value, f.Key.Value+" is a time such as 2026-12-20 18:00")
		return time.Time{}
	}
	times := window.Instants(civil, zone)
	switch len(times) {
	case 1:
		return times[0]
	case 0:
		r.Errorf(rulefile.Start(f.Value), "clocks in %s go forward over %s, so it is no time there; write another, or one with its offset", zone, text)
	default:
		r.Errorf(rulefile.Start(f.Value), "clocks in %s go back over %s, so it is there twice; write it with its offset, such as %s", zone, text, times[0].Format(time.RFC3339))
	}
	return time.Time{}
}

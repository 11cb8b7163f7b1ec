package window

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tables need the zones, wherever they run

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func zone(t require.TestingT, name string) *time.Location {
	z, err := time.LoadLocation(name)
	require.NoError(t, err)
	return z
}

func recurring(t require.TestingT, expression string, length time.Duration, z *time.Location) *Window {
	w := new(Window)
	require.NoError(t, w.Recur(expression, length, z), expression)
	return w
}

func moment(t require.TestingT, text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return at
}

func TestAWindowRecurs(t *testing.T) {
	for _, c := range []struct {
		name, cron string
		length     time.Duration
		zone       string
		at         string
		until      string // "" for closed
		change     string // "" for never
	}{
		{"a weekend", "0 16 * * FRI", 62 * time.Hour, "Europe/Berlin", "2026-11-28T12:00:00Z", "2026-11-30T06:00:00+01:00", "2026-11-30T06:00:00+01:00"},
		{"before a weekend", "0 16 * * FRI", 62 * time.Hour, "Europe/Berlin", "2026-11-27T14:59:59Z", "", "2026-11-27T16:00:00+01:00"},
		{"it is open when it opens", "0 16 * * FRI", 62 * time.Hour, "Europe/Berlin", "2026-11-27T15:00:00Z", "2026-11-30T06:00:00+01:00", "2026-11-30T06:00:00+01:00"},
		{"it is no longer open when it closes", "0 16 * * FRI", 62 * time.Hour, "Europe/Berlin", "2026-11-30T05:00:00Z", "", "2026-12-04T16:00:00+01:00"},
		{"a weekend in which clocks go forward", "0 16 * * FRI", 62 * time.Hour, "Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-30T06:00:00+02:00", "2026-03-30T06:00:00+02:00"},
		{"a weekend in which clocks go back", "0 16 * * FRI", 62 * time.Hour, "Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-26T06:00:00+01:00", "2026-10-26T06:00:00+01:00"},
		{"clocks go forward over the opening", "30 2 * * *", time.Hour, "Europe/Berlin", "2026-03-29T00:59:00Z", "", "2026-03-29T03:00:00+02:00"},
		{"it is open for its length then", "30 2 * * *", time.Hour, "Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29T04:00:00+02:00", "2026-03-29T04:00:00+02:00"},
		{"clocks go back over the opening: the first", "30 2 * * *", 10 * time.Minute, "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T02:40:00+02:00", "2026-10-25T02:40:00+02:00"},
		{"and between them", "30 2 * * *", 10 * time.Minute, "Europe/Berlin", "2026-10-25T00:50:00Z", "", "2026-10-25T02:30:00+01:00"},
		{"and the second", "30 2 * * *", 10 * time.Minute, "Europe/Berlin", "2026-10-25T01:35:00Z", "2026-10-25T02:40:00+01:00", "2026-10-25T02:40:00+01:00"},
		{"both are one where they touch", "30 2 * * *", time.Hour, "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T03:30:00+01:00", "2026-10-25T03:30:00+01:00"},
		{"midnight that is not there", "0 0 * * *", time.Hour, "America/Santiago", "2026-09-06T03:00:00Z", "", "2026-09-06T01:00:00-03:00"},
		{"half an hour of change", "15 2 * * *", 5 * time.Minute, "Australia/Lord_Howe", "2026-10-03T15:29:00Z", "", "2026-10-04T02:30:00+11:00"},
		{"a day that is not there", "0 12 30 12 *", time.Hour, "Pacific/Apia", "2011-12-29T00:00:00Z", "", "2011-12-31T00:00:00+14:00"},
		{"a leap day", "0 0 29 2 *", 24 * time.Hour, "UTC", "2026-01-01T00:00:00Z", "", "2028-02-29T00:00:00Z"},
		{"a leap day after a year that is none", "0 0 29 2 *", 24 * time.Hour, "UTC", "2096-03-01T00:00:00Z", "", "2104-02-29T00:00:00Z"},
		{"the last days of months", "0 0 31 * *", 24 * time.Hour, "UTC", "2026-02-01T00:00:00Z", "", "2026-03-31T00:00:00Z"},
		{"either day, as cron has it", "0 0 13 * FRI", time.Hour, "UTC", "2026-11-14T00:00:00Z", "", "2026-11-20T00:00:00Z"},
		{"openings that overlap", "0 0,12 * * MON", 18 * time.Hour, "UTC", "2026-11-23T01:00:00Z", "2026-11-24T06:00:00Z", "2026-11-24T06:00:00Z"},
		{"openings that touch", "0 0 * * MON-FRI", 24 * time.Hour, "Europe/Berlin", "2026-11-24T01:00:00Z", "2026-11-28T00:00:00+01:00", "2026-11-28T00:00:00+01:00"},
		{"openings that touch but once a week", "*/5 * * * MON-SAT", 5 * time.Minute, "Europe/Berlin", "2026-10-19T00:00:00Z", "2026-10-25T00:00:00+02:00", "2026-10-25T00:00:00+02:00"},
		{"days of the calendar touch over changed clocks", "0 0 * 3 *", 24 * time.Hour, "Europe/Berlin", "2026-03-03T00:00:00Z", "2026-04-01T00:00:00+02:00", "2026-04-01T00:00:00+02:00"},
		{"a quarter", "0 0 1 1 *", 90 * 24 * time.Hour, "Europe/Berlin", "2026-03-31T00:00:00Z", "2026-04-01T00:00:00+02:00", "2026-04-01T00:00:00+02:00"},
		{"all but the last minute", "0-58 * * * *", time.Minute, "UTC", "2026-03-31T00:10:30Z", "2026-03-31T00:59:00Z", "2026-03-31T00:59:00Z"},
		{"a break for lunch", "* 0-11,13-23 * * *", time.Minute, "Europe/Berlin", "2026-11-22T20:10:30Z", "2026-11-23T12:00:00+01:00", "2026-11-23T12:00:00+01:00"},
		{"almost a year", "* * * 1-11 *", time.Minute, "Europe/Berlin", "2026-01-01T00:00:00Z", "2026-12-01T00:00:00+01:00", "2026-12-01T00:00:00+01:00"},
	} {
		w := recurring(t, c.cron, c.length, zone(t, c.zone))
		until, open := w.Open(moment(t, c.at))
		assert.Equal(t, c.until != "", open, c.name)
		if c.until != "" {
			assert.True(t, until.Equal(moment(t, c.until)), "%s: until %s", c.name, until)
		}
		change := w.Change(moment(t, c.at))
		assert.True(t, change.Equal(moment(t, c.change)), "%s: %s", c.name, change)
	}
}

func TestAWindowThatIsAlwaysOpenNeverChanges(t *testing.T) {
	for _, name := range []string{"UTC", "Europe/Berlin", "Africa/Casablanca", "Australia/Lord_Howe"} {
		for _, w := range []*Window{
			recurring(t, "* * * * *", MaxLength, zone(t, name)),
			recurring(t, "* * * * *", time.Minute, zone(t, name)),
			recurring(t, "0 0 * * *", 24*time.Hour, zone(t, name)),
			recurring(t, "0 0 * * MON,WED,FRI", 72*time.Hour, zone(t, name)),
		} {
			until, open := w.Open(moment(t, "2026-11-22T00:00:00Z"))
			assert.True(t, open)
			assert.Zero(t, until)
			assert.Zero(t, w.Change(moment(t, "2026-11-22T00:00:00Z")))
		}
	}
}

func TestASingleWindowIsOpenOnce(t *testing.T) {
	w := &Window{From: moment(t, "2026-12-20T00:00:00Z"), To: moment(t, "2027-01-03T00:00:00Z")}
	for at, want := range map[string]struct {
		open   bool
		change time.Time
	}{
		"2026-12-19T23:59:59Z": {false, w.From}, "2026-12-20T00:00:00Z": {true, w.To},
		"2027-01-02T23:59:59Z": {true, w.To}, "2027-01-03T00:00:00Z": {false, time.Time{}},
	} {
		_, open := w.Open(moment(t, at))
		assert.Equal(t, want.open, open, at)
		assert.Equal(t, want.change, w.Change(moment(t, at)), at)
	}
	w = &Window{From: w.To, To: w.From}
	assert.Zero(t, w.Change(moment(t, "2026-01-01T00:00:00Z")), "it is never open")
}

func TestExpressionsThatAreNoneAreRefused(t *testing.T) {
	for expression, want := range map[string]string{
		"":                                      "want five fields",
		"* * * *":                               "want five fields",
		"0 * * * * *":                           "want five fields",
		"@daily":                                "want five fields",
		"@every 1s * * *":                       "want five fields",
		"TZ=UTC\t0\t0\t*\t*":                    "want five fields",
		"TZ=":                                   "want five fields",
		"60 * * * *":                            "above maximum",
		"0 0 * * 7":                             "above maximum",
		"a * * * *":                             "failed to parse",
		"0 0 30 2 *":                            "there is no such time",
		"0 0 31 4,6,9,11 *":                     "there is no such time",
		", * * * *":                             "there is no such time",
		"0 , * * *":                             "there is no such time",
		"0 0 * * ,":                             "there is no such time",
		"*/0 * * * *":                           "positive number",
		"*/99999999999999999999 * * 1":          "want five fields",
		strings.Repeat("0,", 501) + "0 * * * *": "want at most 1000 bytes",
	} {
		assert.ErrorContains(t, new(Window).Recur(expression, time.Hour, time.UTC), want, "%q", expression)
	}
	assert.ErrorContains(t, new(Window).Recur("* * * * *", MaxLength+1, time.UTC), "want from 1m to")
	assert.ErrorContains(t, new(Window).Recur("* * * * *", 0, time.UTC), "want from 1m to")
}

func TestDaysBeginWhereClocksSayThatTheyDo(t *testing.T) {
	for _, c := range []struct{ zone, day, want string }{
		{"Europe/Berlin", "2026-12-20", "2026-12-20T00:00:00+01:00"},
		{"America/Santiago", "2026-09-06", "2026-09-06T01:00:00-03:00"}, // midnight is gone over
		{"America/Havana", "2026-11-01", "2026-11-01T00:00:00-04:00"},   // midnight is there twice
	} {
		civil := moment(t, c.day+"T00:00:00Z")
		assert.True(t, Midnight(civil, zone(t, c.zone)).Equal(moment(t, c.want)), "%s %s", c.zone, Midnight(civil, zone(t, c.zone)))
	}
}

// openings returns, minute by minute, when the window opens and closes.
func openings(w *Window, from, to time.Time) [][2]time.Time {
	var all [][2]time.Time
	shows := func(wall time.Time) bool {
		return w.times.day(wall) && w.times.hour>>wall.Hour()&1 == 1 && w.times.minute>>wall.Minute()&1 == 1
	}
	for at := from; at.Before(to); at = at.Add(time.Minute) {
		e := eraOf(at, w.zone)
		opens := shows(e.wall(at))
		wall := e.wall(at)
		if at.Equal(e.start) {
			for gone := e.first(time.Time{}); gone.Before(e.wall(at)); gone = gone.Add(time.Minute) {
				if shows(gone) {
					all = append(all, [2]time.Time{at, w.end(e, gone)})
				}
			}
		}
		if opens {
			all = append(all, [2]time.Time{at, w.end(e, wall)})
		}
	}
	return all
}

var field = []struct {
	minute, hour, dom, month, dow string
}{
	{"*", "*", "*", "*", "*"}, {"0", "0", "1", "1-11", "SUN"}, {"30", "2", "25,29", "3", "MON-SAT"},
	{"*/7", "1-3", "1-30", "10", "FRI"}, {"0-50", "*/6", "31", "3,10", "1,3"}, {"0", "23", "*/2", "*", "0"},
}

func TestWindowsAreAsCountingMinutesHasThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pick := func(name string) int { return rapid.IntRange(0, len(field)-1).Draw(t, name) }
		expression := strings.Join([]string{
			field[pick("minute")].minute, field[pick("hour")].hour, field[pick("dom")].dom, field[pick("month")].month, field[pick("dow")].dow,
		}, " ")
		length := time.Duration(rapid.SampledFrom([]int{1, 5, 59, 60, 61, 90, 720, 1439, 1440, 1500, 2880, 2941}).Draw(t, "length")) * time.Minute
		z := zone(t, rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago"}).Draw(t, "zone"))
		w := new(Window)
		if w.Recur(expression, length, z) != nil {
			return
		}
		middle := rapid.SampledFrom([]string{"2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z", "2026-04-04T15:00:00Z", "2026-10-03T15:30:00Z", "2026-09-06T04:00:00Z", "2026-04-05T03:00:00Z"}).Draw(t, "around")
		at := moment(t, middle).Add(time.Duration(rapid.IntRange(-4000, 4000).Draw(t, "minutes")) * time.Minute)
		all := openings(w, at.Add(-6*24*time.Hour), at.Add(6*24*time.Hour))
		until, open := w.Open(at)
		want := closing(all, at)
		require.Equal(t, want.After(at), open, "%s %s at %s in %s: %s", expression, length, at, z, until)
		if change := w.Change(at); !open {
			require.Equal(t, opening(all, at), horizonless(change, at))
		} else if want.Before(at.Add(5 * 24 * time.Hour)) {
			require.True(t, until.Equal(want), "%s %s at %s in %s: %s, not %s", expression, length, at, z, until, want)
		}
	})
}

// closing returns when the openings that keep it open at a time are over.
func closing(all [][2]time.Time, at time.Time) time.Time {
	until := at
	for again := true; again; {
		again = false
		for _, o := range all {
			if !o[0].After(until) && o[1].After(until) {
				until, again = o[1], true
			}
		}
	}
	return until
}

func opening(all [][2]time.Time, at time.Time) string {
	for _, o := range all {
		if !o[0].Before(at) {
			return o[0].UTC().String()
		}
	}
	return "later"
}

func horizonless(change, at time.Time) string {
	if change.IsZero() || !change.Before(at.Add(6*24*time.Hour)) {
		return "later"
	}
	return change.UTC().String()
}

func FuzzRecur(f *testing.F) {
	f.Add("0 16 * * FRI", int64(62*time.Hour), int64(1_790_000_000), uint8(0))
	f.Add("* * * * *", int64(MaxLength), int64(0), uint8(1))
	f.Add("TZ=UTC\t* * * *", int64(time.Minute), int64(-1<<40), uint8(2))
	f.Add("*/7,1-3 , 29 2 ?", int64(24*time.Hour), int64(4_000_000_000), uint8(3))
	zones := []*time.Location{time.UTC, zone(f, "Europe/Berlin"), zone(f, "Africa/Casablanca"), zone(f, "Pacific/Apia")}
	f.Fuzz(func(t *testing.T, expression string, length, seconds int64, z uint8) {
		w := new(Window)
		if w.Recur(expression, time.Duration(length), zones[int(z)%len(zones)]) != nil {
			return
		}
		at := time.Unix(seconds%(1<<38), 0) // some thousand years
		began := time.Now()
		until, open := w.Open(at)
		change := w.Change(at)
		require.Less(t, time.Since(began), 5*time.Second)
		if !open {
			require.True(t, change.IsZero() || !change.Before(at))
			return
		}
		require.Equal(t, until, change)
		if !until.IsZero() {
			_, still := w.Open(until.Add(-1))
			require.True(t, still)
			_, still = w.Open(until)
			require.False(t, still)
		}
	})
}

func BenchmarkChange(b *testing.B) {
	z := zone(b, "Europe/Berlin")
	at := moment(b, "2026-11-22T09:00:00Z")
	for _, c := range []struct {
		name, cron string
		length     time.Duration
	}{
		{"weekend", "0 16 * * FRI", 62 * time.Hour}, {"always", "* * * * *", 90 * 24 * time.Hour},
		{"every-minute-but-one", "* 0-22 * * *", time.Minute}, {"three-a-week", "0 0 * * 1,3,5", 72 * time.Hour},
		{"leap-day", "0 0 29 2 *", time.Hour},
	} {
		w := recurring(b, c.cron, c.length, z)
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				w.Change(at)
			}
		})
	}
}

package pace_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/replay"
	"twinspect.dev/replay/pace"
)

func plan(t require.TestingT, parts ...pace.Part) *pace.Plan {
	p, err := pace.NewPlan(parts...)
	require.NoError(t, err)
	return p
}

func TestParseReadsEveryForm(t *testing.T) {
	const m = time.Minute
	ramp := pace.Part{From: 100, To: 2000, For: 5 * m}
	for text, want := range map[string]replay.Pacer{
		"max":                               pace.Max{},
		"50/s":                              pace.Rate{PerSecond: 50},
		"0.5/s":                             pace.Rate{PerSecond: 0.5},
		"30/m":                              pace.Rate{PerSecond: 0.5},
		"1800/h":                            pace.Rate{PerSecond: 0.5},
		"x1":                                pace.Recorded{Factor: 1},
		"x0.5":                              pace.Recorded{Factor: 0.5},
		"x.25":                              pace.Recorded{Factor: 0.25},
		"100/s..2000/s over 5m":             plan(t, ramp),
		"6000/m..2000/s over 300s":          plan(t, ramp),
		"100/s for 1m":                      plan(t, pace.Part{From: 100, To: 100, For: m}),
		"100/s for 1m, 0/s for 1m30s, 1/h":  plan(t, pace.Part{From: 100, To: 100, For: m}, pace.Part{For: 90 * s}, pace.Part{From: 1. / 3600, To: 1. / 3600}),
		"100/s..2000/s in 10 steps over 5m": plan(t, pace.Part{From: 100, To: 2000, For: 5 * m, Steps: 10}),
		"100/s for 1m,100/s..2000/s  over 5m , 2000/s for 10m": plan(t,
			pace.Part{From: 100, To: 100, For: m}, ramp, pace.Part{From: 2000, To: 2000, For: 10 * m}),
		"adaptive 50/s..5000/s":                 &pace.Adaptive{From: 50, To: 5000, By: 1.5, Every: 10 * s},
		"adaptive 50/s..5000/s by 2":            &pace.Adaptive{From: 50, To: 5000, By: 2, Every: 10 * s},
		"adaptive 50/s..5000/s every 1m":        &pace.Adaptive{From: 50, To: 5000, By: 1.5, Every: m},
		"adaptive 60/m..50/s by 1.25 every 30s": &pace.Adaptive{From: 1, To: 50, By: 1.25, Every: 30 * s},
		"max at most 500/s":                     &pace.Ceiling{Next: pace.Max{}, PerSecond: 500},
		"1/s..9/s over 1h at most 300/m":        &pace.Ceiling{Next: plan(t, pace.Part{From: 1, To: 9, For: time.Hour}), PerSecond: 5},
	} {
		got, err := pace.Parse(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
		again, err := pace.Parse(fmt.Sprint(got))
		require.NoError(t, err)
		assert.Equal(t, want, again, "its text is read again")
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	for text, says := range map[string]string{
		"":                                    "it is empty",
		" ":                                   "it is empty",
		"MAX":                                 `"MAX" is no rate`,
		"x":                                   `"" is no decimal number`,
		"x0":                                  `"0" is not between 1e-09 and 1e+09`,
		"x-1":                                 `"-1" is no decimal number`,
		"xNaN":                                `"NaN" is no decimal number`,
		"x1e3":                                `"1e3" is no decimal number`,
		"50":                                  `"50" is no rate a second (/s), a minute (/m) or an hour (/h)`,
		"50/d":                                `"50/d" is no rate`,
		"2k/s":                                `"2k" is no decimal number`,
		"0/s":                                 `"0/s" is not between`,
		"9999999999/s":                        `"9999999999/s" is not between 1e-09 and 1e+09`,
		"0.000000001/m":                       `is not between`,
		"50 /s":                               `"50" is no rate`,
		"0x10/s":                              `"0x10" is no decimal number`,
		"1_0/s":                               `"1_0" is no decimal number`,
		"1/s..2/s":                            "it does not say over how long the rate changes",
		"1/s..2/s for 5m":                     `"for 5m" is not over and a time`,
		"1/s over 5m":                         `"over 5m" is not for and a time`,
		"1/s for 5":                           `"5" is no time such as 90s or 1h30m`,
		"1/s for 0s":                          "0s is not above 0 and up to 8760h",
		"1/s for 9000h":                       "is not above 0 and up to 8760h",
		"1/s for 8000h, 1/s for 8000h":        "part 2, 1/s for 8000h, ends after more than 8760h",
		"1/s..2/s in 1 steps over 5m":         `"1" is no number of steps`,
		"1/s..2/s in 10000000 steps over 5m":  "10000000 steps are not between",
		"1/s..2/s in 3 steps":                 "it does not say over how long the rate changes",
		"1/s, 2/s":                            "part 1, 1/s: it does not say for how long: only the last part goes on",
		"1/s for 1m,":                         "a part is empty",
		"1/s for 1m, 0/s for 1m":              "it ends at 0/s, at which the rest of the recording would never be sent",
		"1/s..0/s over 1m":                    "it ends at 0/s",
		strings.Repeat("1/s for 1s,", 20_000): "more than 10000 parts and steps",
		"adaptive":                            "adaptive needs its lowest and its highest rate",
		"adaptive 5/s":                        `"5/s" is no range of rates`,
		"adaptive 5/s..1/s":                   "adaptive ends below its beginning",
		"adaptive 1/s..5/s by 1":              `"1" is not between 1.01 and 10`,
		"adaptive 1/s..5/s every 1ms":         "adaptive needs steps of at least 100ms",
		"adaptive 1/s..5/s quickly":           `"quickly" is neither by and a factor nor every and a time`,
		"adaptive 1/s..5/s at most 3/s":       "adaptive has its ceiling in its upper rate",
		"max at most fast":                    `"fast" is no rate`,
		"max at most 1/s at most 2/s":         `is no rate`,
		"max, max":                            `"max" is no rate`,
	} {
		p, err := pace.Parse(text)
		require.Error(t, err, text)
		assert.Nil(t, p)
		assert.ErrorContains(t, err, says)
		assert.ErrorContains(t, err, "want max, a rate such as 50/s, 30/m or 10/h, the recorded times at a factor")
		assert.Less(t, len(err.Error()), 1200)
	}
}

// rates are those of people and those that nobody thought of.
func rates() *rapid.Generator[float64] {
	return rapid.OneOf(rapid.SampledFrom([]float64{1, 50, 100, 2000, 1. / 3, 1. / 3600, 1e6}), rapid.Float64Range(0.01, 1e6))
}

// plans are of one to six parts.
func plans() *rapid.Generator[*pace.Plan] {
	return rapid.Custom(func(t *rapid.T) *pace.Plan {
		n := rapid.IntRange(1, 6).Draw(t, "parts")
		parts := make([]pace.Part, n)
		for i := range parts {
			p := &parts[i]
			p.From, p.To = rates().Draw(t, "from"), rates().Draw(t, "to")
			p.For = time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "for"))
			switch rapid.IntRange(0, 5).Draw(t, "shape") {
			case 0:
				p.To = p.From
			case 1:
				p.Steps = rapid.IntRange(2, 20).Draw(t, "steps")
			case 2:
				p.From = 0
			case 3:
				if i < n-1 {
					p.To = 0
				}
			case 4:
				if i < n-1 {
					p.From, p.To = 0, 0
				} else {
					*p = pace.Part{From: p.To, To: p.To}
				}
			}
		}
		return plan(t, parts...)
	})
}

func pacers() *rapid.Generator[replay.Pacer] {
	free := rapid.Custom(func(t *rapid.T) replay.Pacer {
		r := rates()
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			return pace.Rate{PerSecond: r.Draw(t, "rate")}
		case 1:
			return pace.Recorded{Factor: r.Draw(t, "factor")}
		case 2:
			return pace.Max{}
		}
		if p := plans().Draw(t, "plan"); len(p.Parts()) > 1 || p.Parts()[0].For > 0 {
			return p
		}
		return pace.Max{} // a plan of one rate without an end is a Rate
	})
	return rapid.Custom(func(t *rapid.T) replay.Pacer {
		switch rapid.IntRange(0, 3).Draw(t, "with") {
		case 0:
			return &pace.Ceiling{Next: free.Draw(t, "next"), PerSecond: rates().Draw(t, "ceiling")}
		case 1:
			low := rates().Draw(t, "low")
			return &pace.Adaptive{
				From: low, To: low * rapid.Float64Range(1, 100).Draw(t, "range"),
				By:    rapid.Float64Range(1.01, 10).Draw(t, "by"),
				Every: time.Duration(rapid.Int64Range(int64(s/10), int64(time.Hour)).Draw(t, "every")),
			}
		}
		return free.Draw(t, "free")
	})
}

func TestTheTextOfAPaceIsReadAsThePace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := pacers().Draw(t, "pace")
		again, err := pace.Parse(fmt.Sprint(p))
		require.NoError(t, err)
		assert.Equal(t, p, again)
	})
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"max", "50/s", "30/m", "x1", "x0.5", "x.", "./s", "1/", "xx1", "0.000000001/m", "7/h",
		"100/s..2000/s over 5m", "0/s..1/s in 3 steps over 1ns, 2/s", "1/s for 1m, 0/s for 8759h, 2/s",
		"adaptive 50/s..5000/s by 1.5 every 10s", "max at most 3/s", "1/s...5/s over 1s",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := pace.Parse(text)
		if err != nil {
			return
		}
		shown := fmt.Sprint(p)
		again, err := pace.Parse(shown)
		if err != nil || fmt.Sprint(again) != shown {
			t.Fatalf("%q is shown as %q, read as %v, %v", text, shown, again, err)
		}
		last := p.Pace(0, 0, 0)
		for n := range uint64(50) {
			due := p.Pace(0, n+1, time.Duration(n+1)*time.Hour)
			if due < last && last != replay.Now && due != replay.Now {
				t.Fatalf("%q plans exchange %d at %s, the next at %s", text, n, last, due)
			}
			last = due
		}
	})
}

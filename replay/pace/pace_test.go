package pace_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/replay"
	"twinspect.dev/replay/pace"
)

func TestParseReadsEveryForm(t *testing.T) {
	for text, want := range map[string]replay.Pacer{
		"max":   pace.Max{},
		"50/s":  pace.Rate{PerSecond: 50},
		"0.5/s": pace.Rate{PerSecond: 0.5},
		"30/m":  pace.Rate{PerSecond: 0.5},
		"x1":    pace.Recorded{Factor: 1},
		"x0.5":  pace.Recorded{Factor: 0.5},
		"x10":   pace.Recorded{Factor: 10},
		"x.25":  pace.Recorded{Factor: 0.25},
	} {
		got, err := pace.Parse(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
		again, err := pace.Parse(fmt.Sprint(got))
		require.NoError(t, err)
		assert.Equal(t, want, again, "its text is read again")
	}
}

func TestParseSaysWhatIsAllowed(t *testing.T) {
	for _, text := range []string{"", "MAX", "fast", "x", "x0", "x-1", "xNaN", "xInf", "x1e3", "x1.2.3", "50", "50/h", "/s", "0/s", "-1/s", "9999999999/s", "50 /s", "0x10/s", "1_0/s"} {
		_, err := pace.Parse(text)
		require.Error(t, err, text)
		assert.ErrorContains(t, err, fmt.Sprintf("pace %q", text))
		assert.ErrorContains(t, err, "want max, a rate such as 50/s or 30/m, or the recorded times at a factor")
	}
}

func TestPaceIsTheDistanceToThePlan(t *testing.T) {
	const s = time.Second
	tests := []struct {
		name              string
		pacer             replay.Pacer
		elapsed           time.Duration
		sent              uint64
		recorded, waiting time.Duration
	}{
		{"max has no plan", pace.Max{}, s, 7, s, replay.Now},
		{"the first of a rate is due at once", pace.Rate{PerSecond: 10}, 0, 0, 9 * s, 0},
		{"rate", pace.Rate{PerSecond: 10}, s / 2, 10, 0, s / 2},
		{"rate behind its plan", pace.Rate{PerSecond: 10}, 3 * s, 10, 0, -2 * s},
		{"recorded", pace.Recorded{Factor: 1}, s, 99, 3 * s, 2 * s},
		{"faster", pace.Recorded{Factor: 10}, s, 0, 30 * s, 2 * s},
		{"slower", pace.Recorded{Factor: 0.5}, s, 0, 3 * s, 5 * s},
		{"recorded before the first", pace.Recorded{Factor: 1}, s, 0, -s, -2 * s},
		{"plan beyond all time", pace.Rate{PerSecond: 1e-9}, 0, math.MaxUint64, 0, 1 << 61},
		{"recording beyond all time", pace.Recorded{Factor: 1e-9}, 0, 0, -time.Hour * 1e6, -1 << 61},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.waiting, tt.pacer.Pace(tt.elapsed, tt.sent, tt.recorded))
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"max", "50/s", "30/m", "x1", "x0.5", "x.", "./s", "1/", "xx1", "0.000000001/m"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := pace.Parse(text)
		if err != nil {
			return
		}
		first := p.Pace(0, 1, time.Hour)
		if later := p.Pace(0, 2, 2*time.Hour); later < first {
			t.Fatalf("%q plans the second at %s, the third at %s", text, first, later)
		}
	})
}

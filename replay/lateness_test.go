package replay_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/replay"
)

func spread(list ...time.Duration) (d replay.Durations) {
	for _, one := range list {
		d.Add(one)
	}
	return d
}

func TestASpreadTellsTheDistribution(t *testing.T) {
	assert.Zero(t, spread().Spread())
	assert.Equal(t, replay.Spread{Count: 1, P50: 1234, P90: 1234, P99: 1234, Max: 1234}, spread(1234567).Spread())
	assert.Equal(t, replay.Spread{Count: 2, P50: 0, P90: 3600e6, P99: 3600e6, Max: 7200e6},
		spread(-time.Second, 2*time.Hour).Spread(), "beyond an hour only the maximum is told")
	var d replay.Durations
	for i := range 1000 {
		d.Add(time.Duration(i+1) * time.Millisecond)
	}
	s := d.Spread()
	assert.EqualValues(t, 1000, s.Count)
	assert.InEpsilon(t, 500e3, s.P50, 0.001)
	assert.InEpsilon(t, 900e3, s.P90, 0.001)
	assert.InEpsilon(t, 990e3, s.P99, 0.001)
	assert.EqualValues(t, 1e6, s.Max)
}

// The parts of a run, written, read again and merged, are the whole run.
func TestPartsOfADistributionMergeToTheWhole(t *testing.T) {
	durations := rapid.SliceOf(rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.Int64Range(0, int64(2*time.Hour)).Draw(t, "d"))
	}))
	rapid.Check(t, func(t *rapid.T) {
		first, second := durations.Draw(t, "first"), durations.Draw(t, "second")
		whole := spread(append(first, second...)...)
		var merged replay.Durations
		for _, part := range []replay.Durations{spread(first...), spread(second...)} {
			text, err := json.Marshal(replay.Lateness{Durations: part})
			require.NoError(t, err)
			var again replay.Lateness
			require.NoError(t, json.Unmarshal(text, &again))
			merged.Merge(again.Durations)
		}
		assert.Equal(t, whole.Spread(), merged.Spread())
		assert.Equal(t, whole.Max, merged.Max)
		if whole.Histogram != nil {
			assert.True(t, whole.Histogram.Equals(merged.Histogram))
		}
	})
}

func TestACloneIsOnItsOwn(t *testing.T) {
	d := spread(time.Second)
	c := d.Clone()
	d.Add(time.Minute)
	assert.Equal(t, spread(time.Second).Spread(), c.Spread())
}

func TestDurationsThatAreNotWholeAreRefused(t *testing.T) {
	text, err := json.Marshal(spread(time.Second))
	require.NoError(t, err)
	other := hdr.New(1, 1000, 2)
	require.NoError(t, other.RecordValue(5))
	foreign, err := other.EncodeV2()
	require.NoError(t, err)
	for bad, says := range map[string]string{
		`[]`:          "cannot unmarshal",
		`{"count":3}`: "3 have no histogram",
		strings.Replace(string(text), `"count":1`, `"count":2`, 1):             "2 are said, the histogram holds 1",
		strings.Replace(string(text), `"histogram":"`, `"histogram":"AAAA`, 1): "read durations",
		`{"count":1,"histogram":"` + string(foreign) + `"}`:                    "another range or precision",
		`{"count":1,"histogram":"` + strings.Repeat("A", 1<<20) + `"}`:         "too long",
		`{"count":1,"histogram":"SElT"}`:                                       "too short",
	} {
		var d replay.Durations
		assert.ErrorContains(t, json.Unmarshal([]byte(bad), &d), says, "%.80s", bad)
		assert.Zero(t, d)
	}
}

func FuzzDurations(f *testing.F) {
	for _, d := range []replay.Durations{spread(), spread(time.Second), spread(1, time.Minute, 3*time.Hour)} {
		text, err := json.Marshal(d)
		require.NoError(f, err)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var d replay.Durations
		if json.Unmarshal(text, &d) != nil {
			return
		}
		again, err := json.Marshal(d)
		require.NoError(t, err)
		var second replay.Durations
		require.NoError(t, json.Unmarshal(again, &second))
		require.Equal(t, d.Spread(), second.Spread())
		second.Merge(d)
	})
}

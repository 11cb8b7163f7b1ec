package dashboard

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"twinspect.dev/release"
)

func TestDurationsAreReadByPeople(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0 s", 59 * time.Second: "59 s", time.Minute: "1 min", 90 * time.Minute: "1 h 30 min", 49 * time.Hour: "2 d 1 h", 40*time.Minute + 5*time.Second: "40 min 5 s",
	} {
		assert.Equal(t, want, lasted(d))
	}
}

func TestPatternsAreThoseOfStops(t *testing.T) {
	for pattern, fits := range map[string]bool{"*": true, "cat*": true, "*log": true, "c*a*g": true, "catalog": true, "cat": false, "*x*": false, "catalog*g": false} {
		assert.Equal(t, fits, matches(pattern, "catalog"), pattern)
	}
}

func TestOnlyAddressesOfTheWebAreLinked(t *testing.T) {
	for address, want := range map[string]string{
		"https://ci.example/runs/7": "https://ci.example/runs/7", "javascript:alert(1)": "", "//x": "", "data:text/html,x": "", "http:///x": "", "\x00": "",
	} {
		assert.Equal(t, want, runURL(release.Origin{URL: address}), address)
	}
}

func TestEstimatesEncloseWhatWasCounted(t *testing.T) {
	var s side
	assert.False(t, s.estimate(0).known())
	s.add(&release.Counts{Total: 1000, Bad: 10})
	e := s.estimate(0)
	assert.InDelta(t, 0.01, e.value, 1e-9)
	assert.InDelta(t, 0.0054, e.low, 0.0002) // by the formula of the score interval
	assert.InDelta(t, 0.0183, e.high, 0.0002)

	var q side
	q.add(&release.Counts{Total: 100, Buckets: []release.Bucket{{Bound: 0.1, Count: 90}, {Bound: 1, Count: 10}, {}}})
	e = q.estimate(0.5)
	assert.InDelta(t, 0.1*50/90, e.value, 1e-9)
	assert.Equal(t, []float64{0, 0.1}, []float64{e.low, e.high})
	q.add(&release.Counts{Total: 900, Buckets: []release.Bucket{{Bound: 0.5, Count: 0}, {Count: 900}}})
	e = q.estimate(0.99)
	assert.Equal(t, 1.0, e.value, "what has no bound counts as its lower one")
	assert.Len(t, q.buckets, 4)
}

func TestBoundsSurviveWhatIsNoNumber(t *testing.T) {
	for _, r := range []release.MetricResult{
		{Lower: math.NaN(), Upper: 1, Allowed: 0.1}, {Lower: 2, Upper: 1, Allowed: 0.1}, {},
	} {
		assert.Nil(t, boundsOf(&r))
	}
	b := boundsOf(&release.MetricResult{Lower: -1, Upper: math.MaxFloat64, Allowed: 0.1, Unit: "seconds"})
	assert.True(t, b.Open)
	assert.Contains(t, b.Says, "no upper bound yet")
	assert.Equal(t, "100.00%", gaugeOf(math.MaxFloat64, 20).Width)
	assert.Equal(t, "0%", gaugeOf(math.NaN(), 20).Width)
}

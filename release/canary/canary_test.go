package canary

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
)

// look is the i-th minute of a metric that is a share.
func look(metric string, i int, canary, bad, baseline, baseBad uint64) release.Observation {
	from := start.Add(time.Duration(i) * time.Minute)
	return release.Observation{
		Metric: metric, From: from, To: from.Add(time.Minute), Weight: 0.1, Capacity: 0.4,
		Canary:   release.Counts{Total: canary, Bad: bad, Series: 1},
		Baseline: release.Counts{Total: baseline, Bad: baseBad, Series: 1},
	}
}

func observe(t *testing.T, a *Analysis, list ...release.Observation) {
	t.Helper()
	for _, o := range list {
		require.NoError(t, a.Observe(o))
	}
}

func TestABadCanaryIsWorseAtTheFirstLook(t *testing.T) {
	a := New(sharePolicy(0.005, "errors"), budget)
	observe(t, a, look("errors", 0, 500, 50, 5000, 25))
	r := a.Results()[0]
	assert.Equal(t, release.Worse, r.Trend, r.Text)
	assert.GreaterOrEqual(t, r.Lower, r.Allowed)
	assert.Contains(t, r.Text, "worse than the 0.5 points allowed")
	d := a.Evidence(release.Subject{Service: "catalog", Digest: "sha256:1"}, start.Add(time.Hour))
	assert.Equal(t, release.Fail, d.Outcome)
	assert.InDelta(t, 0.4, d.Capacity, 0)
}

func TestAGoodCanaryIsSafeInTime(t *testing.T) {
	a := New(sharePolicy(0.005, "errors"), budget)
	for i := range 30 {
		observe(t, a, look("errors", i, 1000, 2, 1000, 2))
	}
	r := a.Results()[0]
	assert.Equal(t, release.Safe, r.Trend, r.Text)
	assert.LessOrEqual(t, r.Upper, r.Allowed)
	assert.Less(t, r.Lower, 0.0)
	assert.Equal(t, release.Pass, a.Evidence(release.Subject{}, start).Outcome)
}

func TestWhatIsSafeIsNotWhileTheLastLookSawNothing(t *testing.T) {
	a := New(sharePolicy(0.05, "errors"), budget)
	observe(t, a, look("errors", 0, 10000, 2, 10000, 2))
	require.Equal(t, release.Safe, a.Results()[0].Trend)
	observe(t, a, look("errors", 1, 0, 0, 10000, 2))
	r := a.Results()[0]
	assert.Equal(t, release.Undecided, r.Trend)
	assert.Contains(t, r.Problems[0], "no requests to the canary")
	observe(t, a, look("errors", 2, 10, 0, 1000, 2))
	assert.Equal(t, release.Safe, a.Results()[0].Trend)
	observe(t, a, look("errors", 3, 1000, 400, 1000, 2))
	assert.Equal(t, release.Worse, a.Results()[0].Trend, "it went wrong later")
	observe(t, a, look("errors", 4, 10000, 2, 10000, 2), look("errors", 5, 0, 0, 0, 0))
	assert.Equal(t, release.Worse, a.Results()[0].Trend, "what is proven stays")
}

func TestNothingIsJudgedBeforeItsSamples(t *testing.T) {
	p := sharePolicy(0.005, "errors")
	p.Metrics[0].MinSamples = 1000
	a := New(p, budget)
	observe(t, a, look("errors", 0, 999, 999, 5000, 0))
	r := a.Results()[0]
	assert.Equal(t, release.Undecided, r.Trend)
	assert.EqualValues(t, 1, r.More)
	assert.Contains(t, r.Text, "it takes 1000 requests")
	observe(t, a, look("errors", 1, 1, 0, 1, 0))
	assert.Equal(t, release.Worse, a.Results()[0].Trend)
}

func TestEachMetricHasItsShareOfTheRollbacksAndAllOfThePromotions(t *testing.T) {
	a := New(sharePolicy(0.005, "a", "b", "c", "d"), budget)
	for _, r := range a.Results() {
		assert.InDelta(t, 80, r.WorseThreshold, 1e-9)
		assert.InDelta(t, 20, r.SafeThreshold, 1e-9)
		assert.Equal(t, []string{"there was no look yet"}, r.Problems)
	}
}

func TestWhatIsMalformedIsRefusedAndCounted(t *testing.T) {
	nan := look("errors", 9, 1, 0, 1, 0)
	nan.Weight = math.NaN()
	back := look("errors", 9, 1, 0, 1, 0)
	back.To = back.From
	for name, tc := range map[string]struct {
		o    release.Observation
		want string
	}{
		"metric":   {look("nobody", 9, 1, 0, 1, 0), `no metric "nobody"`},
		"overlap":  {look("errors", 0, 1, 0, 1, 0), "overlaps"},
		"bad":      {look("errors", 9, 1, 2, 1, 0), "canary: 2 of 1 requests are bad"},
		"baseline": {look("errors", 9, 1, 0, 1, 3), "baseline: 3 of 1 requests are bad"},
		"too many": {look("errors", 9, 1<<60, 0, 1, 0), "2^53"},
		"sum":      {look("errors", 9, 1<<53, 0, 1, 0), "2^53"},
		"weight":   {nan, "NaN"},
		"times":    {back, "before it begins"},
	} {
		t.Run(name, func(t *testing.T) {
			a := New(sharePolicy(0.005, "errors"), budget)
			observe(t, a, look("errors", 0, 100, 1, 100, 1))
			before := a.Results()
			require.ErrorContains(t, a.Observe(tc.o), tc.want)
			assert.Equal(t, before, a.Results())
			d := a.Evidence(release.Subject{}, start)
			assert.EqualValues(t, 2, d.Looks.Seen)
			assert.EqualValues(t, 1, d.Looks.Used)
		})
	}
	a := New(sharePolicy(0.005, "errors"), budget)
	observe(t, a, look("errors", 0, 1, 0, 1, 0), look("errors", 5, 1, 0, 1, 0))
	require.ErrorIs(t, a.Observe(look("errors", 5, 1, 0, 1, 0)), ErrOverlap)
}

func TestABudgetOfNothingDecidesNothing(t *testing.T) {
	for _, x := range []float64{0, -1, 1, 2, math.NaN(), math.Inf(1)} {
		a := New(sharePolicy(0.005, "errors"), release.Budget{FalseRollback: x, FalsePromote: x})
		observe(t, a, look("errors", 0, 1<<20, 1<<19, 1<<20, 1))
		r := a.Results()[0]
		assert.Equal(t, release.Undecided, r.Trend)
		assert.Contains(t, strings.Join(r.Problems, " "), "no room for error")
		roundTrip(t, a.Evidence(release.Subject{}, start))
	}
}

func roundTrip(t *testing.T, d *Document) {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, Write(&out, d))
	text := out.String()
	got, err := Read(&out)
	require.NoError(t, err, text)
	var again bytes.Buffer
	require.NoError(t, Write(&again, got))
	assert.Equal(t, text, again.String())
}

func TestEvidenceIsReadAsItWasWritten(t *testing.T) {
	a := New(sharePolicy(0.005, "errors", "slow"), budget)
	roundTrip(t, a.Evidence(release.Subject{}, start))
	observe(t, a, look("errors", 0, 500, 50, 5000, 25), look("slow", 0, 10, 0, 0, 0))
	_ = a.Observe(look("nobody", 0, 1, 1, 1, 1))
	d := a.Evidence(release.Subject{Service: "catalog", Digest: "sha256:1"}, start)
	roundTrip(t, d)
	assert.Equal(t, Account{Seen: 3, Used: 1, Empty: 1, Refused: map[string]uint64{"unknown metric": 1}}, d.Looks)
	assert.EqualValues(t, 10, d.Samples)
}

func TestEvidenceThatContradictsItselfIsRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Document)
		want   string
	}{
		"outcome":  {func(d *Document) { d.Outcome = release.Pass }, "the outcome is"},
		"trend":    {func(d *Document) { d.Results[0].Trend = release.Safe }, "does not prove it"},
		"unknown":  {func(d *Document) { d.Results[0].Trend = "fine" }, "does not know"},
		"account":  {func(d *Document) { d.Looks.Used++ }, "balance"},
		"looks":    {func(d *Document) { d.Looks.Used++; d.Looks.Seen++ }, "accounted"},
		"samples":  {func(d *Document) { d.Samples++ }, "samples"},
		"name":     {func(d *Document) { d.Results[0].Name = "x" }, "expected"},
		"results":  {func(d *Document) { d.Results = nil }, "0 results of 1"},
		"budget":   {func(d *Document) { d.Results[0].SafeThreshold = 1 }, "not those of the budget"},
		"promote":  {func(d *Document) { d.Policy.FalsePromote = 0.5 }, "not those of the budget"},
		"bounds":   {func(d *Document) { d.Results[0].Lower = 2 }, "wrong way"},
		"capacity": {func(d *Document) { d.Capacity = 2 }, "between 0 and 1"},
		"times":    {func(d *Document) { d.Ended = d.Started.Add(-1) }, "before"},
		"schema":   {func(d *Document) { d.Schema = "x" }, "x"},
		"version":  {func(d *Document) { d.Version = "2.0" }, "2.0"},
		"thin":     {func(d *Document) { d.Policy.Metrics[0].MinSamples = 1 << 20 }, "500"},
	} {
		t.Run(name, func(t *testing.T) {
			a := New(sharePolicy(0.005, "errors"), budget)
			observe(t, a, look("errors", 0, 500, 50, 5000, 25))
			d := a.Evidence(release.Subject{}, start)
			tc.change(d)
			var out bytes.Buffer
			require.NoError(t, Write(&out, d))
			_, err := Read(&out)
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func FuzzRead(f *testing.F) {
	a := New(sharePolicy(0.005, "errors"), budget)
	_ = a.Observe(look("errors", 0, 500, 50, 5000, 25))
	var out bytes.Buffer
	_ = Write(&out, a.Evidence(release.Subject{Service: "catalog"}, start))
	f.Add(out.Bytes())
	f.Add([]byte(`{"schema":"twinspect.dev/evidence/canary","version":"1.0"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		var once bytes.Buffer
		if Write(&once, d) != nil {
			return // a time that JSON cannot write
		}
		again, err := Read(bytes.NewReader(once.Bytes()))
		require.NoError(t, err)
		one, _ := json.Marshal(d)
		two, _ := json.Marshal(again)
		require.Equal(t, string(one), string(two))
		if d.Outcome == release.Pass {
			for _, r := range d.Results {
				require.Equal(t, release.Safe, r.Trend)
			}
		}
	})
}

// hostile draws a look of counts that are small, huge or contradict each other.
func hostile(data []byte, i int) (o release.Observation, rest []byte) {
	next := func() uint64 {
		if len(data) == 0 {
			return 0
		}
		x := data[0]
		data = data[1:]
		if x > 200 {
			return 1 << (x - 200)
		}
		return uint64(x)
	}
	o = look("errors", i+int(next()%4), next(), next(), next(), next())
	if next()%2 == 0 {
		o.Metric = "latency"
		for _, c := range []*release.Counts{&o.Canary, &o.Baseline} {
			c.Total, c.Bad = 0, 0
			for b := range 3 {
				c.Buckets = append(c.Buckets, release.Bucket{Bound: float64(b+1) + float64(next()%2), Count: next()})
				c.Total += c.Buckets[b].Count
			}
		}
	}
	return o, data
}

// Whatever is observed, what is told is finite, contradicts nothing, and is read again.
func FuzzObserve(f *testing.F) {
	f.Add([]byte{1, 100, 3, 100, 3, 1, 0, 255, 0, 255, 0, 1})
	f.Add([]byte{0, 1, 1, 1, 1, 0, 0, 5, 1, 255, 0, 7, 0, 9, 1, 3})
	f.Fuzz(func(t *testing.T, data []byte) {
		p := sharePolicy(0.005, "errors")
		p.Metrics = append(p.Metrics, quantilePolicy(0.9, 0.2).Metrics...)
		a := New(p, budget)
		seen := uint64(0)
		for i := 0; len(data) > 0 && i < 200; i++ {
			var o release.Observation
			o, data = hostile(data, i)
			_ = a.Observe(o)
			seen++
		}
		d := a.Evidence(release.Subject{}, start)
		require.Equal(t, seen, d.Looks.Seen)
		for _, r := range d.Results {
			for _, x := range []float64{r.Canary, r.Baseline, r.Lower, r.Upper, r.EWorse, r.ESafe} {
				require.False(t, math.IsNaN(x) || math.IsInf(x, 0), "%+v", r)
			}
			require.Equal(t, r.Unit == "share" && r.Trend == release.Worse, r.Unit == "share" && r.CanarySamples > 0 && r.Lower >= r.Allowed, "%+v", r)
		}
		roundTrip(t, d)
	})
}

func TestAHistoryIsLearnedBeforeTheFirstLookAlone(t *testing.T) {
	a := New(sharePolicy(0.005, "errors"), budget)
	past := make([]release.Counts, 40)
	for i := range past {
		past[i] = release.Counts{Total: 1000, Bad: uint64(i%2) * 40}
	}
	require.NoError(t, a.Learn("errors", past))
	assert.Greater(t, a.metrics[0].share.spread.effect(), 10.0, "bursts of forty")
	require.ErrorContains(t, a.Learn("nobody", past), "no metric")
	require.ErrorContains(t, a.Learn("errors", []release.Counts{{Total: 1, Bad: 2}}), "interval 1")
	observe(t, a, look("errors", 0, 400, 8, 400, 2))
	require.ErrorContains(t, a.Learn("errors", past), "before its first look")
}

func TestProblemsAreToldOnceWithTheirNumber(t *testing.T) {
	a := New(sharePolicy(0.005, "errors"), budget)
	for i := range 3 {
		o := look("errors", i, 100, 0, 100, 0)
		o.Problems, o.Canary.Resets = []string{"two pods had no metrics"}, 1
		observe(t, a, o)
	}
	assert.Equal(t, []string{"3 counters began anew", "two pods had no metrics (3 looks)"}, a.Results()[0].Problems)
}

func TestMoreRequestsAreToldThatDecideAShare(t *testing.T) {
	for _, bad := range []uint64{2, 20} {
		a := New(sharePolicy(0.01, "errors"), budget)
		looks := 0
		observe(t, a, look("errors", 0, 300, bad*3/10, 3000, 6))
		r := a.Results()[0]
		require.Equal(t, release.Undecided, r.Trend, r.Text)
		require.Positive(t, r.More)
		for ; a.Results()[0].Trend == release.Undecided && looks < 1000; looks++ {
			observe(t, a, look("errors", looks+1, 1000, bad, 10000, 20))
		}
		assert.Less(t, math.Abs(math.Log(float64(looks)*1000/float64(r.More))), math.Log(8), "%d told, %d000 taken", r.More, looks)
	}
}

func TestSparseTrafficIsDecidedInTheEnd(t *testing.T) {
	a := New(sharePolicy(0.05, "errors"), budget)
	for i := range 400 {
		observe(t, a, look("errors", i, 1, 0, 3, 0))
	}
	assert.Equal(t, release.Safe, a.Results()[0].Trend, a.Results()[0].Text)
	for i := range 60 {
		observe(t, a, look("errors", 400+i, 1, 1, 3, 0))
	}
	assert.Equal(t, release.Worse, a.Results()[0].Trend, "what begins late is seen")
}

package prometheus

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
)

func healthy() *fake {
	ok, bad := series{labels: "t=c,code=200", values: values(100, 110, 120, 130, 140)}, series{labels: "t=c,code=500", values: values(1, 1, 2, 2, 2)}
	base := series{labels: "t=b,code=200", values: values(1000, 1100, 1200, 1300, 1400)}
	return &fake{series: map[string][]series{`n{t="c"}`: {ok, bad}, `n{t="c",code="500"}`: {bad}, `n{t="b"}`: {base}}}
}

func TestALookCountsBothSides(t *testing.T) {
	o := lookAt(t, healthy(), policy(errorsMetric))
	require.Equal(t, release.Observation{Metric: "errors", From: start.UTC(), To: end.UTC(),
		Canary:   release.Counts{Total: 41, Bad: 1, Series: 2},
		Baseline: release.Counts{Total: 400, Series: 1}, Weight: 41.0 / 441}, o)
}

func TestWhatIsNoCountIsRefusedAndTold(t *testing.T) {
	for value, want := range map[string]string{
		"NaN": "is NaN", "+Inf": "is infinite", "-1": "is negative", "1.5": "no whole number", "1e300": "beyond what can be counted",
	} {
		f := healthy()
		f.series[`n{t="b"}`] = append(f.series[`n{t="b"}`], series{labels: "t=b,code=500", values: values(1, value, 2)})
		o := lookAt(t, f, policy(errorsMetric))
		hasProblem(t, o, want)
		require.Zero(t, o.Canary, "half a look is none")
		require.Zero(t, o.Baseline)
		require.Zero(t, o.Weight)
	}
}

func TestProblemsOfSeries(t *testing.T) {
	cases := map[string]struct {
		change func(*fake, *release.CanaryPolicy)
		want   string
		counts release.Counts // of the canary
	}{
		"a typo in the matchers": {func(_ *fake, p *release.CanaryPolicy) { p.Canary = `t="d"` },
			`canary: no series matches n{t="d"}`, release.Counts{}},
		"a typo in what is bad": {func(f *fake, p *release.CanaryPolicy) {
			p.Metrics[0].Bad, f.labels = `status="500"`, []string{"code", "t"}
		},
			"no series of n had the label status within a day, so that nothing could ever be bad: it has code, t", release.Counts{}},
		"sides that share series": {func(_ *fake, p *release.CanaryPolicy) { p.Baseline = p.Canary },
			"2 of its series are the baseline's too", release.Counts{}},
		"a part of the answer": {func(f *fake, _ *release.CanaryPolicy) { f.warnings = []string{"store is away"} },
			"Prometheus warns: store is away", release.Counts{}},
		"a series twice": {func(f *fake, _ *release.CanaryPolicy) {
			f.series[`n{t="c"}`] = append(f.series[`n{t="c"}`], f.series[`n{t="c"}`]...)
		}, "is there twice", release.Counts{}},
		"not scraped in the window": {func(f *fake, _ *release.CanaryPolicy) {
			f.series[`n{t="c"}`] = []series{{labels: "t=c,code=200", values: values(1)}}
		}, `n{t="c"} was not scraped, but was before`, release.Counts{}},
		"scraped once": {func(f *fake, _ *release.CanaryPolicy) {
			f.series[`n{t="c"}`] = []series{{labels: "t=c,code=200", values: values("", "", 7)}}
		}, "was scraped less than twice", release.Counts{Series: 1}},
		"one that begins": {func(f *fake, _ *release.CanaryPolicy) {
			f.series[`n{t="c"}`] = append(f.series[`n{t="c"}`], series{labels: "t=c,pod=2", values: values("", "", 7, 9)})
		}, "counters of n{t=\"c\"} began", release.Counts{Total: 43, Bad: 1, Series: 3}},
		"a reset": {func(f *fake, _ *release.CanaryPolicy) {
			f.series[`n{t="c"}`] = []series{{labels: "t=c,code=200", values: values(100, 110, 3, 7)}}
		}, "", release.Counts{Total: 17, Series: 1, Resets: 1}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f, p := healthy(), policy(errorsMetric)
			p.Metrics = append([]release.MetricPolicy{}, p.Metrics...)
			c.change(f, p)
			o := lookAt(t, f, p)
			hasProblem(t, o, c.want)
			require.Equal(t, c.counts, o.Canary)
		})
	}
}

func TestACounterThatWasNotThereBeforeCountsFromZero(t *testing.T) {
	f := healthy()
	first := series{labels: "t=c,code=500,job=j,instance=i,pod=1", values: values("", "", 3, 4)}
	f.series[`n{t="c"}`] = []series{{labels: "t=c,code=200,job=j,instance=i,pod=1", values: values(1, 2, 3, 4)}, first}
	f.series[`n{t="c",code="500"}`] = []series{first}
	up := `up{job=~"j",instance=~"i"}`
	f.series[up] = []series{{labels: "job=j,instance=i,pod=1", values: values(1, 1, 1, 1)}}
	o := lookAt(t, f, policy(errorsMetric))
	require.Equal(t, release.Counts{Total: 7, Bad: 4, Series: 2}, o.Canary)
	require.Empty(t, o.Problems)

	for name, s := range map[string]series{
		"the scrapes before failed":        {labels: "job=j,instance=i,pod=1", values: values(0, 0, 1, 1)},
		"another pod had the address then": {labels: "job=j,instance=i,pod=0", values: values(1, 1, 1, 1)},
	} {
		f.series[up] = []series{s}
		o = lookAt(t, f, policy(errorsMetric))
		require.Equal(t, release.Counts{Total: 4, Bad: 1, Series: 2}, o.Canary, name)
		hasProblem(t, o, "began and are counted from their first sample on")
	}
}

// buckets3 are the series of a histogram with the bounds 0.1 and 0.5.
func buckets3(side string, low, mid, all []string) []series {
	return []series{
		{labels: "t=" + side + ",le=+Inf", values: all},
		{labels: "t=" + side + ",le=0.5", values: mid},
		{labels: "t=" + side + ",le=0.1", values: low},
	}
}

func durations() *fake {
	return &fake{series: map[string][]series{
		`h_bucket{t="c"}`: buckets3("c", values(10, 20, 30), values(15, 30, 45), values(15, 31, 47)),
		`h_bucket{t="b"}`: buckets3("b", values(10, 20, 30), values(15, 30, 45), values(15, 30, 45)),
	}}
}

func TestALookAtDurations(t *testing.T) {
	slow := release.MetricPolicy{Name: "slow", Histogram: "h", Above: 100 * time.Millisecond}
	p99 := release.MetricPolicy{Name: "p99", Histogram: "h", Quantile: 0.99}
	f := durations()
	all, err := served(t, f, Options{}).Look(t.Context(), policy(slow, p99), Target{}, start, end)
	require.NoError(t, err)
	require.Equal(t, release.Counts{Total: 32, Bad: 12, Series: 1}, all[0].Canary)
	require.Equal(t, release.Counts{Total: 32, Series: 1, Buckets: []release.Bucket{{Bound: 0.1, Count: 20}, {Bound: 0.5, Count: 10}, {Count: 2}}}, all[1].Canary)
	require.Len(t, f.asked, 2, "both metrics are of the same samples")

	slow.Above = time.Second
	o := lookAt(t, f, policy(slow))
	hasProblem(t, o, `h_bucket{t="c"} has no bucket of 1 seconds: there are 0.1, 0.5`)
	require.Zero(t, o.Canary)
}

func TestBucketsThatChangeBetweenVersions(t *testing.T) {
	p99 := release.MetricPolicy{Name: "p99", Histogram: "h", Quantile: 0.99}
	f := durations()
	for i, s := range f.series[`h_bucket{t="c"}`] {
		f.series[`h_bucket{t="c"}`][i].labels = strings.Replace(s.labels, "le=0.1", "le=0.2", 1)
	}
	o := lookAt(t, f, policy(p99))
	hasProblem(t, o, "the sides have different buckets: they are compared in those in common, 0.5")
	require.Equal(t, []release.Bucket{{Bound: 0.5, Count: 30}, {Count: 2}}, o.Canary.Buckets)
	require.Equal(t, []release.Bucket{{Bound: 0.5, Count: 30}, {Count: 0}}, o.Baseline.Buckets)

	f.series[`h_bucket{t="c"}`] = f.series[`h_bucket{t="c"}`][:1]
	hasProblem(t, lookAt(t, f, policy(p99)), "has no bucket in common")
}

func TestHistogramsThatCannotBe(t *testing.T) {
	p99 := release.MetricPolicy{Name: "p99", Histogram: "h", Quantile: 0.99}
	for want, canary := range map[string][]series{
		"has fewer in the bucket 0.5, 5, than in the one below, 10": buckets3("c", values(10, 10), values(5, 5), values(20, 20)),
		"has no bucket +Inf":                 buckets3("c", values(1, 2), values(1, 2), values(1, ""))[1:],
		"in the bucket 0.1 is NaN":           buckets3("c", values(1, "NaN"), values(1, 2), values(1, 2)),
		"has no number for a label le":       {{labels: "t=c,le=x", values: values(1, 2)}},
		"has the bucket 0.1 twice":           append(buckets3("c", values(1, 2), values(1, 2), values(1, 2)), series{labels: "t=c,le=0.10", values: values(1, 2)}),
		"the series of h_bucket{t=\"c\"} ha": append(buckets3("c", values(1, 2), values(1, 2), values(1, 2)), series{labels: "t=c,pod=2,le=+Inf", values: values(1, 2)}),
	} {
		f := durations()
		f.series[`h_bucket{t="c"}`] = canary
		hasProblem(t, lookAt(t, f, policy(p99)), want)
	}
}

func TestTooManyBucketsAreRefused(t *testing.T) {
	f := durations()
	for i := range maxBuckets {
		f.series[`h_bucket{t="c"}`] = append(f.series[`h_bucket{t="c"}`], series{labels: fmt.Sprintf("t=c,le=%d", i+1), values: values(1)})
	}
	hasProblem(t, lookAt(t, f, policy(release.MetricPolicy{Name: "p99", Histogram: "h", Quantile: 0.99})), "has 503 buckets")
}

func TestThePastStandsInForABaseline(t *testing.T) {
	f := healthy()
	delete(f.series, `n{t="b"}`)
	week := 7 * 24 * time.Hour
	f.series[`n{app="x"}`] = []series{{labels: "t=z,code=200", values: values(5, 10, 15), from: -week}}
	f.series[`n{app="x",code="500"}`] = nil
	for _, baseline := range []string{``, `t="b"`} {
		p := policy(errorsMetric)
		p.Baseline, p.History = baseline, week
		f.series[`n{t="b"}`], f.series[`n{t="b",code="500"}`] = nil, nil
		o := lookAt(t, f, p)
		hasProblem(t, o, "there is no baseline: the canary is compared with what was 168h0m0s before")
		require.Zero(t, o.Weight, "the past takes no part of the traffic")
	}
	p := policy(errorsMetric)
	p.History = week
	o := lookAt(t, healthy(), p)
	require.Empty(t, o.Problems, "a baseline that is there is taken")
}

func TestLooksThatCannotBeMade(t *testing.T) {
	c := served(t, healthy(), Options{})
	for want, p := range map[string]*release.CanaryPolicy{
		"matchers of the canary: $service stands outside": {Canary: `app=$service`},
		"matchers of the baseline":                        {Baseline: `app="`},
		"metric errors: matchers of what is bad":          policy(release.MetricPolicy{Name: "errors", Counter: "n", Bad: `}`}),
	} {
		_, err := c.Look(t.Context(), p, Target{}, start, end)
		require.ErrorContains(t, err, want)
	}
	_, err := c.Look(t.Context(), policy(), Target{}, end, start)
	require.ErrorContains(t, err, "has no duration")
}

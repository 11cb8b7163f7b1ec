package dashboard

import (
	"fmt"
	"math"
	"strings"
	"time"

	"twinspect.dev/diff/report/look"
	"twinspect.dev/release"
)

// The drawing's own units: it is stretched to the room that there is.
const (
	chartWidth  = 600.0
	chartHeight = 160.0
	// maxPoints is how many looks are drawn, about one each two pixels of a narrow window;
	// of more, evenly chosen ones are, as each says all that was before it.
	maxPoints = 180
	// tableLooks is how many looks the table beside a drawing has.
	tableLooks = 20
)

// z is the standard deviations of an interval of 95 %.
const z = 1.959964

// chart draws what the looks at a metric have said, summed up from the first on.
type chart struct {
	From, To         time.Time
	Canary, Baseline line
	Grid             []gridline
	Allowed          string // a quantile's or share's place that is allowed, "" for none
	Says             string
	Looks            []lookView // the newest first
	Drawn, All       int
	Note             string
	ID               string // of the table
}

// line is one side: a polyline, and the band of its interval as a polygon.
type line struct{ Points, Band string }

type gridline struct {
	Y    float64
	Text string
}

// estimate is a value with its interval, at one moment by itself.
type estimate struct{ value, low, high float64 }

func (e estimate) known() bool { return !math.IsNaN(e.value) }

var unknown = estimate{math.NaN(), math.NaN(), math.NaN()}

// lookView is a look in the table.
type lookView struct {
	To               time.Time
	Canary, Baseline string
	Samples          string
	Weight           string
	Problems         []string
}

// point is what was known after a look.
type point struct {
	at               time.Time
	canary, baseline estimate
}

func (v *metricView) chart(looks []release.Observation, p *release.MetricPolicy) {
	if len(looks) == 0 {
		return
	}
	c := &chart{ID: look.Anchor("looks", v.Name), From: looks[0].From, To: looks[len(looks)-1].To, All: len(looks)}
	c.table(looks)
	v.Chart = c
	var q float64
	if v.Quantile = v.Quantile || len(looks[0].Canary.Buckets) > 0; v.Quantile {
		if p == nil || p.Quantile == 0 {
			c.Note = "Which quantile it is stands in no policy of this service any longer, so that nothing is drawn."
			return
		}
		q = p.Quantile
	}
	c.draw(estimates(looks, q), v.Quantile, v.Result)
}

// estimates sums the looks up, and chooses those that are drawn.
func estimates(looks []release.Observation, q float64) []point {
	every := (len(looks) + maxPoints - 1) / maxPoints
	var canary, baseline side
	var points []point
	for i := range looks {
		o := &looks[i]
		canary.add(&o.Canary)
		baseline.add(&o.Baseline)
		if (i+1)%every == 0 || i == len(looks)-1 {
			points = append(points, point{o.To, canary.estimate(q), baseline.estimate(q)})
		}
	}
	return points
}

// draw lays the points out.
func (c *chart) draw(points []point, seconds bool, r *release.MetricResult) {
	c.Drawn = len(points)
	top := 0.0
	for _, p := range points {
		for _, e := range []estimate{p.canary, p.baseline} {
			if e.known() {
				// An interval of the first few requests is as wide as can be, and would make all
				// that follows flat.
				top = max(top, min(e.high, 3*e.value+1e-9), e.value)
			}
		}
	}
	last := points[len(points)-1]
	allowed := allowedAt(last.baseline, r)
	if allowed < 3*top {
		top = max(top, allowed)
	}
	top = roundUp(top * 1.08)
	if !(top > 0) {
		top = 0.01
	}
	y := func(x float64) float64 { return chartHeight * (1 - min(max(x/top, 0), 1)) }
	span := max(float64(c.To.Sub(c.From)), 1)
	x := func(at time.Time) float64 { return chartWidth * float64(at.Sub(c.From)) / span }
	c.Canary = lineOf(points, x, y, func(p *point) estimate { return p.canary })
	c.Baseline = lineOf(points, x, y, func(p *point) estimate { return p.baseline })
	for i := range 3 {
		value := top * float64(2-i) / 2
		c.Grid = append(c.Grid, gridline{chartHeight * float64(i) / 2, amount(value, seconds)})
	}
	if allowed > 0 && allowed <= top {
		c.Allowed = fmt.Sprintf("%.1f", y(allowed))
	}
	c.Says = fmt.Sprintf("After %s: canary %s, baseline %s.", look.Plural(uint64(c.All), "look"), amountOf(last.canary, seconds), amountOf(last.baseline, seconds))
}

// allowedAt is the value that the canary may reach, 0 where it is not known.
func allowedAt(baseline estimate, r *release.MetricResult) float64 {
	switch {
	case r == nil || !baseline.known():
		return 0
	case r.Unit == "seconds":
		return baseline.value * (1 + r.Allowed)
	}
	return baseline.value + r.Allowed
}

// lineOf joins what is known: where nothing is, as before the first request, there is
// no line.
func lineOf(points []point, x func(time.Time) float64, y func(float64) float64, side func(*point) estimate) line {
	var middle, upper []string
	var lower []string
	for i := range points {
		e := side(&points[i])
		if !e.known() {
			continue
		}
		at := x(points[i].at)
		middle = append(middle, fmt.Sprintf("%.1f,%.1f", at, y(e.value)))
		upper = append(upper, fmt.Sprintf("%.1f,%.1f", at, y(e.high)))
		lower = append(lower, fmt.Sprintf("%.1f,%.1f", at, y(e.low)))
	}
	for i := len(lower) - 1; i >= 0; i-- {
		upper = append(upper, lower[i])
	}
	return line{strings.Join(middle, " "), strings.Join(upper, " ")}
}

// roundUp rounds to one, two or five times a power of ten.
func roundUp(f float64) float64 {
	if !(f > 0) || math.IsInf(f, 0) {
		return 0
	}
	power := math.Pow(10, math.Floor(math.Log10(f)))
	for _, step := range []float64{1, 2, 2.5, 5, 10} {
		if f <= step*power {
			return step * power
		}
	}
	return 10 * power
}

func amount(f float64, seconds bool) string {
	if seconds {
		return look.Milliseconds(f * 1000)
	}
	return share(f)
}

func amountOf(e estimate, seconds bool) string {
	if !e.known() {
		return "no requests"
	}
	return fmt.Sprintf("%s (%s to %s)", amount(e.value, seconds), amount(e.low, seconds), amount(e.high, seconds))
}

func (c *chart) table(looks []release.Observation) {
	for i := len(looks) - 1; i >= 0 && len(c.Looks) < tableLooks; i-- {
		o := &looks[i]
		c.Looks = append(c.Looks, lookView{
			To: o.To, Canary: counted(&o.Canary), Baseline: counted(&o.Baseline), Weight: share(o.Weight), Problems: o.Problems,
		})
	}
}

func counted(c *release.Counts) string {
	if len(c.Buckets) > 0 {
		return look.Grouped(c.Total)
	}
	return fmt.Sprintf("%s bad of %s", look.Grouped(c.Bad), look.Grouped(c.Total))
}

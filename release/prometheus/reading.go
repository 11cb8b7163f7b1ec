package prometheus

import (
	"context"
	"fmt"
	"slices"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"twinspect.dev/release"
)

// reading is what one side counted.
//
// Its problems have no times: those that are equal in all looks are told once.
type reading struct {
	side     side
	selector string
	all, bad histogram
	series   int
	resets   int // series among them that began anew
	ids      map[model.Fingerprint]bool
	problems []string
	refused  bool // it counts nothing
	absent   bool // there are no series
}

func (r *reading) problem(format string, args ...any) {
	r.problems = append(r.problems, r.side.name+": "+fmt.Sprintf(format, args...))
}

func (r *reading) refuse(format string, args ...any) {
	r.problem(format, args...)
	r.refused = true
}

// partial refuses an answer that the server says is not whole.
func (r *reading) partial(warnings v1.Warnings) {
	for _, w := range warnings {
		r.refuse("Prometheus warns: %s", w)
	}
}

// read reads a metric of one side. What is wrong with the series is in the reading.
func (l *look) read(ctx context.Context, m release.MetricPolicy, s side) (*reading, error) {
	name, parse := m.Counter, counters
	if m.Histogram != "" {
		name, parse = m.Histogram+"_bucket", histograms
	}
	r := &reading{side: s, selector: selector(name, s.matchers), ids: map[model.Fingerprint]bool{}}
	matrix, warnings, err := l.samples(ctx, r.selector, s.window)
	if err != nil {
		return nil, err
	}
	r.partial(warnings)
	tracks, err := parse(matrix, s.window)
	switch {
	case err != nil:
		r.refuse("%v", err)
		return r, nil
	case len(tracks) == 0:
		r.absent = true
		r.refuse("no series matches %s", r.selector)
		return r, nil
	}
	bad, err := l.bad(ctx, m, name, tracks, r)
	if err != nil {
		return nil, err
	}
	seen, err := l.scrapesOf(ctx, tracks, s.window)
	if err != nil {
		return nil, err
	}
	r.sum(tracks, bad, seen)
	r.above(m)
	return r, nil
}

// bad asks which of the series count what is bad. A matcher for a label that none of
// the metric's series has would find nothing bad for ever: it is refused.
func (l *look) bad(ctx context.Context, m release.MetricPolicy, name string, tracks []track, r *reading) (map[model.Fingerprint]bool, error) {
	if m.Bad == "" {
		return nil, nil
	}
	bad, err := matchers(m.Bad, l.target)
	if err != nil {
		return nil, fmt.Errorf("matchers of what is bad: %w", err)
	}
	ids, warnings, err := l.matching(ctx, selector(name, r.side.matchers, bad), r.side.window)
	if err != nil {
		return nil, err
	}
	r.partial(warnings)
	if len(ids) > 0 {
		return ids, nil
	}
	var unknown []string
	for _, label := range labels(bad) {
		if !slices.ContainsFunc(tracks, func(t track) bool { return t.labels[model.LabelName(label)] != "" }) {
			unknown = append(unknown, label)
		}
	}
	return nil, l.checkLabels(ctx, name, unknown, r)
}

// labelPast is how far back a label is looked for that is on bad requests only: there
// is one a day, or it must be shown by hand that the matcher is right.
const labelPast = 24 * time.Hour

func (l *look) checkLabels(ctx context.Context, name string, unknown []string, r *reading) error {
	if len(unknown) == 0 {
		return nil
	}
	to := r.side.window.to.Time()
	sel := selector(name)
	names, warnings, _, err := l.client.api.LabelNames(ctx, []string{sel}, to.Add(-labelPast), to)
	if err != nil {
		return l.client.failed(ctx, "labels of "+sel, err)
	}
	r.partial(warnings)
	for _, label := range unknown {
		if !slices.Contains(names, model.LabelName(label)) {
			r.refuse("no series of %s had the label %s within a day, so that nothing could ever be bad: it has %v", name, label, names)
		}
	}
	return nil
}

// sum adds what the tracks grew by.
func (r *reading) sum(tracks []track, bad map[model.Fingerprint]bool, seen scrapes) {
	var scrapes, begun, gaps int
	var newest model.Time
	for _, t := range tracks {
		inc, err := increaseOf(t, r.side.window, seen.before(t.labels))
		id := identity(t.labels)
		if err == nil {
			err = r.add(inc, bad[id])
		}
		if err != nil {
			r.refuse("%s: %v", r.selector, err)
			return
		}
		r.ids[id] = true
		scrapes, newest = max(scrapes, len(t.samples)), max(newest, t.samples[len(t.samples)-1].at)
		begun, gaps = begun+inc.begun-inc.gaps, gaps+inc.gaps
	}
	r.judge(scrapes, begun, gaps, newest)
	r.even(tracks)
}

func (r *reading) add(inc increase, bad bool) error {
	if inc.grown.bounds != nil {
		r.series++
	}
	if inc.resets > 0 {
		r.resets++
	}
	var ok bool
	if r.all, ok = r.all.plus(inc.grown); !ok {
		return errOverflow
	}
	if bad {
		r.bad, _ = r.bad.plus(inc.grown) // is at most all
	}
	return nil
}

// judge says what the sum lacks.
func (r *reading) judge(scrapes, begun, gaps int, newest model.Time) {
	w := r.side.window
	switch {
	case r.all.bounds == nil:
		r.refuse("%s was not scraped, but was before", r.selector)
		return
	case w.to.Sub(newest) > lookback:
		r.problem("%s was not scraped for the last %v", r.selector, lookback)
	}
	if scrapes < 2 {
		r.problem("%s was scraped less than twice: the look is too short, or it just began", r.selector)
	}
	if begun > 0 {
		r.problem("counters of %s began and are counted from their first sample on", r.selector)
	}
	if gaps > 0 {
		r.problem("%s has gaps of more than %v: what was counted in them is not known", r.selector, lookback)
	}
}

// even says whether buckets were left out, as series or versions do not have the same.
func (r *reading) even(tracks []track) {
	for _, t := range tracks {
		for _, s := range t.samples {
			if r.side.window.holds(s.at) && len(s.value.bounds) != len(r.all.bounds) {
				r.problem("the series of %s have different buckets: those in common are %s", r.selector, listed(r.all.bounds))
				return
			}
		}
	}
}

// above counts as bad what took longer than a bucket's bound.
func (r *reading) above(m release.MetricPolicy) {
	if m.Above <= 0 || r.refused {
		return
	}
	bound := float64(m.Above) / float64(time.Second) // the float64 that is nearest, as that of le
	if !contains(r.all.bounds, bound) {
		r.refuse("%s has no bucket of %v seconds: there are %s", r.selector, bound, listed(r.all.bounds))
	}
}

// distinguish refuses two sides that share series.
func (r *reading) distinguish(o *reading) {
	shared := 0
	for id := range r.ids {
		if o.ids[id] {
			shared++
		}
	}
	if shared > 0 {
		r.refuse("%d of its series are the baseline's too: the matchers do not tell the sides apart", shared)
	}
}

// align keeps of both sides the buckets that both have.
func (r *reading) align(o *reading) {
	if r.refused || o.refused {
		return
	}
	both := common(r.all.bounds, o.all.bounds)
	if len(both) < 2 {
		r.refuse("%s has no bucket in common with the other side: it has %s, the other %s",
			r.selector, listed(r.all.bounds), listed(o.all.bounds))
		return
	}
	if len(both) < max(len(r.all.bounds), len(o.all.bounds)) {
		r.problem("the sides have different buckets: they are compared in those in common, %s", listed(both))
	}
	r.all, o.all = r.all.within(both), o.all.within(both)
}

// counts are those of the reading, in what the metric asks for.
func (r *reading) counts(m release.MetricPolicy) release.Counts {
	c := release.Counts{Total: r.all.total(), Bad: r.bad.total(), Series: r.series, Resets: r.resets}
	if m.Above > 0 {
		c.Bad = r.all.above(float64(m.Above) / float64(time.Second))
	}
	if m.Quantile > 0 {
		c.Buckets = buckets(r.all)
	}
	return c
}

// buckets leaves out bounds that are no durations: what is at most 0 is in the next.
func buckets(h histogram) []release.Bucket {
	var all []release.Bucket
	var below uint64
	for i, b := range h.bounds {
		if below += h.counts[i]; b <= 0 {
			continue
		}
		if i == len(h.bounds)-1 {
			b = 0
		}
		all = append(all, release.Bucket{Bound: b, Count: below})
		below = 0
	}
	return all
}

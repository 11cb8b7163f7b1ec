package policyfile

import (
	"regexp"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/release"
)

const (
	// maxMetrics bounds the metrics: the budget is divided among them, and each asks
	// its source twice a look.
	maxMetrics = 50
	// defaultMinSamples is how many requests it takes before a metric is judged: with
	// less the baseline's own share is hardly known.
	defaultMinSamples = 100
	// maxAbove bounds latencies; a request that takes longer has long been given up.
	maxAbove = time.Hour
)

func (r *reader) metrics(f rulefile.Field, from preset) []release.MetricPolicy {
	var metrics []release.MetricPolicy
	lines := make(map[string]int)
	for n := range r.Entries(f) {
		if len(metrics) == maxMetrics {
			r.Errorf(rulefile.Start(n), "metrics has more than %d", maxMetrics)
			break
		}
		m, ok := r.metric(n, from)
		if !ok {
			continue
		}
		if first := lines[m.Name]; first > 0 && m.Name != "" {
			r.Errorf(rulefile.Start(n), "the metric %q is there twice, first in line %d", m.Name, first)
		} else {
			lines[m.Name] = m.Line
		}
		metrics = append(metrics, m)
	}
	if len(metrics) == 0 && r.Mistakes() == 0 {
		r.Errorf(f.Key, "metrics is empty, so the canary would be judged by nothing")
	}
	return metrics
}

// metricLabel is what a metric may be called: it is part of answers and of URLs.
var metricLabel = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,63}$`)

func (r *reader) metric(n ast.Node, from preset) (release.MetricPolicy, bool) {
	fields := r.Fields(n, "a metric", "name", "counter", "bad", "histogram", "unit", "above", "quantile", "allow", "min_samples")
	if fields == nil {
		return release.MetricPolicy{}, false
	}
	m := release.MetricPolicy{Line: rulefile.Line(n), MinSamples: defaultMinSamples}
	r.needs(n, fields, "the metric", "name")
	if r.text(fields, "name", &m.Name) && !metricLabel.MatchString(m.Name) {
		r.Errorf(rulefile.Start(fields["name"].Value), "name is made of letters, digits and . _ -, at most 64, not %q", m.Name)
	}
	r.count(fields, "min_samples", &m.MinSamples)
	if r.clash(fields) {
		return m, true
	}
	allowed := realShare
	switch {
	case len(fields.Given([]string{"histogram", "above", "quantile", "unit"})) > 0:
		r.histogram(n, fields, &m, from)
		if _, ok := fields["quantile"]; ok {
			allowed = span{0, 10, true}
		}
	case from.counter == "" && len(fields.Given([]string{"counter", "bad"})) == 0:
		r.Errorf(rulefile.Start(n), "the metric has no source; give it counter and bad, or histogram with above or quantile, or canary a preset")
	default:
		r.counter(n, fields, &m, from)
	}
	if _, ok := fields["allow"]; !ok {
		r.Errorf(rulefile.Start(n), "allow is missing in the metric; say how much worse than the baseline it may be, such as 0.5%%")
	}
	r.share(fields, "allow", &m.Allowed, allowed)
	return m, true
}

// clash reports keys of different kinds of metric in one.
func (r *reader) clash(fields rulefile.Fields) bool {
	counter, histogram := fields.Given([]string{"counter", "bad"}), fields.Given([]string{"histogram", "above", "quantile", "unit"})
	if len(counter) > 0 && len(histogram) > 0 {
		r.Errorf(fields[histogram[0]].Key, "a metric is of a counter or of a histogram; this one has %s and %s", counter[0], histogram[0])
		return true
	}
	how := fields.Given([]string{"above", "quantile"})
	if len(how) > 1 {
		r.Errorf(fields[how[1]].Key, "a histogram's metric has above or quantile; this one has both")
	}
	return len(how) > 1
}

func (r *reader) counter(n ast.Node, fields rulefile.Fields, m *release.MetricPolicy, from preset) {
	m.Counter, m.Bad = from.counter, from.bad
	if !r.metricName(fields, "counter", &m.Counter) && m.Counter == "" {
		r.needs(n, fields, "the metric", "counter")
	}
	if r.text(fields, "bad", &m.Bad) {
		r.matchers(fields["bad"], m.Bad)
	} else if m.Bad == "" {
		r.needs(n, fields, "the metric", "bad")
	}
}

// units are what histograms count in.
var units = map[string]time.Duration{"s": time.Second, "ms": time.Millisecond, "us": time.Microsecond, "ns": time.Nanosecond}

func (r *reader) histogram(n ast.Node, fields rulefile.Fields, m *release.MetricPolicy, from preset) {
	m.Histogram, m.Unit = from.histogram, time.Second
	if r.metricName(fields, "histogram", &m.Histogram) {
		r.bare(fields["histogram"], m.Histogram)
	} else if m.Histogram == "" {
		r.needs(n, fields, "the metric", "histogram")
	}
	if m.Histogram == from.histogram && from.unit != 0 {
		m.Unit = from.unit
	}
	if unit := r.oneOf(fields, "unit", []string{"s", "ms", "us", "ns"}); unit != "" {
		m.Unit = units[unit]
	}
	if len(fields.Given([]string{"above", "quantile"})) == 0 {
		r.Errorf(rulefile.Start(n), "the metric does not say what of the histogram it is; give it above, such as 300ms, or quantile, such as 0.99")
	}
	r.duration(fields, "above", &m.Above, time.Nanosecond, maxAbove)
	r.share(fields, "quantile", &m.Quantile, realShare)
}

// bare reports the name of one of a histogram's series.
func (r *reader) bare(f rulefile.Field, name string) {
	for _, suffix := range []string{"_bucket", "_count", "_sum"} {
		if base, ok := strings.CutSuffix(name, suffix); ok {
			r.Errorf(rulefile.Start(f.Value), "histogram is its name without %s: %s", suffix, base)
		}
	}
}

// metricForm is the form of metric names that every version of Prometheus takes
// (https://prometheus.io/docs/concepts/data_model/).
var metricForm = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*$`)

func (r *reader) metricName(fields rulefile.Fields, key string, into *string) bool {
	if !r.text(fields, key, into) {
		return false
	}
	if !metricForm.MatchString(*into) {
		r.badName(rulefile.Start(fields[key].Value), key, *into)
	}
	return true
}

func (r *reader) badName(at *token.Token, key, name string) {
	if i := strings.IndexByte(name, '{'); i > 0 {
		r.Errorf(at, "%s is the name of a metric alone, %s; labels belong in bad or in sides", key, strings.TrimSpace(name[:i]))
		return
	}
	r.Errorf(at, "%s is the name of a metric, such as http_requests_total, not %q", key, name)
}

package policyfile

import (
	"time"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/release"
)

// The bounds of looks: sources of metrics are scraped every few seconds, and the first
// look asks for one answer that spans the window.
const (
	minEvery  = time.Second
	maxEvery  = time.Hour
	maxWindow = day
)

func (r *reader) canary(f rulefile.Field) *release.CanaryPolicy {
	fields := r.Fields(f.Value, "canary", "preset", "every", "window", "sides", "history", "metrics", "capacity")
	if fields == nil {
		return nil
	}
	c := &release.CanaryPolicy{Every: 30 * time.Second, Window: 10 * time.Minute}
	r.needs(f.Value, fields, "canary", "sides", "metrics")
	from := presets[r.oneOf(fields, "preset", presetNames)]
	r.duration(fields, "every", &c.Every, minEvery, maxEvery)
	r.duration(fields, "window", &c.Window, minEvery, maxWindow)
	if _, ok := fields["window"]; !ok {
		c.Window = max(c.Window, c.Every)
	} else if c.Window < c.Every {
		r.Errorf(rulefile.Start(fields["window"].Value), "window is shorter than every, %s: the first look would see less than the others", duration(c.Every))
	}
	r.duration(fields, "history", &c.History, time.Minute, maxAge)
	if g, ok := fields["sides"]; ok {
		r.sides(g, c, from)
	}
	if g, ok := fields["metrics"]; ok {
		c.Metrics = r.metrics(g, from)
	}
	if g, ok := fields["capacity"]; ok {
		c.Capacity = r.capacity(g, from)
	}
	return c
}

// sides reads how the sides are told apart.
func (r *reader) sides(f rulefile.Field, c *release.CanaryPolicy, from preset) {
	fields := r.Fields(f.Value, "sides", "baseline", "canary")
	if fields == nil {
		return
	}
	r.needs(f.Value, fields, "sides", "canary")
	if _, ok := fields["baseline"]; !ok && c.History == 0 {
		r.Errorf(rulefile.Start(f.Value), "baseline is missing in sides; without it give history, so that the canary is compared with its own past")
	}
	c.Canary = r.side(fields, "canary", from)
	c.Baseline = r.side(fields, "baseline", from)
	if c.Canary != "" && c.Canary == c.Baseline {
		r.Errorf(fields["baseline"].Key, "baseline and canary are the same, so nothing tells the sides apart")
	}
}

func (r *reader) side(fields rulefile.Fields, key string, from preset) string {
	var text string
	if !r.text(fields, key, &text) {
		return ""
	}
	labels := r.matchers(fields[key], text)
	for _, name := range labels {
		if name == "le" {
			r.Errorf(rulefile.Start(fields[key].Value), "the label le is that of a histogram's buckets; it tells no sides apart")
		}
	}
	return from.narrow(text, labels)
}

// maxQuery bounds a query, which goes into one URL beside others.
const maxQuery = 4096

func (r *reader) capacity(f rulefile.Field, from preset) *release.CapacityPolicy {
	fields := r.Fields(f.Value, "capacity", "requests", "usage", "target")
	if fields == nil {
		return nil
	}
	c := &release.CapacityPolicy{Requests: from.counter, Target: 0.8}
	r.needs(f.Value, fields, "capacity", "usage")
	if !r.metricName(fields, "requests", &c.Requests) && c.Requests == "" {
		r.needs(f.Value, fields, "capacity without a preset", "requests")
	}
	r.share(fields, "target", &c.Target, span{0, 1, true})
	if g, ok := fields["usage"]; ok {
		c.Usage = r.query(g)
	}
	return c
}

// query reads an expression of PromQL. Only Prometheus knows whether it is one; that
// its brackets and quotation marks are closed is seen here.
func (r *reader) query(f rulefile.Field) string {
	text, ok := r.upTo(f.Value, f.Key.Value, maxQuery)
	if what := unclosed(text); ok && what != "" {
		r.Errorf(rulefile.Start(f.Value), "%s is no query in PromQL: %s", f.Key.Value, what)
	}
	return text
}

// unclosed says which bracket or quotation mark has no partner, "" where all have.
func unclosed(text string) string {
	partner := map[byte]byte{')': '(', ']': '[', '}': '{'}
	var open []byte
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '"', '\'', '`':
			_, rest, err := unquote(text[i:])
			if err != nil {
				return err.Error()
			}
			i = len(text) - len(rest) - 1
		case '(', '[', '{':
			open = append(open, c)
		case ')', ']', '}':
			if len(open) == 0 || open[len(open)-1] != partner[c] {
				return "a " + string(c) + " closes nothing"
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return "a " + string(open[len(open)-1]) + " is not closed"
	}
	return ""
}

package prometheus

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// question is a query at a time.
type question struct {
	query string
	at    model.Time
}

// answer is what the server said, with its warnings: that it is not whole.
type answer struct {
	value    model.Value
	warnings v1.Warnings
}

// session asks each question once, so that all metrics of a look see the same samples.
type session struct {
	client  *Client
	answers map[question]answer
}

func (s *session) ask(ctx context.Context, q question) (answer, error) {
	if a, known := s.answers[q]; known {
		return a, nil
	}
	value, warnings, _, err := s.client.api.Query(ctx, q.query, q.at.Time())
	if err != nil {
		return answer{}, s.client.failed(ctx, q.query, err)
	}
	for i, w := range warnings {
		warnings[i] = short(s.client.secrets.Replace(w))
	}
	a := answer{value, warnings}
	s.answers[q] = a
	return a, nil
}

// samples asks for the raw samples of a selector in the window and the lookback before
// it. Since version 3 the oldest end of a range is left out: one millisecond more has it.
func (s *session) samples(ctx context.Context, selector string, w window) (model.Matrix, v1.Warnings, error) {
	q := question{selector + span(w), w.to}
	a, err := s.ask(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	m, ok := a.value.(model.Matrix)
	if !ok || slices.Contains(m, nil) {
		return nil, nil, s.client.failed(ctx, q.query, unexpected(a.value))
	}
	return m, a.warnings, nil
}

// matching asks which series a selector has in the window, by their labels.
func (s *session) matching(ctx context.Context, selector string, w window) (map[model.Fingerprint]bool, v1.Warnings, error) {
	q := question{"last_over_time(" + selector + span(w) + ")", w.to}
	a, err := s.ask(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	v, ok := a.value.(model.Vector)
	if !ok || slices.Contains(v, nil) {
		return nil, nil, s.client.failed(ctx, q.query, unexpected(a.value))
	}
	ids := map[model.Fingerprint]bool{}
	for _, s := range v {
		ids[identity(s.Metric)] = true
	}
	return ids, a.warnings, nil
}

func span(w window) string {
	return fmt.Sprintf("[%dms]", (w.to.Sub(w.from) + lookback + time.Millisecond).Milliseconds())
}

// identity names a series whether or not a function of PromQL dropped its name.
func identity(m model.Metric) model.Fingerprint {
	m = m.Clone()
	delete(m, model.MetricNameLabel)
	return m.Fingerprint()
}

// selector is that of a metric with expanded matchers.
func selector(name string, matchers ...string) string {
	matchers = slices.DeleteFunc(matchers, func(m string) bool { return m == "" })
	if !model.LegacyValidation.IsValidMetricName(name) {
		matchers = slices.Insert(matchers, 0, model.MetricNameLabel+"="+strconv.Quote(name))
		name = ""
	}
	return name + "{" + strings.Join(matchers, ",") + "}"
}

// maxTargets bounds the patterns of a query for targets; beyond it all targets of the
// jobs are asked for.
const maxTargets = 200

// targets returns the selector of up for the targets of the tracks, "" where they have
// none: after an aggregation, or where samples are pushed.
func targets(tracks []track) string {
	jobs, instances := valuesOf(tracks, model.JobLabel), valuesOf(tracks, model.InstanceLabel)
	if len(jobs) == 0 || len(instances) == 0 || len(jobs) > maxTargets {
		return ""
	}
	job := "job=~" + oneOf(jobs)
	if len(instances) > maxTargets {
		return selector("up", job)
	}
	return selector("up", job, "instance=~"+oneOf(instances))
}

func valuesOf(tracks []track, label model.LabelName) []string {
	var values []string
	for _, t := range tracks {
		if v := string(t.labels[label]); v != "" {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	return slices.Compact(values)
}

func oneOf(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = regexp.QuoteMeta(v)
	}
	return strconv.Quote(strings.Join(quoted, "|"))
}

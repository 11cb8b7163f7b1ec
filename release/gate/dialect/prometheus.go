package dialect

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"twinspect.dev/release"
)

// maxSteps is how many points a range has at most, as Prometheus has it
// (web/api/v1/api.go: queryRange).
const maxSteps = 11000

// PrometheusQuery is a call of the query API of Prometheus.
type PrometheusQuery struct {
	Selector
	// isRange says that a matrix is asked for.
	isRange bool
}

// ParseQuery reads the parameters of /api/v1/query, from the URL or the form of a POST.
// Its time is checked and not followed: the gate answers of now, and the time of the
// sample says so. The parameters timeout, limit, stats and lookback_delta are let be.
func ParseQuery(values url.Values) (*PrometheusQuery, error) {
	if _, err := timeOf(values, "time"); err != nil {
		return nil, err
	}
	return parse(values, false)
}

// ParseQueryRange reads the parameters of /api/v1/query_range. The answer has one
// sample, that of now, whatever the range.
func ParseQueryRange(values url.Values) (*PrometheusQuery, error) {
	for _, name := range []string{"start", "end", "step"} {
		if values.Get(name) == "" {
			return nil, fmt.Errorf("the parameter %s is missing", name)
		}
	}
	start, err := timeOf(values, "start")
	if err != nil {
		return nil, err
	}
	end, err := timeOf(values, "end")
	if err != nil {
		return nil, err
	}
	step, err := seconds(values.Get("step"))
	switch {
	case err != nil:
		return nil, errors.New("the parameter step is a duration in seconds, or such as 30s")
	case end < start:
		return nil, errors.New("the parameter end is before start")
	case step <= 0:
		return nil, errors.New("the parameter step is more than zero")
	case (end-start)/step > maxSteps:
		return nil, fmt.Errorf("the range has more than %d steps; make step longer", maxSteps)
	}
	return parse(values, true)
}

func parse(values url.Values, isRange bool) (*PrometheusQuery, error) {
	if len(values["query"]) != 1 {
		return nil, fmt.Errorf("there is one parameter query, not %d", len(values["query"]))
	}
	s, err := ParseSelector(values.Get("query"))
	if err != nil {
		return nil, err
	}
	return &PrometheusQuery{Selector: *s, isRange: isRange}, nil
}

// timeOf reads a time in seconds since 1970 or by RFC 3339, 0 where it is not given.
func timeOf(values url.Values, name string) (float64, error) {
	text := values.Get(name)
	if text == "" {
		return 0, nil
	}
	if s, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(s) && !math.IsInf(s, 0) {
		return s, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0, fmt.Errorf("the parameter %s is a time in seconds since 1970, or such as 2026-11-22T10:00:00Z", name)
	}
	return float64(t.UnixNano()) / 1e9, nil
}

// seconds reads a duration: a number of them, or one with units.
func seconds(text string) (float64, error) {
	s, err := strconv.ParseFloat(text, 64)
	if err == nil && !math.IsNaN(s) && !math.IsInf(s, 0) {
		return s, nil
	}
	d, err := time.ParseDuration(text)
	return d.Seconds(), err
}

type promSample struct {
	Metric map[string]string `json:"metric"`
	Value  *[2]any           `json:"value,omitempty"`
	Values [][2]any          `json:"values,omitempty"`
}

type promData struct {
	Type   string `json:"resultType"`
	Result any    `json:"result"`
}

type promAnswer struct {
	Status    string `json:"status"`
	Data      any    `json:"data,omitempty"`
	ErrorType string `json:"errorType,omitempty"`
	Error     string `json:"error,omitempty"`
}

// NeedsVerdict reports whether a verdict is asked for; the other queries are constants.
func (q *PrometheusQuery) NeedsVerdict() bool { return q.Metric != "" }

// Answer says the verdict as the sample of the metric, its value as a text as
// Prometheus does. now is the time of the sample where there is no verdict's. A nil
// verdict holds.
//
// There is always a sample where there is a subject: Flagger and Argo Rollouts take an
// empty answer for a failure.
func (q *PrometheusQuery) Answer(v *release.Verdict, now time.Time) Response {
	at := now
	if v != nil && q.NeedsVerdict() && !v.At.IsZero() {
		at = v.At
	}
	pair := [2]any{stamp(at), q.value(v)}
	if q.constant == "1+1" && !q.isRange {
		return success(promData{Type: "scalar", Result: pair})
	}
	sample, kind := promSample{Metric: map[string]string{}, Value: &pair}, "vector"
	if q.isRange {
		sample.Value, sample.Values, kind = nil, [][2]any{pair}, "matrix"
	}
	if q.NeedsVerdict() {
		maps.Copy(sample.Metric, q.labels)
		sample.Metric["__name__"] = q.Metric
	}
	return success(promData{Type: kind, Result: []promSample{sample}})
}

func (q *PrometheusQuery) value(v *release.Verdict) string {
	switch q.Metric {
	case VerdictMetric:
		return strconv.Itoa(score(v))
	case OpenMetric:
		return strconv.Itoa(max(score(v), 0))
	case WeightMetric:
		return strconv.FormatFloat(maxWeight(v), 'f', -1, 64)
	}
	return strconv.Itoa(constants[q.constant])
}

// stamp is a time in seconds since 1970 to the millisecond, as Prometheus has it.
func stamp(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func success(data any) Response {
	return encoded(http.StatusOK, promAnswer{Status: "success", Data: data})
}

// BadQuery answers a query that cannot be understood, as Prometheus does: 400, and an
// error of the type bad_data.
func BadQuery(err error) Response {
	return encoded(http.StatusBadRequest, promAnswer{Status: "error", ErrorType: "bad_data", Error: clip(err.Error(), maxSentence)})
}

// BuildInfo answers /api/v1/status/buildinfo, by which Grafana learns what a server can
// do: no more than the query API.
func BuildInfo(version string) Response {
	return success(map[string]string{"application": "twinspect", "version": version})
}

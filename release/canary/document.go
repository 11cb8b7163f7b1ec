package canary

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"time"

	"twinspect.dev/diff/report/evidence"
	"twinspect.dev/release"
)

// Schema names the evidence, Version its version.
const (
	Schema  = "twinspect.dev/evidence/canary"
	Version = "1.0"
)

// Document is the evidence of a canary's metrics.
type Document struct {
	Schema  string          `json:"schema"`
	Version string          `json:"version"`
	Subject release.Subject `json:"subject"`
	// Started and Ended are those of the first and the last look, zero where there was
	// none, and At when the evidence was made.
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`
	At      time.Time `json:"at"`
	Policy  Policy    `json:"policy"`
	// Outcome is fail where a metric is proven worse, pass where all are proven safe,
	// and inconclusive otherwise.
	Outcome release.Outcome `json:"outcome"`
	Reasons []string        `json:"reasons"`
	// Samples is the least number of requests to the canary of any metric.
	Samples uint64                 `json:"samples"`
	Results []release.MetricResult `json:"results"`
	// Looks accounts for the looks of all metrics.
	Looks Account `json:"looks"`
	// Weight is the canary's share of all requests in the last looks, Capacity the
	// greatest that it can take by them; 0 where they were not measured.
	Weight   float64 `json:"weight,omitempty"`
	Capacity float64 `json:"capacity,omitempty"`
}

// Policy is what the evidence was gathered by.
type Policy struct {
	Every         string   `json:"every"` // such as "1m0s"
	FalseRollback float64  `json:"false_rollback"`
	FalsePromote  float64  `json:"false_promote"`
	Metrics       []Metric `json:"metrics"`
}

// Metric is one of the policy's, in the order of the results.
type Metric struct {
	Name       string  `json:"name"`
	Quantile   float64 `json:"quantile,omitempty"` // 0 for a share
	Allowed    float64 `json:"allowed"`
	MinSamples uint64  `json:"min_samples,omitempty"`
}

// Account balances: Seen is Used and Empty and the sum of Refused.
type Account struct {
	Seen uint64 `json:"seen"`
	Used uint64 `json:"used"`
	// Empty looks saw no requests on a side.
	Empty   uint64            `json:"empty"`
	Refused map[string]uint64 `json:"refused,omitempty"` // by reason
}

// Evidence returns what the looks so far are evidence of.
func (a *Analysis) Evidence(s release.Subject, at time.Time) *Document {
	d := &Document{Schema: Schema, Version: Version, Subject: s, At: at.UTC(), Results: a.Results()}
	d.Policy = Policy{Every: a.policy.Every.String(), FalseRollback: chance(a.budget.FalseRollback),
		FalsePromote: chance(a.budget.FalsePromote), Metrics: []Metric{}}
	d.Looks.Refused = maps.Clone(a.refused)
	for _, n := range a.refused {
		d.Looks.Seen += n
	}
	for i, m := range a.metrics {
		p := m.policy
		d.Policy.Metrics = append(d.Policy.Metrics, Metric{p.Name, p.Quantile, p.Allowed, p.MinSamples})
		d.Looks.Seen += m.looks
		d.Looks.Empty += m.empty
		d.Looks.Used += m.looks - m.empty
		if i == 0 || m.canary < d.Samples {
			d.Samples = m.canary
		}
		d.span(m)
	}
	d.Outcome, d.Reasons = outcome(d.Results)
	return d
}

// span takes a metric's times in, and the least of what was measured of its weight.
func (d *Document) span(m *metric) {
	if m.looks == 0 {
		return
	}
	if d.Started.IsZero() || m.from.Before(d.Started) {
		d.Started = m.from.UTC()
	}
	if m.to.After(d.Ended) {
		d.Ended = m.to.UTC()
	}
	d.Weight = max(d.Weight, m.weight)
	if m.capacity > 0 && (d.Capacity == 0 || m.capacity < d.Capacity) {
		d.Capacity = m.capacity
	}
}

// chance keeps what is no number out of JSON.
func chance(x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0
	}
	return x
}

// outcome sums the results up, the worst first.
func outcome(results []release.MetricResult) (release.Outcome, []string) {
	var texts [3][]string
	for i := range results {
		r := &results[i]
		switch r.Trend {
		case release.Worse:
			texts[0] = append(texts[0], r.Text)
		case release.Safe:
			texts[2] = append(texts[2], r.Text)
		default:
			texts[1] = append(texts[1], r.Text)
		}
	}
	reasons := append(append(append([]string{}, texts[0]...), texts[1]...), texts[2]...)
	switch {
	case len(texts[0]) > 0:
		return release.Fail, reasons
	case len(results) == 0:
		return release.Inconclusive, []string{"no metric is watched"}
	case len(texts[1]) > 0:
		return release.Inconclusive, reasons
	}
	return release.Pass, reasons
}

// Write writes the document as indented JSON, the same one always as the same bytes.
func Write(w io.Writer, d *Document) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(d); err != nil {
		return fmt.Errorf("write evidence of a canary: %w", err)
	}
	return nil
}

// MaxDocument is the length in bytes of the longest document that [Read] reads: a
// thousand metrics with 12 problems of 1 KiB each.
const MaxDocument = 16 << 20

var kind = evidence.Kind{Schema: Schema, Version: Version, What: "a canary's metrics"}

// Read reads a document as [Write] writes it; see [evidence.Kind.Read] for its errors.
// It refuses one that contradicts itself.
func Read(r io.Reader) (*Document, error) {
	d := new(Document)
	if err := kind.Read(r, MaxDocument, d); err != nil {
		return nil, err
	}
	if err := d.check(); err != nil {
		return nil, fmt.Errorf("read evidence of a canary: %w", err)
	}
	return d, nil
}

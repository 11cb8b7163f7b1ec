package dialect

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/release"
)

// The metrics that the gate answers for.
const (
	// VerdictMetric is 1 for promote, 0 for hold, -1 for rollback.
	VerdictMetric = "twinspect_verdict"
	// OpenMetric is 1 for promote and 0 for all else.
	OpenMetric = "twinspect_gate_open"
	// WeightMetric is the greatest share of the traffic, 0 to 1.
	WeightMetric = "twinspect_max_weight"
)

var (
	metrics = []string{VerdictMetric, OpenMetric, WeightMetric}
	labels  = []string{"service", "digest", "base_digest", "weight"}
)

// constants are the queries by which tools see whether a Prometheus is there.
var constants = map[string]int{
	"vector(1)": 1, // Flagger, pkg/metrics/providers/prometheus.go: IsOnline
	"1+1":       2, // Grafana, the health check of its data source
}

// MaxQuery is the greatest query in bytes: a name, four labels, and texts as long as
// Kubernetes lets names be.
const MaxQuery = 4096

// Selector is a query: one metric, or a constant.
type Selector struct {
	// Metric is "" for a constant, which needs no verdict.
	Metric  string
	Subject release.Subject
	// Weight is the share of the traffic that is asked for, 0 where it was not told.
	Weight float64

	labels   map[string]string
	constant string
}

// ParseSelector reads a query in PromQL of the one form
//
//	twinspect_verdict{service="catalog",digest="sha256:…"}
//
// with any of the three metrics and of the labels service, which is needed, digest,
// base_digest and weight. Anything else in PromQL is an error: an answer that is nearly
// what was asked for may promote.
func ParseSelector(query string) (*Selector, error) {
	if len(query) > MaxQuery {
		return nil, fmt.Errorf("the query has %d bytes, more than %d", len(query), MaxQuery)
	}
	if form := strings.Join(strings.Fields(query), ""); constants[form] != 0 {
		return &Selector{constant: form}, nil
	}
	p := &parser{rest: query}
	name := p.word()
	if !slices.Contains(metrics, name) {
		return nil, fmt.Errorf("the gate has no metric %q%s; it has %s, as in %s{service=\"catalog\"}", short(name, 60), rulefile.DidYouMean(name, metrics), rulefile.OneOf(metrics), VerdictMetric)
	}
	given, err := p.matchers()
	if err != nil {
		return nil, err
	}
	s := &Selector{
		Metric: name, labels: given,
		Subject: release.Subject{Service: given["service"], Digest: given["digest"], BaseDigest: given["base_digest"]},
	}
	if s.Subject.Service == "" {
		return nil, errors.New(`the label service is missing, as in {service="catalog"}`)
	}
	if s.Weight, err = ParseWeight(given["weight"]); err != nil {
		return nil, err
	}
	return s, nil
}

// parser reads a query from its beginning on.
type parser struct{ rest string }

func (p *parser) skip() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

// word reads a name of letters, digits, _ and :, "" where there is none.
func (p *parser) word() string {
	p.skip()
	n := strings.IndexFunc(p.rest, func(r rune) bool {
		return r != '_' && r != ':' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	if n < 0 {
		n = len(p.rest)
	}
	word := p.rest[:n]
	p.rest = p.rest[n:]
	return word
}

func (p *parser) take(sign string) bool {
	p.skip()
	rest, ok := strings.CutPrefix(p.rest, sign)
	p.rest = rest
	return ok
}

// matchers reads {label="value",…} and the end of the query.
func (p *parser) matchers() (map[string]string, error) {
	given := map[string]string{}
	if !p.take("{") {
		return nil, fmt.Errorf(`after the metric there is {service="…"}, not %q`, short(p.rest, 40))
	}
	for !p.take("}") {
		if err := p.matcher(given); err != nil {
			return nil, err
		}
		if p.take(",") {
			continue
		}
		if !p.take("}") {
			return nil, fmt.Errorf("after a label there is a comma or }, not %q", short(p.rest, 40))
		}
		break
	}
	if p.skip(); p.rest != "" {
		return nil, fmt.Errorf("the query is one metric with its labels alone; this has %q after it, which the condition of the tool can say", short(p.rest, 40))
	}
	return given, nil
}

func (p *parser) matcher(given map[string]string) error {
	name := p.word()
	if !slices.Contains(labels, name) {
		return fmt.Errorf("the metric has no label %q%s; it has %s", short(name, 60), rulefile.DidYouMean(name, labels), rulefile.OneOf(labels))
	}
	if _, twice := given[name]; twice {
		return fmt.Errorf("the label %s is given twice", name)
	}
	if p.skip(); strings.HasPrefix(p.rest, "=~") || !p.take("=") {
		return fmt.Errorf(`the label %s is compared by = alone, as in %s="…"`, name, name)
	}
	value, err := p.text()
	if err != nil {
		return fmt.Errorf("the label %s: %w", name, err)
	}
	given[name] = value
	return nil
}

// text reads a text in any of the three quotation marks of PromQL. No value of a label
// needs an escape, so there is none to get wrong.
func (p *parser) text() (string, error) {
	p.skip()
	if p.rest == "" || !strings.ContainsAny(p.rest[:1], "\"'`") {
		return "", errors.New("its value stands in quotation marks")
	}
	value, rest, closed := strings.Cut(p.rest[1:], p.rest[:1])
	switch {
	case !closed:
		return "", errors.New("its value has no closing quotation mark")
	case strings.ContainsRune(value, '\\'):
		return "", errors.New("its value has a backslash, which no name has")
	case plain(value) != value:
		return "", errors.New("its value has what cannot be printed")
	}
	p.rest = rest
	return value, nil
}

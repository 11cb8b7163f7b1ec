package prometheus

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/prometheus/common/model"

	"twinspect.dev/release"
	"twinspect.dev/release/canary"
)

// capacity says in all observations what weight the canary can take. Where it cannot be
// measured it stays 0, and the observations say why.
func (l *look) capacity(ctx context.Context, p *release.CapacityPolicy, all []release.Observation) error {
	load, problems, err := l.load(ctx, p)
	if err != nil {
		return err
	}
	weight := 0.0
	if len(problems) == 0 {
		weight = canary.Capacity(load)
	}
	for i := range all {
		all[i].Capacity = weight
		for _, text := range problems {
			all[i].Problems = append(all[i].Problems, "capacity: "+text)
		}
	}
	return nil
}

// load measures the requests over the look, and the usage at its end.
func (l *look) load(ctx context.Context, p *release.CapacityPolicy) (load canary.Load, problems []string, err error) {
	requests := release.MetricPolicy{Counter: p.Requests}
	own, err := l.read(ctx, requests, l.canary)
	if err != nil {
		return load, nil, err
	}
	others, err := l.read(ctx, requests, l.baseline)
	if err != nil {
		return load, nil, err
	}
	usage, problem, err := l.usage(ctx, p.Usage)
	if err != nil {
		return load, nil, err
	}
	if problem != "" {
		problems = append(problems, problem)
	}
	own.distinguish(others)
	for _, r := range []*reading{own, others} {
		if r.refused && !(r == others && r.absent) { // a canary may have all requests
			problems = append(problems, r.problems...)
		}
	}
	seconds := l.window.to.Sub(l.window.from).Seconds()
	n, m := own.all.total(), others.all.total()
	return canary.Load{Canary: float64(n) / seconds, All: float64(n+m) / seconds, Requests: n,
		Usage: usage, Target: p.Target}, problems, nil
}

// usage asks for the one number of a query.
func (l *look) usage(ctx context.Context, query string) (usage float64, problem string, err error) {
	query, err = expand(query, l.target)
	if err != nil {
		return 0, "", fmt.Errorf("query of the usage: %w", err)
	}
	a, err := l.ask(ctx, question{query, l.window.to})
	if err != nil {
		return 0, "", err
	}
	for _, w := range a.warnings {
		problem = "Prometheus warns: " + w
	}
	usage, err = number(a.value)
	switch {
	case problem != "":
	case err != nil:
		problem = fmt.Sprintf("the usage %s %v", query, err)
	case math.IsNaN(usage) || math.IsInf(usage, 0) || usage < 0:
		problem = fmt.Sprintf("the usage %s is %v", query, usage)
	}
	return usage, problem, nil
}

func number(v model.Value) (float64, error) {
	switch v := v.(type) {
	case *model.Scalar:
		return float64(v.Value), nil
	case model.Vector:
		if len(v) != 1 {
			return 0, fmt.Errorf("has %d series, where one is asked for: aggregate it, as by max()", len(v))
		}
		if v[0] == nil || v[0].Histogram != nil {
			return 0, errors.New("is no number")
		}
		return float64(v[0].Value), nil
	case nil:
		return 0, errors.New("has no result")
	}
	return 0, fmt.Errorf("is a %s, where one number is asked for", v.Type())
}

package canary

import (
	"errors"
	"fmt"
	"math"

	"twinspect.dev/release"
)

// check refuses what would be misread: counts that do not add up, and trends and an
// outcome that the numbers beside them do not bear out.
func (d *Document) check() error {
	refused, overflow := uint64(0), false
	for _, n := range d.Looks.Refused {
		overflow = overflow || n > maxRequests
		refused += n
	}
	l := &d.Looks
	if overflow || max(l.Seen, l.Used, l.Empty, refused) > maxRequests || l.Seen != l.Used+l.Empty+refused {
		return fmt.Errorf("the account of looks does not balance: %d seen", l.Seen)
	}
	if len(d.Results) != len(d.Policy.Metrics) {
		return fmt.Errorf("there are %d results of %d metrics", len(d.Results), len(d.Policy.Metrics))
	}
	if err := d.checkResults(); err != nil {
		return err
	}
	if !isShare(d.Weight) || !isShare(d.Capacity) {
		return errors.New("weight and capacity must be between 0 and 1")
	}
	if d.Ended.Before(d.Started) {
		return errors.New("it ended before it started")
	}
	if want, _ := outcome(d.Results); d.Outcome != want {
		return fmt.Errorf("the outcome is %q, and the results say %q", d.Outcome, want)
	}
	return nil
}

func (d *Document) checkResults() error {
	looks, samples := uint64(0), uint64(math.MaxUint64)
	names := map[string]bool{}
	for i := range d.Results {
		r, m := &d.Results[i], &d.Policy.Metrics[i]
		if names[r.Name] || r.Name != m.Name {
			return fmt.Errorf("result %d is of metric %q, where %q is expected once", i+1, r.Name, m.Name)
		}
		names[r.Name] = true
		if err := checkResult(r, m); err != nil {
			return fmt.Errorf("metric %q: %w", r.Name, err)
		}
		if r.WorseThreshold != threshold(d.Policy.FalseRollback/float64(len(d.Results))) || r.SafeThreshold != threshold(d.Policy.FalsePromote) {
			return fmt.Errorf("metric %q: its thresholds are not those of the budget", r.Name)
		}
		looks += r.Looks
		samples = min(samples, r.CanarySamples)
	}
	if len(d.Results) == 0 {
		samples = 0
	}
	if looks != d.Looks.Used+d.Looks.Empty {
		return fmt.Errorf("the results have %d looks, and %d are accounted for", looks, d.Looks.Used+d.Looks.Empty)
	}
	if samples != d.Samples {
		return fmt.Errorf("there are %d samples, and the results say %d", d.Samples, samples)
	}
	return nil
}

func checkResult(r *release.MetricResult, m *Metric) error {
	switch {
	case r.Looks > maxRequests:
		return errors.New("it has more looks than can be")
	case r.Allowed != m.Allowed:
		return fmt.Errorf("%g is allowed, and %g by the policy", r.Allowed, m.Allowed)
	case r.Unit != unit(m):
		return fmt.Errorf("its unit is %q", r.Unit)
	case r.EWorse < 0 || r.ESafe < 0 || r.WorseThreshold < 1 || r.SafeThreshold < 1:
		return errors.New("an e-value is negative, or a threshold less than 1")
	case r.Lower > r.Upper:
		return errors.New("its bounds are the wrong way round")
	}
	switch r.Trend {
	case release.Worse:
		if r.EWorse < r.WorseThreshold {
			return errors.New("it is said to be worse, and its e-value does not prove it")
		}
	case release.Safe:
		if r.ESafe < r.SafeThreshold {
			return errors.New("it is said to be safe, and its e-value does not prove it")
		}
	case release.Undecided:
		return nil
	default:
		return fmt.Errorf("its trend is %q, which this program does not know", r.Trend)
	}
	if r.CanarySamples < max(1, m.MinSamples) || r.BaselineSamples == 0 || r.Looks == 0 {
		return fmt.Errorf("it is said to be %s with %d and %d requests in %d looks", r.Trend, r.CanarySamples, r.BaselineSamples, r.Looks)
	}
	return nil
}

func unit(m *Metric) string {
	if m.Quantile > 0 {
		return "seconds"
	}
	return "share"
}

func isShare(x float64) bool { return x >= 0 && x <= 1 }

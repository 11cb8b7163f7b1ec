package prometheus

import (
	"context"

	"github.com/prometheus/common/model"
)

// scrapes are the times at which targets were scraped well.
type scrapes map[address][]upSeries

// address is the job and the instance of a target.
type address [2]model.LabelValue

func addressOf(m model.Metric) address { return address{m[model.JobLabel], m[model.InstanceLabel]} }

type upSeries struct {
	labels model.Metric // without the name
	times  []model.Time
}

// scrapesOf asks when the targets were scraped of those tracks that begin in the
// window.
func (s *session) scrapesOf(ctx context.Context, tracks []track, w window) (scrapes, error) {
	var begun []track
	for _, t := range tracks {
		if t.begins(w) {
			begun = append(begun, t)
		}
	}
	up := targets(begun)
	if up == "" {
		return nil, nil
	}
	m, warnings, err := s.samples(ctx, up, w)
	if err != nil || len(warnings) > 0 {
		return nil, err // where it is not whole, nothing is known
	}
	all := scrapes{}
	for _, series := range m {
		labels := series.Metric.Clone()
		delete(labels, model.MetricNameLabel)
		u := upSeries{labels: labels}
		for _, v := range series.Values {
			if v.Value == 1 {
				u.times = append(u.times, v.Timestamp)
			}
		}
		all[addressOf(labels)] = append(all[addressOf(labels)], u)
	}
	return all, nil
}

// before says whether the target of a counter was scraped well within the lookback
// before a time. The labels of a target are on all of its series.
func (s scrapes) before(counter model.Metric) func(model.Time) bool {
	var own []upSeries
	for _, u := range s[addressOf(counter)] {
		if u.isTargetOf(counter) {
			own = append(own, u)
		}
	}
	return func(at model.Time) bool {
		for _, u := range own {
			for _, t := range u.times {
				if t < at && at.Sub(t) <= lookback {
					return true
				}
			}
		}
		return false
	}
}

func (u upSeries) isTargetOf(counter model.Metric) bool {
	for name, value := range u.labels {
		if counter[name] != value {
			return false
		}
	}
	return len(u.labels) > 0
}

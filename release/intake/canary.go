package intake

import (
	"io"

	"twinspect.dev/release"
	"twinspect.dev/release/canary"
)

func readCanary(r io.Reader) (*release.Evidence, error) {
	c, err := canary.Read(r)
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what was read
	}
	e := &release.Evidence{
		Kind: release.Canary, Subject: c.Subject, Started: c.Started, Ended: c.Ended, Outcome: c.Outcome, Reasons: c.Reasons,
		Samples: c.Samples, Metrics: c.Results, MaxWeight: c.Capacity, Losses: lookLosses(&c.Looks),
	}
	if c.Looks.Used+c.Looks.Empty == 0 { // nothing was looked at: it is as old as the document
		e.Started, e.Ended = c.At, c.At
	}
	for i := range e.Metrics {
		m := &e.Metrics[i]
		m.Text = clip(m.Text)
		m.Problems = m.Problems[:min(len(m.Problems), maxReasons)]
		for j := range m.Problems {
			m.Problems[j] = clip(m.Problems[j])
		}
	}
	return compared(e, nil)
}

// lookLosses counts the looks that were refused. An empty one is none: there was
// nothing to see.
func lookLosses(a *canary.Account) release.Losses {
	l := release.Losses{Seen: a.Seen, Reasons: told(a.Refused)}
	for _, n := range a.Refused {
		l.Lost = sum(l.Lost, n)
	}
	return l
}

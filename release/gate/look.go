package gate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"twinspect.dev/release"
	"twinspect.dev/release/canary"
	"twinspect.dev/release/prometheus"
	"twinspect.dev/release/watch"
)

// telling is how long a canary's evidence stays as it is while nothing is decided.
const telling = 5 * time.Minute

// look looks once, if no other watcher does, and files what the canary's evidence says
// when that is news. Where the metrics cannot be had nothing is filed: what there is
// goes stale, and the gate holds.
func (w *Watcher) look(ctx context.Context, s *watched) (err error) {
	every := s.policy.Canary.Every
	ctx, cancel := context.WithTimeout(ctx, max(every, 30*time.Second))
	defer cancel()
	if s.held, err = w.Gate.cfg.Store.Lease(ctx, lease(s.release.Service), w.Owner, 2*every); err != nil || !s.held {
		return err
	}
	if err := w.recall(ctx, s); err != nil {
		return err
	}
	now := w.Gate.cfg.Now().UTC()
	seen, lookErr := s.canary.Look(ctx, now)
	if len(seen) > 0 {
		if _, err := w.Gate.cfg.Store.ObserveAll(ctx, s.release.Subject, seen); err != nil {
			return errors.Join(lookErr, fmt.Errorf("keep what was seen: %w", err))
		}
	}
	if lookErr != nil {
		return lookErr
	}
	// What counts is what was kept: another watcher may have been first.
	if err := w.recall(ctx, s); err != nil {
		return err
	}
	return w.file(ctx, s, now)
}

// recall takes in what was observed since the last time, by this watcher or another.
func (w *Watcher) recall(ctx context.Context, s *watched) error {
	r := &s.release
	if s.canary == nil {
		s.canary = watch.New(w.Looker, s.policy, prometheus.Target{Service: r.Service, Namespace: r.Environment}, r.Since)
	}
	if err := s.canary.Learn(ctx); err != nil {
		return err
	}
	// The next look begins where the last one ended, and [store.Store.Observations]
	// are those that begin later than a time.
	observations, err := w.Gate.cfg.Store.Observations(ctx, r.Subject, s.canary.End().Add(-time.Microsecond))
	if err != nil {
		return fmt.Errorf("recall what was seen: %w", err)
	}
	for _, o := range observations {
		if err := s.canary.Take(o); err != nil {
			w.log().Debug("an observation is left out", "service", r.Service, "error", err)
		}
	}
	return nil
}

// file files what the looks are evidence of when that is news, or was not filed for
// long.
func (w *Watcher) file(ctx context.Context, s *watched, at time.Time) error {
	d := s.canary.Document(s.release.Subject, at)
	told := summary(d)
	age := min(telling, (maxAge(s.policy)-prometheus.Settled)/2) // the last look is that old at once
	if told == s.told && at.Before(s.filed.Add(age)) {
		return nil
	}
	var b bytes.Buffer
	if err := canary.Write(&b, d); err != nil {
		return fmt.Errorf("write the canary's evidence: %w", err)
	}
	if _, _, err := w.Gate.Push(ctx, "canary watch", b.Bytes(), s.release.Subject, s.release.Origin); err != nil {
		return fmt.Errorf("file the canary's evidence: %w", err)
	}
	s.filed, s.told = at, told
	return nil
}

// maxAge is how old a canary's evidence may be by a policy.
func maxAge(p *release.Policy) time.Duration {
	for _, r := range p.Requirements {
		if r.Kind == release.Canary && r.MaxAge > 0 {
			return r.MaxAge
		}
	}
	return 2 * telling
}

// summary says in short what a decision depends on.
func summary(d *canary.Document) string {
	var b strings.Builder
	b.WriteString(string(d.Outcome))
	for _, r := range d.Results {
		fmt.Fprintf(&b, " %s=%s", r.Name, r.Trend)
	}
	return b.String()
}

package gate

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"twinspect.dev/release"
	"twinspect.dev/release/canary"
	"twinspect.dev/release/prometheus"
	"twinspect.dev/release/store"
	"twinspect.dev/release/watch"
)

const (
	// tick is how often the watcher sees whether a look is due. Looks are 10 s or more
	// apart, so that none is late by more than a tenth.
	tick = time.Second
	// maxLooks is how many looks are on their way at once: what a Prometheus server
	// takes from its dashboards as well.
	maxLooks = 4
	// maxWatched bounds the canaries that are watched; each takes some looks a minute.
	maxWatched = 500
	// telling is how long a canary's evidence stays as it is while nothing is decided.
	telling = 5 * time.Minute
	// keep is how long a release is watched: a canary that takes longer is forgotten.
	keep = 14 * 24 * time.Hour
)

// Watcher looks at the canaries of all open releases and files what it sees as
// evidence. Of several watchers on one store one looks at a release.
type Watcher struct {
	Gate   *Gate
	Looker watch.Looker
	// Owner tells this watcher from the others.
	Owner string
	// Problem is told of releases that cannot be looked at; nil is nobody.
	Problem func(service string, err error)

	mu    sync.Mutex
	watch map[release.Subject]*watched
}

// watched is what is known of one canary.
type watched struct {
	policy *release.Policy
	canary *watch.Canary
	looked time.Time // when it was last looked at
	// filed is when evidence was last filed, told what it said.
	filed time.Time
	told  string
	busy  bool
}

// Run watches until the context ends, and waits for the looks that are on their way.
func (w *Watcher) Run(ctx context.Context) {
	var looks sync.WaitGroup
	defer looks.Wait()
	slots := make(chan struct{}, maxLooks)
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		for _, r := range w.due(ctx) {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				w.idle(r.Subject)
				continue
			}
			looks.Go(func() {
				defer func() { <-slots; w.idle(r.Subject) }()
				if err := w.look(ctx, r); err != nil && ctx.Err() == nil {
					w.tell(r.Service, err)
				}
			})
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (w *Watcher) log() *slog.Logger { return w.Gate.cfg.Log }

func (w *Watcher) tell(service string, err error) {
	w.log().Warn("a canary could not be looked at", "service", service, "error", err)
	if w.Problem != nil {
		w.Problem(service, err)
	}
}

// due returns the releases that a look is due for, each marked as busy.
func (w *Watcher) due(ctx context.Context) []release.Release {
	now := w.Gate.cfg.Now().UTC()
	open, err := w.Gate.cfg.Store.Releases(ctx, store.ReleaseFilter{Open: true, Since: now.Add(-keep), Limit: maxWatched})
	if err != nil {
		if ctx.Err() == nil {
			w.tell("", err)
		}
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forget(open)
	var due []release.Release
	for _, r := range open {
		policy := w.Gate.cfg.Policies.For(r.Service)
		if policy == nil || policy.Canary == nil || r.Digest == "" {
			continue
		}
		state := w.watch[r.Subject]
		if state == nil || state.policy != policy {
			state = &watched{policy: policy}
			w.watch[r.Subject] = state
		}
		if !state.busy && !now.Before(state.looked.Add(policy.Canary.Every)) {
			state.busy, state.looked = true, now
			due = append(due, r)
		}
	}
	return due
}

// forget drops what is no longer open.
func (w *Watcher) forget(open []release.Release) {
	still := make(map[release.Subject]*watched, len(open))
	for _, r := range open {
		if state := w.watch[r.Subject]; state != nil {
			still[r.Subject] = state
		}
	}
	w.watch = still
}

func (w *Watcher) idle(s release.Subject) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if state := w.watch[s]; state != nil {
		state.busy = false
	}
}

func (w *Watcher) state(s release.Subject) *watched {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.watch[s]
}

// look looks once, if no other watcher does, and files what the canary's evidence says
// when that is news.
func (w *Watcher) look(ctx context.Context, r release.Release) error {
	state := w.state(r.Subject)
	if state == nil {
		return nil
	}
	every := state.policy.Canary.Every
	ctx, cancel := context.WithTimeout(ctx, max(every, 30*time.Second))
	defer cancel()
	held, err := w.Gate.cfg.Store.Lease(ctx, "canary "+r.Service, w.Owner, 2*every)
	if err != nil || !held {
		return err
	}
	if err := w.recall(ctx, r, state); err != nil {
		return err
	}
	now := w.Gate.cfg.Now().UTC()
	seen, err := state.canary.Look(ctx, now)
	if err != nil {
		return err // nothing is filed: what there is goes stale, and the gate holds
	}
	for _, o := range seen {
		if _, err := w.Gate.cfg.Store.Observe(ctx, r.Subject, o); err != nil {
			return fmt.Errorf("keep what was seen: %w", err)
		}
	}
	// What counts is what was kept: another watcher may have been first.
	if err := w.recall(ctx, r, state); err != nil {
		return err
	}
	return w.file(ctx, r, state, now)
}

// recall takes in what was observed since the last time, by this watcher or another.
func (w *Watcher) recall(ctx context.Context, r release.Release, state *watched) error {
	if state.canary == nil {
		c := watch.New(w.Looker, state.policy, prometheus.Target{Service: r.Service, Namespace: r.Environment}, r.Since)
		if err := c.Learn(ctx); err != nil {
			return err
		}
		state.canary = c
	}
	// The next look begins where the last one ended, and [store.Store.Observations]
	// are those that begin later than a time.
	observations, err := w.Gate.cfg.Store.Observations(ctx, r.Subject, state.canary.End().Add(-time.Microsecond))
	if err != nil {
		return fmt.Errorf("recall what was seen: %w", err)
	}
	for _, o := range observations {
		if err := state.canary.Take(o); err != nil {
			w.log().Debug("an observation is left out", "service", r.Service, "error", err)
		}
	}
	return nil
}

// file files what the looks are evidence of when that is news, or was not filed for
// long.
func (w *Watcher) file(ctx context.Context, r release.Release, state *watched, at time.Time) error {
	d := state.canary.Document(r.Subject, at)
	told := summary(d)
	age := min(telling, maxAge(state.policy)/2)
	if told == state.told && at.Before(state.filed.Add(age)) {
		return nil
	}
	var b bytes.Buffer
	if err := canary.Write(&b, d); err != nil {
		return fmt.Errorf("write the canary's evidence: %w", err)
	}
	if _, _, err := w.Gate.Push(ctx, "canary watch", b.Bytes(), r.Subject, r.Origin); err != nil {
		return fmt.Errorf("file the canary's evidence: %w", err)
	}
	state.filed, state.told = at, told
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
	text := string(d.Outcome)
	for _, r := range d.Results {
		text += " " + r.Name + "=" + string(r.Trend)
	}
	return text
}

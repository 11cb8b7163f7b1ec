package gate

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"twinspect.dev/release"
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
	// leaving bounds how long the watcher takes to give up what it holds.
	leaving = 2 * time.Second
)

// Watcher looks at the canaries of all open releases and files what it sees as
// evidence. Of several watchers on one store one looks at a release.
//
// A release is open from when it is announced or first asked about until it ends; one
// that nobody announced is looked at while it is asked about.
type Watcher struct {
	Gate   *Gate
	Looker watch.Looker
	// Owner tells this watcher from the others.
	Owner string
	// Problem is told of releases that cannot be looked at, with no service where it is
	// all of them; nil is nobody. It is called by several goroutines.
	Problem func(service string, err error)

	mu    sync.Mutex
	watch map[release.Subject]*watched
	left  int // how many were not watched, as there were too many
}

// watched is what is known of one canary. While it is busy it belongs to its look.
type watched struct {
	release release.Release
	policy  *release.Policy
	canary  *watch.Canary
	looked  time.Time // when it was last looked at
	// filed is when evidence was last filed, told what it said.
	filed time.Time
	told  string
	held  bool // the lease, at the last look
	busy  bool
}

// Run watches until the context ends, waits for the looks that are on their way, and
// leaves the canaries to the other watchers.
func (w *Watcher) Run(ctx context.Context) {
	defer w.leave(ctx)
	var looks sync.WaitGroup
	defer looks.Wait()
	slots := make(chan struct{}, maxLooks)
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		for _, state := range w.due(ctx) {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			looks.Go(func() {
				defer func() { <-slots; w.idle(state) }()
				if err := w.look(ctx, state); err != nil && ctx.Err() == nil {
					w.tell(state.release.Service, err)
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

// due returns the canaries that a look is due for, each marked as busy.
func (w *Watcher) due(ctx context.Context) []*watched {
	now := w.Gate.cfg.Now().UTC()
	open, err := w.open(ctx, now)
	if err != nil {
		if ctx.Err() == nil {
			w.tell("", err)
		}
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	still := make(map[release.Subject]*watched, len(open))
	var due []*watched
	for _, o := range open {
		state := w.watch[o.release.Subject]
		if state == nil || !state.busy && state.outdated(o) {
			state = &watched{release: o.release, policy: o.policy}
		}
		still[o.release.Subject] = state
		if !state.busy && !now.Before(state.looked.Add(state.policy.Canary.Every)) {
			state.busy, state.looked = true, now
			due = append(due, state)
		}
	}
	w.watch = still
	return due
}

// outdated reports whether a canary must be looked at anew: by another policy, in
// another environment, or as a release of its own.
func (s *watched) outdated(o watched) bool {
	return s.policy.Digest != o.policy.Digest || s.release.Environment != o.release.Environment || s.release.ID != o.release.ID
}

func (w *Watcher) idle(s *watched) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s.busy = false
}

// leave gives up the leases, so that another watcher need not wait for their end.
func (w *Watcher) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaving)
	defer cancel()
	for s, state := range w.watch {
		if !state.held {
			continue
		}
		if _, err := w.Gate.cfg.Store.Lease(ctx, lease(s.Service), w.Owner, 0); err != nil {
			w.log().Warn("a canary could not be left to another watcher", "service", s.Service, "error", err)
		}
	}
}

func lease(service string) string { return "canary " + service }

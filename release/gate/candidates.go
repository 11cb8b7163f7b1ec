package gate

import (
	"context"
	"fmt"
	"time"

	"twinspect.dev/release"
	"twinspect.dev/release/store"
)

const (
	// keep is how long a release is watched: a canary that takes longer is forgotten.
	keep = 14 * 24 * time.Hour
	// unasked is how long after it was last asked about a release is watched that
	// nobody announced: whoever rolls one out asks each minute or so, and who asks
	// before a merge asks once.
	unasked = time.Hour
	// maxPages of [store.MaxLimit] releases are looked through: those of two weeks, of
	// which five hundred services ask for one a working day.
	maxPages = 5
)

// open returns the releases whose canaries are to be watched, the newest first.
func (w *Watcher) open(ctx context.Context, now time.Time) ([]watched, error) {
	var all []watched
	left := 0
	f := store.ReleaseFilter{Open: true, Since: now.Add(-keep), Limit: store.MaxLimit}
	for range maxPages {
		page, err := w.Gate.cfg.Store.Releases(ctx, f)
		if err != nil {
			return nil, fmt.Errorf("list the open releases: %w", err)
		}
		for _, r := range page {
			policy := w.Gate.cfg.Policies.For(r.Service)
			switch {
			case policy == nil || policy.Canary == nil || forgotten(&r, now):
			case len(all) == maxWatched:
				left++
			default:
				all = append(all, watched{release: r, policy: policy})
			}
		}
		if len(page) < store.MaxLimit {
			break
		}
		f.Before = page[len(page)-1].ID
	}
	w.tooMany(left)
	return all, nil
}

// forgotten reports whether a release is one that was asked about and is no longer.
func forgotten(r *release.Release, now time.Time) bool {
	return r.By == "" && r.Last != nil && r.Last.At.Add(unasked).Before(now)
}

// tooMany tells how many canaries are not watched, when their number changes.
func (w *Watcher) tooMany(left int) {
	if left > 0 && left != w.left {
		w.tell("", fmt.Errorf("more than %d canaries are open: the oldest %d are not watched, and are held where their policy asks for metrics; end the releases that are over", maxWatched, left))
	}
	w.left = left
}

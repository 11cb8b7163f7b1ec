package token

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// Timeout is how long one token may take; it is what clients of token endpoints
	// wait by default.
	Timeout = 30 * time.Second
	// minRenew is the age below which an answer 401 is not blamed on a token: it
	// bounds the requests to a token endpoint where every answer is a 401.
	minRenew = 10 * time.Second
	// Failed refreshes are repeated after firstBackoff, then after twice as long
	// each time, up to lastBackoff.
	firstBackoff = time.Second
	lastBackoff  = time.Minute
)

// Source fetches tokens. Its errors hold neither a token nor what anybody answered
// who may know one.
type Source interface {
	// Fetch is called by one goroutine at a time, with at most [Timeout] to go.
	Fetch(ctx context.Context, now time.Time) (*Token, error)
}

// Keeper keeps the token of a source fresh. One goroutine refreshes it at a time;
// the others use the old one as long as it is valid, and wait after that. Its methods
// may be called from many goroutines at once.
type Keeper struct {
	Source Source
	// MinAge is the age below which a token is not renewed, 10 seconds where it is 0.
	MinAge time.Duration

	mu        sync.Mutex
	current   *Token
	flight    chan struct{} // closed when the refresh under way ends
	failures  int           // in a row
	retryAt   time.Time
	lastErr   error
	refreshes uint64
	failed    uint64
}

// Get returns a valid token other than old, which may be nil.
func (k *Keeper) Get(ctx context.Context, now func() time.Time, old *Token) (*Token, error) {
	for {
		k.mu.Lock()
		use, wait, err := k.decide(old, now())
		if use != nil || err != nil {
			k.mu.Unlock()
			return use, err
		}
		if wait == nil {
			k.flight = make(chan struct{})
			k.mu.Unlock()
			return k.refresh(ctx, now)
		}
		k.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// decide returns the token to use, the refresh to wait for, or the error that
// holds until the next attempt; none of them where it is time to refresh.
func (k *Keeper) decide(old *Token, now time.Time) (*Token, chan struct{}, error) {
	t := k.current
	if t != nil && (t == old || t.expired(now)) {
		t = nil
	}
	switch {
	case t != nil && (!t.due(now) || k.flight != nil || now.Before(k.retryAt)):
		return t, nil, nil
	case k.flight != nil:
		return nil, k.flight, nil
	case now.Before(k.retryAt):
		return nil, nil, k.lastErr
	}
	return nil, nil, nil
}

// refresh fetches a token in the place of the current one. Where that fails and
// the current one is still valid, it serves on.
func (k *Keeper) refresh(ctx context.Context, now func() time.Time) (*Token, error) {
	fetch, cancel := context.WithTimeout(ctx, Timeout)
	next, err := k.Source.Fetch(fetch, now())
	cancel()
	if err == nil && !IsValid(next.Value) {
		err = errInvalid
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	close(k.flight)
	k.flight = nil
	switch {
	case err == nil:
		k.current, k.failures, k.lastErr, k.retryAt = next, 0, nil, time.Time{}
		k.refreshes++
		return next, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx) // the run's end is no failure of the source
	}
	k.failed++
	k.lastErr, k.retryAt = err, now().Add(backoff(k.failures))
	k.failures++
	if t := k.current; t != nil && !t.expired(now()) {
		return t, nil
	}
	return nil, err
}

// Renew returns another token for an answer 401 to old, nil where there is none:
// old is new itself, or the source gives the same one again.
func (k *Keeper) Renew(ctx context.Context, now func() time.Time, old *Token) *Token {
	k.mu.Lock()
	young := k.current == old && now().Sub(old.Fetched) < cmp.Or(k.MinAge, minRenew)
	k.mu.Unlock()
	if young {
		return nil
	}
	t, err := k.Get(ctx, now, old)
	if err != nil || t.Value == old.Value {
		return nil
	}
	return t
}

func backoff(failures int) time.Duration {
	return min(lastBackoff, firstBackoff<<min(failures, 16))
}

var errInvalid = errors.New("what it gave is no credential: it is empty, longer than 64 KiB, or holds control characters")

// Counts returns how often a token was fetched, and how often that failed.
func (k *Keeper) Counts() (refreshes, failures uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.refreshes, k.failed
}

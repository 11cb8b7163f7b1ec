package rewrite

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// fetchTimeout is how long one token may take; it is what clients of token
	// endpoints wait by default.
	fetchTimeout = 30 * time.Second
	// maxToken bounds a token in bytes. Servers refuse fields of more than 8 to
	// 64 KiB.
	maxToken = 64 << 10
	// refreshEarly is how long before its end a token is replaced: longer than a
	// request is under way, with something for clocks that differ. Of a short life
	// it is a fifth.
	refreshEarly = time.Minute
	// minRenew is the age below which an answer 401 is not blamed on a token: it
	// bounds the requests to a token endpoint where every answer is a 401.
	minRenew = 10 * time.Second
	// Failed refreshes are repeated after firstBackoff, then after twice as long
	// each time, up to lastBackoff.
	firstBackoff = time.Second
	lastBackoff  = time.Minute
)

// credential is a token. It is not changed once it was made.
type credential struct {
	value            string
	fetched          time.Time
	refresh, expires time.Time // zero: never, or not known
}

// newCredential returns a token of the given life; 0 is for ever.
func newCredential(value string, now time.Time, life time.Duration) *credential {
	t := &credential{value: value, fetched: now}
	if life > 0 {
		t.expires = now.Add(life)
		t.refresh = t.expires.Add(-min(refreshEarly, life/5))
	}
	return t
}

func (t *credential) due(now time.Time) bool { return !t.refresh.IsZero() && !now.Before(t.refresh) }
func (t *credential) expired(now time.Time) bool {
	return !t.expires.IsZero() && !now.Before(t.expires)
}

// source fetches tokens. Its errors hold neither a token nor what anybody
// answered who may know one.
type source interface {
	fetch(ctx context.Context, now time.Time) (*credential, error)
}

// keeper keeps the token of a source fresh. One goroutine refreshes it at a time;
// the others use the old one as long as it is valid, and wait after that.
type keeper struct {
	source source

	mu        sync.Mutex
	current   *credential
	flight    chan struct{} // closed when the refresh under way ends
	failures  int           // in a row
	retryAt   time.Time
	lastErr   error
	refreshes uint64
	failed    uint64
}

// get returns a valid token other than old, which may be nil.
func (k *keeper) get(ctx context.Context, now func() time.Time, old *credential) (*credential, error) {
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
func (k *keeper) decide(old *credential, now time.Time) (*credential, chan struct{}, error) {
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
func (k *keeper) refresh(ctx context.Context, now func() time.Time) (*credential, error) {
	fetch, cancel := context.WithTimeout(ctx, fetchTimeout)
	next, err := k.source.fetch(fetch, now())
	cancel()
	if err == nil && !isCredential(next.value) {
		err = errNoCredential
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

// renew returns another token for an answer 401 to old, nil where there is none:
// old is new itself, or the source gives the same one again.
func (k *keeper) renew(ctx context.Context, now func() time.Time, old *credential) *credential {
	k.mu.Lock()
	young := k.current == old && now().Sub(old.fetched) < minRenew
	k.mu.Unlock()
	if young {
		return nil
	}
	t, err := k.get(ctx, now, old)
	if err != nil || t.value == old.value {
		return nil
	}
	return t
}

func backoff(failures int) time.Duration {
	return min(lastBackoff, firstBackoff<<min(failures, 16))
}

var errNoCredential = errors.New("what it gave is no credential: it is empty, longer than 64 KiB, or holds control characters")

// isCredential reports whether the text can stand in a header field.
func isCredential(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7F {
			return false
		}
	}
	return s != "" && len(s) <= maxToken
}

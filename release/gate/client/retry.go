package client

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

const (
	// attempts bounds how often a request is sent: a server that was let alone twice for
	// as long as it asked is not merely busy.
	attempts = 3
	// maxWait bounds each wait between them: twice what a gate's server asks for. Whoever
	// waits for a verdict is told sooner that there is none.
	maxWait = 10 * time.Second
	// firstWait is the wait after an answer that names none; the next is twice as long.
	firstWait = time.Second
)

// evidencePath is where documents are pushed.
const evidencePath = "api/v1/evidence"

// repeatable reports whether a request that was sent once more changes nothing (RFC
// 9110, section 9.2.2). That holds for a push as well: a document is known by its hash.
func repeatable(method, path string) bool {
	switch method {
	case http.MethodGet, http.MethodDelete:
		return true
	}
	return method == http.MethodPost && path == evidencePath
}

// busy reports whether an answer says to come again later.
func busy(answer *http.Response) bool {
	return answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode == http.StatusServiceUnavailable
}

// waitFor is how long the server wants to be left alone (RFC 9110, section 10.2.3).
func waitFor(header http.Header, attempt int, now time.Time) time.Duration {
	wait := firstWait << (attempt - 1)
	text := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxWait)
}

// pause waits, and reports whether there is time for another attempt. A wait that the
// context would cut short is not begun.
func pause(ctx context.Context, wait time.Duration) bool {
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= wait {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

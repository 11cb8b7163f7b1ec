package notify

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The times of trying again.
const (
	firstWait = time.Second
	maxWait   = time.Minute
	// maxAsked is the longest that a service's own wish is followed: DingTalk's.
	maxAsked = limitedWait
	// patience is how long a letter is tried: news of half an hour ago are on the
	// dashboard.
	patience = 30 * time.Minute
)

// answer is what came of one try.
type answer struct {
	delivered bool
	// again says that another try may do.
	again bool
	wait  time.Duration // at least, before it
	why   string        // for the log, without secrets
}

// judge says what a response means.
func (f *form) judge(status int, header http.Header, body []byte, now time.Time) answer {
	code, text, told := 0, "", ""
	if f.code != nil {
		if code, text = f.code(body); code != noAnswer && code != 0 {
			told = fmt.Sprintf(", code %d, %q", code, clean(text, maxReason))
		}
	} else {
		told = ", " + strconv.Quote(clean(string(body), maxReason))
	}
	wait, limited := f.again[code]
	a := answer{wait: max(wait, retryAfter(header, now)), why: "the answer was " + strconv.Itoa(status) + told}
	switch {
	case status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500 || limited:
		a.again = true
	case status < 200 || status > 299:
	case code == noAnswer:
		a.why = fmt.Sprintf("the answer, %d, is none of that service", status)
	default:
		a.delivered = code == 0
	}
	return a
}

// retryAfter reads how long a service wants to be left alone, in seconds or as a date
// (RFC 9110 section 10.2.3).
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if s, err := strconv.ParseUint(text, 10, 31); err == nil {
		return min(time.Duration(s)*time.Second, maxAsked)
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(at.Sub(now), 0), maxAsked)
	}
	return 0
}

// backoff is how long to wait after the nth try, from 1, at which a share of 0 to 1 of
// half of it is left to chance, so that servers do not come back together.
func backoff(n int, chance float64) time.Duration {
	wait := maxWait
	if n < 7 {
		wait = min(firstWait<<(n-1), maxWait)
	}
	return wait/2 + time.Duration(chance*float64(wait/2))
}

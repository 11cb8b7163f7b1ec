package correlate

import (
	"strings"

	"twinspect.dev/capture"
)

const (
	// carriedBits: 2^16 cookies at 40 bytes take 2.5 MiB, four for each of the
	// 16,384 sessions whose jars a side keeps.
	carriedBits = 16
	carriedWays = 4
)

// carried knows which cookies the recording's sessions hold, as far as answers
// of the same session set them: those are left to the jar of each side. What it
// has forgotten is taken for one that came by another way, and is linked.
type carried struct{ cookies []carriedCookie }

type carriedCookie struct {
	key   uint64 // of session and name; 0 for none
	value uint64
	path  uint64 // hash of its first size bytes
	size  int
	end   int64 // of the answer
}

func newCarried() *carried { return &carried{make([]carriedCookie, 1<<carriedBits)} }

func (c *carried) bucket(key uint64) []carriedCookie {
	at := key >> (64 - carriedBits) &^ (carriedWays - 1)
	return c.cookies[at : at+carriedWays]
}

// note enters what the answer sets.
func (c *carried) note(e *capture.Exchange, session uint64) {
	h := e.Response.Header
	for i := range h {
		if len(h[i].Name) != len("Set-Cookie") || !strings.EqualFold(h[i].Name, "Set-Cookie") {
			continue
		}
		k, ok := parseSetCookie(h[i].Value, capture.PathOf(e.Request.Target), e.Response.End)
		if !ok {
			continue
		}
		own := carriedCookie{mix(session, hashText(k.name)), hashText(k.value), hashText(k.path), len(k.path), e.Response.End.UnixNano()}
		if k.deleted {
			own.value = 0
		}
		c.put(own)
	}
}

func (c *carried) put(own carriedCookie) {
	b := c.bucket(own.key)
	oldest := &b[0]
	for i := range b {
		if b[i].key == own.key {
			b[i] = own
			return
		}
		if b[i].end < oldest.end {
			oldest = &b[i]
		}
	}
	*oldest = own
}

// holds reports whether a client that keeps the session's cookies sent this one:
// the last answer before then that set it gave that value, for this path.
func (c *carried) holds(session uint64, name []byte, value uint64, path string, then int64) bool {
	key := mix(session, hashOf(name))
	for _, k := range c.bucket(key) {
		if k.key == key {
			covers := k.size <= len(path) && hashText(path[:k.size]) == k.path &&
				(k.size == len(path) || path[k.size] == '/' || k.size > 0 && path[k.size-1] == '/')
			return k.value == value && k.end <= then && covers
		}
	}
	return false
}

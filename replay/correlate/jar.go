package correlate

import (
	"slices"
	"strings"
	"time"
)

const (
	// maxJar is above the 50 cookies that a client keeps at least for one host
	// (RFC 6265 section 6.1).
	maxJar = 64
	// jarBytes is what a cookie takes beside its texts.
	jarBytes = 160
)

// state is what an answer did with a cookie.
type state uint8

const (
	untouched state = iota
	isSet
	isDeleted
)

// stored is one cookie of a session: what the side did last with it, and what
// the recording's answers did.
type stored struct {
	name, path string
	value      string
	expires    time.Time // zero for the end of the session
	side       state
	recorded   state
	was        uint64 // hash of the recorded value
}

// alive tells the side's state at a time.
func (c *stored) alive(now time.Time) state {
	if c.side == isSet && !c.expires.IsZero() && !now.Before(c.expires) {
		return isDeleted
	}
	return c.side
}

// jar holds the cookies of one session on one side (RFC 6265 section 5.3),
// without their domains, a side being one host.
type jar struct {
	cookies []stored // the one that was set last at the end
}

func (j *jar) size() int {
	n := jarBytes
	for i := range j.cookies {
		c := &j.cookies[i]
		n += jarBytes + len(c.name) + len(c.path) + len(c.value)
	}
	return n
}

// at returns the cookie with that name and path, a new one where there is none.
func (j *jar) at(name, path string) *stored {
	for i := range j.cookies {
		if j.cookies[i].name == name && j.cookies[i].path == path {
			return &j.cookies[i]
		}
	}
	if len(j.cookies) == maxJar {
		j.cookies = slices.Delete(j.cookies, 0, 1)
	}
	j.cookies = append(j.cookies, stored{name: name, path: path})
	return &j.cookies[len(j.cookies)-1]
}

// find returns the cookie that a request for the path has, the one with the
// longest path where there are several, or nil.
func (j *jar) find(name, path string) *stored {
	var best *stored
	for i := range j.cookies {
		c := &j.cookies[i]
		if c.name == name && pathMatches(path, c.path) && (best == nil || len(c.path) > len(best.path)) {
			best = c
		}
	}
	return best
}

// keep enters a Set-Cookie of the side.
func (j *jar) keep(c setCookieField) {
	at := j.at(c.name, c.path)
	at.value, at.expires, at.side = c.value, c.expires, isSet
	if c.deleted {
		at.value, at.side = "", isDeleted
	}
}

// note enters a Set-Cookie of the recording.
func (j *jar) note(c setCookieField) {
	at := j.at(c.name, c.path)
	at.recorded, at.was = isSet, hashText(c.value)
	if c.deleted {
		at.recorded = isDeleted
	}
}

// pathMatches tells whether a cookie's path covers a request's (RFC 6265 section
// 5.1.4).
func pathMatches(request, cookie string) bool {
	rest, ok := strings.CutPrefix(request, cookie)
	return ok && (rest == "" || rest[0] == '/' || strings.HasSuffix(cookie, "/"))
}

// defaultPath is the path of a cookie without one (RFC 6265 section 5.1.4).
func defaultPath(request string) string {
	if i := strings.LastIndexByte(request, '/'); i > 0 && request[0] == '/' {
		return request[:i]
	}
	return "/"
}

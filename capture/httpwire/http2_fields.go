package httpwire

import (
	"strings"

	"golang.org/x/net/http2/hpack"
)

// sound reports whether every field is one that HTTP/2 may carry (RFC 9113
// sections 8.2.1 and 8.2.2).
func sound(fields []hpack.HeaderField) bool {
	for i := range fields {
		f := &fields[i]
		if !soundName(f.Name) || !soundValue(f.Value) || ofConnection(f.Name, f.Value) {
			return false
		}
	}
	return true
}

// nameByte holds what a name may have: no capitals, blanks or controls, nothing
// beyond ASCII, and no colon but as the first character.
var nameByte = func() (t [256]bool) {
	for b := '!'; b < 0x7f; b++ {
		t[b] = (b < 'A' || b > 'Z') && b != ':'
	}
	return t
}()

func soundName(name string) bool {
	if name == "" || !nameByte[name[0]] && name[0] != ':' {
		return false
	}
	for i := 1; i < len(name); i++ {
		if !nameByte[name[i]] {
			return false
		}
	}
	return true
}

// soundValue refuses what ends a line or a string, and blanks at the ends.
func soundValue(v string) bool {
	if v == "" {
		return true
	}
	if isBlank(v[0]) || isBlank(v[len(v)-1]) {
		return false
	}
	for i := range len(v) {
		if b := v[i]; b <= '\r' && (b == '\r' || b == '\n' || b == 0) {
			return false
		}
	}
	return true
}

// ofConnection tells fields that are of a connection by HTTP/1.1. TE is not,
// where it does no more than accept trailers.
func ofConnection(name, value string) bool {
	switch name {
	case "connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade":
		return true
	case "te":
		return !strings.EqualFold(value, "trailers")
	}
	return false
}

// misframed reports whether a whole message tells another length than it has (RFC
// 9113 section 8.1.1), or that it has another framing.
func misframed(r *record, m *h2message) bool {
	var l lengths
	for i := range m.msg.Header {
		switch f := &m.msg.Header[i]; f.Name {
		case "transfer-encoding":
			return true
		case "content-length":
			l.add(f.Value)
		}
	}
	size := m.msg.BodySize
	switch {
	case !l.present:
		return false
	case l.invalid || l.differ:
		return true
	case size == 0 && m.msg == &r.Response.Message && mayLackBody(r):
		return false
	}
	return l.n != size
}

// mayLackBody tells responses that have no content whatever length they tell (RFC
// 9110 section 6.4.1), or may be such for all that is known of their request.
func mayLackBody(r *record) bool {
	return !r.reqSeen || r.Request.Method == headMethod || r.Response.Status == 204 || r.Response.Status == 304
}

package httpwire

import (
	"strings"

	"golang.org/x/net/http2/hpack"

	"twinspect.dev/capture"
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

// soundName refuses capitals, blanks, controls, what is not ASCII, and a colon
// that is not the first character.
func soundName(name string) bool {
	for i := range len(name) {
		if b := name[i]; b <= ' ' || b >= 0x7f || b >= 'A' && b <= 'Z' || b == ':' && i > 0 {
			return false
		}
	}
	return name != ""
}

// soundValue refuses what ends a line or a string, and blanks at the ends.
func soundValue(v string) bool {
	if v == "" {
		return true
	}
	if isBlank(v[0]) || isBlank(v[len(v)-1]) {
		return false
	}
	return strings.IndexByte(v, '\r') < 0 && strings.IndexByte(v, '\n') < 0 && strings.IndexByte(v, 0) < 0
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
	header, size := m.msg.Header, m.msg.BodySize
	if header.Has("transfer-encoding") {
		return true
	}
	l := announcedLength(header)
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

func announcedLength(header capture.Header) (l lengths) {
	for i := range header {
		if strings.EqualFold(header[i].Name, "content-length") {
			l.add(header[i].Value)
		}
	}
	return l
}

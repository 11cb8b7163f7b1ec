package httpwire

import (
	"math"
	"strings"

	"twinspect.dev/capture"
)

// framing says how the end of a body is found.
type framing uint8

const (
	noBody framing = iota
	byLength
	byChunks
	byClose
	unknown // the end cannot be determined
)

// frame is a decision about framing.
type frame struct {
	how    framing
	length int64
	fault  capture.Incomplete // set where the framing is disputed
}

// contested reports whether the message is read in one of several ways. Where the
// next one begins is in doubt then.
func (f frame) contested() bool { return f.how == byChunks && f.fault == capture.AmbiguousFraming }

// frameRequest decides by RFC 9112 section 6.3 how long a request body is.
func frameRequest(r *capture.Request, d disguise) frame {
	switch {
	case r.Proto == "HTTP/0.9":
		return frame{}
	case r.Proto == "", r.Target == "":
		return frame{fault: capture.Malformed} // RFC 9112 section 3
	}
	codings, length := framingFields(r.Header)
	if length.odd || d.folded || d.returned {
		return frame{how: unknown, fault: capture.AmbiguousFraming}
	}
	if codings.present {
		f := frame{how: byChunks, fault: codings.fault}
		if !codings.chunked {
			return frame{how: unknown, fault: capture.AmbiguousFraming} // rule 4
		}
		if length.present || r.Proto == "HTTP/1.0" || codings.spaced || length.spaced {
			f.fault = capture.AmbiguousFraming // rule 3 and section 6.1
		}
		return f
	}
	if length.spaced {
		return frame{how: unknown, fault: capture.AmbiguousFraming}
	}
	return length.frame(noBody)
}

// frameResponse decides the same for a response to method, which is "" where
// the request is not known.
func frameResponse(r *capture.Response, method string, d disguise) frame {
	f := frameAnswer(r, method, d)
	if f.fault == "" && (r.Status == 0 || !isVersion(r.Proto)) {
		f.fault = capture.Malformed // RFC 9112 section 4
	}
	return f
}

func frameAnswer(r *capture.Response, method string, d disguise) frame {
	if method == headMethod || r.Status == 204 || r.Status == 304 || r.Status >= 100 && r.Status < 200 {
		return frame{} // rule 1
	}
	if method == "CONNECT" && r.Status >= 200 && r.Status < 300 {
		return frame{} // rule 2
	}
	return frameContent(r, d)
}

// frameContent decides for a response that may have a body. A folded framing field
// is in no dispute: a user agent must replace the fold (RFC 9112 section 5.2).
func frameContent(r *capture.Response, d disguise) frame {
	codings, length := framingFields(r.Header)
	if length.odd || d.returned {
		return frame{how: byClose, fault: capture.AmbiguousFraming}
	}
	if codings.present {
		if !codings.chunked {
			return frame{how: byClose, fault: codings.fault} // rule 4
		}
		f := frame{how: byChunks, fault: codings.fault}
		if length.present || r.Proto == "HTTP/1.0" {
			f.fault = capture.AmbiguousFraming
		}
		return f
	}
	return length.frame(byClose)
}

// codings is what the Transfer-Encoding fields say.
type codings struct {
	present, chunked, spaced bool
	fault                    capture.Incomplete
}

// lengths is what the Content-Length fields say.
type lengths struct {
	present, spaced, differ, invalid bool
	// odd is set where a framing field's name has what no name has, but for
	// blanks behind it: a bare CR, a NUL, a blank before the first field.
	// Recipients skip that, or take it for a part of the name, or leave out the
	// line (RFC 9112 section 2.2).
	odd bool
	n   int64
}

func (l lengths) frame(absent framing) frame {
	switch {
	case !l.present:
		return frame{how: absent}
	case l.differ:
		return frame{how: unknown, fault: capture.AmbiguousFraming} // rule 5
	case l.invalid:
		return frame{how: unknown, fault: capture.Malformed} // rule 5
	case l.n < 0:
		return frame{how: unknown, fault: capture.AmbiguousFraming}
	case l.n == 0:
		return frame{}
	}
	return frame{how: byLength, length: l.n}
}

func framingFields(h capture.Header) (c codings, l lengths) {
	for i := range h {
		// The names have 14 and 17 letters; a stray space before the colon
		// makes them longer.
		if n := len(h[i].Name); n < 14 || n > 24 {
			continue
		}
		name := core(h[i].Name)
		if !framingName(name) {
			continue
		}
		if trimRightBlanks(h[i].Name) != name {
			l.odd = true
			continue
		}
		spaced := len(name) != len(h[i].Name)
		if len(name) == len("Content-Length") {
			l.add(h[i].Value)
			l.spaced = l.spaced || spaced
			continue
		}
		c.add(h[i].Value)
		c.spaced = c.spaced || spaced
	}
	return c, l
}

// core takes off both ends of a name what no name has.
func core(name string) string {
	for len(name) > 0 && !token[name[0]] {
		name = name[1:]
	}
	for len(name) > 0 && !token[name[len(name)-1]] {
		name = name[:len(name)-1]
	}
	return name
}

func framingName(name string) bool {
	switch len(name) {
	case len("Content-Length"):
		return strings.EqualFold(name, "Content-Length")
	case len("Transfer-Encoding"):
		return strings.EqualFold(name, "Transfer-Encoding")
	}
	return false
}

// add takes one field value: a list of codings. Chunked must be the last, and
// only once (RFC 9112 section 6.1), and has no parameters (section 7.1). What is
// no token is some recipient's chunked and not another's.
func (c *codings) add(value string) {
	c.present = true
	for part := range strings.SplitSeq(value, ",") {
		name, _, parameters := strings.Cut(trimBlanks(part), ";")
		name = trimBlanks(name)
		if name == "" {
			continue
		}
		chunked := strings.EqualFold(name, "chunked")
		if c.chunked || chunked && parameters || tokenEnd([]byte(name)) < len(name) {
			c.fault = capture.AmbiguousFraming
		}
		c.chunked = chunked && !parameters
	}
}

// add takes one field value: a number, or the same number several times.
func (l *lengths) add(value string) {
	for part := range strings.SplitSeq(value, ",") {
		n, ok := parseLength(trimBlanks(part))
		switch {
		case !ok:
			l.invalid = true
		case l.present && n != l.n:
			l.differ = true
		}
		l.present, l.n = true, n
	}
}

// parseLength reads 1*DIGIT. A number beyond 63 bits is valid and longer than any
// body, but recipients are known to wrap it, so there is no telling what they take
// it for (RFC 9110 section 8.6 warns of it): it gives -1.
func parseLength(s string) (int64, bool) {
	var n int64
	for i := range len(s) {
		d := int64(s[i]) - '0'
		if d < 0 || d > 9 {
			return 0, false
		}
		if n < 0 || n > (math.MaxInt64-d)/10 {
			n = -1
			continue
		}
		n = n*10 + d
	}
	return n, len(s) > 0
}

package send

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"twinspect.dev/capture"
)

// prepare returns the request as it will be sent: HTTP/1.1, the side's path and
// host, and the fields that belong to this connection instead of the recorded
// one (RFC 9110 section 7.6.1).
func (c *Client) prepare(req *capture.Request) (capture.Request, error) {
	sent, err := c.prepareTarget(req, "HTTP/1.1")
	if err != nil {
		return sent, err
	}
	header, err := c.header(req)
	if err != nil {
		return sent, failure{err}
	}
	sent.Header = header
	if len(req.Trailer) > 0 {
		sent.Trailer, err = trailers(req, func(name string) string { return name })
	}
	return sent, err
}

// prepareTarget begins with what all versions of HTTP have in common.
func (c *Client) prepareTarget(req *capture.Request, proto string) (capture.Request, error) {
	sent := capture.Request{Method: req.Method, Target: req.Target, Proto: proto}
	sent.Header, sent.Trailer, sent.Body = req.Header, req.Trailer, req.Body
	sent.BodySize = int64(len(req.Body))
	switch {
	case !isToken(req.Method):
		return sent, failure{fmt.Errorf("method %q is not a token: the request cannot be sent", req.Method)}
	case req.Method == http.MethodConnect:
		return sent, failure{errors.New("CONNECT asks for a tunnel, which is no exchange: the request cannot be sent")}
	}
	target, err := c.target(req.Target)
	if err != nil {
		return sent, failure{err}
	}
	sent.Target = target
	return sent, nil
}

// trailers returns the recorded trailer fields but those that may not be there
// (RFC 9110 section 6.5.1): framing, routing and the connection's own.
func trailers(req *capture.Request, name func(string) string) (capture.Header, error) {
	if len(req.Trailer) == 0 {
		return nil, nil
	}
	out := make(capture.Header, 0, len(req.Trailer))
	for i, f := range req.Trailer {
		if strings.HasPrefix(f.Name, ":") {
			continue
		}
		if err := checkField(f); err != nil {
			return nil, failure{fmt.Errorf("trailer field %d: %w", i+1, err)}
		}
		if kindOf(f.Name) == endToEnd {
			out = append(out, capture.Field{Name: name(f.Name), Value: f.Value})
		}
	}
	return out, nil
}

// target puts the side's path before the recorded one. The absolute form, as
// sent to a proxy, becomes the origin form (RFC 9112 section 3.2).
func (c *Client) target(t string) (string, error) {
	if t == "*" {
		return t, nil
	}
	path := t
	if !strings.HasPrefix(t, "/") {
		_, rest, ok := strings.Cut(t, "://")
		if !ok {
			return t, fmt.Errorf("request target %q is neither a path nor a URL: it cannot be sent", t)
		}
		path = "/"
		if i := strings.IndexAny(rest, "/?"); i >= 0 {
			path += strings.TrimPrefix(rest[i:], "/")
		}
	}
	for i := range len(path) {
		if path[i] <= ' ' || path[i] == 0x7f {
			return t, fmt.Errorf("request target %q holds a space or control character: it cannot be sent", t)
		}
	}
	if c.prefix == "" {
		return path, nil
	}
	return c.prefix + path, nil
}

// header returns the recorded fields in their order, with those of the
// connection left out or replaced in their place.
func (c *Client) header(req *capture.Request) (capture.Header, error) {
	h := headerWriter{out: make(capture.Header, 0, len(req.Header)+2), options: options(req.Header)}
	h.body, h.announce = len(req.Body) > 0, len(req.Trailer) > 0
	host := capture.Field{Name: "Host", Value: c.host}
	if !req.Header.Has("Host") {
		h.out, h.host = append(h.out, host), true
	}
	h.framing, h.framed = framing(req)
	for i, f := range req.Header {
		if strings.HasPrefix(f.Name, ":") {
			continue // a pseudo-header of HTTP/2
		}
		if err := checkField(f); err != nil {
			return nil, fmt.Errorf("header field %d: %w", i+1, err)
		}
		if kindOf(f.Name) == hostField && !c.cfg.KeepHost {
			f.Value = c.host
		}
		h.add(f)
	}
	if h.framed {
		h.out = append(h.out, h.framing)
	}
	if h.trailers {
		h.out = append(h.out, capture.Field{Name: "Connection", Value: "TE"})
	}
	return h.out, nil
}

// headerWriter collects the fields that are sent.
type headerWriter struct {
	out      capture.Header
	options  []string // fields that the recorded Connection names
	framing  capture.Field
	framed   bool // framing has still to be written
	host     bool // Host is written
	trailers bool // TE: trailers is written
	body     bool // there is one
	announce bool // trailers follow it
}

func (h *headerWriter) add(f capture.Field) {
	switch kindOf(f.Name) {
	case hostField:
		if !h.host {
			h.out, h.host = append(h.out, f), true
		}
	case lengthField, codingField:
		if h.framed {
			if strings.EqualFold(f.Name, h.framing.Name) {
				h.framing.Name = f.Name
			}
			h.out, h.framed = append(h.out, h.framing), false
		}
	case teField:
		// The client reads trailers itself, so it may ask for them.
		if !h.trailers && hasToken(f.Value, "trailers") {
			h.out, h.trailers = append(h.out, capture.Field{Name: f.Name, Value: "trailers"}), true
		}
	case expectField:
		// Without content there is nothing to expect (RFC 9110 section 10.1.1).
		if h.body {
			h.out = append(h.out, f)
		}
	case trailerField:
		if h.announce {
			h.out = append(h.out, f)
		}
	case hopField:
	default:
		if !containsFold(h.options, f.Name) {
			h.out = append(h.out, f)
		}
	}
}

// framing returns the field that tells how long the body is, and whether there
// is one at all. A request from HTTP/2 has none: those methods that define a
// meaning for content then get Content-Length (RFC 9110 section 8.6).
func framing(req *capture.Request) (capture.Field, bool) {
	if len(req.Trailer) > 0 {
		return capture.Field{Name: "Transfer-Encoding", Value: "chunked"}, true
	}
	recorded, found := "", false
	for _, f := range req.Header {
		switch kindOf(f.Name) {
		case lengthField:
			recorded, found = f.Value, true
		case codingField:
			found = true
		}
	}
	if len(req.Body) == 0 && !found {
		found = isHTTP2(req.Proto) && expectsContent(req.Method)
		return capture.Field{Name: "Content-Length", Value: "0"}, found
	}
	return capture.Field{Name: "Content-Length", Value: rightLength(recorded, len(req.Body))}, true
}

// rightLength returns the recorded text where it is right, which spares an
// allocation, else the text of n.
func rightLength(recorded string, n int) string {
	if m, err := strconv.Atoi(recorded); err != nil || m != n || recorded[0] == '+' {
		return strconv.Itoa(n)
	}
	return recorded
}

// expectsContent reports whether the method defines a meaning for content.
func expectsContent(method string) bool {
	return method == "POST" || method == "PUT" || method == "PATCH"
}

// appendHead appends the request line and the fields.
func appendHead(b []byte, req *capture.Request) []byte {
	b = append(b, req.Method...)
	b = append(b, ' ')
	b = append(b, req.Target...)
	b = append(b, " HTTP/1.1\r\n"...)
	b = appendFields(b, req.Header)
	return append(b, '\r', '\n')
}

func appendFields(b []byte, h capture.Header) []byte {
	for _, f := range h {
		b = append(b, f.Name...)
		b = append(b, ':', ' ')
		b = append(b, f.Value...)
		b = append(b, '\r', '\n')
	}
	return b
}

// appendBody appends the body, as one chunk where trailers follow it.
func appendBody(b []byte, req *capture.Request) []byte {
	if len(req.Trailer) == 0 {
		return append(b, req.Body...)
	}
	if len(req.Body) > 0 {
		b = strconv.AppendInt(b, int64(len(req.Body)), 16)
		b = append(b, '\r', '\n')
		b = append(b, req.Body...)
		b = append(b, '\r', '\n')
	}
	b = append(b, '0', '\r', '\n')
	b = appendFields(b, req.Trailer)
	return append(b, '\r', '\n')
}

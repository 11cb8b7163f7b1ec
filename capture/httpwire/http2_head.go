package httpwire

import (
	"slices"
	"strings"

	"golang.org/x/net/http2/hpack"

	"twinspect.dev/capture"
	"twinspect.dev/capture/httpwire/internal/units"
)

const (
	protoHTTP2 = "HTTP/2.0"
	connect    = "CONNECT"
	headMethod = "HEAD"
)

// maxInterim is how many 1xx answers of a request are kept. Servers send a few;
// without a bound they would be memory that nothing ends.
const maxInterim = 64

// request takes the header of a request.
func (h *http2) request(s *stream, st *h2stream, b *h2block, fields []hpack.HeaderField, why capture.Incomplete) {
	m := &st.half[s.dir]
	protocol := h.requestHead(s, st.r, b, fields, &why)
	h.openMessage(s, m, st.r, &st.r.Request.Message, b, why)
	if st.r.Request.Method != connect {
		return
	}
	m.tunnel = Tunnel
	if protocol == "websocket" {
		m.tunnel, m.ws = WebSocket, new(units.WebSocket)
	}
	h.done(st, s.dir, "")
}

// requestHead fills the request of a record.
func (h *http2) requestHead(s *stream, r *record, b *h2block, fields []hpack.HeaderField, why *capture.Incomplete) (protocol string) {
	q := &r.Request
	protocol, ok := setRequest(q, fields)
	if !ok && *why == "" {
		*why = capture.Malformed
	}
	q.Start, q.End = b.start, s.at
	r.reqSeen = true
	r.Context.TraceID, r.Context.SpanID = capture.TraceOf(q.Header)
	return protocol
}

// openMessage begins the body of a message.
func (h *http2) openMessage(s *stream, m *h2message, r *record, msg *capture.Message, b *h2block, why capture.Incomplete) {
	h.c.p.messages.open++
	m.headed = true
	m.intake = intake{rec: r, msg: msg, fault: why}
	msg.Start, msg.End = b.start, s.at
	h.c.p.hold(r, headerCost(msg.Header))
	m.isGRPC = isGRPC(msg.Header.Get("content-type"))
}

// isGRPC tells the content types of gRPC over HTTP/2; those of gRPC-Web differ.
func isGRPC(contentType string) bool {
	rest, ok := strings.CutPrefix(contentType, "application/grpc")
	return ok && (rest == "" || rest[0] == '+' || rest[0] == ';')
}

// response takes the header of a response, or an interim one.
func (h *http2) response(s *stream, st *h2stream, b *h2block, fields []hpack.HeaderField, why capture.Incomplete) capture.Reason {
	r, m := st.r, &st.half[s.dir]
	status, rest := splitHead(fields)
	if status >= 100 && status < 200 {
		return h.interim(r, status, rest, b)
	}
	if status == 0 && why == "" {
		if m.torn != "" {
			return h.lostHead(s, m, r, b, fields)
		}
		why = capture.Malformed
	}
	p := &r.Response
	p.Status, p.Proto = status, protoHTTP2
	p.Header = appendFields(p.Header, rest)
	r.respSeen = true
	h.openMessage(s, m, r, &p.Message, b, why)
	if asked := &st.half[h.c.client]; asked.tunnel != "" && status >= 200 && status < 300 {
		m.tunnel = asked.tunnel
		if asked.ws != nil {
			m.ws = new(units.WebSocket)
		}
		h.done(st, s.dir, "")
	}
	return ""
}

// lostHead takes the trailer section of a response whose header was lost.
func (h *http2) lostHead(s *stream, m *h2message, r *record, b *h2block, fields []hpack.HeaderField) capture.Reason {
	r.Response.Proto = protoHTTP2
	r.respSeen = true
	h.openMessage(s, m, r, &r.Response.Message, b, m.torn)
	m.blurred = true
	return h.trailer(s, m, b, fields, m.torn)
}

// lateHead takes the header of a response after a block that could not be read,
// which was an interim answer.
func (h *http2) lateHead(m *h2message, b *h2block, fields []hpack.HeaderField, why capture.Incomplete) capture.Reason {
	p := &m.rec.Response
	status, rest := splitHead(fields)
	if status >= 100 && status < 200 {
		return h.interim(m.rec, status, rest, b)
	}
	if why != "" {
		m.blame(why)
	}
	p.Status, p.Header = status, appendFields(p.Header[:0], rest)
	h.c.p.hold(m.rec, headerCost(p.Header))
	return ""
}

func (h *http2) interim(r *record, status int, fields []hpack.HeaderField, b *h2block) capture.Reason {
	if len(r.Response.Interim) >= maxInterim {
		h.c.p.messages.refuse()
		return HeadLimit
	}
	header := appendFields(nil, fields)
	h.c.p.hold(r, headerCost(header))
	r.Response.Interim = append(r.Response.Interim, capture.Interim{Status: status, Header: header, Time: b.start})
	return ""
}

// trailer takes the trailer section: a header block that ends the stream, after
// the first one (RFC 9113 section 8.1).
func (h *http2) trailer(s *stream, m *h2message, b *h2block, fields []hpack.HeaderField, why capture.Incomplete) capture.Reason {
	if m.trailed {
		m.blame(capture.Malformed)
		return HTTP2Malformed
	}
	m.trailed = true
	pseudo := len(fields) > 0 && fields[0].IsPseudo() // RFC 9113 section 8.1
	if (!b.last || pseudo) && why == "" {
		why = capture.Malformed
	}
	if why != "" {
		m.blame(why)
	}
	m.msg.Trailer = appendFields(nil, fields)
	m.msg.End = s.at
	h.c.p.hold(m.rec, headerCost(m.msg.Trailer))
	return ""
}

// promise records a request that the server makes for the client (RFC 9113
// section 8.4).
func (h *http2) promise(s *stream, b *h2block, fields []hpack.HeaderField, why capture.Incomplete) capture.Reason {
	id := b.promised
	if s.dir == h.c.client || id == 0 || id%2 != 0 || h.streams[id] != nil {
		return UnknownStream
	}
	if why == "" && !sound(fields) {
		why = capture.Malformed
	}
	r := h.c.record()
	h.requestHead(s, r, b, fields, &why)
	st := h.open(id, r)
	m := &st.half[h.c.client]
	h.openMessage(s, m, r, &r.Request.Message, b, why)
	h.close(st, h.c.client, "")
	return ""
}

// splitHead takes the status from the fields of a response; it is 0 where there
// is none that is valid.
func splitHead(fields []hpack.HeaderField) (status int, rest []hpack.HeaderField) {
	if !hasStatus(fields) {
		return 0, fields
	}
	status, _ = splitCode([]byte(fields[0].Value))
	return status, fields[1:]
}

func hasStatus(fields []hpack.HeaderField) bool {
	return len(fields) > 0 && fields[0].Name == ":status"
}

func appendFields(header capture.Header, fields []hpack.HeaderField) capture.Header {
	header = slices.Grow(header, len(fields))
	for i := range fields {
		header = append(header, capture.Field{Name: fields[i].Name, Value: fields[i].Value})
	}
	return header
}

// setRequest fills a request from its fields. The authority becomes a first
// field Host unless there is one, and the target of a CONNECT without a path;
// the scheme goes; :protocol (RFC 8441) stays a field of that name, as does what
// is not defined. ok is false where a pseudo-header field is missing, repeated,
// unknown or out of place (RFC 9113 section 8.3).
func setRequest(q *capture.Request, fields []hpack.HeaderField) (protocol string, ok bool) {
	q.Proto = protoHTTP2
	var p pseudo
	ok = true
	rest := slices.IndexFunc(fields, func(f hpack.HeaderField) bool { return !f.IsPseudo() })
	if rest < 0 {
		rest = len(fields)
	}
	q.Header = slices.Grow(q.Header, len(fields))
	for i := range fields[:rest] {
		f := &fields[i]
		v := p.field(q, f.Name)
		if v == nil || *v != "" {
			ok = false
			v = nil
		} else {
			*v = f.Value
		}
		if f.Name == ":authority" && v != nil && !hasHost(fields[rest:]) {
			q.Header = slices.Insert(q.Header, 0, capture.Field{Name: "Host", Value: p.authority})
		}
		if f.Name == ":protocol" || v == nil {
			q.Header = append(q.Header, capture.Field{Name: f.Name, Value: f.Value})
		}
	}
	for _, f := range fields[rest:] {
		ok = ok && !f.IsPseudo()
	}
	q.Header = appendFields(q.Header, fields[rest:])
	if q.Method == connect && q.Target == "" {
		q.Target = p.authority
	}
	return p.protocol, ok && q.Method != "" && q.Target != ""
}

// pseudo is the pseudo-header fields that a request does not keep as they are.
type pseudo struct{ authority, scheme, protocol string }

// field returns where a pseudo-header field belongs, or nil.
func (p *pseudo) field(q *capture.Request, name string) *string {
	switch name {
	case ":method":
		return &q.Method
	case ":path":
		return &q.Target
	case ":authority":
		return &p.authority
	case ":scheme":
		return &p.scheme
	case ":protocol":
		return &p.protocol
	}
	return nil
}

func hasHost(fields []hpack.HeaderField) bool {
	return slices.ContainsFunc(fields, func(f hpack.HeaderField) bool { return f.Name == "host" })
}

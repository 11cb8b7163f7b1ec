package redact

import (
	"slices"
	"strconv"
	"strings"

	"twinspect.dev/capture"
)

// exchange walks e, and changes it unless the pass only checks.
func (p *pass) exchange(e *capture.Exchange) bodies {
	p.look(e)
	p.target = e.Request.Target
	p.where = "context.session"
	p.session = or(p.text(bytesOf(e.Context.Session)), e.Context.Session) // before what follow puts there

	p.where = "request.target"
	e.Request.Target = or(p.requestTarget(bytesOf(e.Request.Target)), e.Request.Target)
	p.where = "request.method"
	e.Request.Method = or(p.text(bytesOf(e.Request.Method)), e.Request.Method)
	b := p.message(&requestHalf, &e.Request.Message, true)

	p.where = "response.reason"
	e.Response.Reason = or(p.text(bytesOf(e.Response.Reason)), e.Response.Reason)
	e.Response.Interim = p.interim(e.Response.Interim)
	b = b.plus(p.message(&responseHalf, &e.Response.Message, false))
	e.Context.Session = p.session
	return b
}

func (p *pass) interim(in []capture.Interim) []capture.Interim {
	p.where = "response.interim"
	shared := true
	for i := range in {
		h, changed := p.fields(in[i].Header)
		if !changed {
			continue
		}
		if shared {
			in, shared = slices.Clone(in), false
		}
		in[i].Header = h
	}
	return in
}

// half names the parts of a message.
type half struct{ header, trailer, body string }

var (
	requestHalf  = half{"request.header", "request.trailer", "request.body"}
	responseHalf = half{"response.header", "response.trailer", "response.body"}
)

func (p *pass) message(at *half, m *capture.Message, request bool) bodies {
	p.where = at.header
	head := m.Header // as it was: it describes the body
	m.Header, _ = p.fields(m.Header)
	p.where = at.trailer
	m.Trailer, _ = p.fields(m.Trailer)
	if len(m.Body) == 0 {
		return bodies{}
	}
	p.where = at.body
	return p.body(head, m, request)
}

// fields replaces the secrets of a header, in a new one.
func (p *pass) fields(h capture.Header) (capture.Header, bool) {
	changed := false
	for i := range h {
		p.name = h[i].Name
		name := p.text(bytesOf(h[i].Name))
		out := p.field(bytesOf(h[i].Name), bytesOf(h[i].Value))
		if out == nil && name == nil {
			continue
		}
		if !changed {
			h, changed = slices.Clone(h), true
		}
		if name != nil {
			h[i].Name = string(name)
		}
		if out != nil {
			h[i].Value = string(out)
		}
	}
	p.name = ""
	return h, changed
}

// setLength writes the length of a body that was changed, where the header told
// it.
func setLength(h capture.Header, n int) capture.Header {
	shared := true
	for i := range h {
		if !strings.EqualFold(h[i].Name, "Content-Length") {
			continue
		}
		if shared {
			h, shared = slices.Clone(h), false
		}
		h[i].Value = strconv.Itoa(n)
	}
	return h
}

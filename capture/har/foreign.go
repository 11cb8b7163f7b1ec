package har

import (
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"twinspect.dev/capture"
)

// adapt makes what another program's entry says into an exchange as it was on
// the wire, as far as the entry tells.
func (r *Reader) adapt(h *entry, e *capture.Exchange) error {
	start, err := parseStarted(h.Started)
	if err != nil {
		return err
	}
	e.Request.Proto, e.Response.Proto = proto(e.Request.Proto), proto(e.Response.Proto)
	e.Request.Header = withoutPseudo(e.Request.Header)
	e.Response.Header = withoutPseudo(e.Response.Header)
	setTimes(h, e, start)
	adaptRequestBody(h, e)
	r.adaptResponse(h, e)

	e.Context.Agent = "har"
	e.Context.Session, e.Context.Connection = h.Pageref, h.Connection
	e.Context.Server = server(h)
	e.Context.Index = r.index
	e.ID = capture.NewID("har", h.Request.URL, start, r.index)
	if n := uint64(len(h.WebSocket)); n > 0 {
		r.webSockets.Seen += n
		r.webSockets.Filter(ReasonWebSocket, n)
	}
	return nil
}

// startedForms are ISO 8601 as programs write it; fractions of a second are
// accepted by all.
var startedForms = []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00"}

// parseStarted returns the zero time for none.
func parseStarted(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, form := range startedForms {
		if t, err := time.Parse(form, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("startedDateTime %q: want ISO 8601, such as 2026-01-02T15:04:05.123Z", s)
}

// proto is the name that the wire has for the version in HAR. Browsers take that
// of ALPN, some in upper case.
func proto(s string) string {
	switch p := strings.ToUpper(s); p {
	case "H2", "H2C", "HTTP/2", "SPDY":
		return "HTTP/2.0"
	case "H3", "HTTP/3", "H3-29":
		return "HTTP/3.0"
	case "UNKNOWN":
		return ""
	default:
		return p
	}
}

// withoutPseudo takes the pseudo-header fields out (RFC 9113 section 8.3), with
// Host for :authority in the place of the first where there is no Host (section
// 8.3.1).
func withoutPseudo(h capture.Header) capture.Header {
	kept := make(capture.Header, 0, len(h))
	host := h.Has("Host")
	for _, f := range h {
		switch {
		case !strings.HasPrefix(f.Name, ":"):
			kept = append(kept, f)
		case f.Name == ":authority" && !host:
			kept = append(kept, capture.Field{Name: "Host", Value: f.Value})
		}
	}
	return kept
}

// setTimes lays the timings out from the start. Those that do not apply are
// negative and take no time; where there are none, the total is all there is.
func setTimes(h *entry, e *capture.Exchange, start time.Time) {
	if start.IsZero() {
		return
	}
	t := h.Timings
	e.Request.Start = after(start, t.Blocked, t.DNS, t.Connect)
	e.Request.End = after(e.Request.Start, t.Send)
	if h.Response.Status == 0 {
		return
	}
	e.Response.Start = after(e.Request.End, t.Wait)
	e.Response.End = after(e.Response.Start, t.Receive)
	if total := after(start, h.Time); t == (timings{}) && total.After(e.Response.End) {
		e.Response.Start, e.Response.End = total, total
	}
}

// maxPhase keeps a senseless number from overflowing a duration: a year.
const maxPhase = 365 * 24 * 3600 * 1e3

func after(t time.Time, phases ...float64) time.Time {
	for _, ms := range phases {
		if ms > 0 {
			t = t.Add(time.Duration(min(ms, maxPhase) * float64(time.Millisecond)))
		}
	}
	return t
}

// adaptRequestBody makes the body of a form from its parameters where its text
// is not given.
func adaptRequestBody(h *entry, e *capture.Exchange) {
	m := &e.Request.Message
	p := h.Request.PostData
	if p != nil && len(m.Body) == 0 && len(p.Params) > 0 &&
		strings.HasPrefix(strings.ToLower(p.MimeType), "application/x-www-form-urlencoded") {
		m.Body = form(p.Params)
	}
	m.BodySize = int64(len(m.Body))
	missing := h.Request.BodySize > 0 || p != nil && len(p.Params) > 0
	if len(m.Body) == 0 && missing {
		unknownBody(m, h.Request.BodySize)
	}
}

// form writes parameters. Chrome gives them encoded as they were sent, others
// decoded; a valid encoding is taken for one.
func form(params []field) []byte {
	var b strings.Builder
	for i, p := range params {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(encoded(p.Name) + "=" + encoded(p.Value))
	}
	return []byte(b.String())
}

func encoded(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil && plain != s && url.QueryEscape(plain) == s {
		return s
	}
	return url.QueryEscape(s)
}

// unknownBody marks a body of which only the size is given, if that.
func unknownBody(m *capture.Message, size float64) {
	m.Incomplete = capture.BodyLimit
	m.BodySize = -1
	if size > 0 && size < 1<<53 {
		m.BodySize = int64(size)
	}
}

func (r *Reader) adaptResponse(h *entry, e *capture.Exchange) {
	m := &e.Response.Message
	status := h.Response.Status
	if status < 100 || status > 999 {
		e.Response = capture.Response{Message: capture.Message{Incomplete: capture.Unseen}}
		return
	}
	m.BodySize = int64(len(m.Body))
	if len(m.Body) == 0 {
		if h.Response.Content.Size > 0 {
			unknownBody(m, h.Response.BodySize)
		}
		return
	}
	r.bodies.Seen++
	if c := m.Header.Get("Content-Encoding"); c == "" || strings.EqualFold(c, "identity") {
		r.bodies.Written++
		return
	}
	r.bodies.Filter(ReasonDecoded, 1)
	m.Header = m.Header.Without("Content-Encoding", "Content-Length", "Transfer-Encoding")
}

// server joins the address that was connected to with the port of the URL.
func server(h *entry) string {
	u, err := url.Parse(h.Request.URL)
	if err != nil || h.ServerIP == "" {
		return ""
	}
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "https" || u.Scheme == "wss":
		port = "443"
	default:
		port = "80"
	}
	return net.JoinHostPort(strings.Trim(h.ServerIP, "[]"), port)
}

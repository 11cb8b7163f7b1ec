package usage

import (
	"errors"
	"mime"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/capture/coding"
)

var errGoesOn = errors.New("the body goes on after its value")

// reader reads messages into values.
type reader struct {
	walker
	coded  coding.Decoder
	values capture.Stats
	bodies capture.Stats
}

func newReader() *reader {
	r := &reader{coded: coding.Decoder{Limit: maxBody, Ratio: coding.TextRatio}}
	r.walked = &r.values
	return r
}

// request reads a request to an operation such as "GET /products/{id}". At most
// work values are read.
func (r *reader) request(b *book, operation string, q *capture.Request, work int) []value {
	r.begin(b, work)
	_, template, _ := strings.Cut(operation, " ")
	path, query, _ := strings.Cut(q.Target, "?")
	r.path(template, capture.PathOf(path))
	r.pairs("query", query)
	r.header(q.Header)
	r.body(&q.Message)
	return slices.Clone(r.out)
}

func (r *reader) response(b *book, p *capture.Response, work int) []value {
	r.begin(b, work)
	r.header(p.Header)
	r.body(&p.Message)
	return slices.Clone(r.out)
}

func (r *reader) begin(b *book, work int) {
	r.book, r.out, r.left = b, r.out[:0], min(work, maxValues)
}

// path reads the variables of a path. One that does not fit its template has none.
func (r *reader) path(template, path string) {
	names, parts := strings.Split(template, "/"), strings.Split(path, "/")
	if len(names) != len(parts) {
		return
	}
	for i, name := range names {
		if !strings.HasPrefix(name, "{") || !strings.HasSuffix(name, "}") {
			continue
		}
		s, err := url.PathUnescape(parts[i])
		if err != nil {
			s = parts[i]
		}
		r.scalar(r.book.part("path", strings.Trim(name, "{}")), text, s)
	}
}

// pairs reads a query, or a form as "body".
func (r *reader) pairs(part, s string) {
	if s == "" || len(s) > maxBody {
		return
	}
	values, _ := url.ParseQuery(s)
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		var at *spot
		if part == "body" {
			at = r.book.part(part, "")
			at = r.member(at, name)
		} else {
			at = r.book.part(part, name)
		}
		for _, v := range values[name] {
			r.scalar(at, text, v)
		}
	}
}

func (r *reader) header(h capture.Header) {
	for _, f := range h {
		if name := headerName(f.Name); name != "" && f.Value != "" {
			r.scalar(r.book.part("header", name), text, strings.TrimSpace(f.Value))
		}
	}
}

// headerName is the field's name as contracts write it, "" for what is the
// connection's, the trace's, the credentials' or the framework's, and not the
// application's.
func headerName(name string) string {
	name = textproto.CanonicalMIMEHeaderKey(name)
	if name == "Etag" {
		return "ETag"
	}
	if plumbing[name] {
		return ""
	}
	for _, prefix := range [...]string{":", "X-B3-", "X-Forwarded-", "X-Envoy-", "X-Datadog-", "Uberctx-", "Sec-", "Accept", "Access-Control-", "Proxy-"} {
		if strings.HasPrefix(name, prefix) {
			return ""
		}
	}
	return name
}

var plumbing = func() map[string]bool {
	m := make(map[string]bool)
	for name := range strings.FieldsSeq(`Connection Keep-Alive Te Trailer Transfer-Encoding Upgrade
		Traceparent Tracestate B3 Uber-Trace-Id Baggage X-Request-Id X-Correlation-Id X-Trace-Id X-Cloud-Trace-Context X-Amzn-Trace-Id
		Authorization Cookie Set-Cookie X-Api-Key X-Auth-Token X-Csrf-Token Www-Authenticate
		Content-Length Content-Type Content-Encoding Date Host User-Agent Server Via Age Vary Forwarded X-Real-Ip X-Powered-By
		Strict-Transport-Security X-Content-Type-Options X-Frame-Options Cache-Control Pragma Expect Alt-Svc`) {
		m[name] = true
	}
	return m
}()

// body reads a body of JSON, or a form.
func (r *reader) body(m *capture.Message) {
	if len(m.Body) == 0 && m.BodySize <= 0 {
		return
	}
	r.bodies.Seen++
	media, _, _ := mime.ParseMediaType(m.Header.Get("Content-Type"))
	form := media == "application/x-www-form-urlencoded"
	if !form && media != "" && !strings.HasSuffix(media, "json") {
		r.bodies.Filter(NotJSON, 1)
		return
	}
	plain, reason := r.decoded(m)
	if reason == "" && form {
		r.pairs("body", string(plain))
	} else if reason == "" {
		if err := r.json(plain); err != nil {
			reason = Damaged
		}
	}
	if reason != "" {
		r.bodies.Drop(reason, 1)
		return
	}
	r.bodies.Written++
}

func (r *reader) decoded(m *capture.Message) ([]byte, capture.Reason) {
	switch {
	case len(m.Body) > maxBody:
		return nil, TooLong
	case m.Incomplete != "":
		return nil, Damaged
	}
	names := coding.Of(m.Header)
	if len(names) == 0 {
		return m.Body, ""
	}
	plain, err := r.coded.Decode(nil, m.Body, names)
	switch {
	case errors.Is(err, coding.ErrTooLong):
		return nil, TooLong
	case err != nil:
		return nil, Damaged
	}
	return plain, ""
}

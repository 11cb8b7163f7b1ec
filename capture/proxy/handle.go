package proxy

import (
	"context"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/http/httputil"
	"net/textproto"
	"strings"
	"sync"
	"time"

	"twinspect.dev/capture"
)

// handle passes one request through and records it.
func (p *Proxy) handle(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	if !p.queue.admit(r.Context()) {
		http.Error(w, "the proxy is shutting down", http.StatusServiceUnavailable)
		return
	}
	if r.Method == http.MethodConnect {
		p.queue.leaveOut(Connect)
		http.Error(w, "this is a recording reverse proxy: CONNECT is not supported", http.StatusNotImplemented)
		return
	}
	// The upstream may answer before it has the whole request. HTTP/2 can do that
	// anyway, and says so with an error.
	_ = http.NewResponseController(w).EnableFullDuplex()
	x := p.begin(r, start)
	// Also where the forwarding panics, which breaks the connection off.
	defer x.finish(p.queue)
	p.forward.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), recordingKey{}, x)))
}

type recordingKey struct{}

// recording is the record of one exchange while it passes through. The
// transport reads the request's body and the trace is called from other
// goroutines than the handler's.
type recording struct {
	in       *http.Request
	request  *body
	limit    int64
	mu       sync.Mutex
	exchange *capture.Exchange
	upstream *http.Response
	answer   *body
	upgraded bool
	over     bool // finish has taken the exchange
}

func (p *Proxy) begin(r *http.Request, start time.Time) *recording {
	e := new(capture.Exchange)
	p.identify(e, r)
	e.Request.Method, e.Request.Target, e.Request.Proto = r.Method, r.RequestURI, r.Proto
	e.Request.Header = requestHeader(r)
	e.Context.TraceID, e.Context.SpanID = capture.TraceOf(e.Request.Header)
	e.Request.Start = start
	e.Response.Incomplete, e.Response.BodySize = capture.Unseen, -1
	x := &recording{in: r, exchange: e, limit: p.cfg.BodyLimit}
	x.request = newBody(r.Body, r.ContentLength, p.cfg.BodyLimit)
	r.Body = x.request
	return x
}

// RoundTrip implements [http.RoundTripper] for the forwarding: it sees the
// answer before anything is taken from it.
func (p *Proxy) RoundTrip(r *http.Request) (*http.Response, error) {
	x := r.Context().Value(recordingKey{}).(*recording)
	r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		Got1xxResponse:       x.interim,
		GotFirstResponseByte: x.firstByte,
	}))
	res, err := p.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	x.answered(res)
	return res, nil
}

// firstByte may be told of an interim answer too; the final one's overwrites it.
func (x *recording) firstByte() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.over {
		x.exchange.Response.Start = time.Now()
	}
}

func (x *recording) interim(code int, header textproto.MIMEHeader) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.over {
		i := capture.Interim{Status: code, Header: sorted(http.Header(header)), Time: time.Now()}
		x.exchange.Response.Interim = append(x.exchange.Response.Interim, i)
	}
	return nil
}

func (x *recording) answered(res *http.Response) {
	x.mu.Lock()
	defer x.mu.Unlock()
	out := &x.exchange.Response
	out.Status, out.Proto = res.StatusCode, res.Proto
	if res.ProtoMajor == 1 {
		out.Reason = strings.TrimPrefix(res.Status[min(3, len(res.Status)):], " ")
	}
	out.Header = responseHeader(res)
	if len(out.Interim) > 0 || out.Start.IsZero() {
		out.Start = time.Now()
	}
	x.upstream = res
	if x.upgraded = res.StatusCode == http.StatusSwitchingProtocols; x.upgraded {
		return // its body is the connection itself
	}
	length := res.ContentLength
	if x.in.Method == http.MethodHead {
		length = 0
	}
	x.answer = newBody(res.Body, length, x.limit)
	res.Body = x.answer
}

// refused answers for an upstream that gave no answer; err is why. A client that
// went away gets none, and none is recorded.
func (p *Proxy) refused(w http.ResponseWriter, r *http.Request, err error) {
	const text, kind = "no answer from upstream\n", "text/plain; charset=utf-8"
	x := r.Context().Value(recordingKey{}).(*recording)
	if r.Context().Err() == nil && !x.request.broken() {
		p.cfg.Logger.Warn("no answer from upstream", "method", r.Method, "target", r.RequestURI, "error", err)
		x.mu.Lock()
		out := &x.exchange.Response
		out.Status, out.Proto, out.Reason = http.StatusBadGateway, r.Proto, http.StatusText(http.StatusBadGateway)
		out.Header = capture.Header{{Name: "Content-Type", Value: kind}}
		out.Body, out.BodySize = []byte(text), int64(len(text))
		out.Incomplete = whyCut(err, capture.Refused)
		out.Start, out.End = time.Now(), time.Now()
		x.mu.Unlock()
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(http.StatusBadGateway)
	_, _ = io.WriteString(w, text)
}

// newForward makes the forwarding leave the client's request as it is.
func (p *Proxy) newForward() *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Transport:     p,
		Rewrite:       p.rewrite,
		ErrorHandler:  p.refused,
		FlushInterval: -1, // each piece of a body at once
		BufferPool:    new(buffers),
		ErrorLog:      p.log(),
	}
}

func (p *Proxy) rewrite(pr *httputil.ProxyRequest) {
	up := p.cfg.Upstream
	prefix := strings.TrimRight(up.EscapedPath(), "/")
	pr.Out.URL.Scheme, pr.Out.URL.Host = up.Scheme, up.Host
	path, query, _ := strings.Cut(pr.In.RequestURI, "?")
	// The path as it was sent, where it is one: parsing would clean it.
	if raw := prefix + path; strings.HasPrefix(path, "/") && !strings.HasPrefix(raw, "//") {
		pr.Out.URL.Opaque, pr.Out.URL.RawQuery = raw, query
		pr.Out.URL.ForceQuery = pr.In.URL.ForceQuery
	} else {
		pr.Out.URL.Path, pr.Out.URL.RawPath = up.Path+pr.In.URL.Path, ""
		pr.Out.URL.RawQuery = pr.In.URL.RawQuery
	}
	if pr.Out.Host = pr.In.Host; p.cfg.RewriteHost {
		pr.Out.Host = up.Host
	}
	// The values come in after the body, into the same map.
	pr.Out.Trailer = pr.In.Trailer
	// The forwarding takes these off; they are the client's.
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if values, ok := pr.In.Header[name]; ok {
			pr.Out.Header[name] = values
		}
	}
	if p.cfg.Forwarded {
		pr.SetXForwarded()
	}
}

// finish completes the record and gives it to the queue.
func (x *recording) finish(q *queue) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.over = true
	if x.upgraded {
		q.leaveOut(Upgrade)
		return
	}
	e := x.exchange
	x.request.complete(&e.Request.Message, capture.Gap)
	if e.Request.Incomplete == "" {
		e.Request.Trailer = sorted(x.in.Trailer)
	}
	if x.answer != nil {
		x.answer.complete(&e.Response.Message, capture.Reset)
		if e.Response.Incomplete == "" {
			e.Response.Trailer = sorted(x.upstream.Trailer)
		}
	}
	q.put(e)
}

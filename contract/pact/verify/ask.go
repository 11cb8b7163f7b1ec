package verify

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/contract/findings"
	"twinspect.dev/contract/pact"
	"twinspect.dev/contract/pact/generate"
	"twinspect.dev/contract/pact/match"
	"twinspect.dev/replay"
)

// ask makes the generators' values, asks the provider, and compares.
func (r *run) ask(ctx context.Context, it *pact.Interaction, values map[string]any, rng *rand.Rand, res Result) Result {
	now := r.Now
	if now.IsZero() {
		now = time.Now()
	}
	if missing := generate.Missing(it, values); len(missing) > 0 {
		res.Notes = append(res.Notes, "no provider state gave "+strings.Join(missing, ", ")+": the example of the file was sent")
	}
	made, err := generate.Apply(it, values, rng, now)
	if err != nil {
		return res.skip(NotGenerated, err.Error())
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(r.Timeout, Timeout))
	defer cancel()
	if it.Kind != pact.HTTP {
		return r.askMessage(ctx, made, it, res)
	}
	if made.Request == nil || it.Response == nil {
		return res.skip(NoRequest, "the interaction has no request, or no response")
	}
	return r.askHTTP(ctx, made.Request, it.Response, res)
}

func (r *run) askHTTP(ctx context.Context, want *pact.Request, expected *pact.Response, res Result) Result {
	req := wire(want)
	for _, f := range r.Header {
		req.Header = append(req.Header.Without(f.Name), f)
	}
	e := &capture.Exchange{Request: req, Context: capture.Context{Agent: "pact-verify", Connection: res.Place}}
	a := r.Sender.Send(ctx, &replay.Ask{Recorded: e, Session: res.Place, Request: req})
	r.hear(a.Fault)
	res.Request = req.Method + " " + capture.PathOf(req.Target)
	res.Status, res.LatencyMS = a.Response.Status, float64(max(a.Latency(), 0).Microseconds())/1000
	switch a.Fault {
	case "":
		res.Mismatches = r.show(match.Response(expected, plainResponse(&a.Response, &res)))
	case replay.Refused:
		return res.skip(ProviderGone, a.Err)
	case replay.Canceled:
		return res.skip(Stopped, a.Err)
	default:
		res.Mismatches = []Mismatch{{At: "status", Expected: fmt.Sprint(expected.Status), Message: "the provider gave no whole answer: " + string(a.Fault)}}
		res.Detail = a.Err
	}
	if res.Outcome = Passed; len(res.Mismatches) > 0 {
		res.Outcome, res.Curl = Failed, r.curl(sent(&a, &req))
	}
	return res
}

// plainResponse undoes the content coding; where that cannot be done the bytes are
// compared as they are.
func plainResponse(a *capture.Response, res *Result) *capture.Response {
	body, err := findings.Plain(&a.Message)
	if err != nil {
		res.Notes = append(res.Notes, "the content coding of the answer cannot be undone")
		return a
	}
	out := *a
	out.Body = body
	return &out
}

// wire is a request as it is sent: fields and parameters sorted by name, the body's
// bytes as they are.
func wire(r *pact.Request) capture.Request {
	out := capture.Request{Method: strings.ToUpper(cmp.Or(r.Method, "GET")), Target: target(r), Proto: "HTTP/1.1"}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		for _, v := range r.Header[name] {
			out.Header = append(out.Header, capture.Field{Name: name, Value: fieldText(v)})
		}
	}
	out.Body = r.Body.Bytes()
	if r.Body.Presence == pact.Null {
		out.Body = []byte("null")
	}
	out.BodySize = int64(len(out.Body))
	if len(out.Body) > 0 && !out.Header.Has("Content-Type") {
		kind := r.Body.ContentType
		if kind == "" && r.Body.IsJSON {
			kind = "application/json"
		}
		if kind != "" {
			out.Header = append(out.Header, capture.Field{Name: "Content-Type", Value: fieldText(kind)})
		}
	}
	return out
}

// fieldText keeps a field on its line (RFC 9110 section 5.5): a file must not be able
// to send a request of its own inside of it.
func fieldText(s string) string {
	return strings.Map(func(c rune) rune {
		if c == '\r' || c == '\n' || c == 0 {
			return ' '
		}
		return c
	}, s)
}

// target is path and query. A path stands in a file as it is sent; what cannot stand
// in a target (RFC 3986 section 3.3) is encoded.
func target(r *pact.Request) string {
	var b strings.Builder
	if !strings.HasPrefix(r.Path, "/") {
		b.WriteByte('/')
	}
	for i := range len(r.Path) {
		c := r.Path[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"<>\^{}|?#`+"`", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	separator := "?"
	for _, name := range slices.Sorted(maps.Keys(r.Query)) {
		for _, v := range r.Query[name] {
			b.WriteString(separator + url.QueryEscape(name) + "=" + url.QueryEscape(v))
			separator = "&"
		}
	}
	return b.String()
}

func (r *run) askMessage(ctx context.Context, made, it *pact.Interaction, res Result) Result {
	n := 1
	if it.Kind == pact.SyncMessage {
		n = 2 // the request stands before its answers
	}
	if len(it.Messages) < n {
		return res.skip(NoRequest, "the interaction has no message")
	}
	a := Asked{Consumer: r.pact.Consumer, Description: it.Description, States: it.States}
	if n == 2 {
		a.Request = &made.Messages[0]
	}
	got, err := r.Messages.Message(ctx, a)
	if err != nil {
		return res.skip(MessageFailed, err.Error())
	}
	if len(it.Messages) > n {
		res.Notes = append(res.Notes, fmt.Sprintf("the first of %d answers was compared", len(it.Messages)-1))
	}
	res.Mismatches = r.show(match.Message(&it.Messages[n-1], got.Metadata, got.ContentType, got.Body))
	if res.Outcome = Passed; len(res.Mismatches) > 0 {
		res.Outcome = Failed
	}
	return res
}

// sent is the request as it went out, with the path of the provider's URL.
func sent(a *replay.Answer, req *capture.Request) *capture.Request {
	if a.Request.Method == "" {
		return req
	}
	return &a.Request
}

//go:build unix

package join_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/trace"
	"twinspect.dev/contract/join"
)

// crowd makes as many spans and exchanges of one trace, in one window of time.
func crowd(n int, of func(i int, s *trace.Span, e *capture.Exchange)) input {
	in := input{spans: make([]trace.Span, n), exchanges: make([]*capture.Exchange, n)}
	for i := range n {
		in.spans[i] = span(i+2, 1, server, "cart", "GET /carts/7", 200, 0, 1)
		e := said(0, 1, 1, "cart", "GET /carts/7", 200, 0, 1)
		e.ID = capture.NewID("a", "c", epoch, uint64(i)) //nolint:gosec // no less than 0
		of(i, &in.spans[i], e)
		in.exchanges[i] = e
	}
	return in
}

// spread gives spans and exchanges times between 0 and 250 ms.
func spread(i int, s *trace.Span, e *capture.Exchange) {
	at := epoch.Add(time.Duration(i%crowdSize) * 250 * time.Millisecond / crowdSize)
	s.Start, s.End = at, at.Add(time.Millisecond)
	e.Request.Start, e.Response.End = at, at.Add(time.Millisecond)
	e.Request.End, e.Response.Start = at, e.Response.End
}

func untraced(e *capture.Exchange) { e.Context.TraceID, e.Context.SpanID = "", "" }

func TestCrowdsTakeNoLongerThanTheyMay(t *testing.T) {
	for name, of := range map[string]func(i int, s *trace.Span, e *capture.Exchange){
		"all name one span": func(int, *trace.Span, *capture.Exchange) {},
		"all name one span, on connections of their own": func(i int, _ *trace.Span, e *capture.Exchange) { e.Context.Connection = fmt.Sprint(i) },
		"all name one span, at different places": func(i int, _ *trace.Span, e *capture.Exchange) {
			e.Request.Target = fmt.Sprintf("/carts/%d", i)
		},
		"all at one path": func(_ int, _ *trace.Span, e *capture.Exchange) { e.Context.SpanID = "" },
		"all of one route": func(i int, s *trace.Span, e *capture.Exchange) {
			e.Context.SpanID, s.HTTP.Target, s.HTTP.Route = "", "", "/carts/{id}"
			e.Request.Target = fmt.Sprintf("/carts/%d", i)
		},
		"each of a route": func(i int, s *trace.Span, e *capture.Exchange) {
			e.Context.SpanID, s.HTTP.Target, s.HTTP.Route = "", "", fmt.Sprintf("/{a%d}/x", i)
			e.Request.Target = fmt.Sprintf("/%d/y", i)
		},
		"a deep chain of work": func(i int, s *trace.Span, e *capture.Exchange) {
			s.Parent, s.Kind = spanID(i+1), client
			if i%2 == 0 {
				s.Kind = internal
			}
			e.Context.SpanID = s.ID.String()
		},
		"a deep chain of proxies": func(i int, s *trace.Span, e *capture.Exchange) {
			s.Parent, s.Kind = spanID(i+1), client
			e.Context.SpanID = s.ID.String()
		},
		"a call of many spans": func(i int, s *trace.Span, e *capture.Exchange) {
			s.Parent, s.Kind = spanID(i+1), client
			untraced(e)
		},
		"untraced, at one time":         func(_ int, _ *trace.Span, e *capture.Exchange) { untraced(e) },
		"untraced, of no known clock":   func(i int, _ *trace.Span, e *capture.Exchange) { untraced(e); e.Context.Agent = fmt.Sprint(i) },
		"untraced, one after the other": func(i int, s *trace.Span, e *capture.Exchange) { untraced(e); spread(i, s, e) },
		"untraced, each of a service": func(i int, s *trace.Span, e *capture.Exchange) {
			untraced(e)
			spread(i, s, e)
			s.Service, e.Context.Service = fmt.Sprint("s", i%1000), ""
		},
		"untraced, each of a route": func(i int, s *trace.Span, e *capture.Exchange) {
			untraced(e)
			s.HTTP.Target, s.HTTP.Route = "", fmt.Sprintf("/{a%d}/x", i)
			e.Request.Target = fmt.Sprintf("/%d/y", i)
		},
		"untraced, of many clocks": func(i int, s *trace.Span, e *capture.Exchange) {
			untraced(e)
			spread(i, s, e)
			s.Service, e.Context.Agent = fmt.Sprint("s", i%200), fmt.Sprint("a", i%200)
			e.Context.Service = s.Service
		},
	} {
		t.Run(name, func(t *testing.T) {
			size := crowdSize / 4
			if strings.HasSuffix(name, "at one path") || strings.HasSuffix(name, "at one time") {
				size = crowdSize
			}
			in := crowd(size, of)
			in.spans = append(in.spans, span(1, 0, server, "web", "GET /", 200, 0, 100))
			before := cpu(t)
			_, a := joined(t, join.Options{Dir: t.TempDir(), MaxBytes: 512 << 20}, in, 0)
			took := cpu(t) - before
			t.Logf("RESULT %-50s %v %v %v", name, took.Round(time.Millisecond), a[1].Written, a[1].Dropped)
			assert.Less(t, took, crowdTime)
		})
	}
}

// cpu is the processor time that the test took.
func cpu(t *testing.T) time.Duration {
	var u syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

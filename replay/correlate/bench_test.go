//go:build unix

package correlate

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
)

// processor returns the processor time of the process: on a machine with other
// work, the time of the clock tells little.
func processor() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// oneName spares the benchmark what naming costs.
type oneName map[string]string

func (n oneName) Name(method, _ string) string { return n[method] }

var ops = oneName{"POST": "POST /orders", "GET": "GET /orders/{id}"}

// orderBody is 1 KiB of JSON: ids, words, prices and dates.
func orderBody(i int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"id":"9f8e7d6c-1a2b-4c3d-8e4f-%012d","status":"placed","placedAt":"2026-03-02T09:00:00Z","requestId":"%016x%016x","lines":[`, i, i*7919, i*104729)
	for n := range 6 {
		fmt.Fprintf(&b, `{"id":"line-%d-%08x","productId":%d,"name":"Oak Table No. %d","quantity":%d,"amount":%d.50,"currency":"EUR"},`, n, i*31+n, 1000+n, n, 1+n%3, 10*n)
	}
	fmt.Fprintf(&b, `{"id":"x"}],"total":123.50,"address":{"city":"London","country":"GB","street":"%s"}}`, strings.Repeat("s", 60))
	return b.String()
}

func benchTalk() *talk {
	var k talk
	header := []string{"Date: Mon, 02 Mar 2026 09:00:00 GMT", "Server: x", "Cache-Control: no-store", "X-Request-Id: 9f8e7d6c1a2b4c3d"}
	request := []string{"Host: h", "User-Agent: u", "Accept: */*", "Accept-Encoding: gzip"}
	for i := range 512 {
		k.add("s", "POST /orders", message{header: request, body: orderBody(i + 1e6)}, 201, message{header: header, body: orderBody(i)})
		k.add("s", fmt.Sprintf("GET /orders/9f8e7d6c-1a2b-4c3d-8e4f-%012d", i), message{header: request}, 200, message{header: header, body: orderBody(i)})
	}
	return &k
}

func BenchmarkObserve(b *testing.B) {
	k := benchTalk()
	l := NewLearner(ops)
	b.ReportAllocs()
	before := processor()
	b.SetBytes(int64(len(k.list[0].Response.Body)))
	for i := 0; b.Loop(); i++ {
		e := k.list[i%len(k.list)]
		for _, op := range l.ops {
			op.busy = 0 // else most are passed over: see BenchmarkObserveDecided
		}
		l.Observe(e)
	}
	b.ReportMetric(float64(processor()-before)/float64(b.N), "cpu-ns/op")
}

func BenchmarkObserveDecided(b *testing.B) {
	k := benchTalk()
	for i, e := range k.list {
		e.Context.Connection = fmt.Sprint("session ", i/16)
	}
	l := NewLearner(ops)
	for range 2 * (settled + decided) / len(k.list) {
		for _, e := range k.list {
			l.Observe(e)
		}
	}
	b.ReportAllocs()
	before := processor()
	for i := 0; b.Loop(); i++ {
		l.Observe(k.list[i%len(k.list)])
	}
	b.ReportMetric(float64(processor()-before)/float64(b.N), "cpu-ns/op")
}

func BenchmarkObserveIdle(b *testing.B) {
	k := benchTalk()
	l := NewLearner(ops)
	b.ReportAllocs()
	before := processor()
	for i := 0; b.Loop(); i++ {
		l.Observe(k.list[i%len(k.list)&^1]) // nobody reads the orders
	}
	b.ReportMetric(float64(processor()-before)/float64(b.N), "cpu-ns/op")
}

func BenchmarkLink(b *testing.B) {
	k := benchTalk()
	c := New(Defaults().With(k.learn()), ops, Limits{})
	b.ReportAllocs()
	before := processor()
	for i := 0; b.Loop(); i++ {
		c.Link(k.list[i%len(k.list)])
	}
	b.ReportMetric(float64(processor()-before)/float64(b.N), "cpu-ns/op")
}

// benchSide measures what correlation adds to the sending of one side: the side
// answers at once, with what was recorded. Each exchange is bound to the one that
// was sent before it.
func benchSide(b *testing.B, rules *Rules, list []*capture.Exchange) {
	c := New(rules, ops, Limits{})
	asks := make([]replay.Ask, len(list))
	for i, e := range list {
		asks[i] = replay.Ask{Recorded: e, Session: e.SessionKey(), Links: c.Link(e)}
	}
	s := c.Side("to", replay.SenderFunc(func(_ context.Context, ask *replay.Ask) replay.Answer {
		return replay.Answer{Request: ask.Request, Response: ask.Recorded.Response}
	}))
	b.ReportAllocs()
	before := processor()
	for i := 0; b.Loop(); i++ {
		ask := &asks[i%len(asks)]
		ask.Request = ask.Recorded.Request
		s.Send(b.Context(), ask)
	}
	b.ReportMetric(float64(processor()-before)/float64(b.N), "cpu-ns/op")
}

func BenchmarkSide(b *testing.B) {
	k := benchTalk()
	learned := Defaults().With(k.learn())
	var cookies talk
	for range 512 {
		cookies.add("s", "GET /orders/7", message{header: []string{"Host: h", "Accept: */*", "Cookie: session=a1b2c3d4e5f6; visit=f6e5d4c3b2a1"}},
			200, message{header: []string{"Server: x", "Set-Cookie: visit=f6e5d4c3b2a1; Path=/; HttpOnly"}, body: orderBody(1)})
	}
	b.Run("without links", func(b *testing.B) { benchSide(b, Defaults(), k.list) })
	b.Run("linked", func(b *testing.B) { benchSide(b, learned, k.list) })
	b.Run("jar", func(b *testing.B) { benchSide(b, Defaults(), cookies.list) })
}

func BenchmarkLinkWithoutRules(b *testing.B) {
	k := benchTalk()
	c := New(Defaults(), ops, Limits{})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c.Link(k.list[i%len(k.list)])
	}
}

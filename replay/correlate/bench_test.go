//go:build unix

package correlate

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
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
		l.Observe(e)
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

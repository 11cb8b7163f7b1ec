package retrace

import (
	"context"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
)

func echo(_ context.Context, ask *replay.Ask) replay.Answer {
	return replay.Answer{Request: ask.Request}
}

var (
	key = [16]byte{1, 2, 3}
	id  = capture.ID{0xab, 15: 7}
)

func sent(t *testing.T, h capture.Header) (capture.Header, string, string) {
	t.Helper()
	s := New(replay.Base, key, replay.SenderFunc(echo))
	before := append(capture.Header(nil), h...)
	recorded := &capture.Exchange{ID: id}
	recorded.Request.Header = h
	a := s.Send(context.Background(), &replay.Ask{Recorded: recorded, Request: recorded.Request})
	assert.Equal(t, before, h, "the recording was written to")
	trace, span := s.Trace(id, 0)
	return a.Request.Header, hex.EncodeToString(trace[:]), hex.EncodeToString(span[:])
}

func TestTheTraceStandsWhereTheRecordedOneStood(t *testing.T) {
	const other = "4bf92f3577b34da6a3ce929d0e0e4736"
	host, accept := capture.Field{Name: "Host", Value: "shop"}, capture.Field{Name: "Accept", Value: "*/*"}
	for name, tt := range map[string]struct {
		in   capture.Header
		want func(trace, span string) capture.Header
	}{
		"none": {capture.Header{host}, func(tr, sp string) capture.Header {
			return capture.Header{host, {Name: "traceparent", Value: "00-" + tr + "-" + sp + "-01"}}
		}},
		"traceparent that is not sampled, and tracestate": {
			capture.Header{host, {Name: "TraceParent", Value: "00-" + other + "-00f067aa0ba902b7-00"},
				{Name: "tracestate", Value: "congo=t61rcWkgMzE"}, accept},
			func(tr, sp string) capture.Header {
				return capture.Header{host, {Name: "TraceParent", Value: "00-" + tr + "-" + sp + "-01"}, accept}
			}},
		"b3 in one field": {capture.Header{{Name: "b3", Value: "0"}, host}, func(tr, sp string) capture.Header {
			return capture.Header{{Name: "b3", Value: tr + "-" + sp + "-1"}, host, {Name: "traceparent", Value: "00-" + tr + "-" + sp + "-01"}}
		}},
		"b3 in several, twice": {
			capture.Header{{Name: "X-B3-TraceId", Value: other}, {Name: "X-B3-SpanId", Value: "1"}, {Name: "X-B3-SpanId", Value: "2"},
				{Name: "X-B3-ParentSpanId", Value: "3"}, {Name: "X-B3-Flags", Value: "1"}, host},
			func(tr, sp string) capture.Header {
				return capture.Header{{Name: "X-B3-TraceId", Value: tr}, {Name: "X-B3-SpanId", Value: sp}, host,
					{Name: "x-b3-sampled", Value: "1"}, {Name: "traceparent", Value: "00-" + tr + "-" + sp + "-01"}}
			}},
		"jaeger and datadog": {
			capture.Header{{Name: "uber-trace-id", Value: "1:2:0:0"}, {Name: "x-datadog-trace-id", Value: "12"},
				{Name: "X-Datadog-Tags", Value: "a"}, {Name: "uberctx-user", Value: "keep"}, {Name: "baggage", Value: "a=b"}},
			func(tr, sp string) capture.Header {
				return capture.Header{{Name: "uber-trace-id", Value: tr + ":" + sp + ":0:1"}, {Name: "uberctx-user", Value: "keep"},
					{Name: "baggage", Value: "a=b"}, {Name: "traceparent", Value: "00-" + tr + "-" + sp + "-01"}}
			}},
	} {
		t.Run(name, func(t *testing.T) {
			got, trace, span := sent(t, tt.in)
			assert.Equal(t, tt.want(trace, span), got)
			gotTrace, gotSpan := capture.TraceOf(got)
			assert.Equal(t, trace, gotTrace)
			assert.Equal(t, span, gotSpan)
		})
	}
}

func TestTracesDifferBySideKeyExchangeAndCopy(t *testing.T) {
	type trace struct {
		trace [16]byte
		span  [8]byte
	}
	seen := map[trace]bool{}
	for _, side := range []replay.Side{replay.Base, replay.Branch, replay.Control, ""} {
		for _, k := range [][16]byte{{}, key} {
			for _, e := range []capture.ID{{}, id, id.Plus(1)} {
				for copies := range uint64(3) {
					a, b := New(side, k, nil).Trace(e, copies)
					c, d := New(side, k, nil).Trace(e, copies)
					assert.Equal(t, trace{a, b}, trace{c, d}, "the same again")
					seen[trace{a, b}] = true
				}
			}
		}
	}
	assert.Len(t, seen, 4*2*3*3)
}

func TestWhateverTheHeaderItNamesTheNewTraceAlone(t *testing.T) {
	names := rapid.SampledFrom([]string{"traceparent", "Traceparent", "tracestate", "b3", "B3", "X-B3-TraceId", "x-b3-spanid",
		"X-B3-Sampled", "x-b3-flags", "uber-trace-id", "x-datadog-parent-id", "Host", "x-request-id", "", "x", "X-B3-", "t", "b"})
	rapid.Check(t, func(t *rapid.T) {
		var h, kept capture.Header
		for range rapid.IntRange(0, 8).Draw(t, "fields") {
			f := capture.Field{Name: names.Draw(t, "name"), Value: rapid.String().Draw(t, "value")}
			if h = append(h, f); kindOf(f.Name) == keep {
				kept = append(kept, f)
			}
		}
		trace, span := New(replay.Branch, key, nil).Trace(id, 1)
		out := enter(h, trace, span)
		gotTrace, gotSpan := capture.TraceOf(out)
		require.Equal(t, hex.EncodeToString(trace[:]), gotTrace)
		require.Equal(t, hex.EncodeToString(span[:]), gotSpan)
		var left capture.Header
		for _, f := range out {
			if kindOf(f.Name) == keep {
				left = append(left, f)
			}
		}
		require.Equal(t, kept, left)
	})
}

func BenchmarkSend(b *testing.B) {
	h := capture.Header{{Name: "Host", Value: "shop.example"}, {Name: "Accept", Value: "application/json"},
		{Name: "User-Agent", Value: "test"}, {Name: "Traceparent", Value: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
		{Name: "Content-Type", Value: "application/json"}, {Name: "X-Request-Id", Value: "1"}, {Name: "Cookie", Value: "a=b"}}
	recorded := &capture.Exchange{ID: id}
	recorded.Request.Header = h
	s := New(replay.Base, key, replay.SenderFunc(func(context.Context, *replay.Ask) replay.Answer { return replay.Answer{} }))
	ask := &replay.Ask{Recorded: recorded}
	b.ReportAllocs()
	for b.Loop() {
		ask.Request = recorded.Request
		s.Send(context.Background(), ask)
	}
}

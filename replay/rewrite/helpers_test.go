package rewrite

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
)

var recordedAt = time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC)

func parse(t testing.TB, text string) *Rules {
	t.Helper()
	rules, err := Parse("replay.yaml", []byte("version: 1\n"+text), func(name string) (string, bool) {
		v, ok := map[string]string{"TOKEN": "s3cret-token", "SECRET": "cl1ent-s3cret"}[name]
		return v, ok
	})
	require.NoError(t, err)
	return rules
}

func request(method, target, body string, fields ...string) capture.Request {
	r := capture.Request{Method: method, Target: target, Proto: "HTTP/1.1"}
	for i := 0; i < len(fields); i += 2 {
		r.Header = append(r.Header, capture.Field{Name: fields[i], Value: fields[i+1]})
	}
	r.Body, r.BodySize = []byte(body), int64(len(body))
	r.Start = recordedAt
	return r
}

// sent returns what the side is sent for the request, and demands that the
// recording stays as it is.
func sent(t testing.TB, rules *Rules, side replay.Side, req capture.Request) capture.Request {
	t.Helper()
	recorded := &capture.Exchange{Request: req}
	before := recorded.Clone()
	var got capture.Request
	next := replay.SenderFunc(func(_ context.Context, ask *replay.Ask) replay.Answer {
		got = ask.Request
		return replay.Answer{Request: ask.Request, Response: capture.Response{Status: 200}}
	})
	rules.Side(side, next).Send(t.Context(), &replay.Ask{Recorded: recorded, Request: recorded.Request})
	require.Equal(t, before, recorded)
	return got
}

func lines(h capture.Header) (out []string) {
	for _, f := range h {
		out = append(out, f.Name+": "+f.Value)
	}
	return out
}

// echo answers 200 with the request that it was given.
var echo = replay.SenderFunc(func(_ context.Context, ask *replay.Ask) replay.Answer {
	return replay.Answer{Request: ask.Request, Response: capture.Response{Status: 200}}
})

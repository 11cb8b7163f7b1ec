package correlate

import (
	"context"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
)

var t0 = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// names is a Namer for tests: a segment with a digit is a variable, and so is one
// below a collection that ends in s.
type names struct{}

func (names) Name(method, target string) string {
	list := strings.Split(strings.Trim(capture.PathOf(target), "/"), "/")
	for i := range list {
		if i > 0 && strings.HasSuffix(list[i-1], "s") && list[i] != "items" || strings.ContainsAny(list[i], "0123456789") {
			list[i] = "{id}"
		}
	}
	return method + " /" + strings.Join(list, "/")
}

// talk builds recordings: each exchange takes a millisecond and begins after the
// one before.
type talk struct {
	list  []*capture.Exchange
	index uint64
}

type message struct {
	header []string // "Name: value"
	body   string
	kind   string // media type; JSON by default
}

func (m message) build() capture.Message {
	var out capture.Message
	for _, h := range m.header {
		name, value, _ := strings.Cut(h, ": ")
		out.Header = append(out.Header, capture.Field{Name: name, Value: value})
	}
	if m.body != "" {
		kind := m.kind
		if kind == "" {
			kind = "application/json"
		}
		out.Header = append(out.Header, capture.Field{Name: "Content-Type", Value: kind})
		out.Body, out.BodySize = []byte(m.body), int64(len(m.body))
	}
	return out
}

func (k *talk) add(session, operation string, request message, status int, response message) *capture.Exchange {
	method, target, _ := strings.Cut(operation, " ")
	at := t0.Add(time.Duration(k.index) * 2 * time.Millisecond)
	e := &capture.Exchange{
		ID:       capture.NewID("test", session, t0, k.index),
		Request:  capture.Request{Method: method, Target: target, Proto: "HTTP/1.1", Message: request.build()},
		Response: capture.Response{Status: status, Proto: "HTTP/1.1", Message: response.build()},
		Context:  capture.Context{Connection: session, Index: k.index},
	}
	e.Request.Start, e.Request.End = at, at
	e.Response.Start, e.Response.End = at, at.Add(time.Millisecond)
	k.index++
	k.list = append(k.list, e)
	return e
}

func (k *talk) source() capture.Source {
	i := 0
	return capture.SourceFunc(func(_ context.Context, e *capture.Exchange) error {
		if i == len(k.list) {
			return io.EOF
		}
		*e = *k.list[i].Clone()
		i++
		return nil
	})
}

func (k *talk) learn() *Rules {
	l := NewLearner(names{})
	for _, e := range k.list {
		l.Observe(e)
	}
	return l.Rules()
}

func ruleTexts(r *Rules) []string {
	out := make([]string, len(r.List))
	for i, rule := range r.List {
		out[i] = rule.From.String() + " -> " + rule.To.String()
	}
	return out
}

// answering is a side that answers by a function.
func answering(f func(r *capture.Request) capture.Response) replay.Sender {
	return replay.SenderFunc(func(_ context.Context, ask *replay.Ask) replay.Answer {
		request := ask.Request
		return replay.Answer{Request: request, Response: f(&request)}
	})
}

// replayed runs the recording against sides and returns the outcomes.
func replayed(t require.TestingT, k *talk, c *Correlator, sides map[replay.Side]replay.Sender, change func(*replay.Runner)) []replay.Outcome {
	r := replay.Runner{AllowWrites: true, Linker: c}
	for name, s := range sides {
		r.Targets = append(r.Targets, replay.Target{Side: name, Sender: c.Side(name, s)})
	}
	if change != nil {
		change(&r)
	}
	var out []replay.Outcome
	require.NoError(t, r.Run(context.Background(), k.source(), func(o *replay.Outcome) error {
		own := replay.Outcome{Recorded: *o.Recorded.Clone()}
		own.Answers = append(own.Answers, o.Answers...)
		out = append(out, own)
		return nil
	}))
	return out
}

// counter gives numbers.
type counter struct{ n atomic.Int64 }

func (c *counter) next() int64 { return c.n.Add(1) }

func parse(t *testing.T, text string) *Rules {
	t.Helper()
	r, err := Parse([]byte(text), "replay.yaml")
	require.NoError(t, err)
	return r
}

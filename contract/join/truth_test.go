package join_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture/trace"
	"twinspect.dev/contract/join"
)

// scenario is traffic of customers who send no trace context, recorded before a
// service by a clock of its own.
type scenario struct {
	calls  int
	every  time.Duration // the mean time between two requests
	serial bool          // else they come at random
	paths  int
	ahead  time.Duration // the recorder's clock
	drift  float64       // and what it gains a second
	jitter time.Duration // the mean of what the network takes, exponential
	// spans and exchanges are the shares that are kept, context that of exchanges with
	// trace context.
	spans, exchanges, context float64
	connections               int // that the spans know, 0 for none
}

// play makes the traffic. The last bytes of an exchange's id and of its span are
// the call's number.
func (s scenario) play(seed uint64) input {
	rng := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // a test
	var in input
	at := time.Duration(0)
	wait := func(mean time.Duration) time.Duration { return time.Duration(rng.ExpFloat64() * float64(mean)) }
	for n := range s.calls {
		before, took, after := 100*time.Microsecond+wait(s.jitter), 300*time.Microsecond+wait(4*time.Millisecond), 80*time.Microsecond+wait(s.jitter)
		e := said(0, 0, 0, "edge", fmt.Sprintf("GET /p/%d", rng.IntN(s.paths)), 200, 0, 0)
		binary.BigEndian.PutUint32(e.ID[12:], uint32(n+1))
		ahead := s.ahead + time.Duration(s.drift*float64(at))
		e.Request.Start = epoch.Add(at + ahead)
		e.Request.End = e.Request.Start
		e.Response.Start = e.Request.Start.Add(before + took + after)
		e.Response.End = e.Response.Start
		e.Context.Connection = fmt.Sprint(n)
		sp := span(n+1, 0, server, "edge", "GET "+e.Request.Target, 200, 0, 0)
		sp.HTTP.Route = "/p/{id}"
		sp.Trace, sp.Start, sp.End = traceID(n+1), epoch.Add(at+before), epoch.Add(at+before+took)
		if s.connections > 0 {
			port := fmt.Sprint(40000 + n%s.connections)
			e.Context.Client = "10.0.0.1:" + port
			sp.Attributes = []trace.Attribute{{Key: "network.peer.address", Value: "10.0.0.1"}, {Key: "network.peer.port", Value: port}}
		}
		if rng.Float64() < s.context {
			sp.Parent = spanID(1 << 20)
			e.Context.TraceID, e.Context.SpanID = sp.Trace.String(), sp.Parent.String()
		}
		if rng.Float64() < s.spans {
			in.spans = append(in.spans, sp)
		}
		if rng.Float64() < s.exchanges {
			in.exchanges = append(in.exchanges, e)
		}
		if at += wait(s.every); s.serial {
			at += before + took + after
		}
	}
	return in
}

// judged tells how many exchanges could be joined by time, how many were, and how
// many of these wrongly.
func judged(t *testing.T, in input) (able, done, wrong int) {
	j, err := join.New(join.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	traced := make(map[uint32]bool)
	for i := range in.spans {
		require.NoError(t, j.AddSpan(&in.spans[i]))
		traced[binary.BigEndian.Uint32(in.spans[i].Trace[12:])] = true
	}
	for _, e := range in.exchanges {
		require.NoError(t, j.AddExchange(e))
		if e.Context.TraceID == "" && traced[binary.BigEndian.Uint32(e.ID[12:])] {
			able++
		}
	}
	require.NoError(t, j.Each(context.Background(), func(c *join.Chain) error {
		for _, l := range c.Calls {
			if l.How != join.ByTime {
				continue
			}
			done++
			if binary.BigEndian.Uint32(l.Exchange.ID[12:]) != binary.BigEndian.Uint32(c.Tree.Trace[12:]) {
				wrong++
			}
		}
		return nil
	}))
	account := j.Account()
	require.NoError(t, account.Balance())
	t.Logf("lost: %v", account[1].Dropped)
	require.NoError(t, j.Close())
	return able, done, wrong
}

func TestJoiningByTimeIsRightWhereItDecides(t *testing.T) {
	us := time.Microsecond
	for name, tt := range map[string]struct {
		s      scenario
		recall float64
	}{
		"one after the other":                   {scenario{calls: 1000, serial: true, every: 100 * us, paths: 20, jitter: 50 * us, spans: 1, exchanges: 1}, 0.98},
		"many at the same time":                 {scenario{calls: 2000, every: 500 * us, paths: 20, jitter: 100 * us, spans: 1, exchanges: 1}, 0.9},
		"very many, few paths":                  {scenario{calls: 2000, every: 200 * us, paths: 2, jitter: 300 * us, spans: 1, exchanges: 1}, 0},
		"recorder 3 s ahead":                    {scenario{calls: 1000, every: 2 * time.Millisecond, paths: 20, ahead: 3 * time.Second, jitter: 100 * us, spans: 1, exchanges: 1}, 0.95},
		"recorder 3 s ahead, some context":      {scenario{calls: 1000, every: 2 * time.Millisecond, paths: 20, ahead: 3 * time.Second, jitter: 100 * us, spans: 1, exchanges: 1, context: 0.2}, 0.95},
		"recorder 9 s behind, some context":     {scenario{calls: 1000, every: 2 * time.Millisecond, paths: 20, ahead: -9 * time.Second, jitter: 100 * us, spans: 1, exchanges: 1, context: 0.2}, 0.95},
		"drift of 50 ppm over 7 min":            {scenario{calls: 4000, every: 100 * time.Millisecond, paths: 20, drift: 50e-6, jitter: 200 * us, spans: 1, exchanges: 1}, 0.95},
		"drift, 3 s ahead, many":                {scenario{calls: 4000, every: 10 * time.Millisecond, paths: 10, ahead: 3 * time.Second, drift: 50e-6, jitter: 200 * us, spans: 1, exchanges: 1}, 0.9},
		"jitter of 5 ms":                        {scenario{calls: 2000, every: 5 * time.Millisecond, paths: 20, jitter: 5 * time.Millisecond, spans: 1, exchanges: 1}, 0.7},
		"half of the spans":                     {scenario{calls: 2000, every: 2 * time.Millisecond, paths: 20, jitter: 100 * us, spans: 0.5, exchanges: 1}, 0.8},
		"half of the exchanges":                 {scenario{calls: 2000, every: 2 * time.Millisecond, paths: 20, jitter: 100 * us, spans: 1, exchanges: 0.5}, 0.8},
		"half of both":                          {scenario{calls: 2000, every: 2 * time.Millisecond, paths: 20, jitter: 100 * us, spans: 0.5, exchanges: 0.5}, 0.5},
		"half of both, dense":                   {scenario{calls: 2000, every: 500 * us, paths: 5, jitter: 300 * us, spans: 0.5, exchanges: 0.5}, 0},
		"half of both, 3 s ahead, some context": {scenario{calls: 2000, every: 2 * time.Millisecond, paths: 20, ahead: 3 * time.Second, jitter: 100 * us, spans: 0.5, exchanges: 0.5, context: 0.2}, 0.5},
		"few, on connections":                   {scenario{calls: 40, every: 2 * time.Millisecond, paths: 1, jitter: 100 * us, spans: 1, exchanges: 1, connections: 40}, 0.95},
		"dense, on connections":                 {scenario{calls: 2000, every: 200 * us, paths: 1, jitter: 300 * us, spans: 1, exchanges: 1, connections: 50}, 0.95},
		"dense, half of both, on connections":   {scenario{calls: 2000, every: 200 * us, paths: 1, jitter: 300 * us, spans: 0.5, exchanges: 0.5, connections: 50}, 0},
		"no spans of theirs":                    {scenario{calls: 2000, every: 2 * time.Millisecond, paths: 20, jitter: 100 * us, spans: 0.02, exchanges: 0.5}, 0},
		"few, 30 s ahead":                       {scenario{calls: 40, every: 2 * time.Second, paths: 5, ahead: 30 * time.Second, jitter: 100 * us, spans: 1, exchanges: 1}, 0},
		"few, clocks alike":                     {scenario{calls: 40, every: 2 * time.Second, paths: 5, jitter: 100 * us, spans: 1, exchanges: 1}, 0.8},
		"very few, clocks alike":                {scenario{calls: 8, every: 2 * time.Second, paths: 5, jitter: 100 * us, spans: 1, exchanges: 1}, 0.5},
		"few, 1 s ahead, no spans of theirs":    {scenario{calls: 400, every: 200 * time.Millisecond, paths: 5, jitter: 100 * us, ahead: time.Second, spans: 0.05, exchanges: 0.5}, 0},
		"beyond what is searched, dense":        {scenario{calls: 2000, every: 2 * time.Millisecond, paths: 20, ahead: 30 * time.Second, jitter: 100 * us, spans: 1, exchanges: 1}, 0},
		"beyond what is searched, in part":      {scenario{calls: 1000, every: 20 * time.Millisecond, paths: 200, ahead: 20 * time.Second, jitter: 100 * us, spans: 1, exchanges: 1}, 0},
		"beyond what is searched":               {scenario{calls: 1000, every: 20 * time.Millisecond, paths: 20, ahead: 30 * time.Second, jitter: 100 * us, spans: 1, exchanges: 1}, 0},
	} {
		if tt.s.calls > mostCalls {
			continue
		}
		t.Run(name, func(t *testing.T) {
			var able, done, wrong int
			for seed := range uint64(truths) {
				a, d, w := judged(t, tt.s.play(seed+700))
				able, done, wrong = able+a, done+d, wrong+w
			}
			t.Logf("RESULT %-40s joined %6d of %6d, wrong %d: recall %.3f, precision %.4f", name, done, able, wrong, float64(done-wrong)/float64(max(able, 1)), 1-float64(wrong)/float64(max(done, 1)))
			assert.LessOrEqual(t, float64(wrong), 0.01*float64(done))
			assert.GreaterOrEqual(t, float64(done-wrong), tt.recall*float64(able))
		})
	}
}

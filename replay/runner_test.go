package replay_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
	"twinspect.dev/replay/pace"
)

// senderFunc makes a function a sender.
type senderFunc func(context.Context, *capture.Request) replay.Answer

func (f senderFunc) Send(ctx context.Context, ask *replay.Ask) replay.Answer {
	return f(ctx, &ask.Request)
}

// echo answers with the target of the request.
var echo = senderFunc(func(_ context.Context, req *capture.Request) replay.Answer {
	a := replay.Answer{Request: *req}
	a.Response.Status = 200
	a.Response.Body = []byte(req.Target)
	return a
})

// hanging answers when the run is interrupted.
var hanging = senderFunc(func(ctx context.Context, req *capture.Request) replay.Answer {
	<-ctx.Done()
	return replay.Answer{Request: *req, Fault: replay.Canceled}
})

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// recorded is the i-th exchange of the session.
func recorded(session string, i int) capture.Exchange {
	var e capture.Exchange
	e.ID = capture.NewID("test", session, start, uint64(i))
	e.Request.Method, e.Request.Target = "GET", fmt.Sprintf("/%s/%d", session, i)
	e.Request.Header = capture.Header{{Name: "Host", Value: "a"}}
	e.Request.Start = start.Add(time.Duration(i) * time.Millisecond)
	e.Context.Session = session
	return e
}

// source reads records: exchanges, and errors in between.
func source(records ...any) capture.Source {
	next := 0
	return capture.SourceFunc(func(ctx context.Context, e *capture.Exchange) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if next == len(records) {
			return io.EOF
		}
		next++
		switch r := records[next-1].(type) {
		case error:
			return r
		case capture.Exchange:
			*e = r
		}
		return nil
	})
}

func sides(s ...replay.Sender) []replay.Target {
	names := []replay.Side{replay.Base, replay.Control, replay.Branch}
	targets := make([]replay.Target, len(s))
	for i := range s {
		targets[i] = replay.Target{Side: names[i], Sender: s[i]}
	}
	return targets
}

// collect returns what each was given, as "target:answers".
func collect(out *[]string) func(*replay.Outcome) error {
	return func(o *replay.Outcome) error {
		line := o.Recorded.Request.Target + ":"
		for _, a := range o.Answers {
			line += fmt.Sprintf(" %s=%s%s", a.Side, a.Response.Body, a.Fault)
		}
		*out = append(*out, line)
		return nil
	}
}

func balanced(t *testing.T, r *replay.Runner) capture.Stats {
	t.Helper()
	account := r.Account()
	require.NoError(t, account.Balance())
	require.Len(t, account, 1)
	return account[0].Stats
}

// noLeak fails the test if goroutines are left at its end.
func noLeak(t *testing.T) {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
			require.True(t, time.Now().Before(end), "goroutines are left")
		}
	})
}

func TestRunAsksEverySideAndKeepsTheirOrder(t *testing.T) {
	noLeak(t)
	r := replay.Runner{Targets: sides(echo, echo, echo)}
	var got []string
	require.NoError(t, r.Run(context.Background(), source(recorded("a", 0), recorded("a", 1)), collect(&got)))
	assert.Equal(t, []string{"/a/0: base=/a/0 control=/a/0 branch=/a/0", "/a/1: base=/a/1 control=/a/1 branch=/a/1"}, got)
	assert.Equal(t, capture.Stats{Seen: 2, Written: 2}, balanced(t, &r))
	assert.Zero(t, r.Lateness(), "a run without a plan is never late")
}

func TestSidesAreAskedAtTheSameTime(t *testing.T) {
	var met sync.WaitGroup
	met.Add(3)
	meeting := senderFunc(func(ctx context.Context, req *capture.Request) replay.Answer {
		met.Done()
		met.Wait() // for the other two
		return echo(ctx, req)
	})
	r := replay.Runner{Targets: sides(meeting, meeting, meeting), InFlight: 1}
	var got []string
	require.NoError(t, r.Run(context.Background(), source(recorded("a", 0)), collect(&got)))
	assert.Len(t, got, 1)
}

func TestWhatIsNotSentIsCountedByReason(t *testing.T) {
	change := func(f func(*capture.Exchange)) capture.Exchange {
		e := recorded("a", 0)
		f(&e)
		return e
	}
	method := func(m string) capture.Exchange { return change(func(e *capture.Exchange) { e.Request.Method = m }) }
	records := []any{
		method("GET"), method("HEAD"), method("OPTIONS"), method("TRACE"), method("QUERY"),
		method("POST"), method("get"), method("DELETE"), method("CONNECT"),
		change(func(e *capture.Exchange) { e.Request.Incomplete = capture.Gap }),
		change(func(e *capture.Exchange) {
			e.Request.Header = capture.Header{{Name: "upgrade", Value: "websocket"}}
		}),
		change(func(e *capture.Exchange) { e.Context.Recorded = e.ID }),
		&capture.RecordError{Reason: "broken", Lost: 3, Err: errors.New("bad")},
	}
	var told []*capture.RecordError
	r := replay.Runner{Targets: sides(echo), Damaged: func(e *capture.RecordError) { told = append(told, e) }}
	var got []string
	require.NoError(t, r.Run(context.Background(), source(records...), collect(&got)))
	assert.Equal(t, capture.Stats{
		Seen: 15, Written: 5,
		Filtered: map[capture.Reason]uint64{replay.UnsafeMethod: 3, replay.Connect: 1, replay.IncompleteRequest: 1, replay.Upgrade: 1, replay.ReplayAnswer: 1},
		Dropped:  map[capture.Reason]uint64{"broken": 3},
	}, balanced(t, &r))
	assert.Len(t, told, 1)

	writes := replay.Runner{Targets: sides(echo), AllowWrites: true}
	require.NoError(t, writes.Run(context.Background(), source(records...), collect(&got)))
	assert.EqualValues(t, 8, balanced(t, &writes).Written)
}

func TestABusySessionIsPassedByOthers(t *testing.T) {
	release := make(chan struct{})
	slow := senderFunc(func(ctx context.Context, req *capture.Request) replay.Answer {
		if req.Target == "/slow/0" {
			<-release
		}
		return echo(ctx, req)
	})
	r := replay.Runner{Targets: sides(slow), InFlight: 2}
	var got []string
	err := r.Run(context.Background(), source(recorded("slow", 0), recorded("slow", 1), recorded("b", 0), recorded("b", 1)), func(o *replay.Outcome) error {
		if o.Recorded.Request.Target == "/b/1" {
			close(release)
		}
		return collect(&got)(o)
	})
	require.NoError(t, err)
	require.Len(t, got, 4)
	assert.Contains(t, got[0], "/b/0")
	assert.Contains(t, got[1], "/b/1")
	assert.Contains(t, got[3], "/slow/1")
}

// Whatever the sessions, the bounds and the order of answers: each exchange is
// answered once, one of a session at a time and in order, within the bounds.
func TestOrderAndBoundsHoldForAnyRecording(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		inFlight := rapid.IntRange(1, 5).Draw(t, "in flight")
		var records []any
		counts := make(map[string]int)
		for range rapid.IntRange(0, 60).Draw(t, "exchanges") {
			s := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "session")
			e := recorded(s, counts[s])
			e.Request.Body = make([]byte, rapid.IntRange(0, 40).Draw(t, "body"))
			counts[s]++
			records = append(records, e)
		}
		var now, most atomic.Int32
		var busy [4]atomic.Bool
		check := senderFunc(func(ctx context.Context, req *capture.Request) replay.Answer {
			n := now.Add(1)
			defer now.Add(-1)
			for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
			}
			b := &busy[req.Target[1]-'a']
			if b.Swap(true) {
				return replay.Answer{Fault: replay.Failed}
			}
			runtime.Gosched()
			b.Store(false)
			return echo(ctx, req)
		})
		r := replay.Runner{
			Targets: sides(check), InFlight: inFlight,
			ReadAhead: rapid.IntRange(0, 8).Draw(t, "ahead"), HeldBytes: rapid.Int64Range(1, 100).Draw(t, "bytes"),
		}
		if rapid.Bool().Draw(t, "planned") {
			r.Pacer = pace.Rate{PerSecond: 1e9}
		}
		next := make(map[string]int)
		require.NoError(t, r.Run(context.Background(), source(records...), func(o *replay.Outcome) error {
			s := o.Recorded.Context.Session
			require.Equal(t, fmt.Sprintf("/%s/%d", s, next[s]), string(o.Answers[0].Response.Body), o.Answers[0].Fault)
			next[s]++
			return nil
		}))
		require.Equal(t, counts, next)
		require.LessOrEqual(t, int(most.Load()), inFlight)
	})
}

func TestCancelingDeliversWhatWasAskedAndBalances(t *testing.T) {
	noLeak(t)
	for _, p := range []replay.Pacer{nil, pace.Rate{PerSecond: 1000}, pace.Recorded{Factor: 1e-6}} {
		ctx, cancel := context.WithCancel(context.Background())
		var asked atomic.Int32
		first := senderFunc(func(ctx context.Context, req *capture.Request) replay.Answer {
			if asked.Add(1) == 1 {
				return echo(ctx, req)
			}
			cancel()
			return hanging(ctx, req)
		})
		endless := capture.SourceFunc(func(ctx context.Context, e *capture.Exchange) error {
			*e = recorded("a", int(asked.Load()))
			return ctx.Err()
		})
		if _, slow := p.(pace.Recorded); slow {
			first = func(ctx context.Context, req *capture.Request) replay.Answer { cancel(); return echo(ctx, req) }
		}
		r := replay.Runner{Targets: sides(first), Pacer: p, InFlight: 4}
		var got []string
		require.ErrorIs(t, r.Run(ctx, endless, collect(&got)), context.Canceled)
		stats := balanced(t, &r)
		assert.EqualValues(t, len(got), stats.Written)
		assert.Equal(t, "/a/0: base=/a/0", got[0])
		for _, line := range got[1:] {
			assert.Contains(t, line, "base=canceled")
		}
	}
}

func TestAnErrorOfEachEndsTheRun(t *testing.T) {
	noLeak(t)
	full := errors.New("disk full")
	r := replay.Runner{Targets: sides(echo), InFlight: 3}
	var records []any
	for i := range 100 {
		records = append(records, recorded(fmt.Sprint("s", i), i))
	}
	calls := 0
	err := r.Run(context.Background(), source(records...), func(*replay.Outcome) error {
		if calls++; calls == 2 {
			return full
		}
		return nil
	})
	require.ErrorIs(t, err, full)
	assert.Equal(t, 2, calls)
	assert.EqualValues(t, 1, balanced(t, &r).Written)
}

func TestAFailingSourceEndsTheRunAfterWhatItGave(t *testing.T) {
	r := replay.Runner{Targets: sides(echo)}
	var got []string
	err := r.Run(context.Background(), source(recorded("a", 0), io.ErrUnexpectedEOF), collect(&got))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.ErrorContains(t, err, "read recording")
	assert.Len(t, got, 1)
	assert.EqualValues(t, 1, balanced(t, &r).Written)
}

func TestRecordedTimesBringBackTheOrderOfStarts(t *testing.T) {
	// In the order of their ends, as recorders write: the slow one last.
	records := []any{recorded("a", 10), recorded("b", 20), recorded("c", 0)}
	r := replay.Runner{Targets: sides(echo), Pacer: pace.Recorded{Factor: 0.1}, InFlight: 1}
	var got []string
	require.NoError(t, r.Run(context.Background(), source(records...), collect(&got)))
	order := strings.Join(got, " ")
	assert.Less(t, strings.Index(order, "/c/0"), strings.Index(order, "/b/20"))
	late := r.Lateness()
	assert.EqualValues(t, 3, late.Count)
	assert.EqualValues(t, 3, late.Histogram.TotalCount())
	assert.GreaterOrEqual(t, late.Max, 100*time.Millisecond, "it should have gone ten units before the first was read")
}

func TestOutcomesOfAnotherSourceMemoryStayIntact(t *testing.T) {
	// The source uses its memory again for each exchange, as it may.
	body, labels := make([]byte, 1), map[string]string{}
	n := 0
	src := capture.SourceFunc(func(_ context.Context, e *capture.Exchange) error {
		if n == 50 {
			return io.EOF
		}
		*e = recorded(fmt.Sprint("s", n%7), n)
		body[0], labels["n"] = byte(n), fmt.Sprint(n)
		e.Request.Body, e.Context.Labels = body, labels
		n++
		return nil
	})
	r := replay.Runner{Targets: sides(echo, echo)}
	require.NoError(t, r.Run(context.Background(), src, func(o *replay.Outcome) error {
		label := o.Recorded.Context.Labels["n"]
		assert.Equal(t, label, fmt.Sprint(o.Recorded.Request.Body[0]))
		assert.True(t, strings.HasSuffix(o.Recorded.Request.Target, "/"+label))
		return nil
	}))
}

func TestRunSaysWhatIsWrongWithItsSettings(t *testing.T) {
	for want, r := range map[string]*replay.Runner{
		"no target":                {},
		"needs a side":             {Targets: []replay.Target{{Side: replay.Base}}},
		"side base is given twice": {Targets: []replay.Target{{Side: replay.Base, Sender: echo}, {Side: replay.Base, Sender: echo}}},
		"must not be negative":     {Targets: sides(echo), InFlight: -1},
	} {
		assert.ErrorContains(t, r.Run(context.Background(), source(), nil), want)
	}
}

package sample

import (
	"context"
	"errors"
	"io"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/capture/capturetest"
)

func TestSourceConformsWhereEverythingIsKept(t *testing.T) {
	want := capturetest.Samples()
	capturetest.TestSource(t, func(testing.TB) capture.Source {
		return New(Config{Rate: 1}, sourceOf(want))
	}, want)
}

func TestSourceKeepsSessionsWholeAndBalances(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []*capture.Exchange
		for i, session := range rapid.SliceOfN(rapid.IntRange(0, 9), 0, 60).Draw(t, "sessions") {
			all = append(all, exchange(strconv.Itoa(session), "/x/"+strconv.Itoa(i), noon))
		}
		s := New(Config{Rate: rapid.Float64Range(0, 1).Draw(t, "rate")}, sourceOf(all))
		kept, left := map[string]int{}, map[string]int{}
		for _, e := range all {
			left[e.Context.Session]++
		}
		for _, e := range drain(t, s) {
			kept[e.Context.Session]++
		}
		for session, n := range kept {
			require.Equal(t, left[session], n)
		}
		require.NoError(t, s.Account().Balance())
	})
}

func TestAccountTellsTheReasonsApart(t *testing.T) {
	var all []*capture.Exchange
	for i := range 1000 {
		all = append(all, exchange(strconv.Itoa(i), "/", noon))
	}
	s := New(Config{Rate: 0.5}, sourceOf(all))
	s.SetFactor(0.5)
	n := uint64(len(drain(t, s)))
	account := s.Account()
	require.NoError(t, account.Balance())
	require.Len(t, account, 2)
	stage := account[1]
	assert.Equal(t, "sample", stage.Name)
	assert.Equal(t, "exchanges", stage.Unit)
	assert.Equal(t, n, stage.Written)
	assert.InDelta(t, 250, n, 70)
	assert.InDelta(t, 250, stage.Filtered[Limit], 70)
	assert.InDelta(t, 500, stage.Filtered[SampledOut], 80)
	assert.Equal(t, stage, s.Stage())
}

func TestSourceFoldsOperationsOrAsksForThem(t *testing.T) {
	all := []*capture.Exchange{
		exchange("a", "/products/1", noon), exchange("b", "/products/2", noon), exchange("c", "/carts/2", noon),
		exchange("d", "/carts/3", time.Time{}),
	}
	require.Len(t, drain(t, New(Config{Quota: 1}, sourceOf(all))), 2)
	one := func(_, _ string) string { return "one" }
	require.Len(t, drain(t, New(Config{Quota: 1, Operation: one}, sourceOf(all))), 1)
}

func TestDamagedRecordsPassThrough(t *testing.T) {
	damage := &capture.RecordError{Reason: "torn", Lost: 1, Err: errors.New("torn")}
	s := New(Config{Rate: 1}, capture.SourceFunc(func(context.Context, *capture.Exchange) error { return damage }))
	require.ErrorIs(t, s.ReadExchange(t.Context(), new(capture.Exchange)), damage)
	require.Zero(t, s.Stage().Seen)
}

func TestSettingsAndAccountFromOtherGoroutines(t *testing.T) {
	endless := &list{endless: true, all: []*capture.Exchange{exchange("a", "/", noon), exchange("b", "/", noon)}}
	s := New(Config{Rate: 1}, endless)
	ctx, cancel := context.WithCancel(t.Context())
	var reader sync.WaitGroup
	reader.Go(func() {
		var e capture.Exchange
		for s.ReadExchange(ctx, &e) == nil {
		}
	})
	for i := range 200 {
		s.SetConfig(Config{Rate: float64(i%2) / 2})
		s.SetFactor(0.5)
		s.SetConfig(Config{Rate: 1, Quota: i % 3})
		account := s.Account()
		require.Len(t, account, 2)
		require.NoError(t, account.Balance())
	}
	cancel()
	reader.Wait()
	account := s.Account()
	require.Equal(t, account[0].Written, account[1].Seen)
}

func TestAccountDoesNotWaitForAQuietSource(t *testing.T) {
	reading := make(chan struct{})
	s := New(Config{Rate: 1}, capture.SourceFunc(func(ctx context.Context, _ *capture.Exchange) error {
		close(reading)
		<-ctx.Done()
		return ctx.Err()
	}))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.ReadExchange(ctx, new(capture.Exchange)) }()
	<-reading
	require.Len(t, s.Account(), 1)
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
}

func exchange(session, target string, at time.Time) *capture.Exchange {
	e := &capture.Exchange{Context: capture.Context{Session: session}}
	e.Request.Method, e.Request.Target, e.Request.Start = "GET", target, at
	return e
}

// list is a source that keeps an account.
type list struct {
	all     []*capture.Exchange
	next    int
	endless bool
	stats   capture.Stats
}

func sourceOf(all []*capture.Exchange) *list { return &list{all: all} }

func (l *list) ReadExchange(ctx context.Context, e *capture.Exchange) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if l.next == len(l.all) {
		if !l.endless {
			return io.EOF
		}
		l.next = 0
	}
	*e = *l.all[l.next].Clone()
	l.next++
	l.stats.Seen++
	l.stats.Written++
	return nil
}

func (l *list) Account() capture.Account {
	return capture.Account{{Name: "list", Unit: "exchanges", Stats: l.stats}}
}

func drain(t interface {
	require.TestingT
	Context() context.Context
}, src capture.Source) (all []*capture.Exchange) {
	for {
		var e capture.Exchange
		err := src.ReadExchange(t.Context(), &e)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		all = append(all, &e)
	}
}

func BenchmarkReadExchange(b *testing.B) {
	e := exchange("10.1.2.3:40000-10.1.2.4:8080", "/products/42/reviews?sort=new", noon)
	i := 0
	s := New(Config{Rate: 0.01, Quota: 10}, capture.SourceFunc(func(_ context.Context, to *capture.Exchange) error {
		if i++; i%2 == 0 {
			return io.EOF // what is filtered comes with every second read
		}
		*to = *e
		return nil
	}))
	var to capture.Exchange
	b.ReportAllocs()
	for b.Loop() {
		_ = s.ReadExchange(b.Context(), &to)
	}
}

package spool_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/spool"
)

var errAway = errors.New("connection refused")

// fake is a broker that answers as it is told to.
type fake struct {
	mu    sync.Mutex
	away  bool
	hang  bool
	judge func(i int, e *capture.Exchange) error
	calls int
	// first holds what was acknowledged, in the order of first delivery.
	first   []*capture.Exchange
	times   map[capture.ID]int
	refused map[capture.ID]error
}

func newFake() *fake {
	return &fake{times: make(map[capture.ID]int), refused: make(map[capture.ID]error)}
}

func (f *fake) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fake) Produce(ctx context.Context, batch []*capture.Exchange) []error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if f.hang {
		f.mu.Unlock()
		<-ctx.Done()
		f.mu.Lock()
		return fill(len(batch), ctx.Err())
	}
	if f.away {
		return fill(len(batch), errAway)
	}
	errs := make([]error, len(batch))
	for i, e := range batch {
		errs[i] = f.take(i, e)
	}
	return errs
}

func (f *fake) take(i int, e *capture.Exchange) error {
	err := f.refused[e.ID] // for ever: it may be given again before that is counted
	if err == nil && f.judge != nil {
		err = f.judge(i, e)
	}
	var refused *capture.RefusedError
	switch {
	case errors.As(err, &refused):
		f.refused[e.ID] = err
	case err == nil:
		if f.times[e.ID]++; f.times[e.ID] == 1 {
			f.first = append(f.first, e.Clone())
		}
	}
	return err
}

func fill(n int, err error) []error {
	errs := make([]error, n)
	for i := range errs {
		errs[i] = err
	}
	return errs
}

// got lists what was acknowledged, in the order of first delivery.
func (f *fake) got() []uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []uint64
	for _, e := range f.first {
		list = append(list, e.Context.Index)
	}
	return list
}

// numbered is the i-th exchange, with a body of that size.
func numbered(i uint64, body int) *capture.Exchange {
	e := &capture.Exchange{}
	e.ID = capture.ID([]byte(fmt.Sprintf("%016d", i)))
	e.Request.Method, e.Request.Target, e.Request.Proto = "GET", "/orders/"+strconv.FormatUint(i, 10), "HTTP/1.1"
	e.Request.Header = capture.Header{{Name: "Host", Value: "shop"}, {Name: "Accept", Value: "*/*"}}
	e.Response.Status, e.Response.Proto = 200, "HTTP/1.1"
	e.Response.Header = capture.Header{{Name: "Content-Type", Value: "application/json"}}
	e.Response.Body = make([]byte, body)
	for k := range e.Response.Body { // does not compress
		e.Response.Body[k] = byte(uint64(k)*2654435761*(i+1)>>7 ^ uint64(k*k)>>3)
	}
	e.Response.BodySize = int64(body)
	e.Context.Agent, e.Context.Connection, e.Context.Index = "agent", "c"+strconv.FormatUint(i%4, 10), i
	return e
}

func write(t testing.TB, s *spool.Sink, from, to uint64, body int) {
	t.Helper()
	for i := from; i < to; i++ {
		require.NoError(t, s.WriteExchange(context.Background(), numbered(i, body)))
	}
}

func upTo(n uint64) []uint64 {
	list := make([]uint64, n)
	for i := range list {
		list[i] = uint64(i)
	}
	return list
}

// account returns the one stage, which balances.
func account(t testing.TB, s *spool.Sink) capture.Stats {
	t.Helper()
	a := s.Account()
	require.Len(t, a, 1)
	require.NoError(t, a.Balance())
	return a[0].Stats
}

func open(t testing.TB, c spool.Config) *spool.Sink {
	t.Helper()
	s, err := spool.New(c)
	require.NoError(t, err)
	return s
}

// ended is a context that has ended: a shutdown with it ships nothing more.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// until waits for a condition; inside a synctest bubble its time passes at once.
func until(t testing.TB, holds func() bool) {
	t.Helper()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for limit := time.After(time.Hour); !holds(); {
		select {
		case <-again.C:
		case <-limit:
			t.Fatal("the condition does not hold")
		}
	}
}

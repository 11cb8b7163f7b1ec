package capturetest

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

// patience bounds a wait that does not end by itself where the thing under test
// is broken.
const patience = 10 * time.Second

// TestSource checks that the sources which open returns keep the contract of
// [capture.Source] and give exactly want, without a [*capture.RecordError].
// Each subtest opens one of its own. Where the source is a [capture.Accounted],
// its account must balance and its last stage have written all of want.
func TestSource(t *testing.T, open func(t testing.TB) capture.Source, want []*capture.Exchange) {
	t.Helper()
	t.Run("gives every exchange in order", func(t *testing.T) {
		require.Empty(t, Diff(want, ReadAll(t, open(t))))
	})
	t.Run("stays at the end", func(t *testing.T) {
		src := open(t)
		ReadAll(t, src)
		for range 3 {
			require.ErrorIs(t, src.ReadExchange(t.Context(), new(capture.Exchange)), io.EOF)
		}
	})
	t.Run("overwrites the whole exchange", func(t *testing.T) {
		src := open(t)
		for i, w := range want {
			e := dirty()
			require.NoError(t, src.ReadExchange(t.Context(), e))
			require.Empty(t, Diff(w, e), "exchange %d", i)
		}
	})
	t.Run("leaves clones as they are", func(t *testing.T) { clonesStay(t, open(t), want) })
	t.Run("lets the caller change what it was given", func(t *testing.T) {
		src := open(t)
		var e capture.Exchange
		for i, w := range want {
			require.NoError(t, src.ReadExchange(t.Context(), &e))
			require.Empty(t, Diff(w, &e), "exchange %d", i)
			scribble(&e)
		}
	})
	t.Run("returns the error of a canceled context", func(t *testing.T) { canceled(t, open(t)) })
	t.Run("keeps an account that balances", func(t *testing.T) { balances(t, open(t), want) })
}

func clonesStay(t *testing.T, src capture.Source, want []*capture.Exchange) {
	var e capture.Exchange
	var clones []*capture.Exchange
	for range want {
		require.NoError(t, src.ReadExchange(t.Context(), &e))
		clones = append(clones, e.Clone())
	}
	require.Error(t, src.ReadExchange(t.Context(), &e))
	require.Empty(t, Diff(want, clones))
}

func canceled(t *testing.T, src capture.Source) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	done := make(chan error, 1)
	go func() { done <- src.ReadExchange(ctx, new(capture.Exchange)) }()
	select {
	case err := <-done:
		require.ErrorIs(t, err, context.Canceled)
	case <-time.After(patience):
		require.Fail(t, "ReadExchange does not return although its context is canceled")
	}
}

func balances(t *testing.T, src capture.Source, want []*capture.Exchange) {
	var e capture.Exchange
	for i := 0; ; i++ {
		require.NoError(t, capture.AccountOf(src).Balance(), "after %d exchanges", i)
		err := src.ReadExchange(t.Context(), &e)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
	}
	account := capture.AccountOf(src)
	require.NoError(t, account.Balance())
	if _, ok := src.(capture.Accounted); ok {
		require.NotEmpty(t, account, "Account is implemented but empty")
		last := account[len(account)-1]
		assert.EqualValues(t, len(want), last.Written, "written by stage %s", last.Name)
		if len(last.Dropped) > 0 || len(last.Filtered) > 0 {
			assert.Greater(t, last.Seen, last.Written)
		}
	}
}

// Waiting checks that a source which waits for its next exchange returns when
// the context is canceled. open returns a source that has nothing to give, such
// as one that reads a pipe nobody writes to.
func Waiting(t *testing.T, open func(t testing.TB) capture.Source) {
	t.Helper()
	src := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- src.ReadExchange(ctx, new(capture.Exchange)) }()
	cancel()
	select {
	case err := <-done:
		require.ErrorIs(t, err, context.Canceled)
	case <-time.After(patience):
		require.Fail(t, "ReadExchange goes on waiting although its context is canceled")
	}
}

// TestSink checks that a sink keeps the contract of [capture.Sink]. open returns
// a new one, and a function that is called after the sink is closed, if it is
// an io.Closer, and returns what it was given.
func TestSink(t *testing.T, open func(t testing.TB) (capture.Sink, func() []*capture.Exchange)) {
	t.Helper()
	t.Run("takes every exchange in order", func(t *testing.T) {
		sink, taken := open(t)
		want := Samples()
		for _, e := range want {
			require.NoError(t, sink.WriteExchange(t.Context(), e))
		}
		closeSink(t, sink)
		require.Empty(t, Diff(want, taken()))
	})
	t.Run("keeps no memory of the caller", func(t *testing.T) {
		sink, taken := open(t)
		want := Samples()
		for _, w := range want {
			e := w.Clone()
			require.NoError(t, sink.WriteExchange(t.Context(), e))
			scribble(e)
		}
		closeSink(t, sink)
		require.Empty(t, Diff(want, taken()))
	})
	t.Run("does not change what it is given", func(t *testing.T) {
		sink, _ := open(t)
		for _, w := range Samples() {
			e := w.Clone()
			require.NoError(t, sink.WriteExchange(t.Context(), e))
			require.Empty(t, Diff(w, e))
		}
		closeSink(t, sink)
	})
	t.Run("returns the error of a canceled context", func(t *testing.T) {
		sink, _ := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, sink.WriteExchange(ctx, Samples()[0]), context.Canceled)
		closeSink(t, sink)
	})
	t.Run("holds nothing when nothing was written", func(t *testing.T) {
		sink, taken := open(t)
		closeSink(t, sink)
		require.Empty(t, taken())
	})
}

// TestSourceSink checks a sink together with the source that reads what it
// keeps. open returns a new sink, and a function that opens the source once the
// sink is closed; that may be called again and again.
func TestSourceSink(t *testing.T, open func(t testing.TB) (capture.Sink, func() capture.Source)) {
	t.Helper()
	t.Run("sink", func(t *testing.T) {
		TestSink(t, func(t testing.TB) (capture.Sink, func() []*capture.Exchange) {
			sink, source := open(t)
			return sink, func() []*capture.Exchange { return ReadAll(t, source()) }
		})
	})
	t.Run("source", func(t *testing.T) {
		TestSource(t, func(t testing.TB) capture.Source {
			sink, source := open(t)
			for _, e := range Samples() {
				require.NoError(t, sink.WriteExchange(context.Background(), e))
			}
			closeSink(t, sink)
			return source()
		}, Samples())
	})
}

// ReadAll reads src to its end. Anything but exchanges fails the test.
func ReadAll(t testing.TB, src capture.Source) []*capture.Exchange {
	t.Helper()
	var all []*capture.Exchange
	var e capture.Exchange
	for {
		err := src.ReadExchange(context.Background(), &e)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		all = append(all, e.Clone())
	}
}

func closeSink(t testing.TB, sink capture.Sink) {
	t.Helper()
	if c, ok := sink.(io.Closer); ok {
		require.NoError(t, c.Close())
	}
}

package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/capturetest"
	"twinspect.dev/capture/packet"
)

func TestMergedKeepsTheContract(t *testing.T) {
	open := func(t testing.TB) capture.Source {
		empty := &attentive{}
		m := NewMerged(New(Config{Agent: "test"}, &attentive{several()}), New(Config{Agent: "test"}, empty))
		t.Cleanup(func() { assert.NoError(t, m.Close()) })
		return m
	}
	want := capturetest.ReadAll(t, New(Config{Agent: "test"}, &attentive{several()}))
	capturetest.TestSource(t, open, want)
}

// talks is n sources that each have the exchanges of a conversation in a network
// of their own.
func talks(n int) []*Source {
	sources := make([]*Source, n)
	for i := range sources {
		segs := several()
		for j := range segs {
			segs[j].Network += uint64(100 * i)
		}
		sources[i] = New(Config{}, &attentive{segs})
	}
	return sources
}

func TestMergedGivesTheExchangesOfAllSourcesOnce(t *testing.T) {
	m := NewMerged(talks(5)...)
	all := capturetest.ReadAll(t, m)
	require.NoError(t, m.Close())
	ids := make(map[capture.ID]bool)
	for _, e := range all {
		ids[e.ID] = true
	}
	assert.Len(t, all, 20)
	account := m.Account()
	require.NoError(t, account.Balance())
	for _, stage := range account {
		assert.Zero(t, stage.Open, stage.Name)
	}
	last := account[len(account)-1]
	assert.Equal(t, "merge", last.Name)
	assert.EqualValues(t, 20, last.Written)
	assert.EqualValues(t, 20, account[len(account)-2].Written)
	require.ErrorIs(t, m.ReadExchange(t.Context(), new(capture.Exchange)), io.EOF, "Close does not hide the end")
}

// waiting gives its segments and then waits until the context is done.
type waiting struct{ segments }

func (w *waiting) ReadSegment(ctx context.Context, s *packet.Segment) error {
	if len(w.segments) > 0 {
		return w.segments.ReadSegment(ctx, s)
	}
	<-ctx.Done()
	return ctx.Err()
}

func TestMergedCanceledGivesWhatIsOpenAndThenTheError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMerged(New(Config{}, &waiting{talk()}), New(Config{}, &waiting{}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var e capture.Exchange
		require.NoError(t, m.ReadExchange(ctx, &e))
		assert.True(t, e.Complete())
		require.NoError(t, m.ReadExchange(ctx, &e), "it waits for the deadline")
		assert.Equal(t, capture.EndOfCapture, e.Request.Incomplete)
		for range 2 {
			require.ErrorIs(t, m.ReadExchange(context.Background(), &e), context.DeadlineExceeded)
		}
		require.NoError(t, m.Close())
		require.NoError(t, m.Account().Balance())
	})
}

func TestMergedCloseUnblocksTheReaderAndCountsWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMerged(New(Config{}, &waiting{talk()}), New(Config{}, &waiting{several()}))
		var e capture.Exchange
		require.NoError(t, m.ReadExchange(t.Context(), &e))
		synctest.Wait() // four are complete, one was read
		require.NoError(t, m.Close())
		require.ErrorIs(t, m.ReadExchange(t.Context(), &e), os.ErrClosed)
		require.NoError(t, m.Close())
		account := m.Account()
		require.NoError(t, account.Balance())
		last := account[len(account)-1]
		assert.EqualValues(t, 1, last.Written)
		assert.EqualValues(t, 5, last.Dropped[ClosedEarly])

		idle := NewMerged(New(Config{}, &waiting{}))
		ended := make(chan error, 1)
		go func() { ended <- idle.ReadExchange(context.Background(), new(capture.Exchange)) }()
		synctest.Wait()
		require.NoError(t, idle.Close())
		require.ErrorIs(t, <-ended, os.ErrClosed)

		never := NewMerged(New(Config{}, &waiting{talk()}))
		require.NoError(t, never.Close())
		require.ErrorIs(t, never.ReadExchange(t.Context(), &e), os.ErrClosed)
	})
}

func TestMergedEndsAllSourcesWhereOneFails(t *testing.T) {
	broken := errors.New("broken")
	m := NewMerged(New(Config{}, &then{err: broken}), New(Config{}, &waiting{talk()}))
	defer m.Close()
	var e capture.Exchange
	err := m.ReadExchange(t.Context(), &e)
	for err == nil {
		err = m.ReadExchange(t.Context(), &e)
	}
	require.ErrorIs(t, err, broken)
	require.NoError(t, m.Account().Balance())
}

func TestMergedPassesDamageOn(t *testing.T) {
	m := NewMerged(New(Config{}, &damaged{segments: talk()}), New(Config{}, &attentive{}))
	defer m.Close()
	stats, err := capture.Copy(t.Context(), capture.SinkFunc(func(context.Context, *capture.Exchange) error { return nil }), m, nil)
	require.NoError(t, err)
	assert.EqualValues(t, 1, stats.Dropped["damaged-record"])
	assert.EqualValues(t, 2, stats.Written)
}

func TestMergedTellsItsAccountToAnyGoroutineAtAnyTime(t *testing.T) {
	m := NewMerged(talks(4)...)
	defer m.Close()
	var scrapes sync.WaitGroup
	stop := make(chan struct{})
	for range 2 {
		scrapes.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					assert.NoError(t, m.Account().Balance())
				}
			}
		})
	}
	assert.Len(t, capturetest.ReadAll(t, m), 16)
	close(stop)
	scrapes.Wait()
}

// ticking gives its segments, and then ticks of time until it is told to end.
type ticking struct {
	segments
	now time.Time
}

func (s *ticking) ReadSegment(ctx context.Context, seg *packet.Segment) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(s.segments) > 0 {
		err := s.segments.ReadSegment(ctx, seg)
		s.now = seg.Time
		return err
	}
	s.now = s.now.Add(100 * time.Millisecond)
	*seg = packet.Segment{Time: s.now}
	return packet.ErrIdle
}

// A response with a hole in it waits for the rest until time has passed.
func TestAGapIsGivenUpWithoutFurtherPackets(t *testing.T) {
	c := &conversation{}
	c.open()
	c.segment(0, packet.ACK, []byte(asked))
	c.segment(1, packet.ACK, []byte(answered[:20]))
	c.pos[1] += 15 // not captured
	c.segment(1, packet.ACK, []byte(answered[35:]))
	c.segment(0, packet.ACK, nil)
	s := New(Config{}, &ticking{segments: c.list.stamp()})
	var e capture.Exchange
	require.NoError(t, s.ReadExchange(t.Context(), &e))
	assert.Equal(t, "/a", e.Request.Target)
	assert.Equal(t, capture.Gap, e.Response.Incomplete)
}

// A response that lasts until its connection ends is over with a reset, which
// waits for segments that it may have overtaken.
func TestAResetEndsAResponseWithoutFurtherPackets(t *testing.T) {
	c := &conversation{}
	c.open()
	c.segment(0, packet.ACK, []byte(asked))
	c.segment(1, packet.ACK, []byte("HTTP/1.1 200 OK\r\n\r\nuntil the end"))
	c.segment(1, packet.RST|packet.ACK, nil)
	s := New(Config{}, &ticking{segments: c.list.stamp()})
	var e capture.Exchange
	require.NoError(t, s.ReadExchange(t.Context(), &e))
	assert.Equal(t, "until the end", string(e.Response.Body))
	assert.Equal(t, capture.Reset, e.Response.Incomplete)
}

// BenchmarkHandOver compares the ways to hand an exchange to another goroutine.
func BenchmarkHandOver(b *testing.B) {
	for _, size := range []int{300, 16 << 10} {
		e := &capture.Exchange{Response: capture.Response{Message: capture.Message{
			Header: make(capture.Header, 6), Body: make([]byte, size),
		}}}
		e.Request.Header = make(capture.Header, 6)
		b.Run(fmt.Sprintf("clone %d", size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				e.Clone()
			}
		})
		b.Run(fmt.Sprintf("queue %d", size), func(b *testing.B) {
			b.ReportAllocs()
			q := newQueue(1)
			for b.Loop() {
				q.put(e, nil)
				it, _ := q.take(true)
				q.release(it)
			}
		})
	}
}

package spool_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/capturetest"
	"twinspect.dev/capture/spool"
)

func TestASinkKeepsTheContract(t *testing.T) {
	capturetest.TestSink(t, func(t testing.TB) (capture.Sink, func() []*capture.Exchange) {
		f := newFake()
		f.judge = func(_ int, e *capture.Exchange) error { f.times[e.ID] = 0; return nil } // samples may share an ID
		return open(t, spool.Config{Producer: f, Dir: t.TempDir()}), func() []*capture.Exchange { return f.first }
	})
}

func TestWhatTheBrokerDoesNotTakeWaitsOnDiskInOrder(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.away = true
		s := open(t, spool.Config{Producer: f, Dir: dir, SegmentSize: 20 << 10, BatchCount: 10})
		write(t, s, 0, 100, 1000)
		time.Sleep(time.Second)
		write(t, s, 100, 150, 1000)
		time.Sleep(time.Second)

		state := s.State()
		assert.False(t, state.BrokerUp)
		assert.Equal(t, errAway.Error(), state.LastError)
		assert.EqualValues(t, 150, state.SpooledExchanges)
		assert.Zero(t, state.QueuedBytes)
		assert.False(t, state.OldestSpooled.IsZero())
		assert.EqualValues(t, 150, account(t, s).Open)
		files, err := filepath.Glob(filepath.Join(dir, "*.twin"))
		require.NoError(t, err)
		assert.Greater(t, len(files), 2, "segments")
		for _, name := range files {
			info, err := os.Stat(name)
			require.NoError(t, err)
			assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		}

		f.set(func() { f.away = false })
		time.Sleep(time.Minute)
		write(t, s, 150, 160, 1000)
		time.Sleep(time.Second)
		assert.True(t, s.State().BrokerUp)
		assert.Zero(t, s.State().SpooledBytes)
		require.NoError(t, s.Close())
		assert.Equal(t, upTo(160), f.got())
		assert.Equal(t, capture.Stats{Seen: 160, Written: 160}, account(t, s))
		files, err = filepath.Glob(filepath.Join(dir, "*.twin"))
		require.NoError(t, err)
		assert.Empty(t, files)
	})
}

func TestABrokerThatDoesNotAnswerCountsAsAway(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.hang = true
		s := open(t, spool.Config{Producer: f, Dir: dir})
		write(t, s, 0, 10, 100)
		time.Sleep(1900 * time.Millisecond)
		assert.True(t, s.State().BrokerUp)
		write(t, s, 10, 20, 100)
		time.Sleep(time.Second)
		assert.False(t, s.State().BrokerUp)
		assert.EqualValues(t, 20, s.State().SpooledExchanges, "what is in flight is on disk too")
		require.NoError(t, s.Shutdown(ended()))
		assert.EqualValues(t, 20, account(t, s).Open)

		back := newFake()
		s = open(t, spool.Config{Producer: back, Dir: dir})
		require.NoError(t, s.Close())
		assert.Equal(t, upTo(20), back.got())
		assert.Equal(t, capture.Stats{Seen: 20, Written: 20}, account(t, s))
	})
}

func TestASlowBrokerDoesNotFillTheQueue(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.hang = true
		s := open(t, spool.Config{Producer: f, Dir: dir, QueueBytes: 100 << 10, Stall: time.Hour})
		for i := range uint64(100) {
			write(t, s, 10*i, 10*i+10, 1000)
			synctest.Wait()
		}
		assert.Empty(t, account(t, s).Dropped)
		assert.True(t, s.State().BrokerUp)
		require.NoError(t, s.Shutdown(ended()))
		assert.EqualValues(t, 1000, account(t, s).Open)
	})
}

func TestRefusedExchangesAreCountedAndNotTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.judge = func(_ int, e *capture.Exchange) error {
			switch {
			case e.Context.Index%5 == 0:
				return &capture.RefusedError{Reason: spool.ReasonTooLarge, Err: errors.New("1048577 bytes")}
			case e.Context.Index%7 == 0 && f.calls == 1:
				return errAway
			}
			return nil
		}
		s := open(t, spool.Config{Producer: f})
		write(t, s, 0, 20, 10)
		require.NoError(t, s.Close())
		assert.Equal(t, capture.Stats{Seen: 20, Written: 16, Dropped: map[capture.Reason]uint64{"message-too-large": 4}}, account(t, s))
		assert.Len(t, f.got(), 16)
		assert.Equal(t, 2, f.calls)
	})
}

func TestAProducerThatAnswersForTheWrongNumberIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		s := open(t, spool.Config{Producer: producer(func(context.Context, []*capture.Exchange) []error {
			if calls++; calls == 1 {
				return []error{}
			}
			return nil
		})})
		write(t, s, 0, 3, 10)
		require.NoError(t, s.Close())
		assert.EqualValues(t, 3, account(t, s).Written)
		assert.Equal(t, 2, calls)
	})
}

type producer func(context.Context, []*capture.Exchange) []error

func (p producer) Produce(ctx context.Context, batch []*capture.Exchange) []error {
	return p(ctx, batch)
}

func TestWhatHasNoRoomIsDroppedUnderTheReason(t *testing.T) {
	cases := map[string]struct {
		config spool.Config
		disk   bool
		body   int
		reason capture.Reason
	}{
		"no disk":               {config: spool.Config{QueueBytes: 20 << 10}, body: 1000, reason: spool.ReasonQueueFull},
		"little disk":           {config: spool.Config{QueueBytes: 20 << 10, MaxDisk: 40 << 10}, disk: true, body: 1000, reason: spool.ReasonSpoolFull},
		"filesystem full":       {config: spool.Config{QueueBytes: 20 << 10, MinFree: 1 << 60}, disk: true, body: 1000, reason: spool.ReasonDiskFull},
		"larger than queue":     {config: spool.Config{QueueBytes: 20 << 10}, body: 30 << 10, reason: spool.ReasonTooLarge},
		"folder was taken away": {config: spool.Config{QueueBytes: 20 << 10}, disk: true, body: 1000, reason: spool.ReasonDiskError},
	}
	for name, c := range cases {
		dir := filepath.Join(t.TempDir(), "spool")
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				f.away = true
				c.config.Producer = f
				if c.disk {
					c.config.Dir = dir
				}
				s := open(t, c.config)
				if c.reason == spool.ReasonDiskError {
					require.NoError(t, os.RemoveAll(dir))
				}
				for i := range uint64(200) {
					write(t, s, i, i+1, c.body)
					time.Sleep(20 * time.Millisecond)
				}
				stats := account(t, s)
				assert.NotZero(t, stats.Dropped[c.reason], "%v", stats)
				if c.disk {
					assert.Equal(t, c.reason, s.State().Blocked)
				}
				f.set(func() { f.away = false })
				time.Sleep(time.Minute)
				write(t, s, 1000, 1001, 10)
				assert.NoError(t, s.Close())
				stats = account(t, s)
				assert.Equal(t, stats.Seen, stats.Written+stats.Lost())
				got := f.got()
				assert.EqualValues(t, stats.Written, len(got))
				assert.Equal(t, uint64(1000), got[len(got)-1], "it goes on")
				assert.IsIncreasing(t, got)
				if c.reason != spool.ReasonTooLarge {
					assert.Equal(t, upTo(uint64(len(got)-1)), got[:len(got)-1], "the oldest are kept")
				}
			})
		})
	}
}

func TestAttemptsBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		begin := time.Now()
		s := open(t, spool.Config{
			Producer: producer(func(_ context.Context, batch []*capture.Exchange) []error {
				at = append(at, time.Since(begin))
				return fill(len(batch), errAway)
			}),
			Linger: time.Millisecond,
			Retry:  spool.Retry{Min: 100 * time.Millisecond, Max: time.Second},
		})
		write(t, s, 0, 1, 10)
		time.Sleep(10 * time.Second)
		require.Error(t, s.Shutdown(ended()))
		for i, limit := range []time.Duration{100, 200, 400, 800, 1000, 1000, 1000} {
			wait := at[i+1] - at[i]
			assert.LessOrEqual(t, wait, limit*time.Millisecond)
			assert.GreaterOrEqual(t, wait, limit*time.Millisecond/2)
		}
		assert.Equal(t, map[capture.Reason]uint64{spool.ReasonShutdown: 1}, account(t, s).Dropped)
	})
}

func TestAfterShutdownNothingIsTaken(t *testing.T) {
	s := open(t, spool.Config{Producer: newFake()})
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	require.ErrorIs(t, s.WriteExchange(t.Context(), numbered(0, 1)), os.ErrClosed)
	assert.Zero(t, account(t, s).Seen)
}

func TestShutdownWithoutBrokerDoesNotUseUpItsTime(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.away = true
		s := open(t, spool.Config{Producer: f, Dir: dir})
		write(t, s, 0, 5, 10)
		begin := time.Now()
		require.NoError(t, s.Close())
		assert.Less(t, time.Since(begin), time.Second)
		assert.EqualValues(t, 5, account(t, s).Open)
	})
}

func TestTwoSinksCannotShareAFolder(t *testing.T) {
	dir := t.TempDir()
	s := open(t, spool.Config{Producer: newFake(), Dir: dir})
	_, err := spool.New(spool.Config{Producer: newFake(), Dir: dir})
	require.ErrorContains(t, err, "another process uses the folder")
	require.NoError(t, s.Close())
	require.NoError(t, open(t, spool.Config{Producer: newFake(), Dir: dir}).Close())
}

func TestWrongConfigurationIsRefused(t *testing.T) {
	for _, c := range []spool.Config{
		{},
		{Producer: newFake(), MaxDisk: -1},
		{Producer: newFake(), Linger: -1},
		{Producer: newFake(), QueueBytes: 2 << 30},
		{Producer: newFake(), Retry: spool.Retry{Min: time.Hour, Max: time.Second}},
	} {
		_, err := spool.New(c)
		assert.Error(t, err)
	}
}

func TestShutdownUsesItsTimeForWhatTheDiskDoesNotTake(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.away = true
		s := open(t, spool.Config{Producer: f, Dir: dir, MinFree: 1 << 60})
		write(t, s, 0, 5, 10)
		time.AfterFunc(5*time.Second, func() { f.set(func() { f.away = false }) })
		require.NoError(t, s.Close())
		assert.Equal(t, capture.Stats{Seen: 5, Written: 5}, account(t, s))
	})
}

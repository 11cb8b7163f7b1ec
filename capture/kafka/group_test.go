package kafka_test

import (
	"context"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"twinspect.dev/capture"
	"twinspect.dev/capture/capturetest"
	"twinspect.dev/capture/kafka"
)

// worker reads its source to the end and notes what it was given.
type worker struct {
	src *kafka.Source
	ids []capture.ID
	err error
}

func (w *worker) run(ctx context.Context) {
	var e capture.Exchange
	for {
		if w.err = w.src.ReadExchange(ctx, &e); w.err != nil {
			return
		}
		w.ids = append(w.ids, e.ID)
	}
}

func distinct(workers ...*worker) int {
	all := make(map[capture.ID]bool)
	for _, w := range workers {
		for _, id := range w.ids {
			all[id] = true
		}
	}
	return len(all)
}

func waitForMembers(t testing.TB, c *kfake.Cluster, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err := c.WaitGroupStable(ctx, "g", n)
	require.NoError(t, err)
}

// quick makes deaths and commits show soon.
var quick = kafka.SourceOptions{SessionTimeout: time.Second, CommitEvery: 20 * time.Millisecond}

func groupCluster(t testing.TB, partitions int32) (*kfake.Cluster, kafka.Target) {
	c, cfg := cluster(t, partitions, kfake.GroupMinSessionTimeout(100*time.Millisecond))
	return c, kafka.Target{Config: cfg, Group: "g"}
}

func TestWorkersShareTheWindowAndEndTogether(t *testing.T) {
	c, target := groupCluster(t, 4)
	publish(t, target.Config, recording(2000, 50)...)
	one := &worker{src: open(t, target, quick)}
	w := one.src.Window()
	target.Window = &w
	two := &worker{src: open(t, target, quick)}
	waitForMembers(t, c, 2)

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() { one.run(ctx) })
	wg.Go(func() { two.run(ctx) })
	wg.Wait()
	require.ErrorIs(t, one.err, io.EOF)
	require.ErrorIs(t, two.err, io.EOF)
	assert.Equal(t, 2000, distinct(one, two))
	assert.Equal(t, 2000, len(one.ids)+len(two.ids), "nobody died, so nothing came twice")
	assert.NotEmpty(t, one.ids)
	assert.NotEmpty(t, two.ids)
	for _, s := range []*kafka.Source{one.src, two.src} {
		done, total := s.Progress()
		assert.Equal(t, total, done)
	}
	assert.EqualValues(t, 2000, stage(t, one.src).Written+stage(t, two.src).Written)
}

func TestWhatADeadWorkerHadNotProcessedIsGivenToAnother(t *testing.T) {
	c, target := groupCluster(t, 4)
	publish(t, target.Config, recording(1000, 50)...)
	manual := quick
	manual.Manual = true
	dying := &worker{src: open(t, target, manual)}
	surviving := &worker{src: open(t, target, quick)}
	waitForMembers(t, c, 2)

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() { surviving.run(ctx) })
	var e capture.Exchange
	for i := range 100 {
		require.NoError(t, dying.src.ReadExchange(ctx, &e))
		if i < 30 {
			dying.src.Processed(e.ID)
			dying.ids = append(dying.ids, e.ID)
		}
	}
	require.NoError(t, dying.src.Close())
	require.ErrorIs(t, dying.src.ReadExchange(ctx, &e), kafka.ErrClosed)
	wg.Wait()
	require.ErrorIs(t, surviving.err, io.EOF)
	assert.Equal(t, 1000, distinct(dying, surviving))
}

func TestAnOffsetIsCommittedOnlyAfterItsExchangeWasProcessed(t *testing.T) {
	c, target := groupCluster(t, 1)
	all := recording(10, 1)
	publish(t, target.Config, all...)
	manual := quick
	manual.Manual = true
	src, err := kafka.Open(t.Context(), target, manual)
	require.NoError(t, err)
	var e capture.Exchange
	for range 5 {
		require.NoError(t, src.ReadExchange(t.Context(), &e))
	}
	for _, i := range []int{0, 1, 3} { // the third holds the fourth back
		src.Processed(all[i].ID)
	}
	require.NoError(t, src.Close())
	assert.EqualValues(t, 2, c.GroupInfo("g").Commits[topic][0].Offset)

	again := open(t, target, quick)
	assert.Equal(t, targets(all[2:]), targets(capturetest.ReadAll(t, again)))
}

func TestTooManyOutstandingHoldTheReaderBack(t *testing.T) {
	_, target := groupCluster(t, 1)
	all := recording(10, 1)
	publish(t, target.Config, all...)
	o := quick
	o.Manual, o.Outstanding = true, 3
	src := open(t, target, o)
	var e capture.Exchange
	for range 3 {
		require.NoError(t, src.ReadExchange(t.Context(), &e))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, src.ReadExchange(ctx, &e), context.DeadlineExceeded)
	src.Processed(all[0].ID)
	require.NoError(t, src.ReadExchange(t.Context(), &e))
	assert.Equal(t, all[3].ID, e.ID)
}

func TestAWorkerStandsByUntilTheOthersAreDone(t *testing.T) {
	c, target := groupCluster(t, 1)
	all := recording(10, 1)
	publish(t, target.Config, all...)
	working := &worker{src: open(t, target, quick)}
	var e capture.Exchange
	require.NoError(t, working.src.ReadExchange(t.Context(), &e))
	idle := &worker{src: open(t, target, quick)}
	waitForMembers(t, c, 2)

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() { idle.run(ctx) })
	wg.Go(func() { working.run(ctx) })
	wg.Wait()
	require.ErrorIs(t, working.err, io.EOF)
	require.ErrorIs(t, idle.err, io.EOF)
}

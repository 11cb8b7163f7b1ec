package shard_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/capture/kafka"
	"twinspect.dev/diff/shard"
	"twinspect.dev/diff/shard/store"
)

func stage(t testing.TB, a capture.Account, name string) capture.Stats {
	t.Helper()
	for _, s := range a {
		if s.Name == name {
			return s.Stats
		}
	}
	require.Fail(t, "no stage", "%s in %v", name, a)
	return capture.Stats{}
}

func TestWorkersShareTheWindowAndTheMergeCountsEachExchangeOnce(t *testing.T) {
	_, cfg := cluster(t, 4)
	all := recording(1000, 37)
	publish(t, cfg, all...)
	p, s := planned(t, cfg, 60), folder(t)
	var to sides
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var wg sync.WaitGroup
	last := make([]shard.Progress, 3)
	for i := range last {
		wg.Go(func() {
			w := worker(p, cfg, s, &to)
			w.Progress = func(p shard.Progress) { last[i] = p }
			assert.NoError(t, w.Run(ctx))
		})
	}
	wg.Wait()

	got, r := merged(t, s, p)
	assertOnce(t, all, got)
	assert.True(t, r.Complete())
	assert.LessOrEqual(t, to.total-1000, int(r.Resent), "a worker that joins late takes chunks away")
	assert.Equal(t, capture.Stats{Seen: 1000, Written: 1000}, stage(t, r.Account, "chunks"))
	assert.Equal(t, capture.Stats{Seen: 1000, Written: 1000}, stage(t, r.Account, "kafka"))
	assert.EqualValues(t, 1000, stage(t, r.Account, "replay").Written)
	own := 0
	for _, p := range last {
		own += p.Own
		assert.Equal(t, r.Chunks, p.Stored)
		assert.EqualValues(t, 1000, p.Offsets)
	}
	assert.Equal(t, r.Chunks, own)
	assertInOrder(t, all, &to)
}

// assertInOrder holds the first sending of each exchange to its session's order.
func assertInOrder(t testing.TB, all []*capture.Exchange, to *sides) {
	t.Helper()
	want := make(map[string][]capture.ID)
	for _, e := range all {
		want[e.SessionKey()] = append(want[e.SessionKey()], e.ID)
	}
	assert.Equal(t, want, to.order)
}

func TestAWorkerThatFindsAllStoredSendsNothing(t *testing.T) {
	_, cfg := cluster(t, 2)
	publish(t, cfg, recording(100, 10)...)
	p, s := planned(t, cfg, 30), folder(t)
	var first, second sides
	require.NoError(t, worker(p, cfg, s, &first).Run(t.Context()))
	require.NoError(t, worker(p, cfg, s, &second).Run(t.Context()))
	assert.Equal(t, 100, first.total)
	assert.Zero(t, second.total)
}

func TestAnEmptyWindowIsDoneAtOnce(t *testing.T) {
	_, cfg := cluster(t, 2)
	p, s := planned(t, cfg, 30), folder(t)
	require.NoError(t, worker(p, cfg, s, new(sides)).Run(t.Context()))
	_, r := merged(t, s, p)
	assert.True(t, r.Complete())
}

func TestAWorkerThatIsStoppedStoresNothingHalfAndSaysWhatItSent(t *testing.T) {
	_, cfg := cluster(t, 1)
	all := recording(100, 10)
	publish(t, cfg, all...)
	p, s := planned(t, cfg, 40), folder(t)
	ctx, cancel := context.WithCancel(t.Context())
	stopped := &sides{sending: func(n int) {
		if n == 50 { // in the second chunk
			cancel()
		}
	}}
	require.ErrorIs(t, worker(p, cfg, s, stopped).Run(ctx), context.Canceled)

	_, r := merged(t, s, p)
	assert.Equal(t, []shard.Chunk{{Partition: 0, From: 40, To: 80}, {Partition: 0, From: 80, To: 100}}, r.Missing)
	assert.False(t, r.Complete())
	assert.Equal(t, capture.Stats{
		Seen: 100, Written: 40, Dropped: map[capture.Reason]uint64{shard.NotWorked: 60},
	}, stage(t, r.Account, "chunks"))

	require.NoError(t, worker(p, cfg, s, new(sides)).Run(t.Context()))
	got, r := merged(t, s, p)
	assertOnce(t, all, got)
	assert.Equal(t, 1, r.Attempts)
	assert.LessOrEqual(t, r.Resent, uint64(20), "the worker said how much it had sent")
	assert.GreaterOrEqual(t, r.Resent, uint64(10))
}

func TestWhatAKilledWorkerMayHaveSentIsAssumed(t *testing.T) {
	_, cfg := cluster(t, 1)
	all := recording(100, 10)
	publish(t, cfg, all...)
	p, s := planned(t, cfg, 40), folder(t)
	ctx, kill := context.WithCancel(t.Context())
	killed := &sides{sending: func(n int) {
		if n == 50 {
			kill()
		}
	}}
	require.Error(t, worker(p, cfg, mortal{s, ctx}, killed).Run(ctx))
	require.NoError(t, worker(p, cfg, s, new(sides)).Run(t.Context()))
	got, r := merged(t, s, p)
	assertOnce(t, all, got)
	assert.Equal(t, 1, r.Attempts)
	assert.EqualValues(t, 40, r.Resent)
}

func TestADuplicateIsLeftOutAcrossChunksWhoeverWorksOnThem(t *testing.T) {
	_, cfg := cluster(t, 1)
	all := recording(30, 1)
	publish(t, cfg, all[:20]...)
	publish(t, cfg, all[10:]...) // ten of them again
	p, s := planned(t, cfg, 8), folder(t)
	ctx, kill := context.WithCancel(t.Context())
	first := &sides{sending: func(n int) {
		if n == 18 {
			kill()
		}
	}}
	require.Error(t, worker(p, cfg, mortal{s, ctx}, first).Run(ctx))
	require.NoError(t, worker(p, cfg, s, new(sides)).Run(t.Context()))
	got, r := merged(t, s, p)
	assertOnce(t, all, got)
	assert.EqualValues(t, 10, stage(t, r.Account, "duplicates").Filtered[kafka.Duplicate])
}

func TestAnErrorOfARunnerEndsTheWorker(t *testing.T) {
	_, cfg := cluster(t, 1)
	publish(t, cfg, recording(10, 1)...)
	p, s := planned(t, cfg, 5), folder(t)
	w := worker(p, cfg, s, new(sides))
	w.Runner = func(context.Context, int) (shard.Runner, error) { return nil, errDead }
	err := w.Run(t.Context())
	require.ErrorIs(t, err, errDead)
	assert.ErrorContains(t, err, "work on chunk 0:0-5")
}

// scenario is how a run goes: workers are killed at any time, and a part of the
// recording comes twice.
type scenario struct {
	partitions       int32
	exchanges, again int
	chunk            int64
	kills            []int
}

var scenarios = rapid.Custom(func(t *rapid.T) scenario {
	n := rapid.IntRange(0, 300).Draw(t, "exchanges")
	return scenario{
		partitions: rapid.Int32Range(1, 4).Draw(t, "partitions"),
		exchanges:  n,
		again:      rapid.IntRange(0, n).Draw(t, "again"),
		chunk:      max(rapid.Int64Range(1, 100).Draw(t, "chunk"), int64(n)/50+1),
		kills:      rapid.SliceOfN(rapid.IntRange(1, 200), 1, 4).Draw(t, "kills"),
	}
})

func TestWhoeverIsKilledEachExchangeIsCountedOnce(t *testing.T) {
	for seed := range 16 {
		s := scenarios.Example(seed)
		t.Run(fmt.Sprintf("%+v", s), func(t *testing.T) { s.check(t) })
	}
}

func (x scenario) check(t *testing.T) {
	_, cfg := cluster(t, x.partitions)
	all := recording(x.exchanges, 11)
	if x.exchanges > 0 {
		publish(t, cfg, all...)
		publish(t, cfg, all[x.exchanges-x.again:]...)
	}
	p, s := planned(t, cfg, x.chunk), folder(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	sent := mortals(ctx, t, p, cfg, s, x.kills)

	got, r := merged(t, s, p)
	assertOnce(t, all, got)
	assert.True(t, r.Complete())
	assert.EqualValues(t, x.exchanges+x.again, stage(t, r.Account, "chunks").Written)
	assert.LessOrEqual(t, sent-x.exchanges, int(r.Resent), "what was sent again is bounded")
}

func TestAPartitionThatMovesIsGoneOnWithByItsNewWorker(t *testing.T) {
	_, cfg := cluster(t, 2)
	all := recording(200, 20)
	publish(t, cfg, all...)
	p, s := planned(t, cfg, 30), folder(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	began, moved := make(chan struct{}), make(chan struct{})
	one := &sides{wait: moved, sending: func(n int) {
		if n == 5 {
			close(began)
		}
	}}
	two := &sides{sending: func(n int) {
		if n == 1 {
			close(moved)
		}
	}}
	var wg sync.WaitGroup
	last := make([]shard.Progress, 2)
	run := func(i int, to *sides) {
		w := worker(p, cfg, s, to)
		w.Progress = func(p shard.Progress) { last[i] = p }
		assert.NoError(t, w.Run(ctx))
	}
	wg.Go(func() { run(0, one) })
	<-began
	wg.Go(func() { run(1, two) })
	wg.Wait()
	got, r := merged(t, s, p)
	assertOnce(t, all, got)
	assert.Equal(t, 1, r.Attempts, "the chunk that was taken away")
	assert.Positive(t, last[0].Own)
	assert.Positive(t, last[1].Own)
	assert.LessOrEqual(t, one.total+two.total-200, int(r.Resent))
}

// overtaken is a store in which another worker has stored each chunk just before.
type overtaken struct{ store.Store }

func (o overtaken) Put(ctx context.Context, name string, data []byte) error {
	if strings.HasSuffix(name, ".partial") {
		if err := o.Store.Put(ctx, name, data); err != nil {
			return err
		}
	}
	return o.Store.Put(ctx, name, data)
}

func TestAChunkThatAnotherHasStoredMeanwhileIsCountedOnce(t *testing.T) {
	_, cfg := cluster(t, 1)
	all := recording(50, 5)
	publish(t, cfg, all...)
	p, s := planned(t, cfg, 20), folder(t)
	var last shard.Progress
	w := worker(p, cfg, overtaken{s}, new(sides))
	w.Progress = func(p shard.Progress) { last = p }
	require.NoError(t, w.Run(t.Context()))
	got, _ := merged(t, s, p)
	assertOnce(t, all, got)
	assert.Equal(t, 3, last.Twice)
	assert.Zero(t, last.Own)
	assert.Empty(t, last.Account)
}

func TestAWorkerNeedsItsParts(t *testing.T) {
	require.ErrorContains(t, new(shard.Worker).Run(t.Context()), "are needed")
}

func TestAWorkerRefusesTheRunOfAnotherPlan(t *testing.T) {
	_, cfg := cluster(t, 1)
	publish(t, cfg, recording(100, 10)...)
	p, s := planned(t, cfg, 30), folder(t)
	require.NoError(t, worker(p, cfg, s, new(sides)).Run(t.Context()))
	var to sides
	p.Pace = "x2"
	err := worker(p, cfg, s, &to).Run(t.Context())
	require.ErrorIs(t, err, shard.ErrForeign)
	assert.ErrorContains(t, err, "give this run another name")
	assert.Zero(t, to.total)
}

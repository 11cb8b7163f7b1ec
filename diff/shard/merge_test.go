package shard_test

import (
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/diff/run"
	"twinspect.dev/diff/shard"
	"twinspect.dev/diff/shard/store"
	"twinspect.dev/replay"
)

// stored returns a run of 100 exchanges in five chunks that is done.
func stored(t testing.TB) (*shard.Plan, store.Store) {
	t.Helper()
	_, cfg := cluster(t, 1)
	publish(t, cfg, recording(100, 7)...)
	p, s := planned(t, cfg, 20), folder(t)
	require.NoError(t, worker(p, cfg, s, new(sides)).Run(t.Context()))
	return p, s
}

// changed is a store in which one object is another one.
type changed struct {
	store.Store
	name   string
	change func([]byte) []byte
}

func (c changed) Get(ctx context.Context, name string) ([]byte, error) {
	data, err := c.Store.Get(ctx, name)
	if name == c.name {
		data = c.change(data)
	}
	return data, err
}

const secondPartial = "run-1/p0000000000-o0000000000000000020.partial"

func TestADamagedObjectIsNamedOrCountedAsLost(t *testing.T) {
	p, s := stored(t)
	other, err := s.Get(t.Context(), "run-1/p0000000000-o0000000000000000000.partial")
	require.NoError(t, err)
	for name, change := range map[string]func([]byte) []byte{
		"cut":           func(b []byte) []byte { return b[:len(b)/2] },
		"empty":         func([]byte) []byte { return nil },
		"a bit turned":  func(b []byte) []byte { b[len(b)/3] ^= 1; return b },
		"another chunk": func([]byte) []byte { return other },
	} {
		t.Run(name, func(t *testing.T) {
			bad := changed{s, secondPartial, change}
			_, err := shard.Merge(t.Context(), bad, p, new(ids), shard.MergeOptions{})
			require.ErrorContains(t, err, secondPartial)
			var into ids
			r, err := shard.Merge(t.Context(), bad, p, &into, shard.MergeOptions{SkipDamaged: true})
			require.NoError(t, err)
			assert.False(t, r.Complete())
			assert.Equal(t, []shard.Chunk{{Partition: 0, From: 20, To: 40}}, r.Skipped)
			assert.Len(t, into.seen, 80)
			assert.Equal(t, map[capture.Reason]uint64{shard.Damaged: 20}, stage(t, r.Account, "chunks").Dropped)
			require.NoError(t, r.Account.Balance())
		})
	}
}

func TestTheObjectsOfAnotherPlanAreRefused(t *testing.T) {
	p, s := stored(t)
	p.Pace = "x2"
	_, err := shard.Merge(t.Context(), s, p, new(ids), shard.MergeOptions{SkipDamaged: true})
	require.ErrorIs(t, err, shard.ErrForeign)
	p.Pace, p.Chunk = "", 30
	_, err = shard.Merge(t.Context(), s, p, new(ids), shard.MergeOptions{})
	require.ErrorIs(t, err, shard.ErrForeign)
	p.Chunk = 20
	require.NoError(t, s.Put(t.Context(), "run-1/p-else", []byte("x")))
	_, err = shard.Merge(t.Context(), s, p, new(ids), shard.MergeOptions{})
	require.ErrorContains(t, err, "is no object of run")
}

// named names every operation alike.
type named struct{}

func (named) Name(method, _ string) string { return method + " /items/{id}" }

func TestTheReportOfWorkersIsThatOfOne(t *testing.T) {
	_, cfg := cluster(t, 3)
	all := recording(400, 23)
	publish(t, cfg, all...)
	p, s := planned(t, cfg, 50), folder(t)
	judge := func() *run.Judge { return run.NewJudge(run.Config{Namer: named{}}) }
	w := worker(p, cfg, s, nil)
	w.Judge = func(shard.Runner) (shard.Judge, error) { return shard.Counts{Judge: judge()}, nil }
	w.Runner = func(context.Context, int) (shard.Runner, error) { return pair(), nil }
	require.NoError(t, w.Run(t.Context()))
	many := judge()
	_, err := shard.Merge(t.Context(), s, p, shard.Counts{Judge: many}, shard.MergeOptions{})
	require.NoError(t, err)

	one, i := judge(), 0
	src := capture.SourceFunc(func(_ context.Context, e *capture.Exchange) error {
		if i == len(all) {
			return io.EOF
		}
		*e = *all[i].Clone()
		i++
		return nil
	})
	require.NoError(t, run.Replay(t.Context(), pair(), src, one, nil))
	want, got := one.Report(), many.Report()
	assert.Equal(t, want.Verdict, got.Verdict)
	assert.Equal(t, diff.Fail, got.Verdict)
	assert.Equal(t, want.Sides, got.Sides)
	assert.Equal(t, want.Operations[0].Compared, got.Operations[0].Compared)
	require.Len(t, got.Differences, len(want.Differences))
	assert.Equal(t, want.Differences[0].Counts, got.Differences[0].Counts)
	assert.Equal(t, want.Differences[0].EValue, got.Differences[0].EValue)
}

// pair asks a base and a branch that differ in every third answer.
func pair() *replay.Runner {
	answers := func(status func(ask *replay.Ask) int) replay.Sender {
		return replay.SenderFunc(func(_ context.Context, ask *replay.Ask) replay.Answer {
			return replay.Answer{Request: ask.Request, Response: capture.Response{Status: status(ask)}}
		})
	}
	return &replay.Runner{Targets: []replay.Target{
		{Side: replay.Base, Sender: answers(func(*replay.Ask) int { return 200 })},
		{Side: replay.Branch, Sender: answers(func(ask *replay.Ask) int { return 200 + int(ask.Recorded.ID[15]%3)/2*300 })},
	}}
}

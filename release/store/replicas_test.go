package store

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
)

func replicasAgree(t *testing.T, db database) {
	ctx, url := t.Context(), db(t)
	one, two := opened(t, url), opened(t, url)
	at := func(minutes int) release.Verdict {
		return verdict(release.Promote, noon, release.Reason{Line: minutes})
	}
	record := func(s *Store, v release.Verdict) (release.Record, bool) {
		rec, changed, err := s.Record(ctx, v)
		require.NoError(t, err)
		return rec, changed
	}
	first, changed := record(one, at(1))
	require.True(t, changed)
	same, changed := record(two, at(1))
	require.False(t, changed)
	require.Equal(t, first.ID, same.ID)
	_, changed = record(two, at(2))
	require.True(t, changed)
	_, changed = record(one, at(1))
	require.True(t, changed, "the other one said otherwise since")

	e := pushed(t, one, "shop", "sha256:1", 1)
	again, doc := of("shop", "sha256:1", 1)
	added, err := two.AddEvidence(ctx, again, doc)
	require.NoError(t, err)
	require.False(t, added)
	for _, s := range []*Store{one, two} {
		c, err := s.Case(ctx, question)
		require.NoError(t, err)
		require.Equal(t, []release.Evidence{*e}, c.Evidence)
	}
}

// eventsInOrder has a reader go on from the last ID that it has seen, while writers of
// two replicas commit: it misses nothing.
func eventsInOrder(t *testing.T, db database) {
	ctx, url := t.Context(), db(t)
	stores := []*Store{opened(t, url), opened(t, url)}
	const writers, each = 8, 12
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range each {
				e, doc := of("shop", fmt.Sprint("sha256:", w), i)
				_, err := stores[w%2].AddEvidence(ctx, e, doc)
				assert.NoError(t, err)
			}
		})
	}
	var written atomic.Bool
	go func() { group.Wait(); written.Store(true) }()
	defer group.Wait()
	var after int64
	var seen int
	for last := false; !last; {
		last = written.Load()
		events, err := stores[0].Events(ctx, after, MaxLimit)
		require.NoError(t, err)
		for _, e := range events {
			require.Greater(t, e.ID, after)
			after = e.ID
			seen++
		}
	}
	require.Equal(t, writers*each, seen)
	id, err := stores[1].LastEvent(ctx)
	require.NoError(t, err)
	require.Equal(t, after, id)
}

func asksCounted(t *testing.T, db database) {
	ctx, url := t.Context(), db(t)
	stores := []*Store{opened(t, url), opened(t, url)}
	const askers, each = 8, 25
	var group sync.WaitGroup
	var changes atomic.Int64
	for a := range askers {
		group.Go(func() {
			for range each {
				_, changed, err := stores[a%2].Record(ctx, verdict(release.Hold, noon))
				assert.NoError(t, err)
				if changed {
					changes.Add(1)
				}
			}
		})
	}
	group.Wait()
	require.EqualValues(t, 1, changes.Load())
	for _, s := range stores {
		require.NoError(t, s.Close())
	}
	all, err := opened(t, url).Records(ctx, RecordFilter{})
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.EqualValues(t, askers*each, all[0].Asked)
}

func startAtOnce(t *testing.T, db database) {
	url := db(t)
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			s, err := Open(context.Background(), url, Options{})
			if assert.NoError(t, err) {
				assert.NoError(t, s.Ping(context.Background()))
				assert.NoError(t, s.Close())
			}
		})
	}
	group.Wait()
}

// manyPushes pushes thousands of documents of 64 KiB at once: what is held beyond the
// documents themselves stays small, as few are worked on at once.
func manyPushes(t *testing.T, db database) {
	pushes := 10_000
	if testing.Short() {
		pushes = 500
	}
	ctx, s := t.Context(), opened(t, db(t))
	var before, peak runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var group sync.WaitGroup
	var added atomic.Int64
	for i := range pushes {
		group.Go(func() {
			e, doc := of(fmt.Sprint("service", i%100), "sha256:1", i)
			ok, err := s.AddEvidence(ctx, e, doc)
			assert.NoError(t, err)
			if ok {
				added.Add(1)
			}
		})
	}
	runtime.ReadMemStats(&peak)
	group.Wait()
	require.EqualValues(t, pushes, added.Load())
	require.Less(t, int64(peak.HeapAlloc)-int64(before.HeapAlloc), int64(256<<20))
	var documents, evidence, events int
	require.NoError(t, s.row(ctx, "SELECT (SELECT COUNT(*) FROM documents), (SELECT COUNT(*) FROM evidence), (SELECT COUNT(*) FROM events)").
		Scan(&documents, &evidence, &events))
	require.Equal(t, [3]int{pushes, pushes, pushes}, [3]int{documents, evidence, events})
}

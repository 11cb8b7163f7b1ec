package trace

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

func of(trace, id byte) *Span {
	s := sp(id, 0, Server, "a", 0, 1)
	s.Trace = TraceID{0: 0x80, 15: trace}
	return &s
}

func traceID(n byte) TraceID { return TraceID{0: 0x80, 15: n} }

func storeStats(t *testing.T, s *Store) capture.Stats {
	t.Helper()
	require.NoError(t, s.Account().Balance())
	return s.Account()[0].Stats
}

func TestOnlyWantedTracesAreKept(t *testing.T) {
	s := NewStore(StoreOptions{})
	s.Want(traceID(1), traceID(1), TraceID{})
	for _, x := range []*Span{of(1, 1), of(1, 2), of(1, 2), of(2, 1)} {
		s.Add(x, epoch)
	}
	tree, ok := s.Tree(traceID(1))
	require.True(t, ok)
	assert.Equal(t, 2, tree.Spans)
	_, ok = s.Tree(traceID(2))
	assert.False(t, ok)
	assert.Equal(t, capture.Stats{Seen: 4, Open: 2, Filtered: map[capture.Reason]uint64{NotWanted: 1, Duplicate: 1}}, storeStats(t, s))

	s.Forget(traceID(1), traceID(9))
	_, ok = s.Tree(traceID(1))
	assert.False(t, ok)
	s.Add(of(1, 3), epoch)
	assert.Equal(t, capture.Stats{Seen: 5, Written: 2, Filtered: map[capture.Reason]uint64{NotWanted: 2, Duplicate: 1}}, storeStats(t, s))
}

func TestATraceOf64BitsIsTheWantedOneThatEndsInThem(t *testing.T) {
	s := NewStore(StoreOptions{})
	s.Want(traceID(5))
	short := of(5, 1)
	short.Trace[0] = 0
	s.Add(short, epoch)
	tree, ok := s.Tree(traceID(5))
	require.True(t, ok)
	assert.Equal(t, traceID(5), tree.Root.Server.Trace)
}

func TestLimitsGiveUpTheOldestAndCountIt(t *testing.T) {
	for name, o := range map[string]StoreOptions{
		"traces": {All: true, MaxTraces: 2},
		"bytes":  {All: true, MaxBytes: 2 * int64(of(1, 1).Size()+60)},
	} {
		t.Run(name, func(t *testing.T) {
			s := NewStore(o)
			for n := range byte(3) {
				s.Add(of(n+1, 1), epoch)
			}
			s.Add(of(1, 2), epoch) // late: it would be half a trace
			_, ok := s.Tree(traceID(1))
			assert.False(t, ok)
			assert.True(t, s.Quiet(traceID(1), epoch, time.Hour), "nothing to wait for")
			_, ok = s.Tree(traceID(3))
			assert.True(t, ok)
			assert.Equal(t, capture.Stats{Seen: 4, Open: 2, Dropped: map[capture.Reason]uint64{Evicted: 2}}, storeStats(t, s))
		})
	}
}

func TestATraceOverTheLimitIsNoTree(t *testing.T) {
	s := NewStore(StoreOptions{All: true, MaxSpans: 2})
	for n := range byte(3) {
		s.Add(of(1, n+1), epoch)
	}
	_, ok := s.Tree(traceID(1))
	assert.False(t, ok)
	assert.Equal(t, map[capture.Reason]uint64{TooLong: 1}, storeStats(t, s).Dropped)
}

func TestWhatWasEvictedIsForgottenInTime(t *testing.T) {
	s := NewStore(StoreOptions{MaxTraces: 3})
	for n := range byte(100) {
		s.Want(traceID(n))
		s.Add(of(n, 1), epoch)
	}
	assert.LessOrEqual(t, len(s.traces), 6)
	assert.LessOrEqual(t, len(s.short), 6)
	storeStats(t, s)
}

func TestATraceIsQuietAPeriodAfterItsLastSpan(t *testing.T) {
	s := NewStore(StoreOptions{})
	s.Want(traceID(1))
	assert.False(t, s.Quiet(traceID(1), epoch.Add(time.Hour), time.Second), "no span yet")
	s.Add(of(1, 1), epoch)
	s.Add(of(1, 2), epoch.Add(time.Second))
	assert.False(t, s.Quiet(traceID(1), epoch.Add(1999*time.Millisecond), time.Second))
	assert.True(t, s.Quiet(traceID(1), epoch.Add(2*time.Second), time.Second))
	assert.False(t, s.Quiet(traceID(7), epoch, time.Second), "not wanted")
}

func TestASourceIsCollectedToItsEnd(t *testing.T) {
	in := append(delimited(wire(t, 2)), delimited([]byte("broken"), wire(t, 3))...)
	s := NewStore(StoreOptions{All: true})
	var damaged []*capture.RecordError
	err := s.Collect(context.Background(), NewReader(bytes.NewReader(in), ReadOptions{}), time.Now,
		func(e *capture.RecordError) { damaged = append(damaged, e) })
	require.NoError(t, err)
	assert.Len(t, damaged, 1)
	tree, ok := s.Tree(TraceID(bytes.Repeat([]byte{0xa}, 16)))
	require.True(t, ok)
	assert.Equal(t, 3, tree.Spans)
}

func TestAStoreIsForManyGoroutines(t *testing.T) {
	s := NewStore(StoreOptions{MaxTraces: 4})
	var group sync.WaitGroup
	for g := range byte(4) {
		group.Go(func() {
			for n := range byte(50) {
				s.Want(traceID(n))
				s.Add(of(n, g+1), epoch)
				s.Tree(traceID(n))
				s.Quiet(traceID(n), epoch, 0)
				s.Forget(traceID(n - 3))
			}
		})
	}
	group.Wait()
	storeStats(t, s)
}

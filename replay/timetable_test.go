package replay

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// offered is a job and when it was passed on.
type offered struct {
	seq     uint64
	due, at time.Duration
}

// plan runs a timetable over jobs that are added after pauses, in virtual time.
func plan(ctx context.Context, t *testing.T, pauses, dues []time.Duration) (got []offered) {
	synctest.Test(t, func(*testing.T) {
		start := time.Now()
		table := startTimetable(ctx, start, func(j *job) {
			got = append(got, offered{j.seq, j.due, time.Since(start)})
		})
		for i, due := range dues {
			time.Sleep(pauses[i])
			table.add(&job{seq: uint64(i), due: due, hasPlan: true})
		}
		table.close() // which the goroutine does not outlive: synctest would say so
	})
	return got
}

func TestEveryPlannedJobIsOfferedWhenItIsDue(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(0, 50).Draw(r, "n")
		times := rapid.SliceOfN(rapid.Map(rapid.IntRange(-5, 50), func(i int) time.Duration { return time.Duration(i) * time.Millisecond }), n, n)
		pauses, dues := times.Draw(r, "pauses"), times.Draw(r, "dues")
		if rapid.Bool().Draw(r, "all at once") {
			clear(pauses)
		}
		got := plan(context.Background(), t, pauses, dues)
		require.Len(r, got, n)
		var added time.Duration
		seen := make([]bool, n)
		ready := make([]time.Duration, n)
		for i := range pauses {
			added += max(pauses[i], 0)
			ready[i] = max(dues[i], added)
		}
		for i, o := range got {
			require.False(r, seen[o.seq], "offered twice")
			seen[o.seq] = true
			assert.Equal(r, ready[o.seq], o.at, "neither before it is due nor later than needed")
			if i > 0 && got[i-1].at == o.at && ready[o.seq] == dues[o.seq] && ready[got[i-1].seq] == got[i-1].due {
				assert.LessOrEqual(r, got[i-1].due, o.due)
			}
		}
	})
}

func TestJobsAreOfferedInTheOrderOfTheirTimes(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		dues := rapid.SliceOf(rapid.Map(rapid.IntRange(1, 20), func(i int) time.Duration { return time.Duration(i) * time.Second })).Draw(r, "dues")
		got := plan(context.Background(), t, make([]time.Duration, len(dues)), dues)
		assert.True(r, slices.IsSortedFunc(got, func(a, b offered) int {
			if a.due != b.due {
				return int(a.due - b.due)
			}
			return int(a.seq) - int(b.seq)
		}))
	})
}

func TestACanceledTimetableOffersAllAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	got := plan(ctx, t, make([]time.Duration, 3), []time.Duration{time.Hour, 0, never})
	require.Len(t, got, 3)
	for _, o := range got {
		assert.Zero(t, o.at)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		n := 0
		table := startTimetable(ctx, time.Now(), func(*job) { n++ })
		table.add(&job{due: time.Hour})
		synctest.Wait()
		assert.Zero(t, n)
		cancel()
		synctest.Wait()
		assert.Equal(t, 1, n, "while it waited")
		table.add(&job{due: time.Hour})
		table.close()
		assert.Equal(t, 2, n, "and afterwards")
	})
}

// BenchmarkTimetable plans jobs 100 ns apart, 512 ahead: its time is what
// one costs where the timetable is never idle.
func BenchmarkTimetable(b *testing.B) {
	free := make(chan *job, 512)
	for range cap(free) {
		free <- new(job)
	}
	table := startTimetable(b.Context(), time.Now(), func(j *job) { free <- j })
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		j := <-free
		j.seq, j.due = uint64(n), time.Duration(n)*100
		n++
		table.add(j)
	}
	table.close()
}

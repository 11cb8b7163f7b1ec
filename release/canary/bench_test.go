package canary

import (
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func BenchmarkObserveShare(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	w := world{canary: 1000, baseline: 9000, base: 0.005}
	a := New(sharePolicy(0.005, "errors"), budget)
	o := w.look(rng, "errors", 0)
	b.ReportAllocs()
	for b.Loop() {
		if err := a.Observe(o); err != nil {
			b.Fatal(err)
		}
		o.From, o.To = o.To, o.To.Add(time.Minute)
	}
}

func BenchmarkObserveQuantile(b *testing.B) {
	a := New(quantilePolicy(0.99, 0.1), budget)
	rng := rand.New(rand.NewPCG(1, 2))
	o := latencyLook(rng, 0, 1000, 9000, 1)
	b.ReportAllocs()
	for b.Loop() {
		if err := a.Observe(o); err != nil {
			b.Fatal(err)
		}
		o.From, o.To = o.To, o.To.Add(time.Minute)
	}
}

func TestMemoryDoesNotGrowWithTheLooks(t *testing.T) {
	a := New(sharePolicy(0.005, "errors"), budget)
	run := func(from, to int) uint64 {
		for i := from; i < to; i++ {
			o := look("errors", i, 100, uint64(i%3), 100, 1)
			o.Problems = []string{time.Duration(i).String()}
			require.NoError(t, a.Observe(o))
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	first := run(0, 100)
	last := run(100, 1000)
	assert.Less(t, last, first+100_000)
	runtime.KeepAlive(a)
	assert.Len(t, a.Results()[0].Problems, maxProblems+1, "the first ones and how many more")
}

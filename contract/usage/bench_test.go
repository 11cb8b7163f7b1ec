package usage

import "testing"

func BenchmarkSee(b *testing.B) {
	list := chains(1, 500)
	calls := 0
	for _, c := range list {
		calls += len(c.Calls)
	}
	f := New()
	b.ReportAllocs()
	n := 0
	for i := 0; b.Loop(); i++ {
		c := list[i%len(list)]
		f.See(c)
		n += len(c.Calls)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "calls/s")
}

package selfcheck

import (
	"fmt"
	"testing"
	"time"
)

func BenchmarkObserve(b *testing.B) {
	c := New(Options{})
	list := make([]*Answers, 4096)
	for i := range list {
		list[i] = jsonAnswers(i, fmt.Sprintf("GET /%d", i%16), product(i), product(i))
		c.Observe(list[i])
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ { // nearly none of them enters a sample again
		c.Observe(list[i%len(list)])
	}
}

func BenchmarkTrials(b *testing.B) {
	for _, n := range []int{1, 100} {
		body := product(1)
		for range n - 1 {
			body += "," + product(1)
		}
		body = "[" + body + "]"
		b.Run(fmt.Sprintf("of_%d_bytes", len(body)), func(b *testing.B) {
			trials := 0
			for b.Loop() {
				c := New(Options{Budget: time.Hour})
				c.Observe(jsonAnswers(1, "GET /p", body, body))
				c.try()
				trials += len(c.operations["GET /p"].entries[0].trials)
			}
			b.ReportMetric(float64(trials)/b.Elapsed().Seconds(), "trials/s")
		})
	}
}

func BenchmarkReport(b *testing.B) {
	c := New(Options{Budget: time.Hour})
	for i := range 2000 {
		c.Observe(jsonAnswers(i, fmt.Sprintf("GET /%d", i%50), product(i), product(i)))
	}
	c.try()
	for b.Loop() {
		c.report(judged{}.known())
	}
}

package run

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"twinspect.dev/replay"
)

// someRun is outcomes of three operations, of which some fields are noise, one is a
// regression, and branch is slower now and then.
func someRun() []*replay.Outcome {
	var list []*replay.Outcome
	for i := range 600 {
		body := `%s {"id":"7f1c2e6a-0f5b-4a53-9d0e-%012d","at":"2026-11-21T10:%02d:%02dZ","price":%d,"name":"a product","tags":["x","y"]}`
		o := answers(i, fmt.Sprintf("/%c", 'a'+i%3),
			fmt.Sprintf(body, "base", i, i%60, 1, 5), fmt.Sprintf(body, "control", i, i%60, 2, 5), fmt.Sprintf(body, "branch", i, i%60, 3, 5+i%2))
		if i%5 == 0 {
			o.Answers[2].Response.End = start.Add(40 * ms)
		}
		list = append(list, o)
	}
	return list
}

func BenchmarkObserve(b *testing.B) {
	list, j := someRun(), newJudge()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		j.Observe(list[i%len(list)])
	}
}

func BenchmarkReport(b *testing.B) {
	j := newJudge()
	for _, o := range someRun() {
		j.Observe(o)
	}
	for b.Loop() {
		j.Report()
	}
}

func BenchmarkMergeOfAStoredPartial(b *testing.B) {
	j := newJudge()
	for _, o := range someRun() {
		j.Observe(o)
	}
	data := encoded(b, j.Partial())
	b.ReportMetric(float64(len(data)), "stored-bytes")
	for b.Loop() {
		p, err := DecodePartial(bytes.NewReader(data))
		if err == nil {
			err = newJudge().Merge(p)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodePartial(b *testing.B) {
	j := newJudge()
	for _, o := range someRun() {
		j.Observe(o)
	}
	for b.Loop() {
		if err := j.Partial().Encode(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

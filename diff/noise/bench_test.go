package noise

import (
	"testing"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
)

// identities are those of n exchanges of one connection.
func identities(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = capture.NewID("agent", "connection", time.Unix(1_800_000_000, 0), uint64(i)).String()
	}
	return list
}

func BenchmarkObserve(b *testing.B) {
	l, ids := New(Limits{}), identities(4096)
	branch := only(change("$.id", diff.Changed, `"7f1c2e6a-0f5b-4a53-9d0e-1a2b3c4d5e6f"`, `"7f1c2e6a-0f5b-4a53-9d0e-1a2b3c4d5e60"`), change("$.v", diff.Removed, "1", ""))
	o := paired(branch, branch[:1])
	for i := 0; b.Loop(); i++ {
		o.Exchange, o.Session = ids[i%len(ids)], ids[i/8%len(ids)]
		l.Observe(o)
	}
}

func BenchmarkObserveWithoutDifference(b *testing.B) {
	l := New(Limits{})
	o := paired(nil, nil)
	for b.Loop() {
		l.Observe(o)
	}
}

func BenchmarkJudge(b *testing.B) {
	l, ids := New(Limits{}), identities(200)
	for i, id := range ids {
		var branch, control []diff.Change
		for c := range 500 {
			ch := change("$.c"+ids[c%100], diff.Changed, "1", ids[(i*c)%100][28:])
			ch.Kind = [...]diff.Kind{diff.Changed, diff.Removed, diff.Added, diff.Retyped, diff.Reordered}[c/100]
			if (i+c)%7 == 0 {
				branch = append(branch, ch)
			}
			if (i+c)%5 == 0 {
				control = append(control, ch)
			}
		}
		o := paired(branch, control)
		o.Exchange, o.Session = id, id
		l.Observe(o)
	}
	for b.Loop() {
		l.Judge(alpha)
	}
}

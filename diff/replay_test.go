package diff_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
)

func replayed() *rapid.Generator[*diff.Replay] {
	return rapid.Custom(func(t *rapid.T) *diff.Replay {
		n := rapid.Uint64Range(0, 1000)
		name := rapid.SampledFrom([]string{"a", "b", "c"})
		r := &diff.Replay{Pace: "max"}
		for _, side := range rapid.SliceOfNDistinct(name, 0, 3, rapid.ID).Draw(t, "lanes") {
			r.Lanes = append(r.Lanes, diff.Lane{Side: side, Lane: "x", Attested: n.Draw(t, "attested"), Misrouted: n.Draw(t, "misrouted")})
		}
		for _, from := range rapid.SliceOfNDistinct(name, 0, 3, rapid.ID).Draw(t, "links") {
			link := diff.Link{From: from, To: "x", Source: "learned"}
			for _, side := range rapid.SliceOfNDistinct(name, 0, 2, rapid.ID).Draw(t, "sides") {
				link.Sides = append(link.Sides, diff.LinkSide{Side: side, Bound: n.Draw(t, "bound"), Unbound: n.Draw(t, "unbound")})
			}
			r.Links = append(r.Links, link)
		}
		for _, where := range rapid.SliceOfNDistinct(name, 0, 3, rapid.ID).Draw(t, "rewrites") {
			w := diff.Rewrite{Where: where, Changed: n.Draw(t, "changed")}
			if rapid.Bool().Draw(t, "left") {
				w.Left = map[capture.Reason]uint64{capture.Reason(name.Draw(t, "reason")): n.Draw(t, "n")}
			}
			r.Rewrites = append(r.Rewrites, w)
		}
		if rapid.Bool().Draw(t, "late") {
			var buckets []diff.LatencyBucket
			for _, upTo := range rapid.SliceOfNDistinct(rapid.SampledFrom([]float64{0.1, 0.2, 3, 40}), 1, 4, rapid.ID).Draw(t, "buckets") {
				buckets = append(buckets, diff.LatencyBucket{UpTo: upTo, Count: 1 + n.Draw(t, "count")})
			}
			r.Lateness = diff.LatenessOf(buckets, 40)
		}
		return r
	})
}

// unordered compares without regard to the order of lists.
var unordered = cmp.Options{
	cmpopts.EquateEmpty(),
	cmpopts.SortSlices(func(a, b diff.Lane) bool { return a.Side < b.Side }),
	cmpopts.SortSlices(func(a, b diff.Link) bool { return a.From < b.From }),
	cmpopts.SortSlices(func(a, b diff.LinkSide) bool { return a.Side < b.Side }),
	cmpopts.SortSlices(func(a, b diff.Rewrite) bool { return a.Where < b.Where }),
}

func TestMergedReplaysTellTheSameInWhateverOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := replayed().Draw(t, "a"), replayed().Draw(t, "b"), replayed().Draw(t, "c")
		before := a.Merge(nil)
		left, right := a.Merge(b).Merge(c), c.Merge(a.Merge(b).Merge(nil))
		require.Empty(t, cmp.Diff(left, right, unordered))
		require.Empty(t, cmp.Diff(a.Merge(b.Merge(c)), left, unordered))
		require.Empty(t, cmp.Diff(before, a), "what is merged is not changed")
	})
}

func TestWhatARunTellsSinceAnEarlierLookAddsUpToAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		earlier, more := replayed().Draw(t, "earlier"), replayed().Draw(t, "more")
		now := earlier.Merge(more)
		require.Empty(t, cmp.Diff(now, earlier.Merge(now.Since(earlier)), unordered))
		require.Empty(t, cmp.Diff(now, now.Since(nil), unordered))
	})
}

func TestTheQuantilesOfALatenessAreThoseOfItsBuckets(t *testing.T) {
	l := diff.LatenessOf([]diff.LatencyBucket{{UpTo: 8, Count: 1}, {UpTo: 1, Count: 98}, {UpTo: 4, Count: 1}}, 7)
	assert.Equal(t, []float64{1, 1, 4, 7}, []float64{l.P50, l.P90, l.P99, l.Max})
	assert.EqualValues(t, 100, l.Planned)
	assert.Equal(t, 1.0, l.Buckets[0].UpTo)
	var none *diff.Replay
	assert.Nil(t, none.Merge(nil))
	assert.EqualValues(t, 3, (&diff.Replay{Lanes: []diff.Lane{{Misrouted: 1}, {Misrouted: 2}}}).Misrouted())
}

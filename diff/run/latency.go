package run

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"twinspect.dev/diff"
	"twinspect.dev/diff/noise"
	"twinspect.dev/diff/stats"
	"twinspect.dev/replay"
)

// An answer is slower than base's only beyond both: the factor keeps the
// jitter of long answers out, the margin that of short ones.
const (
	slowerFactor = 1.5
	slowerMargin = 5 * time.Millisecond
)

// longest bounds the latencies that are told apart, longer than any timeout.
const longest = time.Hour

// took returns the latency of an answer, in a range in which sums cannot
// overflow whatever times a file holds.
func took(a *replay.Answer) time.Duration { return min(max(a.Latency(), 0), longest) }

func slower(base, other time.Duration) bool {
	return other-base > slowerMargin && float64(other) > slowerFactor*float64(base)
}

// pace counts how often an operation was slower than on base.
type pace struct {
	diff.Counts
	example diff.Example
}

func (p *pace) observe(o *replay.Outcome, show func(target string) string) {
	control := o.Answer(replay.Control)
	base, branch := took(o.Answer(replay.Base)), took(o.Answer(replay.Branch))
	slowBranch := slower(base, branch)
	slowControl := control != nil && slower(base, took(control))
	p.N++
	p.Paired = p.Paired || control != nil
	if slowBranch {
		p.Branch++
	}
	if slowControl {
		p.Control++
	}
	switch {
	case slowBranch && !slowControl:
		p.BranchOnly++
		p.keep(o, base, branch, show)
	case slowControl && !slowBranch:
		p.ControlOnly++
	}
}

// keep keeps as the example the occurrence whose exchange has the lowest rank,
// and no memory of o. The target is shown without its secrets.
func (p *pace) keep(o *replay.Outcome, base, branch time.Duration, show func(target string) string) {
	exchange := o.Recorded.ID.String()
	if p.example.At != "" && noise.Rank(exchange) > noise.Rank(p.example.Exchange) {
		return
	}
	p.show(diff.Example{
		Exchange: exchange,
		Method:   clip(o.Recorded.Request.Method),
		Target:   clip(show(o.Recorded.Request.Target)),
		At:       string(diff.Latency),
		Base:     rounded(base),
		Branch:   rounded(branch),
	})
}

// maxText bounds the texts of an example in bytes, as they are kept for every
// operation.
const maxText = 1024

func clip(s string) string {
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "") + "…"
	}
	return strings.Clone(s)
}

func rounded(d time.Duration) string { return d.Round(10 * time.Microsecond).String() }

// slowerOperations returns, at the false discovery rate alpha, the operations
// whose typical answer is slower on branch: branch, and not control, is slower
// than base in more than half of the outcomes. That is tested by the same martingale as other differences are.
//
// Slow answers come in bursts, when a process collects its garbage or loses its
// processor, and so are not independent; discordant pairs alone would take a few
// bursts on one side for proof. A burst does not reach half of the answers.
func (j *Judge) slowerOperations(alpha float64) []diff.Difference {
	var names []string
	var evidence []float64
	for _, name := range slices.Sorted(maps.Keys(j.operations)) {
		if p := &j.operations[name].pace; p.N > 0 {
			names = append(names, name)
			evidence = append(evidence, stats.EValue(p.BranchOnly, p.N-p.BranchOnly))
		}
	}
	var found []diff.Difference
	for i, proven := range stats.EBH(evidence, alpha) {
		if proven {
			found = append(found, j.operations[names[i]].pace.difference(names[i], evidence[i]))
		}
	}
	return found
}

func (p *pace) difference(operation string, evidence float64) diff.Difference {
	return diff.Difference{
		Cell:      diff.Cell{Operation: operation, Place: diff.Place{Part: diff.Latency}, Kind: diff.Slower},
		Counts:    p.Counts,
		Judgement: diff.Regression,
		EValue:    evidence,
		Reason: fmt.Sprintf("branch alone takes more than %g times as long as base, and %s more, in %d of %d",
			slowerFactor, slowerMargin, p.BranchOnly, p.N),
		Examples: []diff.Example{p.example},
	}
}

// latency is a histogram of microseconds. Two significant digits cost 26 KiB
// for a range up to an hour.
type latency struct{ h *hdrhistogram.Histogram }

func newLatency() *latency { return &latency{hdrhistogram.New(1, longest.Microseconds(), 2)} }

// record counts a latency of at most longest, so that RecordValue cannot fail.
func (l *latency) record(d time.Duration) { _ = l.h.RecordValue(max(d.Microseconds(), 1)) }

// recordMany counts n of them.
func (l *latency) recordMany(d time.Duration, n int64) {
	_ = l.h.RecordValues(max(d.Microseconds(), 1), n)
}

func (l *latency) info() diff.LatencyInfo {
	info := diff.LatencyInfo{
		Count: uint64(l.h.TotalCount()),
		Min:   millis(l.h.Min()),
		P50:   millis(l.h.ValueAtQuantile(50)),
		P90:   millis(l.h.ValueAtQuantile(90)),
		P99:   millis(l.h.ValueAtQuantile(99)),
		Max:   millis(l.h.Max()),
	}
	info.Buckets = Buckets(l.h)
	return info
}

// bucketsPerDoubling is the resolution of the reported distribution: each
// bucket ends about 9 % above the one before.
const bucketsPerDoubling = 8

// Buckets folds a histogram of microseconds to logarithmic buckets, which is what
// a plot on a logarithmic axis shows.
func Buckets(h *hdrhistogram.Histogram) []diff.LatencyBucket {
	var buckets []diff.LatencyBucket
	last := math.MinInt
	for _, bar := range h.Distribution() {
		if bar.Count == 0 {
			continue
		}
		step := int(math.Ceil(bucketsPerDoubling * math.Log2(float64(bar.To))))
		if step != last {
			// Rounded down: the whole microseconds in the bucket stay below the
			// bound, and those of the next bucket above it.
			upTo := math.Floor(math.Exp2(float64(step) / bucketsPerDoubling))
			buckets = append(buckets, diff.LatencyBucket{UpTo: upTo / 1000})
			last = step
		}
		buckets[len(buckets)-1].Count += uint64(bar.Count)
	}
	return buckets
}

func millis(micros int64) float64 { return float64(micros) / 1000 }

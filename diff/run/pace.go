package run

import (
	"math/bits"
	"strings"
	"time"

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

func slower(base, other time.Duration) bool {
	return other-base > slowerMargin && float64(other) > slowerFactor*float64(base)
}

// pace counts how often an operation was slower than on base, by outcomes and by
// spans of time.
//
// Answers that are slow at the same time are slow for the same reason: a process
// collects its garbage, or its quota of a processor is spent. Sessions do not
// tell these apart, as they run at the same time. So what is asked in one span is
// taken for one sample.
type pace struct {
	diff.Counts
	example diff.Example
	// blocks hold how many more answers of branch than of control were slow alone,
	// by spans; without control how many more than of base.
	blocks stats.Blocks
	spans  spanSet
}

// span is the period in which Linux hands out processor time to a group of
// processes (cpu.cfs_period_us): one that has used up its own stands still until
// the next begins. Pauses of garbage collectors are shorter.
const span = 100 * time.Millisecond

// spanOf returns a hash of the span in which the sides were asked.
func spanOf(start time.Time) uint32 {
	n := uint64(start.Unix())*uint64(time.Second/span) + uint64(start.Nanosecond())/uint64(span)
	return uint32(n * 0x9e3779b97f4a7c15 >> 32) // Fibonacci hashing (Knuth, TAOCP 6.4)
}

// spanSet tells how many spans there were: a bit for each hash. In half an hour
// it counts 11,000 spans of 18,000, and never too many.
type spanSet [spanBits / 64]uint64

const spanBits = 1 << 14

func (s *spanSet) add(hash uint32) {
	bit := hash >> 18
	s[bit/64] |= 1 << (bit % 64)
}

func (s *spanSet) count() (n uint64) {
	for _, word := range s {
		n += uint64(bits.OnesCount64(word))
	}
	return n
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
	hash := spanOf(o.Answer(replay.Base).Request.Start)
	p.spans.add(hash)
	switch {
	case slowBranch && !slowControl:
		p.BranchOnly++
		p.blocks.Add(hash, 1, 0)
		p.keep(o, base, branch, show)
	case slowControl && !slowBranch:
		p.ControlOnly++
		p.blocks.Add(hash, -1, 0)
	case control == nil && slower(branch, base):
		p.blocks.Add(hash, -1, 0)
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

package sample

import (
	"sync"
	"time"

	"twinspect.dev/capture"
)

// Limits are what a recorder may use; a zero field limits nothing.
type Limits struct {
	// CPU is in cores: 0.2 is a fifth of one.
	CPU float64
	// Memory is in bytes.
	Memory int64
	// BytesPerSecond is what may be shipped.
	BytesPerSecond int64
}

// Usage is what a recorder has used.
type Usage struct {
	At time.Time
	// CPU is the processor time since the process began.
	CPU time.Duration
	// Memory is what the process holds, in bytes.
	Memory int64
	// Bytes is how much was shipped since the process began.
	Bytes uint64
}

// The reasons for which a [Governor] lowers the sampling.
const (
	CPULimit    capture.Reason = "cpu-limit"
	MemoryLimit capture.Reason = "memory-limit"
	BytesLimit  capture.Reason = "bytes-limit"
)

const (
	// goal is the part of a limit that the governor steers for. Between it and
	// the limit nothing changes, so that noise of a tenth does not make the
	// factor swing.
	goal = 0.9
	// cut is the least that one observation leaves of the factor, so that a
	// short burst is paid for by half; memoryCut for memory, where being over
	// the limit for long is the end of the process.
	cut       = 0.5
	memoryCut = 0.25
	// step is the most that one observation adds: from nothing to all in 50 of
	// them.
	step = 0.02
	// calm is how many observations below goal come before the first step up:
	// what was cut takes as long to show in what is shipped and held.
	calm = 3
	// floor keeps a trickle, from which it can be seen that the load has gone.
	floor = 0.001
	// shortest is the time below which a rate says more about the clock than
	// about the load.
	shortest = 100 * time.Millisecond
)

// Governor lowers the sampling of a recorder that uses more than it may, and
// raises it slowly when there is room. It looks at nothing itself: its caller
// observes, every few seconds, and passes the factor to [Source.SetFactor].
//
// Use that does not depend on the sampling cannot be governed: where that alone
// is above a limit, the factor falls to 0.001 and stays there.
//
// Its methods may be called from any goroutine.
type Governor struct {
	mu     sync.Mutex
	limits Limits
	last   Usage // the zero Usage before the first
	factor float64
	why    capture.Reason
	quiet  int // observations below goal in a row
}

// NewGovernor returns a governor whose factor is 1.
func NewGovernor(l Limits) *Governor { return &Governor{limits: l, factor: 1} }

// SetLimits makes l hold from the next observation on.
func (g *Governor) SetLimits(l Limits) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.limits = l
}

// Observe takes in what has been used up to now and returns the factor for the
// configured rate, above 0 and at most 1, and which limit it was last lowered
// for; "" while it is 1.
//
// The use of processor and network is that since the observation before. An
// observation less than 100 ms after that, or with counters that went back,
// judges the memory alone.
func (g *Governor) Observe(u Usage) (factor float64, why capture.Reason) {
	g.mu.Lock()
	defer g.mu.Unlock()
	load, over := g.load(u)
	switch {
	case g.limits == Limits{}:
		g.factor = 1
	case load > 1:
		g.lower(load, over)
	case load >= goal:
		g.quiet = 0
	default:
		g.raise(load)
	}
	if g.factor == 1 {
		g.why = ""
	}
	return g.factor, g.why
}

func (g *Governor) lower(load float64, over capture.Reason) {
	keep := max(goal/load, cut)
	if over == MemoryLimit {
		keep = memoryCut
	}
	g.factor = max(g.factor*keep, floor)
	g.why, g.quiet = over, 0
}

// raise never goes past what would bring a load that is all proportional to the
// factor to goal; one that is so in part stays below that.
func (g *Governor) raise(load float64) {
	if g.quiet++; g.quiet <= calm {
		return
	}
	next := min(g.factor+step, 1)
	if load > 0 {
		next = min(next, g.factor*goal/load)
	}
	g.factor = next
}

// load returns the use of the resource that is nearest to its limit, as a part
// of that limit, and the reason that stands for it.
func (g *Governor) load(u Usage) (worst float64, over capture.Reason) {
	weigh := func(used, limit float64, r capture.Reason) {
		if limit > 0 && used/limit > worst {
			worst, over = used/limit, r
		}
	}
	weigh(float64(u.Memory), float64(g.limits.Memory), MemoryLimit)
	last := g.last
	span := u.At.Sub(last.At)
	if span >= 0 && span < shortest && !last.At.IsZero() {
		return worst, over
	}
	g.last = u
	if last.At.IsZero() || span < 0 || u.CPU < last.CPU || u.Bytes < last.Bytes {
		return worst, over
	}
	weigh((u.CPU-last.CPU).Seconds()/span.Seconds(), g.limits.CPU, CPULimit)
	weigh(float64(u.Bytes-last.Bytes)/span.Seconds(), float64(g.limits.BytesPerSecond), BytesLimit)
	return worst, over
}

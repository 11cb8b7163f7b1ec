package replay

import (
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Lateness tells how much later than planned exchanges were sent. A run that
// is late has measured a service under less load than was asked for: latencies
// alone would hide that (coordinated omission). [Outcome.Late] is what corrects
// the latency of each.
type Lateness struct {
	// Count is the number of exchanges that had a planned time.
	Count uint64
	// Max is the greatest lateness.
	Max time.Duration
	// Histogram holds the latenesses in microseconds with three significant
	// digits, nil where Count is 0. What is later than an hour counts as an hour.
	Histogram *hdr.Histogram
}

// Lateness returns the lateness so far. It shares no memory with the runner and
// may be called at any time, from any goroutine.
func (r *Runner) Lateness() Lateness {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.late
	if l.Histogram != nil {
		l.Histogram = l.Histogram.Clone()
	}
	return l
}

func (r *Runner) recordLateness(d time.Duration) {
	d = max(d, 0)
	const top = int64(time.Hour / time.Microsecond)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.late.Histogram == nil {
		r.late.Histogram = hdr.New(1, top, 3)
	}
	r.late.Count++
	r.late.Max = max(r.late.Max, d)
	// The value is within the histogram's range, which is the only error.
	_ = r.late.Histogram.RecordValue(min(d.Microseconds(), top))
}

package replay

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Lateness tells how much later than planned exchanges were sent. A run that
// is late has measured a service under less load than was asked for: latencies
// alone would hide that (coordinated omission). [Outcome.Late] is what corrects
// the latency of each.
type Lateness struct{ Durations }

// Durations is a distribution of durations that does not grow with their number.
// The zero value is empty. It is not safe for use by several goroutines.
type Durations struct {
	// Count is the number of durations.
	Count uint64
	// Max is the greatest one, exactly.
	Max time.Duration
	// Histogram holds them in microseconds with three significant digits, nil
	// where Count is 0. What is longer than an hour counts as an hour.
	Histogram *hdr.Histogram
}

// Spread is a distribution in a few figures, in microseconds. A percentile is the
// least duration that so many percent did not exceed; all are 0 where Count is.
type Spread struct {
	Count uint64 `json:"count"`
	P50   int64  `json:"p50_us"`
	P90   int64  `json:"p90_us"`
	P99   int64  `json:"p99_us"`
	Max   int64  `json:"max_us"`
}

// The range of the histograms, a microsecond to an hour in three digits: 1 in
// 1000 is finer than a measurement can be repeated, and takes 184 KiB.
const (
	longestKept = int64(time.Hour / time.Microsecond)
	keptDigits  = 3
)

// Add takes in a duration; a negative one counts as 0.
func (d *Durations) Add(one time.Duration) {
	one = max(one, 0)
	if d.Histogram == nil {
		d.Histogram = newHistogram()
	}
	d.Count++
	d.Max = max(d.Max, one)
	// The value is within the histogram's range, which is the only error.
	_ = d.Histogram.RecordValue(min(one.Microseconds(), longestKept))
}

func newHistogram() *hdr.Histogram { return hdr.New(1, longestKept, keptDigits) }

// Merge takes in the durations of another distribution, and leaves that alone.
func (d *Durations) Merge(other Durations) {
	if other.Histogram == nil {
		return
	}
	if d.Histogram == nil {
		d.Histogram = newHistogram()
	}
	d.Count += other.Count
	d.Max = max(d.Max, other.Max)
	d.Histogram.Merge(other.Histogram)
}

// Clone returns a copy that shares no memory with d.
func (d Durations) Clone() Durations {
	if d.Histogram != nil {
		d.Histogram = d.Histogram.Clone()
	}
	return d
}

// Spread returns the figures of a report.
func (d Durations) Spread() Spread {
	s := Spread{Count: d.Count, Max: d.Max.Microseconds()}
	if d.Histogram != nil {
		at := d.Histogram.ValueAtPercentilesSlice([]float64{50, 90, 99})
		most := min(s.Max, longestKept) // a bucket ends beyond its values
		s.P50, s.P90, s.P99 = min(at[0], most), min(at[1], most), min(at[2], most)
	}
	return s
}

// kept is the text of a distribution: the figures for people, and the histogram
// in HdrHistogram's V2 encoding in base64, which its other tools read.
type kept struct {
	Spread
	Max       time.Duration `json:"max_ns"`
	Histogram string        `json:"histogram,omitempty"`
}

// MarshalJSON gives the figures of [Spread], and all that UnmarshalJSON needs to
// merge the distribution with that of another run.
func (d Durations) MarshalJSON() ([]byte, error) {
	k := kept{Spread: d.Spread(), Max: d.Max}
	if d.Histogram != nil {
		text, err := d.Histogram.EncodeV2()
		if err != nil {
			return nil, fmt.Errorf("encode histogram: %w", err)
		}
		k.Histogram = string(text)
	}
	return json.Marshal(k)
}

// UnmarshalJSON reads what MarshalJSON wrote. It refuses a histogram of another
// range, which could not be merged without loss, and one that does not hold as
// many durations as are said.
func (d *Durations) UnmarshalJSON(text []byte) error {
	var k kept
	if err := json.Unmarshal(text, &k); err != nil {
		return err
	}
	if k.Histogram == "" {
		if k.Count != 0 || k.Max != 0 {
			return fmt.Errorf("read durations: %d have no histogram", k.Count)
		}
		*d = Durations{}
		return nil
	}
	h, err := decodeHistogram(k.Histogram)
	if err != nil {
		return fmt.Errorf("read durations: %w", err)
	}
	if k.Count == 0 || uint64(h.TotalCount()) != k.Count || k.Max < 0 {
		return fmt.Errorf("read durations: %d are said, the histogram holds %d", k.Count, h.TotalCount())
	}
	*d = Durations{Count: k.Count, Max: k.Max, Histogram: h}
	return nil
}

// longestHistogram bounds the text of one: 9 bytes for each of its 23,552
// counts, in base64, and no compression.
const longestHistogram = 23_552*9*4/3 + 1024

func decodeHistogram(text string) (*hdr.Histogram, error) {
	if len(text) > longestHistogram {
		return nil, errors.New("the histogram is too long")
	}
	h, err := hdr.Decode([]byte(text))
	if err != nil {
		return nil, err
	}
	if h.LowestTrackableValue() != 1 || h.HighestTrackableValue() != longestKept || h.SignificantFigures() != keptDigits {
		return nil, errors.New("the histogram has another range or precision")
	}
	return h, nil
}

// Lateness returns the lateness so far. It shares no memory with the runner and
// may be called at any time, from any goroutine.
func (r *Runner) Lateness() Lateness {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Lateness{r.late.Clone()}
}

func (r *Runner) recordLateness(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.late.Add(d)
}

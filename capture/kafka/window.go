package kafka

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Range is the part of a partition from the offset From to before To.
type Range struct {
	Partition int
	From, To  int64
}

// Window says which offsets of which partitions are read. Its text form, such as
// "0:12-90,1:3-50", gives several workers the same one.
type Window struct {
	// ranges are sorted by partition, each of which has at most one.
	ranges []Range
}

// maxPartitions bounds a window: Kafka recommends at most 4,000 partitions to a
// broker and 200,000 to a cluster, and one topic is a part of that.
const maxPartitions = 100_000

// NewWindow returns the window of the ranges.
func NewWindow(ranges ...Range) (Window, error) {
	w := Window{ranges: slices.Clone(ranges)}
	slices.SortFunc(w.ranges, func(a, b Range) int { return a.Partition - b.Partition })
	if len(ranges) > maxPartitions {
		return Window{}, fmt.Errorf("%d partitions: the limit is %d", len(ranges), maxPartitions)
	}
	for i, r := range w.ranges {
		switch {
		case r.Partition < 0 || r.Partition > 1<<31-1:
			return Window{}, fmt.Errorf("partition %d is none", r.Partition)
		case i > 0 && w.ranges[i-1].Partition == r.Partition:
			return Window{}, fmt.Errorf("partition %d is given twice", r.Partition)
		case r.From < 0 || r.To < r.From:
			return Window{}, fmt.Errorf("partition %d: offsets %d-%d do not follow each other", r.Partition, r.From, r.To)
		}
	}
	return w, nil
}

// Ranges returns the parts of the window by partition.
func (w Window) Ranges() []Range { return slices.Clone(w.ranges) }

// Offsets returns how many offsets the window spans.
func (w Window) Offsets() int64 {
	var n int64
	for _, r := range w.ranges {
		n += r.To - r.From
	}
	return n
}

// String returns the form that [ParseWindow] reads.
func (w Window) String() string {
	var b strings.Builder
	for i, r := range w.ranges {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%d:%d-%d", r.Partition, r.From, r.To)
	}
	return b.String()
}

var errWindow = errors.New("want partition:from-to, such as 0:12-90,1:3-50")

// ParseWindow reads "partition:from-to" for each partition, separated by commas.
func ParseWindow(s string) (Window, error) {
	if strings.Count(s, ",") >= maxPartitions {
		return Window{}, fmt.Errorf("more than %d partitions", maxPartitions)
	}
	var ranges []Range
	for part := range strings.SplitSeq(s, ",") {
		partition, offsets, ok1 := strings.Cut(part, ":")
		from, to, ok2 := strings.Cut(offsets, "-")
		p, err1 := strconv.ParseUint(partition, 10, 31)
		f, err2 := strconv.ParseUint(from, 10, 62)
		t, err3 := strconv.ParseUint(to, 10, 62)
		if !ok1 || !ok2 || err1 != nil || err2 != nil || err3 != nil {
			return Window{}, fmt.Errorf("%.64q: %w", part, errWindow)
		}
		ranges = append(ranges, Range{Partition: int(p), From: int64(f), To: int64(t)})
	}
	return NewWindow(ranges...)
}

package shard

import (
	"fmt"
	"iter"
	"strconv"
	"strings"

	"twinspect.dev/capture/kafka"
)

// Chunk is a part of the window that is done as one: the offsets of a partition
// from From to before To.
type Chunk struct {
	Partition int   `json:"partition"`
	From      int64 `json:"from"`
	To        int64 `json:"to"`
}

// String names the chunk to a person.
func (c Chunk) String() string { return fmt.Sprintf("%d:%d-%d", c.Partition, c.From, c.To) }

// Offsets returns how many offsets the chunk has.
func (c Chunk) Offsets() int64 { return c.To - c.From }

// chunks divides a range: the chunk k begins at from + k × size.
func chunks(r kafka.Range, size int64) iter.Seq[Chunk] {
	return func(yield func(Chunk) bool) {
		for from := r.From; from < r.To; {
			to := r.To
			if r.To-from > size {
				to = from + size
			}
			if !yield(Chunk{r.Partition, from, to}) {
				return
			}
			from = to
		}
	}
}

// Chunks returns all chunks of the plan, by partition and offset.
func (p *Plan) Chunks() ([]Chunk, error) {
	ranges, err := p.Ranges()
	if err != nil {
		return nil, err
	}
	var all []Chunk
	for _, r := range ranges {
		for c := range chunks(r, p.Chunk) {
			all = append(all, c)
		}
	}
	return all, nil
}

// The objects of a chunk. Each attempt to do it leaves one when it begins, and
// one when it ends without a result, in as far as it still can.
const (
	partialKind = "partial"
	begunKind   = "begun"
	leftKind    = "left"
)

// base is how the names of the chunk's objects begin: padded, so that they sort
// by partition and offset. Partitions have up to 10 digits and offsets up to 19.
func (c Chunk) base(run string) string {
	return fmt.Sprintf("%s/p%010d-o%019d.", run, c.Partition, c.From)
}

func (c Chunk) partial(run string) string { return c.base(run) + partialKind }

func (c Chunk) begun(run, attempt string) string { return c.base(run) + begunKind + "-" + attempt }

func (c Chunk) left(run, attempt string) string { return c.base(run) + leftKind + "-" + attempt }

// place is what an object's name says.
type place struct {
	partition     int
	from          int64
	kind, attempt string
}

// parseName reads the name of an object of the run.
func parseName(run, name string) (place, error) {
	bad := fmt.Errorf("%q is no object of run %s", name, run)
	rest, ok1 := strings.CutPrefix(name, run+"/p")
	where, kind, ok2 := strings.Cut(rest, ".")
	partition, from, ok3 := strings.Cut(where, "-o")
	p, err1 := strconv.ParseUint(partition, 10, 31)
	o, err2 := strconv.ParseUint(from, 10, 63)
	if !ok1 || !ok2 || !ok3 || err1 != nil || err2 != nil {
		return place{}, bad
	}
	kind, attempt, hasAttempt := strings.Cut(kind, "-")
	if known := kind == partialKind && !hasAttempt || (kind == begunKind || kind == leftKind) && attempt != ""; !known {
		return place{}, bad
	}
	return place{int(p), int64(o), kind, attempt}, nil
}

// Share returns the part of the window that lies in a partition, from 0 to 1. A
// rate for the whole run is divided by it, so that all partitions end together
// where all are worked on at a time.
func (p *Plan) Share(partition int) (float64, error) {
	ranges, err := p.Ranges()
	if err != nil {
		return 0, err
	}
	var own, all float64
	for _, r := range ranges {
		all += float64(r.To - r.From)
		if r.Partition == partition {
			own = float64(r.To - r.From)
		}
	}
	if all == 0 {
		return 0, nil
	}
	return own / all, nil
}

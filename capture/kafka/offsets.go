package kafka

import (
	"context"
	"fmt"
	"slices"
	"time"

	kafkago "github.com/segmentio/kafka-go"
)

// bounds are the first offset that a partition still holds, and the next that it
// will give.
type bounds struct{ first, next int64 }

// bounds asks for the bounds of partitions. What lies behind the first open
// transaction is not there for who reads committed.
func (c *client) bounds(ctx context.Context, partitions []int, level kafkago.IsolationLevel) (map[int]bounds, error) {
	requests := make([]kafkago.OffsetRequest, 0, 2*len(partitions))
	for _, p := range partitions {
		requests = append(requests, kafkago.FirstOffsetOf(p), kafkago.LastOffsetOf(p))
	}
	answers, err := c.listOffsets(ctx, requests, level)
	if err != nil {
		return nil, err
	}
	all := make(map[int]bounds, len(partitions))
	for _, a := range answers {
		all[a.Partition] = bounds{first: max(a.FirstOffset, 0), next: max(a.LastOffset, 0)}
	}
	return all, nil
}

// offsetsAt asks for the first offset of each partition whose record has the
// timestamp t or a later one. A partition without such a record is left out.
func (c *client) offsetsAt(ctx context.Context, partitions []int, t time.Time) (map[int]int64, error) {
	// Negative timestamps have a meaning of their own in this request; there is
	// no record before 1970.
	if t.UnixMilli() < 1 {
		t = time.UnixMilli(1)
	}
	requests := make([]kafkago.OffsetRequest, len(partitions))
	for i, p := range partitions {
		requests[i] = kafkago.TimeOffsetOf(p, t)
	}
	answers, err := c.listOffsets(ctx, requests, kafkago.ReadCommitted)
	if err != nil {
		return nil, err
	}
	all := make(map[int]int64, len(partitions))
	for _, a := range answers {
		for offset := range a.Offsets {
			if offset >= 0 {
				all[a.Partition] = offset
			}
		}
	}
	return all, nil
}

// atOnce is how many requests for offsets are in flight: the library sends one
// for each, over a connection of its own. It is even, so that both bounds of a
// partition are in the same round.
const atOnce = 32

func (c *client) listOffsets(
	ctx context.Context, requests []kafkago.OffsetRequest, level kafkago.IsolationLevel,
) ([]kafkago.PartitionOffsets, error) {
	var all []kafkago.PartitionOffsets
	for round := range slices.Chunk(requests, atOnce) {
		res, err := c.api.ListOffsets(ctx, &kafkago.ListOffsetsRequest{
			Topics: map[string][]kafkago.OffsetRequest{c.cfg.Topic: round}, IsolationLevel: level,
		})
		if err != nil {
			return nil, err
		}
		for _, a := range res.Topics[c.cfg.Topic] {
			if a.Error != nil {
				return nil, fmt.Errorf("partition %d: %w", a.Partition, a.Error)
			}
			all = append(all, a)
		}
	}
	return all, nil
}

// resolve fixes the window of t. A beginning behind the end makes an empty
// range, as where nothing was recorded after the given time.
func (c *client) resolve(ctx context.Context, t Target, count int, now time.Time) (Window, error) {
	partitions, err := chosen(t, count)
	if err != nil {
		return Window{}, err
	}
	if t.Window != nil {
		ends, err := c.bounds(ctx, partitions, kafkago.ReadUncommitted)
		if err != nil {
			return Window{}, err
		}
		return *t.Window, checkWindow(*t.Window, ends)
	}
	ends, err := c.bounds(ctx, partitions, kafkago.ReadCommitted)
	if err != nil {
		return Window{}, err
	}
	from, err := c.place(ctx, t.From, earliest, partitions, ends, now)
	if err != nil {
		return Window{}, err
	}
	to, err := c.place(ctx, t.To, latest, partitions, ends, now)
	if err != nil {
		return Window{}, err
	}
	ranges := make([]Range, len(partitions))
	for i, p := range partitions {
		ranges[i] = Range{Partition: p, From: from[p], To: max(from[p], to[p])}
	}
	return NewWindow(ranges...)
}

// chosen lists the partitions that t asks for.
func chosen(t Target, count int) ([]int, error) {
	var list []int
	switch {
	case t.Window != nil:
		for _, r := range t.Window.ranges {
			list = append(list, r.Partition)
		}
	case len(t.Partitions) > 0:
		list = slices.Sorted(slices.Values(t.Partitions))
		list = slices.Compact(list)
	default:
		for p := range count {
			list = append(list, p)
		}
	}
	for _, p := range list {
		if p < 0 || p >= count {
			return nil, &windowError{fmt.Errorf("kafka topic %s has %d partitions, and none is %d", t.Config.Topic, count, p)}
		}
	}
	return list, nil
}

// windowError is a window that does not fit the topic, which no repetition helps.
type windowError struct{ error }

func checkWindow(w Window, ends map[int]bounds) error {
	for _, r := range w.ranges {
		if next := ends[r.Partition].next; r.From > next {
			return &windowError{fmt.Errorf("window: partition %d ends at offset %d, before %d", r.Partition, next, r.From)}
		}
	}
	return nil
}

// place finds the offset of p in each partition. A number is taken as it is, so
// that what retention removed behind it is counted, but not beyond the end.
func (c *client) place(
	ctx context.Context, p Position, fallback positionKind, partitions []int, ends map[int]bounds, now time.Time,
) (map[int]int64, error) {
	kind, at := p.kind, p.time
	switch kind {
	case unset:
		kind = fallback
	case byAge:
		kind, at = byTime, now.Add(-p.ago)
	}
	var times map[int]int64
	if kind == byTime {
		var err error
		if times, err = c.offsetsAt(ctx, partitions, at); err != nil {
			return nil, err
		}
	}
	offsets := make(map[int]int64, len(partitions))
	for _, partition := range partitions {
		end := ends[partition]
		switch kind {
		case earliest:
			offsets[partition] = end.first
		case byOffset:
			offsets[partition] = min(p.offset, end.next)
		default:
			offsets[partition] = end.next
		}
		if offset, ok := times[partition]; ok {
			offsets[partition] = min(offset, end.next)
		}
	}
	return offsets, nil
}

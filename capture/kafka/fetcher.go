package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"twinspect.dev/capture"
)

// item is one record of a partition, or some offsets without one.
type item struct {
	// next is the offset behind the item.
	next int64
	// value is the record's; nil where it has none.
	value []byte
	// reason says why the offsets hold no record; "" for a record.
	reason capture.Reason
	offset int64
}

// chunk is the part of a partition that one request brought.
type chunk struct {
	items []item
	next  int64
	err   error
}

func (c *chunk) gap(next int64, reason capture.Reason) {
	if next <= c.next {
		return
	}
	if n := len(c.items); n > 0 && c.items[n-1].reason == reason {
		c.items[n-1].next = next
	} else {
		c.items = append(c.items, item{offset: c.next, next: next, reason: reason})
	}
	c.next = next
}

// fetcher reads one range of a partition ahead of its reader: one chunk waits
// while the next one is on its way.
type fetcher struct {
	client   *client
	slots    chan struct{}
	part     Range
	bytes    int64
	wait     time.Duration
	retryFor time.Duration
	chunks   chan chunk
	cancel   context.CancelFunc
	stopped  chan struct{}
	// stuck is since when the broker holds the next record back.
	stuck time.Time
}

func (f *fetcher) start() {
	ctx, cancel := context.WithCancel(context.Background())
	f.cancel, f.stopped = cancel, make(chan struct{})
	f.chunks = make(chan chunk, 1)
	go f.run(ctx)
}

// stop ends the fetcher and waits for it.
func (f *fetcher) stop() {
	f.cancel()
	<-f.stopped
}

func (f *fetcher) run(ctx context.Context) {
	defer close(f.stopped)
	defer f.cancel()
	for pos := f.part.From; pos < f.part.To; {
		c := f.read(ctx, pos)
		if c.next == pos && c.err == nil {
			continue // nothing there yet
		}
		select {
		case f.chunks <- c:
		case <-ctx.Done():
			return
		}
		if c.err != nil {
			return
		}
		pos = c.next
	}
}

// read brings the chunk at pos. One of a bounded number of requests is made at
// a time, since each takes a connection.
func (f *fetcher) read(ctx context.Context, pos int64) chunk {
	select {
	case f.slots <- struct{}{}:
		defer func() { <-f.slots }()
	case <-ctx.Done():
		return chunk{next: pos, err: ctx.Err()}
	}
	var c chunk
	err := f.client.retry(ctx, f.retryFor, func(ctx context.Context) (err error) {
		c, err = f.fetch(ctx, pos)
		return err
	})
	if err != nil {
		return chunk{next: pos, err: fmt.Errorf("read partition %d at offset %d: %w", f.part.Partition, pos, err)}
	}
	return c
}

func (f *fetcher) fetch(ctx context.Context, pos int64) (chunk, error) {
	res, err := f.client.api.Fetch(ctx, &kafkago.FetchRequest{
		Topic: f.client.cfg.Topic, Partition: f.part.Partition, Offset: pos,
		MinBytes: 1, MaxBytes: f.bytes, MaxWait: f.wait,
	})
	if err != nil {
		return chunk{}, err
	}
	if errors.Is(res.Error, kafkago.OffsetOutOfRange) {
		return f.outside(ctx, pos)
	}
	if res.Error != nil {
		return chunk{}, res.Error
	}
	c := chunk{next: pos}
	c.gap(min(res.LogStartOffset, f.part.To), Expired)
	batches := batchesOf(res.Records)
	for _, b := range batches {
		if err := c.add(b, f.part.To); err != nil {
			return chunk{}, err
		}
	}
	if c.next == pos && len(batches) > 0 {
		// Compaction leaves the frame of a batch whose records it took. The
		// library does not tell where that ends; it covers pos.
		c.gap(pos+1, Compacted)
	}
	return c, f.held(c.next == pos && res.HighWatermark > pos)
}

// held returns an error when a record is withheld for longer than retryFor
// although the broker says that it has it. The range may also end beyond what
// was written so far; that is waited for.
func (f *fetcher) held(now bool) error {
	switch {
	case !now:
		f.stuck = time.Time{}
	case f.stuck.IsZero():
		f.stuck = time.Now()
	case time.Since(f.stuck) > f.retryFor:
		return errWithheld
	}
	return nil
}

var errWithheld = errors.New("the broker withholds records that it says it has")

// outside decides what the offsets are that the broker does not have.
func (f *fetcher) outside(ctx context.Context, pos int64) (chunk, error) {
	all, err := f.client.bounds(ctx, []int{f.part.Partition})
	if err != nil {
		return chunk{}, err
	}
	c := chunk{next: pos}
	switch b := all[f.part.Partition]; {
	case b.first > pos:
		c.gap(min(b.first, f.part.To), Expired)
	case b.next < pos:
		c.gap(f.part.To, Truncated)
	default:
		return chunk{}, kafkago.OffsetOutOfRange
	}
	return c, nil
}

func batchesOf(r kafkago.RecordReader) []kafkago.RecordReader {
	if stream, ok := r.(*protocol.RecordStream); ok {
		return stream.Records
	}
	return nil
}

// add appends what lies between c.next and the offset to. A batch may begin
// before that: brokers send batches whole.
func (c *chunk) add(batch kafkago.RecordReader, to int64) error {
	_, control := batch.(*protocol.ControlBatch)
	for {
		r, err := batch.ReadRecord()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := c.record(r, control, to); err != nil {
			return err
		}
	}
}

func (c *chunk) record(r *kafkago.Record, control bool, to int64) error {
	defer closeBytes(r.Key, r.Value)
	if r.Offset < c.next {
		return nil
	}
	c.gap(min(r.Offset, to), Compacted)
	if r.Offset >= to {
		return nil
	}
	if control {
		c.gap(r.Offset+1, Control)
		return nil
	}
	it := item{offset: r.Offset, next: r.Offset + 1}
	if r.Value != nil {
		it.value = make([]byte, r.Value.Len())
		if _, err := io.ReadFull(r.Value, it.value); err != nil {
			return fmt.Errorf("record at offset %d: %w", r.Offset, err)
		}
	}
	c.items = append(c.items, it)
	c.next = it.next
	return nil
}

func closeBytes(all ...kafkago.Bytes) {
	for _, b := range all {
		if b != nil {
			_ = b.Close() // gives memory back; it has nothing to report
		}
	}
}

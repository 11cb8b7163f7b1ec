package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/fetch"
)

// fetcher reads one range of a partition ahead of its reader: one answer waits
// while the next one is on its way, and one batch of it is unpacked.
type fetcher struct {
	client   *client
	slots    chan struct{}
	unpacker *decompressor
	part     Range
	bytes    int64
	wait     time.Duration
	retryFor time.Duration
	// chunks come in order and without a hole; the last may be an error.
	chunks chan chunk
	cancel context.CancelFunc
	group  sync.WaitGroup
}

// portion are the spans of one answer, or an error that ends the partition.
type portion struct {
	spans []span
	pos   int64
	err   error
}

func (f *fetcher) start() {
	ctx, cancel := context.WithCancel(context.Background())
	f.cancel = cancel
	f.chunks = make(chan chunk)
	portions := make(chan portion, 1)
	f.group.Go(func() { f.fetchAll(ctx, portions) })
	f.group.Go(func() { f.unpackAll(ctx, portions) })
}

// stop ends the fetcher and waits for it.
func (f *fetcher) stop() {
	f.cancel()
	f.group.Wait()
}

// unpackAll unpacks one batch at a time: how far it swells is only known then.
func (f *fetcher) unpackAll(ctx context.Context, portions <-chan portion) {
	for p := range portions {
		if p.err != nil {
			f.send(ctx, chunk{pos: p.pos, to: p.pos, err: p.err})
			return
		}
		for i, s := range p.spans {
			p.spans[i] = span{} // its memory is not kept for the others'
			if !f.send(ctx, f.unpacker.unpackSpan(s)) {
				return
			}
		}
	}
}

func (f *fetcher) send(ctx context.Context, c chunk) bool {
	select {
	case f.chunks <- c:
		return true
	case <-ctx.Done():
		return false
	}
}

func (f *fetcher) fetchAll(ctx context.Context, portions chan<- portion) {
	defer close(portions)
	var stuck time.Time // since when the broker holds the next record back
	for pos := f.part.From; pos < f.part.To; {
		spans, lastStable, err := f.read(ctx, pos)
		if err == nil && len(spans) == 0 {
			if err = f.held(ctx, lastStable > pos, &stuck); err == nil {
				continue
			}
		}
		p := portion{spans: spans, pos: pos}
		if err != nil {
			p.err = fmt.Errorf("read partition %d at offset %d: %w", f.part.Partition, pos, err)
		} else {
			pos, stuck = spans[len(spans)-1].to, time.Time{}
		}
		select {
		case portions <- p:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// held returns an error when a record is withheld for longer than retryFor
// although the broker says that it has it. The range may also end beyond what
// was written so far, or in a transaction that is open; that is waited for.
func (f *fetcher) held(ctx context.Context, now bool, since *time.Time) error {
	switch {
	case !now:
		*since = time.Time{}
		return nil
	case since.IsZero():
		*since = time.Now()
	case time.Since(*since) > f.retryFor:
		return f.client.explain(errWithheld)
	}
	return sleep(ctx, firstBackoff)
}

var errWithheld = errors.New("the broker withholds records that it says it has")

// read brings the spans at pos; none where there is nothing yet. One of a bounded
// number of requests is made at a time, since each takes a connection.
func (f *fetcher) read(ctx context.Context, pos int64) (spans []span, lastStable int64, err error) {
	select {
	case f.slots <- struct{}{}:
		defer func() { <-f.slots }()
	case <-ctx.Done():
		return nil, 0, ctx.Err()
	}
	err = f.client.retry(ctx, f.retryFor, bounded(func(ctx context.Context) (err error) {
		spans, lastStable, err = f.fetch(ctx, pos)
		return err
	}))
	return spans, lastStable, err
}

func (f *fetcher) fetch(ctx context.Context, pos int64) ([]span, int64, error) {
	res, err := f.client.transport.RoundTrip(ctx, f.client.api.Addr, f.request(pos))
	if err != nil {
		return nil, 0, err
	}
	a, ok := res.(*fetchAnswer)
	switch {
	case !ok:
		return nil, 0, errAnswer
	case errors.Is(a.err, kafkago.OffsetOutOfRange):
		s, err := f.outside(ctx, pos)
		return []span{s}, 0, err
	case a.err != nil:
		return nil, 0, a.err
	}
	return a.spans(pos, f.part.To), a.lastStable, nil
}

func (f *fetcher) request(pos int64) *fetchRequest {
	return &fetchRequest{clientID: f.client.cfg.ClientID, Request: fetch.Request{
		ReplicaID: -1, MaxWaitTime: int32(f.wait.Milliseconds()), MinBytes: 1, MaxBytes: int32(f.bytes),
		IsolationLevel: int8(kafkago.ReadCommitted), SessionID: -1, SessionEpoch: -1,
		Topics: []fetch.RequestTopic{{
			Topic: f.client.cfg.Topic,
			Partitions: []fetch.RequestPartition{{
				Partition: int32(f.part.Partition), CurrentLeaderEpoch: -1, FetchOffset: pos, LogStartOffset: -1,
				PartitionMaxBytes: int32(f.bytes),
			}},
		}},
	}}
}

// outside decides what the offsets are that the broker does not have.
func (f *fetcher) outside(ctx context.Context, pos int64) (span, error) {
	all, err := f.client.bounds(ctx, []int{f.part.Partition}, kafkago.ReadUncommitted)
	if err != nil {
		return span{}, err
	}
	switch b := all[f.part.Partition]; {
	case b.first > pos:
		return span{from: pos, to: min(b.first, f.part.To), reason: Expired}, nil
	case b.next < pos:
		return span{from: pos, to: f.part.To, reason: Truncated}, nil
	}
	return span{}, kafkago.OffsetOutOfRange
}

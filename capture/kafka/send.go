package kafka

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"twinspect.dev/capture"
)

// call is where the errors of records go, by their index, and for how long what
// fails is repeated.
type call struct {
	errs   []error
	repeat time.Duration
}

// send writes records.
func (p *Producer) send(ctx context.Context, records []record, c call) {
	if len(records) == 0 {
		return
	}
	limited, cancel := context.WithTimeoutCause(ctx, p.opts.Timeout, errNotInTime)
	defer cancel()
	var n int
	err := p.client.retry(limited, c.repeat, bounded(func(ctx context.Context) (err error) {
		n, err = p.client.partitions(ctx)
		return err
	}))
	if err != nil {
		fail(records, c.errs, cause(limited, err))
		return
	}
	var wg sync.WaitGroup
	for partition, part := range byPartition(records, n) {
		if len(part) > 0 {
			wg.Go(func() { p.sendPartition(limited, partition, part, c) })
		}
	}
	wg.Wait()
}

var errNotInTime = errors.New("not acknowledged in time")

// cause tells the caller's cancellation from the producer's own limit.
func cause(ctx context.Context, err error) error {
	if errors.Is(err, context.DeadlineExceeded) && errors.Is(context.Cause(ctx), errNotInTime) {
		return fmt.Errorf("%w: %w", errNotInTime, err)
	}
	return err
}

// byPartition divides records over n partitions, keeping their order.
func byPartition(records []record, n int) [][]record {
	parts, all := make([][]record, n), make([]int, n)
	for i := range all {
		all[i] = i
	}
	balancer := kafkago.Murmur2Balancer{Consistent: true}
	for _, r := range records {
		i := balancer.Balance(kafkago.Message{Key: r.key}, all...)
		parts[i] = append(parts[i], r)
	}
	return parts
}

// sendPartition writes to one partition, one request after the other so that the
// order stays; the next batches are made while one is on its way. After a failure
// that may pass, the rest is not sent: it would overtake.
func (p *Producer) sendPartition(ctx context.Context, partition int, records []record, c call) {
	queue := make(chan pendingBatch, p.ahead)
	go p.makeAll(records, queue)
	var failed error
	for next := range queue {
		buffer := <-next.buffer
		if failed == nil {
			failed = p.deliver(ctx, partition, next.records, buffer, c)
		} else {
			fail(next.records, c.errs, failed)
		}
		p.batches.release(buffer)
	}
}

// pendingBatch are records whose batch is being made.
type pendingBatch struct {
	records []record
	buffer  chan *batchBuffer
}

// makeAll divides records into batches of at most MaxMessage bytes, and makes as
// many of them at a time as the queue holds.
func (p *Producer) makeAll(records []record, queue chan<- pendingBatch) {
	defer close(queue)
	for len(records) > 0 {
		n := fitting(records, p.opts.MaxMessage)
		next := pendingBatch{records: records[:n], buffer: make(chan *batchBuffer, 1)}
		queue <- next
		go func() { next.buffer <- p.batches.make(next.records) }()
		records = records[n:]
	}
}

// fitting returns how many of the first records make a batch of at most limit
// bytes; at least one.
func fitting(records []record, limit int) int {
	total := 0
	for i := range records {
		if total += records[i].size(); total > limit {
			return max(i, 1)
		}
	}
	return len(records)
}

// deliver writes one batch. Where the broker refuses it for one of its records,
// it is halved until that one stands alone. The error is nil where more can be
// sent to the partition.
func (p *Producer) deliver(
	ctx context.Context, partition int, records []record, b *batchBuffer, c call,
) error {
	err := p.client.retry(ctx, c.repeat, func(ctx context.Context) error {
		return p.request(ctx, partition, b)
	})
	reason, refused := refusal(err)
	switch {
	case err == nil:
		for i := range records {
			p.sent.Add(uint64(records[i].size()))
		}
		return nil
	case !refused:
		err = cause(ctx, err)
		fail(records, c.errs, err)
		return err
	case len(records) == 1:
		fail(records, c.errs, &capture.RefusedError{Reason: reason, Err: err})
		return nil
	}
	half := len(records) / 2
	if err := p.deliverPart(ctx, partition, records[:half], c); err != nil {
		fail(records[half:], c.errs, err)
		return err
	}
	return p.deliverPart(ctx, partition, records[half:], c)
}

func (p *Producer) deliverPart(ctx context.Context, partition int, records []record, c call) error {
	b := p.batches.make(records)
	defer p.batches.release(b)
	return p.deliver(ctx, partition, records, b, c)
}

// request makes one attempt.
func (p *Producer) request(ctx context.Context, partition int, b *batchBuffer) error {
	limit, begin := p.patience.limit(partition), time.Now()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := p.produce(ctx, partition, b)
	p.patience.learn(partition, limit, time.Since(begin), err)
	return err
}

func (p *Producer) produce(ctx context.Context, partition int, b *batchBuffer) error {
	res, err := p.client.api.RawProduce(ctx, &kafkago.RawProduceRequest{
		Topic: p.client.cfg.Topic, Partition: partition, RequiredAcks: kafkago.RequireAll,
		RawRecords: protocol.RawRecordSet{Reader: bytes.NewReader(b.set)},
	})
	if err != nil {
		b.lent = true
		return err
	}
	return res.Error
}

func fail(records []record, errs []error, err error) {
	for i := range records {
		errs[records[i].index] = err
	}
}

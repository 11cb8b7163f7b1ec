package kafka

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"twinspect.dev/capture"
)

const (
	// defaultMaxMessage is just below the broker's default message.max.bytes
	// (1048588), so that a record fits even where it does not compress.
	defaultMaxMessage = 1 << 20
	// defaultTimeout is the delivery.timeout.ms of the Java client: a leader
	// election and a broker's restart take less.
	defaultTimeout = 2 * time.Minute
	// patch is for how long Produce repeats what fails: a leader's orderly move
	// takes less, and an agent should say soon why its broker is away.
	patch = 2 * time.Second
)

// ProducerOptions are how a [Producer] writes.
type ProducerOptions struct {
	// MaxMessage is the largest record in bytes, before compression, with key
	// and framing; 1 MiB where it is 0. It should not exceed the topic's
	// max.message.bytes.
	MaxMessage int
	// Timeout is for how long a [Sink] tries a batch before it counts as not
	// acknowledged, and the longest that [Producer.Produce] waits for an answer;
	// 2 minutes where it is 0.
	Timeout time.Duration
}

// Producer writes exchanges to a topic, each acknowledged by all in-sync
// replicas, compressed with zstd, and hashed to its partition by its session key
// as the Java client does (murmur2).
//
// It is safe for concurrent use; the order of a session's exchanges is kept
// within a batch, and between batches where one is sent after the other.
type Producer struct {
	client  *client
	opts    ProducerOptions
	batches *batcher
	// ahead is how many batches of a partition are made while one is sent.
	ahead    int
	patience *patience
	sent     atomic.Uint64
	// failing says that the last call of Produce did.
	failing atomic.Bool
}

// NewProducer returns a producer. It does not connect yet; see
// [Producer.Check].
func NewProducer(cfg Config, o ProducerOptions) (*Producer, error) {
	c, err := newClient(cfg)
	if err != nil {
		return nil, err
	}
	if o.MaxMessage <= 0 {
		o.MaxMessage = defaultMaxMessage
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	batches, err := newBatcher()
	if err != nil {
		return nil, err
	}
	return &Producer{
		client: c, opts: o, batches: batches, ahead: runtime.GOMAXPROCS(0), patience: newPatience(),
	}, nil
}

// Check connects and returns an error that says what to do where the topic is
// missing or the credentials are refused.
func (p *Producer) Check(ctx context.Context) error {
	_, err := p.client.check(ctx)
	return err
}

// Sent returns how many bytes of records were acknowledged, before compression.
func (p *Producer) Sent() uint64 { return p.sent.Load() }

// Close closes the connections. It does not wait for a Produce that runs.
func (p *Producer) Close() error {
	p.client.close()
	return nil
}

// Produce writes a batch and waits until all in-sync replicas have it. It
// returns nil when every exchange was acknowledged, else one error for each, in
// order: nil for those that were. A [*capture.RefusedError] is for an exchange
// that will never be taken; every other error may pass. Then the exchange may
// have been written all the same, and be written twice when it is tried again.
//
// The caller is to try again what may pass, so that Produce returns as soon as
// the reason is known: what fails is repeated for two seconds, and after a call
// that failed only tried once. A broker that does not answer has 15 seconds, and
// after each timeout twice as long, up to 2 minutes.
func (p *Producer) Produce(ctx context.Context, batch []*capture.Exchange) []error {
	g := newGathered()
	defer g.release()
	errs := make([]error, len(batch))
	for i, e := range batch {
		errs[i] = g.encode(e, i, p.opts.MaxMessage)
	}
	p.send(ctx, g.records, call{errs, p.repeat()})
	p.failing.Store(slices.ContainsFunc(errs, mayPass))
	for _, err := range errs {
		if err != nil {
			return errs
		}
	}
	return nil
}

func mayPass(err error) bool {
	var refused *capture.RefusedError
	return err != nil && !errors.As(err, &refused)
}

// repeat is for how long Produce repeats what fails.
func (p *Producer) repeat() time.Duration {
	if p.failing.Load() {
		return 0
	}
	return min(patch, p.opts.Timeout)
}

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

func tooLarge(size, limit int) error {
	return &capture.RefusedError{
		Reason: TooLarge,
		Err:    fmt.Errorf("record of at least %d bytes: the limit is %d (max.message.bytes of the topic)", size, limit),
	}
}

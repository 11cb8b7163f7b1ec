package kafka

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

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

func tooLarge(size, limit int) error {
	return &capture.RefusedError{
		Reason: TooLarge,
		Err:    fmt.Errorf("record of at least %d bytes: the limit is %d (max.message.bytes of the topic)", size, limit),
	}
}

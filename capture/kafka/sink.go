package kafka

import (
	"context"
	"errors"
	"sync"
	"time"

	"twinspect.dev/capture"
)

// SinkOptions are how a [Sink] gathers exchanges. A batch is sent when the first
// of its limits is reached.
type SinkOptions struct {
	ProducerOptions
	// Records is the most exchanges of a batch; 4096 where it is 0.
	Records int
	// Bytes is the most bytes of a batch; 4 MiB where it is 0. Up to three
	// batches are held: one that fills, one that waits, one on its way.
	Bytes int
	// Linger is how long an exchange waits for others; 50 ms where it is 0.
	Linger time.Duration
}

func (o SinkOptions) withDefaults() SinkOptions {
	if o.Records <= 0 {
		o.Records = 4096
	}
	if o.Bytes <= 0 {
		o.Bytes = 4 << 20
	}
	if o.Linger <= 0 {
		o.Linger = 50 * time.Millisecond
	}
	return o
}

// ErrClosed is returned by a [Sink] or [Source] that was closed.
var ErrClosed = errors.New("kafka: closed")

// Sink writes exchanges to a topic through a [Producer], in batches and in the
// background. It implements [capture.Sink] and io.Closer. WriteExchange, Flush
// and Close are for one goroutine at a time; Account is for any.
//
// A [*capture.RefusedError] of WriteExchange is for that exchange alone. Any
// other error is of a batch that no broker took in time, and stays: the sink
// takes no more, and the account holds what was lost.
type Sink struct {
	producer *Producer
	opts     SinkOptions
	jobs     chan job
	done     chan struct{}
	closed   bool

	// scratch is the writer's: where an exchange is encoded.
	scratch []byte

	mu      sync.Mutex
	filling *gathered
	stats   capture.Stats
	err     error
}

// job is a batch to send; done is closed afterwards, unless it is nil.
type job struct {
	batch *gathered
	done  chan struct{}
}

// NewSink returns a sink. It does not connect before the first batch.
func NewSink(cfg Config, o SinkOptions) (*Sink, error) {
	p, err := NewProducer(cfg, o.ProducerOptions)
	if err != nil {
		return nil, err
	}
	s := &Sink{
		producer: p, opts: o.withDefaults(), jobs: make(chan job, 1), done: make(chan struct{}), filling: newGathered(),
	}
	go s.run()
	return s, nil
}

// Check is [Producer.Check].
func (s *Sink) Check(ctx context.Context) error { return s.producer.Check(ctx) }

// WriteExchange implements [capture.Sink]. It waits while a batch waits behind
// another one that is on its way.
func (s *Sink) WriteExchange(ctx context.Context, e *capture.Exchange) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.closed {
		return ErrClosed
	}
	if err := s.failed(); err != nil {
		return err
	}
	r, scratch, err := encode(s.scratch[:0], e, s.producer.opts.MaxMessage)
	s.scratch = scratch
	if err != nil {
		s.refuse(err)
		return err
	}
	if s.full(r.size()) {
		if err := s.push(ctx, nil); err != nil {
			return err
		}
	}
	s.add(r)
	return nil
}

// Flush waits until everything given was acknowledged or has failed.
func (s *Sink) Flush(ctx context.Context) error {
	if s.closed {
		return ErrClosed
	}
	done := make(chan struct{})
	if err := s.push(ctx, done); err != nil {
		return err
	}
	select {
	case <-done:
		return s.failed()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close sends what is left, which takes at most the producer's Timeout for each
// of three batches, and closes the connections. Its error is the first that lost
// a batch.
func (s *Sink) Close() error {
	if s.closed {
		return s.failed()
	}
	s.closed = true
	s.jobs <- job{batch: s.take()}
	close(s.jobs)
	<-s.done
	return errors.Join(s.failed(), s.producer.Close())
}

// Account implements [capture.Accounted]. It may be called at any time.
func (s *Sink) Account() capture.Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	return capture.Account{{Name: "kafka", Unit: "exchanges", Stats: s.stats.Clone()}}
}

// push hands the batch that fills to the sender.
func (s *Sink) push(ctx context.Context, done chan struct{}) error {
	batch := s.take()
	select {
	case s.jobs <- job{batch: batch, done: done}:
		return nil
	case <-ctx.Done():
		s.putBack(batch)
		return ctx.Err()
	}
}

// run sends batches until jobs is closed. A batch that fills too slowly is taken
// after Linger; what waits in jobs is older and goes first.
func (s *Sink) run() {
	defer close(s.done)
	linger := time.NewTicker(s.opts.Linger)
	defer linger.Stop()
	for {
		select {
		case j, open := <-s.jobs:
			if !open {
				return
			}
			s.send(j)
		case <-linger.C:
			select {
			case j, open := <-s.jobs:
				if !open {
					return
				}
				s.send(j)
			default:
				s.send(job{batch: s.take()})
			}
		}
	}
}

func (s *Sink) send(j job) {
	if j.done != nil {
		defer close(j.done)
	}
	defer j.batch.release()
	records := j.batch.records
	if len(records) == 0 {
		return
	}
	errs := j.batch.failures(len(records))
	if err := s.failed(); err != nil {
		fail(records, errs, err)
	} else {
		s.producer.send(context.Background(), records, call{errs, s.producer.opts.Timeout})
	}
	s.settle(errs)
}

// settle counts a batch that was sent.
func (s *Sink) settle(errs []error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, err := range errs {
		s.stats.Open--
		var refused *capture.RefusedError
		switch {
		case err == nil:
			s.stats.Written++
		case errors.As(err, &refused):
			s.stats.Drop(refused.Reason, 1)
		default:
			s.stats.Drop(Unacknowledged, 1)
			if s.err == nil {
				s.err = err
			}
		}
	}
}

func (s *Sink) refuse(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var refused *capture.RefusedError
	if errors.As(err, &refused) {
		s.stats.Seen++
		s.stats.Drop(refused.Reason, 1)
	}
}

func (s *Sink) failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// full reports whether a record of the size has no room in the batch that fills.
func (s *Sink) full(size int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.filling.records)
	return n > 0 && (n >= s.opts.Records || s.filling.bytes+size > s.opts.Bytes)
}

func (s *Sink) add(r record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Seen++
	s.stats.Open++
	s.filling.add(r)
}

func (s *Sink) take() *gathered {
	s.mu.Lock()
	defer s.mu.Unlock()
	batch := s.filling
	s.filling = newGathered()
	return batch
}

// putBack undoes a take: nothing was added since, the writer being the caller.
func (s *Sink) putBack(batch *gathered) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.filling.release()
	s.filling = batch
}

package kafka

import (
	"context"
	"fmt"
	"time"

	kafkago "github.com/segmentio/kafka-go"
)

const (
	// metadataTTL is the longest that a cluster's layout is trusted unasked;
	// after an error it is asked anew at once.
	metadataTTL = 5 * time.Second
	// requestTimeout bounds one request. It lies above the time that a leader
	// waits for its in-sync replicas (replica.lag.time.max.ms has 30 s, but a
	// healthy follower answers within 0.5 s).
	requestTimeout = 15 * time.Second
	// The pause between attempts doubles from the first to the last, about what
	// a leader election takes.
	firstBackoff = 50 * time.Millisecond
	lastBackoff  = 2 * time.Second
)

// client speaks to the brokers of one topic. It is safe for concurrent use.
type client struct {
	cfg       Config
	api       *kafkago.Client
	transport *kafkago.Transport
}

func newClient(cfg Config) (*client, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	t, err := cfg.Transport()
	if err != nil {
		return nil, err
	}
	return &client{
		cfg: cfg, transport: t,
		// With a timeout, half of what an attempt has is what a leader may wait
		// for its replicas; without one it would be half a second.
		api: &kafkago.Client{Addr: kafkago.TCP(cfg.Brokers...), Transport: t, Timeout: longestRequest},
	}, nil
}

func (c *client) close() { c.transport.CloseIdleConnections() }

// partitions returns how many partitions the topic has.
func (c *client) partitions(ctx context.Context) (int, error) {
	m, err := c.api.Metadata(ctx, &kafkago.MetadataRequest{Topics: []string{c.cfg.Topic}})
	if err != nil {
		return 0, err
	}
	for _, t := range m.Topics {
		if t.Name != c.cfg.Topic {
			continue
		}
		if t.Error != nil {
			return 0, t.Error
		}
		if len(t.Partitions) > 0 {
			return len(t.Partitions), nil
		}
	}
	return 0, kafkago.UnknownTopicOrPartition
}

// check returns the number of partitions, or what to do about the error. It
// tries again for a while what may pass, but not a missing topic or credentials.
func (c *client) check(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.DialTimeout)
	defer cancel()
	n, err := c.partitions(ctx)
	if err != nil {
		c.close() // the layout that failed is not kept
		return 0, c.explain(err)
	}
	return n, nil
}

// retry repeats op, which bounds its own time, until it succeeds, the error
// cannot pass, or limit is over; with 0 it is tried once. Before each repetition
// the cluster's layout is read anew, which also finds the true error where a
// broker is away.
func (c *client) retry(ctx context.Context, limit time.Duration, op func(context.Context) error) error {
	start, wait := time.Now(), firstBackoff
	err := op(ctx)
	for err != nil {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case !retriable(err):
			if _, ofRecord := refusal(err); !ofRecord {
				c.close() // an answer that is kept would outlive its cause
			}
			return c.explain(err)
		case time.Since(start)+wait > limit:
			c.close() // the layout that failed is not kept
			return fmt.Errorf("gave up after %s: %w", time.Since(start).Round(time.Millisecond), c.explain(err))
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
		wait = min(2*wait, lastBackoff)
		c.close()
		if err = bounded(c.reachable)(ctx); err == nil {
			err = op(ctx)
		}
	}
	return nil
}

func (c *client) reachable(ctx context.Context) error {
	_, err := c.partitions(ctx)
	return err
}

// bounded gives each call of op the time of one request.
func bounded(op func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, requestTimeout)
		defer cancel()
		return op(ctx)
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

package spool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"twinspect.dev/capture"
)

// Producer is the far end: Kafka.
//
// Produce waits until each exchange of the batch is acknowledged, and returns
// one error for each in order, or nil when all are. A [*capture.RefusedError]
// says that the exchange will never be taken: it is counted under its reason
// and not tried again. Every other error may pass, and the exchange is tried
// again, for ever: what comes after it waits, so that order is kept. It should be
// told soon: State has it, and a shutdown does without the broker then.
//
// Produce is called by one goroutine at a time. It returns soon after ctx is
// canceled, and neither changes nor keeps the batch.
type Producer interface {
	Produce(ctx context.Context, batch []*capture.Exchange) []error
}

// Config sets up a [Sink]. Only Producer is required; 0 means the default.
type Config struct {
	Producer Producer
	// Dir is the folder for what the broker does not take. It is made where it
	// does not exist. "" means none: what the queue cannot hold is dropped.
	Dir string
	// MaxDisk bounds the segments in Dir, in bytes; default 1 GiB.
	MaxDisk int64
	// MinFree bytes stay free on the filesystem; default 256 MiB, -1 for none.
	MinFree int64
	// SegmentSize is how many bytes a segment has before the next is begun;
	// default 16 MiB. Disk space comes back by the segment.
	SegmentSize int64
	// QueueBytes bounds the queue in memory; default 32 MiB, at most 1 GiB.
	// Beyond it come one batch on its way and the buffers of one segment.
	QueueBytes int64
	// BatchBytes and BatchCount bound one call of Produce; defaults 1 MiB, which
	// is what brokers take at once unless told otherwise, and 1000. One larger
	// exchange is a batch of its own.
	BatchBytes int64
	BatchCount int
	// Linger is how long a batch waits for more; default 100 ms.
	Linger time.Duration
	// Stall is how long a call of Produce may go on before the broker counts as
	// away; default 2 s. The call itself is not ended, but by Shutdown.
	Stall time.Duration
	Retry Retry
	// Log is told changes of state, never what an exchange holds; nil for none.
	Log *slog.Logger
}

// Retry bounds the wait between two attempts, which doubles each time. Half of
// it is random, so that many agents do not come back at once.
type Retry struct {
	// Min is the first wait, default 100 ms; Max the longest, default 5 s: a
	// broker that was put right is found within ten, and an attempt that finds
	// it wrong or away costs it a connection and its handshakes, no records.
	Min, Max time.Duration
}

// delay is the wait after the attempt, which counts from 0; random is in [0, 1).
func (r Retry) delay(attempt int, random float64) time.Duration {
	d := r.Max
	if attempt < 62 && r.Min <= r.Max>>attempt {
		d = r.Min << attempt
	}
	return d/2 + time.Duration(random*float64(d-d/2))
}

// maxQueue keeps the largest exchange within what a record of a segment holds.
const maxQueue = 1 << 30

func (c *Config) setDefaults() error {
	c.MaxDisk = cmp.Or(c.MaxDisk, 1<<30)
	c.MinFree = cmp.Or(c.MinFree, 256<<20)
	c.SegmentSize = cmp.Or(c.SegmentSize, 16<<20)
	c.QueueBytes = cmp.Or(c.QueueBytes, 32<<20)
	c.BatchBytes = cmp.Or(c.BatchBytes, 1<<20)
	c.BatchCount = cmp.Or(c.BatchCount, 1000)
	c.Linger = cmp.Or(c.Linger, 100*time.Millisecond)
	c.Stall = cmp.Or(c.Stall, 2*time.Second)
	c.Retry.Min = cmp.Or(c.Retry.Min, 100*time.Millisecond)
	c.Retry.Max = cmp.Or(c.Retry.Max, max(c.Retry.Min, 5*time.Second))
	c.Log = cmp.Or(c.Log, slog.New(slog.DiscardHandler))
	return c.check()
}

func (c *Config) check() error {
	switch {
	case c.Producer == nil:
		return errors.New("no producer")
	case c.MaxDisk < 0, c.SegmentSize < 0, c.QueueBytes < 0, c.BatchBytes < 0, c.BatchCount < 0:
		return errors.New("a size is negative")
	case c.Linger < 0, c.Stall < 0, c.Retry.Min < 0:
		return errors.New("a duration is negative")
	case c.Retry.Max < c.Retry.Min:
		return fmt.Errorf("longest wait %s is below the first, %s", c.Retry.Max, c.Retry.Min)
	case c.QueueBytes > maxQueue:
		return fmt.Errorf("queue of %d bytes: want at most %d", c.QueueBytes, int64(maxQueue))
	}
	return nil
}

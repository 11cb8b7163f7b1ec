package kafka

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"
)

// longestRequest bounds what a slow broker is given for one batch. It is the
// delivery.timeout.ms of the Java client, after which that one gives up too.
const longestRequest = 2 * time.Minute

// patience is how long a partition's leader has for one batch. A batch that is
// sent again while the first is still being written is written twice, and makes
// a slow broker slower: after each timeout it has twice as long, up to longest,
// and then at least twice what it last took. It is safe for concurrent use.
type patience struct {
	first, longest time.Duration

	mu sync.Mutex
	of map[int]time.Duration
}

func newPatience() *patience {
	return &patience{first: requestTimeout, longest: longestRequest, of: make(map[int]time.Duration)}
}

func (p *patience) limit(partition int) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(p.first, p.of[partition])
}

// learn takes what came of an attempt that had so much time.
func (p *patience) learn(partition int, limit, took time.Duration, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err == nil:
		p.of[partition] = min(2*took, p.longest)
	case timedOut(err) && took >= limit/2: // what its caller cut short tells nothing
		p.of[partition] = min(2*limit, p.longest)
	}
}

// timedOut reports whether the leader, or those that it waited for, took longer
// than they had.
func timedOut(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.Is(err, kafkago.RequestTimedOut)
}

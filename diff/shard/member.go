package shard

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"twinspect.dev/capture/kafka"
)

// member is a worker's membership in the run's consumer group, which divides the
// partitions between the workers. It decides nothing but who works on what: what
// is done is said by the store.
type member struct {
	cfg     kafka.Config
	group   *kafkago.ConsumerGroup
	name    string
	timeout time.Duration

	mu  sync.Mutex
	gen *kafkago.Generation
}

// assignment is what one generation of the group gives to a worker.
type assignment struct {
	partitions []int
	// ended is closed when the group divides the partitions anew.
	ended <-chan struct{}
}

// groupRequest bounds one request to the group's coordinator.
const groupRequest = 15 * time.Second

func join(cfg kafka.Config, group string, timeout time.Duration) (*member, error) {
	dialer, err := cfg.Dialer()
	if err != nil {
		return nil, err
	}
	g, err := kafkago.NewConsumerGroup(kafkago.ConsumerGroupConfig{
		ID: group, Brokers: cfg.Brokers, Topics: []string{cfg.Topic}, Dialer: dialer,
		SessionTimeout: timeout, HeartbeatInterval: timeout / 10, RebalanceTimeout: timeout,
		JoinGroupBackoff: 500 * time.Millisecond, Timeout: groupRequest,
		GroupBalancers: []kafkago.GroupBalancer{kafkago.RoundRobinGroupBalancer{}},
	})
	if err != nil {
		return nil, fmt.Errorf("join group %s: %w", group, err)
	}
	return &member{cfg: cfg, group: g, name: group, timeout: timeout}, nil
}

// retryFor is for how long the group may be out of reach: a leader election and
// a broker's restart take less.
const retryFor = 2 * time.Minute

// next waits for the next generation, which begins once the last has ended.
func (m *member) next(ctx context.Context) (assignment, error) {
	for since := time.Now(); ; {
		gen, err := m.group.Next(ctx)
		switch {
		case err == nil:
			return m.begin(gen), nil
		case ctx.Err() != nil:
			return assignment{}, ctx.Err()
		case errors.Is(err, kafkago.ErrGroupClosed):
			return assignment{}, err
		case !joinable(err) || time.Since(since) > retryFor:
			return assignment{}, fmt.Errorf("join group %s: %w", m.name, m.cfg.Explain(err))
		}
	}
}

// joinable reports whether a failed attempt to join is worth another.
func joinable(err error) bool {
	return kafka.Passing(err) || errors.Is(err, kafkago.RebalanceInProgress) ||
		errors.Is(err, kafkago.UnknownMemberId) || errors.Is(err, kafkago.IllegalGeneration)
}

func (m *member) begin(gen *kafkago.Generation) assignment {
	ended := make(chan struct{})
	gen.Start(func(ctx context.Context) {
		defer close(ended)
		<-ctx.Done()
	})
	m.mu.Lock()
	m.gen = gen
	m.mu.Unlock()
	a := assignment{ended: ended}
	for _, p := range gen.Assignments[m.cfg.Topic] {
		a.partitions = append(a.partitions, p.ID)
	}
	return a
}

// commit tells the group how far a partition has come, for tools that show its
// lag. A commit that fails, as that of a generation that has ended, is made up
// for by the next one.
func (m *member) commit(partition int, offset int64) {
	m.mu.Lock()
	gen := m.gen
	m.mu.Unlock()
	if gen != nil {
		_ = gen.CommitOffsets(map[string]map[int]int64{m.cfg.Topic: {partition: offset}})
	}
}

// close leaves the group.
func (m *member) close() error { return m.group.Close() }

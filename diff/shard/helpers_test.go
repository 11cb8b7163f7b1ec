package shard_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"twinspect.dev/capture"
	"twinspect.dev/capture/kafka"
	"twinspect.dev/diff/shard"
	"twinspect.dev/diff/shard/store"
	"twinspect.dev/replay"
)

const topic = "exchanges"

// patience bounds what ends sooner unless something is broken.
const patience = 60 * time.Second

var epoch = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

func cluster(t testing.TB, partitions int32) (*kfake.Cluster, kafka.Config) {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(partitions, topic),
		kfake.GroupMinSessionTimeout(100*time.Millisecond))
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c, kafka.Config{Brokers: c.ListenAddrs(), Topic: topic, DialTimeout: 3 * time.Second}
}

// exchange is the i-th of a recording of sessions.
func exchange(i, sessions int) *capture.Exchange {
	session := fmt.Sprintf("session-%d", i%sessions)
	at := epoch.Add(time.Duration(i) * time.Millisecond)
	return &capture.Exchange{
		ID: capture.NewID("agent", session, epoch, uint64(i)),
		Request: capture.Request{
			Method: "GET", Target: fmt.Sprintf("/items/%d", i), Proto: "HTTP/1.1",
			Message: capture.Message{Start: at, End: at},
		},
		Context: capture.Context{Session: session},
	}
}

func recording(n, sessions int) []*capture.Exchange {
	all := make([]*capture.Exchange, n)
	for i := range all {
		all[i] = exchange(i, sessions)
	}
	return all
}

func publish(t testing.TB, cfg kafka.Config, all ...*capture.Exchange) {
	t.Helper()
	p, err := kafka.NewProducer(cfg, kafka.ProducerOptions{})
	require.NoError(t, err)
	for _, err := range p.Produce(context.Background(), all) {
		require.NoError(t, err)
	}
	require.NoError(t, p.Close())
}

// planned returns a plan for all that is in the topic.
func planned(t testing.TB, cfg kafka.Config, chunk int64) *shard.Plan {
	t.Helper()
	src, err := kafka.Open(context.Background(), kafka.Target{Config: cfg}, kafka.SourceOptions{})
	require.NoError(t, err)
	defer func() { require.NoError(t, src.Close()) }()
	p := plan()
	p.Window, p.Chunk = src.Window().String(), chunk
	require.NoError(t, p.Encode(io.Discard))
	return p
}

func plan() *shard.Plan {
	return &shard.Plan{
		Run: "run-1", Created: epoch, Source: "kafka://127.0.0.1/exchanges", Group: "run-1", Window: "0:0-10",
		Sides: []shard.Side{{Name: "base", URL: "http://base"}, {Name: "branch", URL: "http://branch"}},
	}
}

// ids is a judge and a merger that counts each exchange.
type ids struct {
	seen    []capture.ID
	account capture.Account
}

func (j *ids) Observe(o *replay.Outcome) { j.seen = append(j.seen, o.Recorded.ID) }

func (j *ids) Encode(w io.Writer) error {
	for _, id := range j.seen {
		if _, err := fmt.Fprintln(w, id); err != nil {
			return err
		}
	}
	return nil
}

func (j *ids) MergeFrom(r io.Reader) error {
	for s := bufio.NewScanner(r); s.Scan(); {
		id, err := capture.ParseID(s.Text())
		if err != nil {
			return err
		}
		j.seen = append(j.seen, id)
	}
	return nil
}

func (j *ids) Account(a capture.Account) { j.account = a }

// sides answers at once, and calls sending with the number of each request over
// all workers.
type sides struct {
	mu      sync.Mutex
	sent    map[capture.ID]int
	order   map[string][]capture.ID // by session, each once
	total   int
	sending func(n int)
	// wait, when set, holds the answers back until it is closed.
	wait <-chan struct{}
}

func (s *sides) Send(ctx context.Context, ask *replay.Ask) replay.Answer {
	s.mu.Lock()
	s.total++
	n := s.total
	if s.sent == nil {
		s.sent, s.order = make(map[capture.ID]int), make(map[string][]capture.ID)
	}
	if s.sent[ask.Recorded.ID]++; s.sent[ask.Recorded.ID] == 1 {
		s.order[ask.Session] = append(s.order[ask.Session], ask.Recorded.ID)
	}
	s.mu.Unlock()
	if s.sending != nil {
		s.sending(n)
	}
	if s.wait != nil {
		select {
		case <-s.wait:
		case <-ctx.Done():
			return replay.Answer{Fault: replay.Canceled}
		}
	}
	return replay.Answer{Response: capture.Response{Status: 200}}
}

func (s *sides) runner(context.Context, int) (shard.Runner, error) {
	return &replay.Runner{Targets: []replay.Target{{Side: replay.Base, Sender: s}}, InFlight: 4}, nil
}

func worker(p *shard.Plan, cfg kafka.Config, s store.Store, to *sides) *shard.Worker {
	return &shard.Worker{
		Plan: p, Store: s, Topic: cfg, Runner: to.runner, Judge: func(shard.Runner) (shard.Judge, error) { return new(ids), nil },
		SessionTimeout: 2 * time.Second, Poll: 20 * time.Millisecond,
	}
}

func folder(t testing.TB) store.Store {
	t.Helper()
	s, err := store.OpenFolder(t.TempDir())
	require.NoError(t, err)
	return s
}

// merged merges the run and holds it to its accounts.
func merged(t testing.TB, s store.Store, p *shard.Plan) (*ids, *shard.Result) {
	t.Helper()
	var into ids
	r, err := shard.Merge(context.Background(), s, p, &into, shard.MergeOptions{})
	require.NoError(t, err)
	require.NoError(t, into.account.Balance())
	assert.Equal(t, into.account, r.Account)
	return &into, r
}

// assertOnce holds the merged counts to the recording: each exchange once.
func assertOnce(t testing.TB, want []*capture.Exchange, got *ids) {
	t.Helper()
	seen := make(map[capture.ID]int)
	for _, id := range got.seen {
		seen[id]++
	}
	for _, e := range want {
		assert.Equal(t, 1, seen[e.ID], "%s is counted %d times", e.Request.Target, seen[e.ID])
	}
	assert.Len(t, got.seen, len(want))
}

// mortal is a store that a killed worker does not reach any more.
type mortal struct {
	store.Store
	dead context.Context
}

var errDead = errors.New("dead")

func (m mortal) Put(ctx context.Context, name string, data []byte) error {
	if m.dead.Err() != nil {
		return errDead
	}
	return m.Store.Put(ctx, name, data)
}

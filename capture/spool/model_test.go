package spool_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/capture/spool"
)

// model drives a sink through what may happen, and knows what must hold.
type model struct {
	root   string
	config spool.Config
	sink   *spool.Sink
	broker *fake
	next   uint64
	lives  int
	// tight says that the sink may have no room for all at its end.
	tight bool
}

// noRoom has room for a few exchanges.
const noRoom = 6 << 10

// step is one thing that happens; n is how much of it.
type step struct {
	kind string
	n    int
}

var kinds = []string{"write", "write", "write", "wait", "wait", "away", "back", "hang", "partly", "kill", "restart", "no room", "room"}

func (m *model) dir() string { return fmt.Sprintf("%s/%d", m.root, m.lives) }

func (m *model) start() error {
	m.config.Dir, m.config.Producer = m.dir(), m.broker
	m.tight = m.config.MaxDisk == noRoom
	var err error
	m.sink, err = spool.New(m.config)
	return err
}

func (m *model) do(s step) error {
	switch s.kind {
	case "write":
		return m.write(s.n)
	case "wait":
		time.Sleep(time.Duration(s.n*s.n) * 10 * time.Millisecond)
	case "kill":
		return m.kill()
	case "restart":
		if err := m.stop(); err != nil {
			return err
		}
		return m.start()
	case "no room", "room": // from the next start on
		m.config.MaxDisk = map[string]int64{"no room": noRoom, "room": 1 << 20}[s.kind]
	default:
		m.turn(s)
	}
	return nil
}

func (m *model) turn(s step) {
	m.broker.set(func() {
		m.broker.away, m.broker.hang, m.broker.judge = s.kind == "away", s.kind == "hang", nil
		if s.kind == "partly" { // refuses some, and fails what follows the n-th
			m.broker.judge = func(i int, e *capture.Exchange) error {
				switch {
				case e.Context.Index%11 == 3:
					return &capture.RefusedError{Reason: "odd", Err: errAway}
				case i >= s.n:
					return errAway
				}
				return nil
			}
		}
	})
}

func (m *model) write(n int) error {
	for range n {
		if err := m.sink.WriteExchange(context.Background(), numbered(m.next, 40*n)); err != nil {
			return err
		}
		m.next++
	}
	return nil
}

// kill goes on with the folder as it is now; what the old process does after is
// not seen by the new one.
func (m *model) kill() error {
	from := m.sink
	m.lives++
	if err := os.Mkdir(m.dir(), 0o700); err != nil {
		return err
	}
	synctest.Wait()
	if err := from.Snapshot(m.dir()); err != nil {
		return err
	}
	m.broker.set(func() { m.broker.away, m.broker.hang = true, false })
	m.sink = from
	if err := m.stop(); err != nil {
		return err
	}
	return m.start()
}

func (m *model) stop() error {
	if err := m.sink.Shutdown(ended()); err != nil && !m.tight {
		return err
	}
	return nil
}

// check is what holds at any time.
func (m *model) check() error {
	a := m.sink.Account()
	if err := a.Balance(); err != nil {
		return err
	}
	if a[0].Seen != m.next {
		return fmt.Errorf("seen %d of %d", a[0].Seen, m.next)
	}
	if a[0].Dropped[spool.ReasonDamaged] > 0 {
		return fmt.Errorf("damaged: %v", a[0].Dropped)
	}
	return m.ordered()
}

// ordered checks that the first deliveries of a session are in order.
func (m *model) ordered() error {
	last := make(map[string]uint64)
	m.broker.mu.Lock()
	defer m.broker.mu.Unlock()
	for _, e := range m.broker.first {
		key := e.SessionKey()
		if before, ok := last[key]; ok && before >= e.Context.Index {
			return fmt.Errorf("session %s: %d comes after %d", key, e.Context.Index, before)
		}
		last[key] = e.Context.Index
	}
	return nil
}

// finish ships what is left: each exchange was then acknowledged or counted. A
// call that hangs ends with its process.
func (m *model) finish() error {
	m.turn(step{kind: "back"})
	if err := m.do(step{kind: "restart"}); err != nil {
		return err
	}
	if err := m.sink.Close(); err != nil {
		return err
	}
	stats := m.sink.Account()[0].Stats
	arrived, refused := uint64(len(m.broker.first)), uint64(len(m.broker.refused))
	switch {
	case stats.Open != 0:
		return fmt.Errorf("left: %+v", stats)
	case stats.Written != arrived:
		return fmt.Errorf("arrived %d: %+v", arrived, stats)
	case stats.Dropped["odd"] != refused:
		return fmt.Errorf("refused %d: %+v", refused, stats)
	}
	return m.check()
}

func (m *model) run(steps []step) error {
	if err := os.MkdirAll(m.dir(), 0o700); err != nil {
		return err
	}
	if err := m.start(); err != nil {
		return err
	}
	for i, s := range steps {
		if err := m.do(s); err != nil {
			return fmt.Errorf("step %d %v: %w", i, s, err)
		}
		if err := m.check(); err != nil {
			return fmt.Errorf("after step %d %v: %w", i, s, err)
		}
	}
	return m.finish()
}

func TestNothingIsLostWhateverHappens(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) step {
			return step{rapid.SampledFrom(kinds).Draw(rt, "kind"), rapid.IntRange(1, 30).Draw(rt, "n")}
		}), 1, 40).Draw(rt, "steps")
		root, err := os.MkdirTemp("", "spool")
		if err != nil {
			rt.Fatal(err)
		}
		defer os.RemoveAll(root)
		m := &model{root: root, config: spool.Config{
			MaxDisk: 1 << 20, SegmentSize: rapid.Int64Range(1, 20<<10).Draw(rt, "segment"),
			QueueBytes: rapid.Int64Range(4<<10, 60<<10).Draw(rt, "queue"),
			BatchCount: rapid.IntRange(1, 40).Draw(rt, "batch"), Linger: 20 * time.Millisecond,
		}}
		synctest.Test(t, func(*testing.T) {
			m.broker = newFake()
			err = m.run(slices.Clone(steps))
			if m.sink != nil {
				_ = m.sink.Shutdown(ended())
			}
		})
		if err != nil {
			rt.Fatal(err)
		}
	})
}

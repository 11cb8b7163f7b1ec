package wire

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"twinspect.dev/capture"
)

// ClosedEarly is the reason for exchanges that were not read before [Merged.Close].
const ClosedEarly capture.Reason = "closed"

// Merged is a [capture.Source] of the exchanges of several sources, each of
// which is read, and so parsed, by a goroutine of its own. The exchanges of one
// connection keep their order, as they are all in one source.
//
// The goroutines begin with the first ReadExchange. They end when their
// segments do, when a context that ReadExchange was given is canceled, or with
// Close, which waits for them and must be called.
//
// ReadExchange is used by one goroutine at a time; Account and Close may be
// called from any, at any time. The sources belong to the Merged from the
// beginning; whoever opened their segments closes them, after Close.
type Merged struct {
	sources []*Source
	begin   sync.Once
	ctx     context.Context
	cancel  context.CancelCauseFunc
	running sync.WaitGroup
	queue   *queue
	last    *item // what ReadExchange gave out last

	mu       sync.Mutex
	accounts []capture.Account
}

// NewMerged returns the exchanges of all sources.
func NewMerged(sources ...*Source) *Merged {
	m := &Merged{sources: sources, queue: newQueue(len(sources)), accounts: make([]capture.Account, len(sources))}
	m.ctx, m.cancel = context.WithCancelCause(context.Background())
	for i := range sources {
		m.publish(i)
	}
	return m
}

// ReadExchange implements [capture.Source]. e is valid until the next call.
//
// A canceled ctx ends all sources as it ends a [Source]: what is complete and
// what is unfinished still follows, then every call returns the context's
// error. An error of one source ends the others alike. After Close it returns
// an error that wraps [os.ErrClosed].
func (m *Merged) ReadExchange(ctx context.Context, e *capture.Exchange) error {
	if ctx.Err() != nil {
		m.cancel(ctx.Err())
	}
	m.begin.Do(m.start)
	m.queue.release(m.last)
	it, ok := m.queue.take(false)
	if !ok {
		stop := context.AfterFunc(ctx, func() { m.cancel(ctx.Err()) })
		it, ok = m.queue.take(true)
		stop()
	}
	m.last = it
	if !ok {
		return m.queue.why()
	}
	if it.bad != nil {
		return it.bad
	}
	*e = it.exchange
	return nil
}

func (m *Merged) start() {
	for i := range m.sources {
		m.running.Go(func() { m.queue.end(m.read(i)) })
	}
}

// read hands over the exchanges of a source until it ends, and returns why.
func (m *Merged) read(i int) error {
	src := m.sources[i]
	src.pulse = m.pulse(i)
	defer m.publish(i)
	var e capture.Exchange
	for {
		err := src.ReadExchange(m.ctx, &e)
		var bad *capture.RecordError
		switch {
		case err == nil:
			m.queue.put(&e, nil)
		case errors.As(err, &bad):
			m.queue.put(nil, bad)
		case errors.Is(err, io.EOF):
			return err
		case m.ctx.Err() != nil && errors.Is(err, m.ctx.Err()):
			return context.Cause(m.ctx)
		default:
			m.cancel(err)
			return err
		}
	}
}

// Accounts are published as often as a scrape or a person looks, and the clock
// is read once in so many segments: it costs as much as parsing a short one.
const (
	publishEvery = 100 * time.Millisecond
	looksEvery   = 256
)

// pulse publishes the account of a source from time to time.
func (m *Merged) pulse(i int) func(idle bool) {
	var n int
	var last time.Time
	return func(idle bool) {
		if n++; !idle && n < looksEvery {
			return
		}
		n = 0
		if now := time.Now(); now.Sub(last) >= publishEvery {
			last = now
			m.publish(i)
		}
	}
}

func (m *Merged) publish(i int) {
	account := m.sources[i].Account()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.accounts[i] = account
}

// Account implements [capture.Accounted]. It may be called from any goroutine at
// any time. Stages of the same name are added up over the sources; the last
// stage, "merge", counts the exchanges on their way out.
//
// It is final once ReadExchange has returned io.EOF or Close has returned.
// Before, each source's stages are as they were at most 100 ms ago while
// segments or ticks arrive, each balanced in itself.
func (m *Merged) Account() capture.Account {
	m.mu.Lock()
	defer m.mu.Unlock()
	var sum capture.Account
	for _, account := range m.accounts {
		sum = addAccount(sum, account)
	}
	return append(sum, capture.Stage{Name: "merge", Unit: "exchanges", Stats: m.queue.account()})
}

// addAccount adds the stages of b to those of the same name in a.
func addAccount(a, b capture.Account) capture.Account {
next:
	for _, stage := range b {
		for i := range a {
			if a[i].Name == stage.Name {
				a[i].Add(stage.Stats)
				continue next
			}
		}
		stage.Stats = stage.Clone()
		a = append(a, stage)
	}
	return a
}

// Close ends all sources and waits for their goroutines. Exchanges that were not
// read are counted as [ClosedEarly]. It may be called more than once.
func (m *Merged) Close() error {
	m.cancel(os.ErrClosed)
	m.begin.Do(func() {}) // nothing begins any more
	m.queue.close()
	m.running.Wait()
	return nil
}

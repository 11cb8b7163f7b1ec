package hooks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"twinspect.dev/contract"
	"twinspect.dev/contract/run"
)

const (
	// Timeout is how long a command may take for one answer: as long as a provider may
	// for one request by default.
	Timeout = 10 * time.Second
	// endTime is how long a command has to clean up behind itself.
	endTime = 5 * time.Second
	// maxPending bounds the events that wait for their answers, and so the memory: as
	// many as cases are under way in a run of 64 workers.
	maxPending = 64
)

// Config says which command takes part, and what it is told of the run.
type Config struct {
	// Line is the command, for the system's shell.
	Line string
	// Stderr gets what the command writes there, from a goroutine of its own; nil for
	// nobody.
	Stderr   io.Writer
	Document contract.DocumentInfo
	Provider string
	// Timeout is how long one answer may take, [Timeout] where it is 0.
	Timeout time.Duration
}

// Command is a command under way; it is a [run.Hooks]. Before and After may be called
// from many goroutines at once.
type Command struct {
	timeout       time.Duration
	process       *process
	before, after bool
	slots         chan struct{}
	next          atomic.Uint64
	closing       sync.Once
	closed        error

	mu      sync.Mutex
	pending map[uint64]chan<- reply
	over    error     // why no more answers come
	heard   time.Time // the last answer
	newest  uint64    // the greatest id that was answered
}

// Start starts the command and waits for its answer to the event start. The end of ctx
// ends that waiting alone: the command lives until Close, which must be called, so
// that it can clean up behind itself after an interrupt too.
func (c Config) Start(ctx context.Context) (*Command, error) {
	h := &Command{
		timeout: cmp.Or(c.Timeout, Timeout), slots: make(chan struct{}, maxPending), pending: make(map[uint64]chan<- reply),
	}
	var err error
	if h.process, err = start(c.Line, c.Stderr, h.hear, h.end); err != nil {
		return nil, fmt.Errorf("start hook: %w", err)
	}
	r, err := h.ask(ctx, 0, startEvent(&c))
	if err == nil {
		err = h.welcome(&r)
	}
	if err != nil {
		h.process.kill()
		return nil, fmt.Errorf("start hook: %w", err)
	}
	return h, nil
}

// welcome reads the answer to the event start.
func (c *Command) welcome(r *reply) error {
	if r.Version != version {
		return fmt.Errorf("the answer to start has version %d, not %d", r.Version, version)
	}
	for _, name := range r.Events {
		if !slices.Contains([]string{"before", "after"}, name) {
			return fmt.Errorf("there is no event %q; there are before and after", name)
		}
	}
	c.before = r.Events == nil || slices.Contains(r.Events, "before")
	c.after = r.Events == nil || slices.Contains(r.Events, "after")
	return nil
}

// Before asks the command what it wants of a case. The error says that it gave no
// answer that can be understood within its time, or why it is gone.
func (c *Command) Before(ctx context.Context, cs *contract.Case) (run.Change, error) {
	if c == nil || !c.before {
		return run.Change{}, nil
	}
	id := c.next.Add(1)
	r, err := c.ask(ctx, id, caseEvent("before", id, cs, nil))
	if err != nil {
		return run.Change{}, fmt.Errorf("hook: %w", err)
	}
	change, err := r.change()
	if err != nil {
		return run.Change{}, fmt.Errorf("hook: %w", err)
	}
	return change, nil
}

// After shows the command what came of a case, and returns what it says is broken.
// Errors are as those of Before.
func (c *Command) After(ctx context.Context, cs *contract.Case, seen []contract.Observation) ([]contract.Broken, error) {
	if c == nil || !c.after {
		return nil, nil
	}
	id := c.next.Add(1)
	r, err := c.ask(ctx, id, caseEvent("after", id, cs, seen))
	if err != nil {
		return nil, fmt.Errorf("hook: %w", err)
	}
	broken, err := r.broken(cs)
	if err != nil {
		return nil, fmt.Errorf("hook: %w", err)
	}
	return broken, nil
}

// ask sends an event and waits for its answer.
func (c *Command) ask(ctx context.Context, id uint64, e event) (reply, error) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-c.process.gone:
	case <-ctx.Done():
		return reply{}, context.Cause(ctx)
	}
	line, err := e.line()
	if err != nil {
		return reply{}, err
	}
	answer := make(chan reply, 1)
	if err := c.expect(id, answer); err != nil {
		return reply{}, err
	}
	defer c.forget(id)
	r, err := c.exchange(ctx, id, line, answer)
	if err != nil {
		return reply{}, err
	}
	return r, r.failed()
}

// exchange hands the line over and waits for the answer.
func (c *Command) exchange(ctx context.Context, id uint64, line []byte, answer <-chan reply) (reply, error) {
	lines := c.process.lines
	timer := time.NewTimer(c.timeout)
	defer timer.Stop()
	for {
		select {
		case lines <- line:
			lines = nil // a channel that takes nothing
		case r := <-answer:
			return r, nil
		case <-ctx.Done():
			return reply{}, context.Cause(ctx)
		case <-c.process.gone:
			select {
			case r := <-answer: // it came with the end
				return r, nil
			default:
				return reply{}, c.expect(id, nil)
			}
		case <-timer.C:
			left := c.patience(id)
			if left <= 0 {
				return reply{}, fmt.Errorf("no answer within %s", c.timeout)
			}
			timer.Reset(left)
		}
	}
}

// patience is how much longer to wait for an answer. A command that answers one event
// after the other may take its time for each, so the time counts from its last answer;
// but one that has answered as many later events as can be pending has lost this one.
func (c *Command) patience(id uint64) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.newest > id+maxPending {
		return 0
	}
	return c.timeout - time.Since(c.heard)
}

// expect says who waits for an answer; the error says why none will come.
func (c *Command) expect(id uint64, answer chan<- reply) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over == nil {
		c.pending[id] = answer
	}
	return c.over
}

func (c *Command) forget(id uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.pending, id)
}

// hear takes a line of the command. An error ends it: what is no answer may stand for
// one that somebody waits for.
func (c *Command) hear(line []byte) error {
	id, r, err := parse(line)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard, c.newest = time.Now(), max(c.newest, id)
	answer, ok := c.pending[id]
	switch {
	case ok:
		delete(c.pending, id)
		answer <- r
	case id > c.next.Load():
		return fmt.Errorf("it answered an event that it was not sent: id %d", id)
	} // else the answer came too late: who waited has counted that
	return nil
}

// end hears why no more answers come, before process.gone is closed.
func (c *Command) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = err
}

// Close ends the command: it is sent the event end, has 5 seconds to end by itself,
// and is killed after that with all that it started. It returns when all of that is
// over; the error says how the command ended, if not well. Whoever waits for an answer
// gets an error.
func (c *Command) Close() error {
	if c == nil {
		return nil
	}
	c.closing.Do(func() {
		ctx, cancel := context.WithTimeoutCause(context.Background(), endTime, errSlowEnd)
		defer cancel()
		c.closed = c.process.close(ctx)
	})
	return c.closed
}

var errSlowEnd = errors.New("the hook did not end within " + endTime.String() + " and was killed")

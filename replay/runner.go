package replay

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"twinspect.dev/capture"
)

// Target is one side and the way to it.
type Target struct {
	Side   Side
	Sender Sender
}

// Now is the wait of a pace without a plan: send as soon as there is room.
const Now = time.Duration(math.MinInt64)

// Pacer plans when an exchange is sent. It is pure.
//
// Elapsed is the time since the run's first exchange was read, sent is how many
// exchanges were planned before this one, and recorded is the offset of its
// recorded start from that of the first exchange. The answer is how long to
// wait from elapsed on: a negative wait says how long ago it should have been
// sent, [Now] that there is no plan, and so no lateness.
type Pacer interface {
	Pace(elapsed time.Duration, sent uint64, recorded time.Duration) (wait time.Duration)
}

const (
	// defaultInFlight keeps two cores busy on loopback and is below what common
	// servers accept from one client.
	defaultInFlight = 32
	// aheadPerSlot is how many exchanges are held for each one in flight. While
	// a session waits for a slow answer, its followers pile up in the window: it
	// has to be slow for as long as 16 x InFlight of its exchanges took to
	// record before the others stop.
	aheadPerSlot = 16
	// defaultHeldBytes bounds the bodies in the window: 512 exchanges of 128
	// KiB, far above the mean of API traffic.
	defaultHeldBytes = 64 << 20
)

// Runner sends a recording to all its targets.
//
// The fields are set before Run and not changed afterwards. A Runner makes one
// run at a time; its clock goes on, and the account and the lateness add up over
// its runs, so that parts of one recording can be run one after the other.
type Runner struct {
	// Targets are asked at the same time, for each exchange.
	Targets []Target
	// Pacer plans the times; nil is as fast as InFlight allows.
	Pacer Pacer
	// Linker makes exchanges wait for the answers that they need, whatever their
	// session; nil where none needs any.
	Linker Linker
	// Feedback hears of the outcomes; nil where nobody does.
	Feedback Feedback
	// Copies is how often each exchange is sent, each time in a session of its
	// own; 1 where it is 0.
	Copies int
	// Origin is the recorded time from which a [Pacer] is told offsets; that of the
	// first exchange where it is zero. Workers on one recording need the same.
	Origin time.Time
	// Again gives the recording for another pass once src has ended, and io.EOF
	// after the last one; nil is one pass. A pass is sent in sessions of its own,
	// begins after the times of the one before, and does not wait for its answers.
	Again func(ctx context.Context) (capture.Source, error)
	// InFlight bounds the exchanges that wait for answers; 32 where it is 0. An
	// open-loop pace needs room for the slowest answers: what it lacks shows as
	// lateness.
	InFlight int
	// AllowWrites sends the methods too that are not safe.
	AllowWrites bool
	// ReadAhead bounds the exchanges held in memory, those in flight among them;
	// 16 x InFlight where it is 0. The window lets other sessions pass a busy
	// one, and brings exchanges recorded in the order of their ends back into
	// the order of their starts.
	ReadAhead int
	// HeldBytes bounds the bodies of the exchanges held and of their answers; 64
	// MiB where it is 0. No more is read while it is exceeded; the answers of
	// those in flight may go beyond it.
	HeldBytes int64
	// Damaged is told of each record that could not be read. It is called from
	// the goroutine that runs each.
	Damaged func(*capture.RecordError)

	clock clock

	mu    sync.Mutex
	stats capture.Stats
	late  Lateness
}

// clock is the time of a runner, which goes on from one run to the next. The
// reading goroutine sets it.
type clock struct {
	start   time.Time // when the first exchange was read
	planned uint64
	// first is when the first exchange of the pass was recorded; offset is where
	// the pass begins, and last the latest time planned for, both since the start.
	first        time.Time
	offset, last time.Duration
	copies       uint64 // before this pass
}

// recorded returns when e comes, since the start, at the recorded speed.
func (c *clock) recorded(e *capture.Exchange, origin time.Time) time.Duration {
	if c.first.IsZero() {
		c.first = origin
	}
	if c.first.IsZero() {
		c.first = e.Request.Start
	}
	at := c.offset + e.Request.Start.Sub(c.first)
	c.last = max(c.last, at)
	return at
}

// nextPass begins another pass, after the last time and the mean time between
// two exchanges.
func (c *clock) nextPass(copies uint64) {
	c.copies += copies
	c.first = time.Time{}
	c.offset = c.last + c.last/time.Duration(max(c.planned, 1))
}

// Run replays src to its end and calls each with every outcome.
//
// Within a session ([capture.Exchange.SessionKey]) the order is kept: the next
// exchange is sent after the answers to the previous one, and after those that
// the [Linker] says it needs. Each is only called
// from the goroutine that called Run; the outcome is its own until it returns.
//
// Canceling ctx ends the requests in flight with the fault [Canceled]. Each is
// still called for these and for the ones answered before; Run then returns the
// context's error. An error of each ends the run in the same way, without
// further calls, and is returned. An error of src ends the reading; what was
// read is still sent.
func (r *Runner) Run(ctx context.Context, src capture.Source, each func(*Outcome) error) error {
	if err := r.check(); err != nil {
		return err
	}
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	x := newRun(inner, r)
	go x.feed(src)
	if err := x.deliver(each, cancel); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if x.err != nil {
		return fmt.Errorf("read recording: %w", x.err)
	}
	return nil
}

func (r *Runner) check() error {
	if len(r.Targets) == 0 {
		return errors.New("replay: no target to send to: give at least one side")
	}
	seen := make(map[Side]bool, len(r.Targets))
	for i, t := range r.Targets {
		if t.Side == "" || t.Sender == nil {
			return fmt.Errorf("replay: target %d needs a side and a sender", i)
		}
		if seen[t.Side] {
			return fmt.Errorf("replay: side %s is given twice", t.Side)
		}
		seen[t.Side] = true
	}
	if r.InFlight < 0 || r.ReadAhead < 0 || r.HeldBytes < 0 || r.Copies < 0 {
		return errors.New("replay: InFlight, ReadAhead, HeldBytes and Copies must not be negative")
	}
	return nil
}

// Account tells what became of every exchange read: the stage "replay", whose
// written ones are the outcomes given to each. What an interruption left unsent
// or undelivered is open. It may be called at any time, from any goroutine.
func (r *Runner) Account() capture.Account {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.stats.Clone()
	s.Open = s.Seen - s.Written - s.Skipped() - s.Lost()
	return capture.Account{{Name: "replay", Unit: "exchanges", Stats: s}}
}

// count changes the account.
func (r *Runner) count(change func(*capture.Stats)) {
	r.mu.Lock()
	change(&r.stats)
	r.mu.Unlock()
}

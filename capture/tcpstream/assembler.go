package tcpstream

import (
	"container/list"
	"time"

	"twinspect.dev/capture"
)

// Config bounds an [Assembler]. A zero field takes its default.
type Config struct {
	// MaxConnections is how many connections are followed at once. Default
	// 65536: each takes about 700 bytes, 45 MiB in total.
	MaxConnections int
	// MaxConnectionBuffer is how many bytes of one connection may wait for
	// earlier ones; a piece of less than a KiB counts as one. Default 4 MiB: a
	// path of 10 Gbit/s and 3 ms.
	MaxConnectionBuffer int
	// MaxBuffer is how many bytes may wait in all connections. Default 128
	// MiB: 32 connections at their own limit.
	MaxBuffer int
	// Idle is after how much packet time without a segment a connection is
	// given up. Default 5 minutes: beyond the usual keep-alive of servers.
	Idle time.Duration
	// Reorder is how long bytes that the other side has acknowledged may
	// still arrive before they count as lost, in packet time. Default 50 ms:
	// capture queues reorder by far less.
	Reorder time.Duration
}

// linger is how long a finished connection is remembered, in packet time, so
// that late retransmissions are not taken for a new one. RFC 6298 section 2.4
// lets the retransmission timer begin at 1 s and double: 30 s covers four.
const linger = 30 * time.Second

func (c Config) withDefaults() Config {
	setDefault(&c.MaxConnections, 65536)
	setDefault(&c.MaxConnectionBuffer, 4<<20)
	setDefault(&c.MaxBuffer, 128<<20)
	setDefault(&c.Idle, 5*time.Minute)
	setDefault(&c.Reorder, 50*time.Millisecond)
	return c
}

func setDefault[T int | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}

// Assembler turns segments into ordered bytes. It reads no clock: time is the
// time of the segments. It is not safe for concurrent use.
type Assembler struct {
	cfg    Config
	open   func(Connection) Consumer
	conns  map[key]*conn
	recent *conn      // the last that got a segment: they come in runs
	live   *list.List // by last segment, oldest first
	done   *list.List // finished ones, by the time they finished
	wait   *list.List // with bytes that may be lost, by when the wait began
	now    time.Time
	due    time.Time // nothing in the lists ends before
	size   int       // bytes waiting in all connections
	tally  tally
	events Events
}

// New returns an assembler that asks open for the consumer of each connection.
func New(cfg Config, open func(Connection) Consumer) *Assembler {
	return &Assembler{
		cfg: cfg.withDefaults(), open: open, conns: make(map[key]*conn),
		live: list.New(), done: list.New(), wait: list.New(),
	}
}

// Add takes the next segment of the capture. It keeps nothing of it.
func (a *Assembler) Add(s *Segment) {
	a.tally.seen++
	a.Advance(s.Time)
	k := keyOf(s)
	c := a.recent
	if c == nil || c.key != k {
		c = a.conns[k]
	}
	switch {
	case c == nil:
	case c.finished && c.leftBy(s):
		a.forget(c)
		c = nil
	case c.syn != nil && c.succeededBy(s):
		c = a.succeed(c)
	case !c.finished && c.contestedBy(s):
		a.contest(c, s)
		return
	}
	if c == nil {
		if !opens(s) {
			a.tally.noPayload++
			return
		}
		c = a.create(k, s)
	}
	a.recent = c
	a.take(c, s)
}

// take gives a segment to its connection.
func (a *Assembler) take(c *conn, s *Segment) {
	c.last = s.Time
	d := c.direction(s)
	if c.finished {
		a.afterwards(c, d, s)
		return
	}
	a.live.MoveToBack(c.place)
	acked := c.acknowledge(d, s)
	if s.size() == 0 {
		a.tally.noPayload++
	} else {
		a.payload(c, d, s, acked)
	}
	a.control(c, d, s)
	a.drain(c)
	a.watch(c)
}

// Advance moves packet time on, which ends waits and idle connections. Add does
// so by itself; a live capture calls it while there are no packets. Time that
// goes backwards is ignored.
func (a *Assembler) Advance(now time.Time) {
	if !now.After(a.now) {
		return
	}
	a.now = now
	if now.Before(a.due) {
		return
	}
	// What begins to wait from here on waits for one of the times at least.
	a.due = now.Add(min(a.cfg.Reorder, a.cfg.Idle, linger))
	a.sweep()
}

// expired reports whether a time that began at since is over, and otherwise
// notes when it will be.
func (a *Assembler) expired(since time.Time, limit time.Duration) bool {
	end := since.Add(limit)
	if !end.After(a.now) {
		return true
	}
	if end.Before(a.due) {
		a.due = end
	}
	return false
}

func (a *Assembler) sweep() {
	for e := a.wait.Front(); e != nil; e = a.wait.Front() {
		c := e.Value.(*conn)
		if !a.expired(c.since, a.cfg.Reorder) {
			break
		}
		a.settle(c)
	}
	for e := a.live.Front(); e != nil; e = a.live.Front() {
		c := e.Value.(*conn)
		if !a.expired(c.last, a.cfg.Idle) {
			break
		}
		a.events.Idle++
		a.finish(c, capture.Evicted)
		a.forget(c)
	}
	for e := a.done.Front(); e != nil; e = a.done.Front() {
		c := e.Value.(*conn)
		if !a.expired(c.last, linger) {
			break
		}
		a.forget(c)
	}
}

// Flush ends every connection, the one idle for longest first, as at the end of
// the capture. Nothing waits afterwards.
func (a *Assembler) Flush() {
	for e := a.live.Front(); e != nil; e = a.live.Front() {
		c := e.Value.(*conn)
		a.finish(c, capture.EndOfCapture)
		a.forget(c)
	}
	for e := a.done.Front(); e != nil; e = a.done.Front() {
		a.forget(e.Value.(*conn))
	}
}

// forget removes a finished connection.
func (a *Assembler) forget(c *conn) {
	a.done.Remove(c.place)
	delete(a.conns, c.key)
	if a.recent == c {
		a.recent = nil
	}
}

// payload takes the bytes of a segment: at once where they are the next, else
// into the queue.
func (a *Assembler) payload(c *conn, d int, s *Segment, acked int64) {
	h := &c.half[d]
	h.begin(s.first(), a.cfg.MaxConnectionBuffer)
	p := chunk{at: s.Time, pos: h.position(s.first()), acked: acked, data: s.Payload, missing: int64(max(s.Missing, 0))}
	if !a.wanted(c, d, s, &p) {
		return
	}
	h.reset, h.challenged = false, false // a sender that goes on had not reset the connection
	if p.pos < h.next {
		p.trim(h.next)
	}
	if p.pos == h.next && len(h.queue) == 0 && !c.held(d, acked) {
		a.tally.written++
		a.deliver(c, d, &p)
		return
	}
	kept, conflict := h.insert(p)
	if conflict {
		a.events.Conflicts++
	}
	if !kept {
		a.tally.duplicate++
		return
	}
	a.tally.open++
	a.recount(c)
}

// wanted counts segments that bring nothing new or cannot belong here.
func (a *Assembler) wanted(c *conn, d int, s *Segment, p *chunk) bool {
	h := &c.half[d]
	if p.pos-h.next > maxWindow || h.next-p.pos > maxWindow {
		return a.stray(c, d, s, p)
	}
	h.strays = 0
	switch {
	case p.end() > h.next:
		if h.ended || h.fin >= 0 && p.pos >= h.fin {
			a.tally.afterEnd++
			return false
		}
		return true
	case p.pos >= h.lostAt && p.end() <= h.lostEnd:
		a.tally.late++
	case p.pos == h.next-1 && s.size() == 1:
		a.tally.keepAlive++
	default:
		a.tally.duplicate++
	}
	return false
}

// maxStrays is how many segments in a row must lie outside the window before
// the stream is taken to be there: a capture that paused for longer than a
// window's worth of bytes would lose the connection for ever otherwise.
const maxStrays = 3

func (a *Assembler) stray(c *conn, d int, s *Segment, p *chunk) bool {
	h := &c.half[d]
	h.strays++
	if h.strays < maxStrays || h.ended || h.fin >= 0 {
		a.tally.outOfWindow++
		return false
	}
	h.strays = 0
	a.force(c)
	// The distance is known modulo 2^32; a stream only goes forward.
	a.gap(c, d, int64(s.first()-(h.base+uint32(h.next))))
	p.pos = h.next
	return true
}

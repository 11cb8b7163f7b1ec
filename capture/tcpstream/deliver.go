package tcpstream

import (
	"time"

	"twinspect.dev/capture"
)

// deliver hands a chunk that begins at the next position to the consumer.
func (a *Assembler) deliver(c *conn, d int, p *chunk) {
	h := &c.half[d]
	if h.fin >= 0 && p.end() > h.fin {
		*p = p.cut(h.fin)
	}
	if len(p.data) > 0 {
		h.next += int64(len(p.data))
		c.consumer.Data(d, p.at, p.acked, p.data)
	}
	if p.missing > 0 {
		a.tell(c, d, p.missing, capture.SnapLength)
	}
}

// gap gives up the next n bytes of a direction.
func (a *Assembler) gap(c *conn, d int, n int64) {
	h := &c.half[d]
	h.lostAt, h.lostEnd = h.next, h.next+n
	a.tell(c, d, n, capture.Gap)
}

func (a *Assembler) tell(c *conn, d int, n int64, why capture.Incomplete) {
	a.events.Gaps++
	a.events.GapBytes += uint64(n)
	c.half[d].next += n
	c.consumer.Gap(d, c.last, n, why)
}

// drain delivers what waits no longer, in both directions: what one side sent
// may release what the other one answered.
func (a *Assembler) drain(c *conn) {
	a.advance(c)
	a.recount(c)
	if c.half[0].ended && c.half[1].ended && !c.finished {
		a.retire(c)
	}
}

// over reports whether everything before the FIN was delivered.
func (h *half) over() bool { return h.fin >= 0 && h.next >= h.fin }

// advance releases both directions until neither moves.
func (a *Assembler) advance(c *conn) {
	for moved := true; moved; {
		moved = a.release(c, 0)
		moved = a.release(c, 1) || moved
	}
}

// release delivers the waiting chunks of one direction that are next, and its
// end.
func (a *Assembler) release(c *conn, d int) (moved bool) {
	h := &c.half[d]
	for len(h.queue) > 0 && h.queue[0].pos <= h.next && !h.over() && !c.held(d, h.queue[0].acked) {
		p := h.pop()
		if p.counts {
			a.tally.open--
			a.tally.written++
		}
		if p.pos < h.next {
			p.trim(h.next)
		}
		a.deliver(c, d, &p)
		moved = true
	}
	if h.over() && !h.ended {
		h.ended = true
		a.discard(h)
		c.consumer.End(d, h.endAt, capture.Closed)
		moved = true
	}
	return moved
}

// recount keeps the number of waiting bytes and its limits.
func (a *Assembler) recount(c *conn) {
	a.count(c)
	if c.counted > a.cfg.MaxConnectionBuffer || a.size > a.cfg.MaxBuffer && c.counted > 0 {
		a.events.Forced++
		a.force(c)
	}
}

func (a *Assembler) count(c *conn) {
	size := c.half[0].size + c.half[1].size
	a.size += size - c.counted
	c.counted = size
}

// force gives up every hole of a connection that bytes wait behind.
func (a *Assembler) force(c *conn) { a.resolve(c, true) }

// resolve gives up holes and holds one after the other, and delivers what each
// of them kept waiting before it looks at the next, so that cause stays before
// effect. It takes all of them, or those that were acknowledged when the wait
// began.
func (a *Assembler) resolve(c *conn, all bool) {
	for a.advance(c); ; a.advance(c) {
		if d := c.earliest(func(d int) bool { return c.hole(d, all) }); d >= 0 {
			a.gap(c, d, c.half[d].missing())
			continue
		}
		d := c.earliest(func(d int) bool { return c.stuck(d, all) })
		if d < 0 {
			break
		}
		c.half[1-d].waived = c.half[d].queue[0].acked
	}
	a.count(c)
}

// hole reports whether a direction waits for bytes that are to be given up.
func (c *conn) hole(d int, all bool) bool {
	h := &c.half[d]
	return h.passed(h.mark) || all && len(h.queue) > 0 && h.missing() > 0
}

// stuck reports whether a direction waits for bytes of the other one that are
// no longer to be waited for.
func (c *conn) stuck(d int, all bool) bool {
	h := &c.half[d]
	return len(h.queue) > 0 && c.held(d, h.queue[0].acked) && (all || h.queue[0].acked <= c.half[1-d].mark)
}

// earliest returns the direction that is so and has waited for longer, or -1.
func (c *conn) earliest(is func(d int) bool) int {
	switch {
	case !is(0) && !is(1):
		return -1
	case !is(0), is(1) && c.half[1].waits().Before(c.half[0].waits()):
		return 1
	}
	return 0
}

// waits is when the first waiting chunk was captured.
func (h *half) waits() time.Time {
	if len(h.queue) == 0 {
		return h.endAt
	}
	return h.queue[0].at
}

// watch begins a wait where acknowledged bytes are missing, data is held back,
// or a side has reset the connection.
func (a *Assembler) watch(c *conn) {
	if c.finished || c.waiting != nil || !c.suspicious() {
		return
	}
	for d := range c.half {
		c.half[d].mark = c.half[d].acked
	}
	c.since = a.now
	c.waiting = a.wait.PushBack(c)
}

func (c *conn) suspicious() bool {
	for d := range c.half {
		h := &c.half[d]
		if h.reset {
			return true
		}
		if h.passed(h.acked) || len(h.queue) > 0 && c.held(d, h.queue[0].acked) {
			return true
		}
	}
	return false
}

// settle ends a wait: holes that were acknowledged when it began are lost, and
// what they held back is delivered.
func (a *Assembler) settle(c *conn) {
	a.wait.Remove(c.waiting)
	c.waiting = nil
	a.resolve(c, false)
	a.drain(c)
	if !c.finished && (c.half[0].reset || c.half[1].reset) {
		a.finish(c, capture.Reset)
	}
	a.watch(c)
}

// finish delivers what waits and ends both directions.
func (a *Assembler) finish(c *conn, why capture.Incomplete) {
	if c.half[0].refused() || c.half[1].refused() {
		why = capture.Reset
	}
	a.force(c)
	for d := range c.half {
		a.close(c, d, why)
	}
	a.retire(c)
}

// refused reports whether the last thing that was heard of a side is a RST.
func (h *half) refused() bool { return h.reset || h.challenged }

// close ends a direction, after the bytes that are known to lack at its end.
func (a *Assembler) close(c *conn, d int, why capture.Incomplete) {
	h := &c.half[d]
	if n := h.missing(); n > 0 && !h.ended {
		a.gap(c, d, n)
		a.release(c, d)
	}
	if h.ended {
		return
	}
	// One acknowledged number beyond the last byte is a FIN that was lost.
	if n := h.acked - h.next; h.seen && n > 1 {
		a.gap(c, d, n)
	}
	h.ended = true
	c.consumer.End(d, c.last, why)
}

// retire keeps a finished connection only to recognise late segments.
func (a *Assembler) retire(c *conn) {
	if c.finished {
		return
	}
	c.finished, c.consumer = true, nil
	if c.waiting != nil {
		a.wait.Remove(c.waiting)
		c.waiting = nil
	}
	for d := range c.half {
		a.discard(&c.half[d])
	}
	a.count(c)
	a.live.Remove(c.place)
	c.place = a.done.PushBack(c)
}

// discard drops what waits beyond the end of a direction.
func (a *Assembler) discard(h *half) {
	for _, p := range h.queue {
		if p.counts {
			a.tally.open--
			a.tally.afterEnd++
		}
	}
	h.queue, h.size = nil, 0
}

package tcpstream

import (
	"container/list"
	"net/netip"
	"time"

	"twinspect.dev/capture"
)

// conn is one connection.
type conn struct {
	key      key
	client   netip.AddrPort
	consumer Consumer
	half     [2]half
	start    time.Time
	last     time.Time
	since    time.Time     // when the present wait began
	place    *list.Element // in Assembler.live or Assembler.done
	waiting  *list.Element // in Assembler.wait
	counted  int           // bytes of this connection in Assembler.size
	finished bool
	syn      *Segment // one that may begin the next connection, without its payload
}

func (c *conn) direction(s *Segment) int {
	if s.Src == c.client {
		return 0
	}
	return 1
}

// opens reports whether a segment of no known connection begins to follow one.
// One that carries nothing tells of none.
func opens(s *Segment) bool { return !s.has(RST) && (s.has(SYN) || s.size() > 0) }

func (a *Assembler) create(k key, s *Segment) *conn {
	a.makeRoom()
	c := &conn{key: k, start: s.Time, last: s.Time}
	c.client = clientOf(s)
	for d := range c.half {
		c.half[d].fin, c.half[d].lostAt, c.half[d].waived = -1, -1, -1
	}
	info := Connection{Client: s.Src, Server: s.Dst, Network: s.Network, Start: s.Time, Handshake: s.has(SYN)}
	if c.client != s.Src {
		info.Client, info.Server = s.Dst, s.Src
	}
	c.consumer = a.open(info)
	c.place = a.live.PushBack(c)
	a.conns[k] = c
	a.events.Connections++
	return c
}

// clientOf tells the client by the handshake, else by the higher port.
func clientOf(s *Segment) netip.AddrPort {
	switch {
	case s.has(SYN) && !s.has(ACK):
		return s.Src
	case s.has(SYN), s.Src.Port() < s.Dst.Port():
		return s.Dst
	}
	return s.Src
}

// makeRoom keeps the number of connections within its limit.
func (a *Assembler) makeRoom() {
	for len(a.conns) >= a.cfg.MaxConnections {
		if e := a.done.Front(); e != nil {
			a.forget(e.Value.(*conn))
			continue
		}
		c := a.live.Front().Value.(*conn)
		a.events.Evicted++
		a.finish(c, capture.Evicted)
		a.forget(c)
	}
}

// acknowledge takes the acknowledgement of a segment and returns it as a
// position in the other direction, or -1.
func (c *conn) acknowledge(d int, s *Segment) int64 {
	if s.has(SYN) {
		c.half[d].synchronise(s.Seq + 1)
	}
	if !s.has(ACK) || s.has(RST) {
		return -1
	}
	o := &c.half[1-d]
	if !o.known {
		o.start(s.Ack)
		o.guessed = true
	}
	pos := o.position(s.Ack)
	if pos-o.next > maxWindow || o.next-pos > maxWindow {
		return -1
	}
	if o.fin >= 0 {
		pos = min(pos, o.fin)
	}
	o.acked = max(o.acked, pos)
	return pos
}

// synchronise takes the sequence number that a SYN gives.
func (h *half) synchronise(first uint32) {
	if !h.known || h.guessed && !h.seen {
		h.start(first)
	}
	h.seen, h.guessed = true, false
}

// held reports whether data that acknowledged up to acked must wait for bytes
// of the other direction. A direction of which nothing was ever seen holds
// nothing back: the capture is one-sided.
func (c *conn) held(d int, acked int64) bool {
	o := &c.half[1-d]
	return o.seen && !o.ended && acked > o.next && acked > o.waived
}

// control takes FIN and RST.
func (a *Assembler) control(c *conn, d int, s *Segment) {
	h := &c.half[d]
	if s.has(RST) {
		h.refuse(s.first())
		return
	}
	if !s.has(FIN) {
		return
	}
	h.begin(s.first(), a.cfg.MaxConnectionBuffer)
	if end := h.position(s.first()) + int64(s.size()); end >= h.next && end-h.next <= maxWindow && (h.fin < 0 || end < h.fin) {
		h.fin, h.endAt = end, s.Time
	}
}

// refuse takes a RST. One at the sequence number that the receiver waits for ends
// the connection; another one within any window is challenged by the receiver
// (RFC 5961 section 3.2), and the connection goes on unless nothing follows. One
// outside is no part of the connection. Where nothing is known of the side, any
// ends it.
func (h *half) refuse(rst uint32) {
	pos := h.position(rst)
	switch {
	case !h.known || h.awaited(pos):
		h.reset = true
	case pos-h.next <= maxWindow && h.next-pos <= maxWindow:
		h.challenged = true
	}
}

// awaited reports whether a position may be the next that the receiver waits
// for: whether it got what the capture has in order, all of what the capture has,
// or, where the capture lost some, what it acknowledged, each with the FIN.
func (h *half) awaited(pos int64) bool {
	return pos == h.next || pos == h.end() || pos == h.acked || h.fin >= 0 && pos == h.fin+1
}

// afterwards counts a segment of a connection that has ended.
func (a *Assembler) afterwards(c *conn, d int, s *Segment) {
	h := &c.half[d]
	switch {
	case s.size() == 0:
		a.tally.noPayload++
	case h.known && h.position(s.first())+int64(s.size()) <= h.next:
		a.tally.duplicate++
	default:
		a.tally.afterEnd++
	}
}

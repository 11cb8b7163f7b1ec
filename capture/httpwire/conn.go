package httpwire

import (
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/capture/httpwire/internal/h2"
	"twinspect.dev/capture/httpwire/internal/units"
)

// mode is what a direction expects next.
type mode uint8

const (
	atStart mode = iota // a message
	inHead
	inLength // a body of known length
	inChunkSize
	inChunk
	inChunkEnd
	inTrailer
	inClose  // a body that the end of the direction ends
	opaque   // bytes that are not HTTP/1.x from here on
	early    // frames of HTTP/2 that may precede the client's preface
	inFrames // frames of HTTP/2
	inSocket // frames of WebSocket
	lost     // bytes of which it is not known where a message begins
)

// Conn parses one connection. Its methods take what tcpstream's consumer is
// given, with the same meaning.
type Conn struct {
	p    *Parser
	info Connection
	name string     // Context.Connection, once it is needed
	id   capture.ID // of the first exchange, then too
	// clientName and serverName are the ends as the exchanges tell them.
	clientName, serverName string
	side                   [2]stream
	client                 int // the side that sends requests, -1 while unknown
	lastDir                int
	index                  uint64
	pending                []*record // requests that wait for the first byte of a response
	vague                  int       // bytes before anything spoke HTTP
	spoke                  bool      // a message was recognised
	tunnel                 capture.Reason
	h2                     *http2
	chain                  [2]h2.Chain // frames of an HTTP/2 connection whose beginning is missing
	ws                     [2]units.WebSocket
	// doubt is set while the order alone does not prove which response
	// answers which request.
	doubt bool
	// lossy is set for good once bytes were lost where a message may begin.
	lossy     bool
	pipelined bool
	answered  int64 // what the server had of the requests when it last began a response

	older, newer *Conn  // in the parser's list
	last         uint64 // when it last talked, by the parser's count
	weight       int    // bytes held outside of exchanges
}

// stream is one direction of a connection.
type stream struct {
	dir   int
	mode  mode
	kind  kind
	pos   int64     // of the next byte
	at    time.Time // of the bytes at hand
	acked int64
	// anchor says that the next byte may begin a message: the direction of
	// talk turned, or nothing came before. sync says that it must.
	anchor, sync bool
	spoke, ended bool
	disputed     bool // the end of the last message cannot be determined
	// contested is set while a message is read in one of several ways, and vague
	// from its end up to where a message begins for certain.
	contested, vague bool

	buf     []byte // an unfinished head, line or trailer section
	scan    int    // what of buf was searched
	checked int    // what of buf was checked for characters
	// Where and when the message at hand began.
	start      int64
	startAt    time.Time
	startAcked int64
	turned     bool

	intake
	done    *record            // the message that the last step ended
	left    int64              // bytes of the body or chunk to come
	total   int64              // length of the body, -1 unknown
	cut     capture.Incomplete // why the head at hand is not whole
	interim *record            // got a 1xx, waits for the final response
	reason  capture.Reason     // of opaque bytes
}

// Data parses the next bytes of a direction.
func (c *Conn) Data(dir int, at time.Time, acked int64, p []byte) {
	s := &c.side[dir]
	if dir != c.lastDir {
		c.lastDir = dir
		c.turn(s)
	}
	s.at, s.acked = at, acked
	c.p.bytes.seen += uint64(len(p))
	if acked > c.side[1-dir].pos && !c.doubt {
		c.doubt, c.lossy = true, true // it answers bytes that were not captured
	}
	if c.foreignTo(s) {
		p = c.watch(s, p)
	}
	c.run(s, p)
	c.settleMemory()
}

// run parses bytes to their end.
func (c *Conn) run(s *stream, p []byte) {
	for len(p) > 0 {
		n := c.step(s, p)
		s.pos += int64(n)
		s.settleEnd()
		p = p[n:]
	}
}

// turn notes that the direction of talk turned, so that a message may begin.
// After a loss it ends what may have been misread: a try to read a first line,
// and a body whose request is not known, which may not have one.
func (c *Conn) turn(s *stream) {
	switch {
	case s.sync:
	case s.mode == inHead && s.kind == undecided && !s.vague:
		c.abandonHead(s, capture.Gap)
		s.mode = lost
	case s.rec != nil && !s.rec.reqSeen && !c.pipelined && c.awaitedAt(s.pos):
		s.total = -1
		c.finish(s, capture.Gap)
		s.mode = lost
	}
	s.anchor = true
	c.chain[s.dir].Restart()
}

// step parses the beginning of p and returns how much of it. It returns 0 only
// with a change to a mode that goes further.
func (c *Conn) step(s *stream, p []byte) int {
	switch s.mode {
	case atStart:
		return c.begin(s, p)
	case inHead:
		return c.head(s, p)
	case inLength, inChunk, inClose:
		return c.body(s, p)
	case inChunkSize:
		return c.chunkSize(s, p)
	case inChunkEnd:
		return c.chunkEnd(s, p)
	case inTrailer:
		return c.trailer(s, p)
	case opaque:
		c.p.bytes.hide(s.reason, len(p))
		return len(p)
	case early:
		return c.early(s, p)
	case inFrames:
		return c.h2.step(s, p)
	case inSocket:
		c.p.bytes.filter(WebSocket, len(p))
		c.ws[s.dir].Feed(p, &c.p.websocket)
		return len(p)
	}
	return c.search(s, p)
}

// Gap skips n bytes that were not captured.
func (c *Conn) Gap(dir int, at time.Time, n int64, why capture.Incomplete) {
	defer c.settleMemory()
	s := &c.side[dir]
	s.at = at
	c.lastDir = dir
	c.p.bytes.seen += uint64(n)
	c.chain[dir].Break()
	switch s.mode {
	case opaque:
		c.p.bytes.hide(s.reason, int(n))
		s.pos += n
		return
	case inSocket:
		c.p.bytes.filter(WebSocket, int(n))
		c.ws[dir].Skip(n, why, &c.p.websocket)
		s.pos += n
		return
	case early:
		c.notEarly(s)
	}
	c.p.bytes.reasons.Drop(capture.Reason(why), uint64(n))
	if s.mode == inFrames {
		c.h2.skip(s, n, why)
		return
	}
	c.skip(s, n, why)
}

// skip goes over a gap: by length where a length is known, else to the next
// message.
func (c *Conn) skip(s *stream, n int64, why capture.Incomplete) {
	switch {
	case s.mode == inClose:
		c.wound(s, n, why)
		return
	case s.mode == inLength && n <= s.left, s.mode == inChunk && n <= s.left:
		c.wound(s, n, why)
		s.left -= n
		c.advance(s)
		s.settleEnd()
		return
	case s.mode == inLength:
		n -= s.left
		c.wound(s, s.left, why)
		s.left = 0
		c.advance(s)
	case s.mode == inHead:
		c.abandonHead(s, why)
	case s.rec != nil:
		s.total = -1
		c.finish(s, why)
	}
	s.settleEnd()
	s.pos += n
	c.lose(s)
	s.anchor = !s.disputed
}

// settleEnd notes where the message ended that the last step finished.
func (s *stream) settleEnd() {
	if s.done != nil {
		s.done.reqEnd, s.done = s.pos, nil
	}
}

// wound counts n missing bytes of a body.
func (c *Conn) wound(s *stream, n int64, why capture.Incomplete) {
	s.hurt = true
	s.blame(why)
	s.msg.BodySize += n
	s.pos += n
}

// End ends a direction.
func (c *Conn) End(dir int, _ time.Time, why capture.Incomplete) {
	s := &c.side[dir]
	if s.ended {
		return
	}
	s.ended = true
	switch {
	case s.mode == inHead:
		c.abandonHead(s, why)
	case s.mode == early:
		c.notEarly(s)
	case s.mode == inFrames:
		c.h2.end(s, why)
	case s.mode == inSocket:
		c.ws[dir].End(why, &c.p.websocket)
	case s.mode == inClose && why == capture.Closed:
		c.finish(s, "")
	case s.rec != nil:
		if s.mode != inLength {
			s.total = -1
		}
		c.finish(s, why)
	}
	if c.client == 1-dir || c.client < 0 && c.side[1-dir].ended {
		c.giveUp(s)
	}
	if c.side[1-dir].ended && c.vague > 0 {
		c.p.bytes.open -= uint64(c.vague)
		c.p.bytes.filter(NotHTTP, c.vague)
		c.vague = 0
	}
	c.weigh()
	if c.side[1-dir].ended {
		c.release()
	}
}

// giveUp ends the wait of every request for a response of this direction.
func (c *Conn) giveUp(s *stream) {
	if r := s.interim; r != nil {
		s.interim = nil
		c.unanswered(r)
	}
	for _, r := range c.pending {
		c.unanswered(r)
	}
	c.pending = nil
}

func (c *Conn) unanswered(r *record) {
	r.respDone = true
	c.settle(r)
}

// intake is a message whose body is being taken.
type intake struct {
	rec   *record
	msg   *capture.Message
	hurt  bool // the body has a gap
	fault capture.Incomplete
}

// blame keeps the first reason why a message is not whole.
func (in *intake) blame(why capture.Incomplete) {
	if in.fault == "" {
		in.fault = why
	}
}

package httpwire

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"twinspect.dev/capture"
)

// message takes a whole head.
func (c *Conn) message(s *stream, head []byte) {
	c.p.bytes.written += uint64(len(head))
	c.speaks(s)
	if s.kind == response {
		c.response(s, head)
	} else {
		c.request(s, head)
	}
	s.buf = s.buf[:0]
}

// partial takes what there is of a head.
func (c *Conn) partial(s *stream, head []byte, why capture.Incomplete) {
	if c.client >= 0 && (s.kind == response) == (s.dir == c.client) {
		c.p.bytes.drop(IncompleteHead, len(head)) // the other end is known to be the client
		s.mode, s.buf = lost, s.buf[:0]
		return
	}
	s.cut = why
	c.message(s, head)
	s.cut = ""
}

// request begins a request.
func (c *Conn) request(s *stream, head []byte) {
	r := c.record()
	d := parseRequest(&r.Request, head, string(head))
	c.p.hold(r, len(head)+fieldCost*cap(r.Request.Header))
	r.reqSeen, r.reqCut = true, s.cut != ""
	r.reqStart, r.answersAt = s.start, s.startAcked
	r.sync = s.sync || s.turned && (s.start == c.answered || s.start == 0)
	s.sync = r.sync
	answers := &c.side[1-s.dir]
	r.first = answers.pos == 0
	r.Context.TraceID, r.Context.SpanID = capture.TraceOf(r.Request.Header)
	f := s.doubted(frameRequest(&r.Request, d))
	r.vague = s.vague
	c.notePipelining(r, answers)
	c.open(s, r, &r.Request.Message, f)
	c.await(r, answers)
}

// await queues a request for its response.
func (c *Conn) await(r *record, answers *stream) {
	switch {
	case answers.ended:
		c.unanswered(r)
	case len(c.pending) >= c.p.cfg.MaxPending, c.p.full() && len(c.pending) > 0:
		oldest := c.pending[0]
		c.pending = slices.Delete(c.pending, 0, 1)
		c.doubt, c.lossy, c.pipelined = true, true, true
		c.unanswered(oldest)
		c.pending = append(c.pending, r)
	default:
		c.pending = append(c.pending, r)
	}
}

// notePipelining recognises a client that does not wait for responses.
func (c *Conn) notePipelining(r *record, answers *stream) {
	if n := len(c.pending); r.vague || n > 0 && c.pending[n-1].vague {
		return
	}
	busy := answers.rec != nil && answers.mode != inClose
	if !c.doubt && (len(c.pending) > 0 || busy) {
		c.pipelined = true
	}
	if n := len(c.pending); n > 0 && r.answersAt <= c.pending[n-1].answersAt {
		c.pipelined = true
	}
}

// response begins a response, or takes an interim one.
func (c *Conn) response(s *stream, head []byte) {
	if s.turned && !s.sync && c.provenStart(s) {
		s.sync = true
	}
	var scratch capture.Response
	r := c.match(s)
	if r == nil {
		r = c.record()
		r.reqDone = true
	}
	scratch.Header = r.Response.Header[:0]
	d := parseResponse(&scratch, head, string(head))
	interim := scratch.Status >= 100 && scratch.Status < 200 && scratch.Status != 101
	if interim && len(r.Response.Interim) >= maxInterim {
		c.excess(s, r, len(head))
		return
	}
	c.p.hold(r, len(head)+fieldCost*cap(scratch.Header))
	if scratch.Status == 101 && !r.uninvited(101) && upgradeReason(scratch.Header.Get("Upgrade")) == HTTP2 {
		c.upgraded(s, r, &scratch)
		return
	}
	if interim {
		c.interim(s, r, &scratch)
		return
	}
	c.answered = max(c.answered, s.startAcked)
	scratch.Body, scratch.Interim = r.Response.Body, r.Response.Interim
	r.Response = scratch
	r.respSeen = true
	method := r.Request.Method
	f := s.doubted(frameResponse(&r.Response, method, d))
	if r.uninvited(r.Response.Status) {
		f.fault = capture.Malformed
		c.doubt = true // whether it is the final answer: user agents may ignore it
	}
	c.open(s, r, &r.Response.Message, f)
	c.switched(r, method)
}

// uninvited reports whether a status says that the protocol is switched although
// the request is known to offer no other: a server must not do so (RFC 9110 section
// 7.8), and there is none that the connection could go on with.
func (r *record) uninvited(status int) bool {
	return status == 101 && r.reqSeen && !r.reqCut && r.Request.Header.Get("Upgrade") == ""
}

// excess drops an interim answer beyond those that are kept.
func (c *Conn) excess(s *stream, r *record, head int) {
	c.p.bytes.written -= uint64(head)
	c.p.bytes.drop(HeadLimit, head)
	c.p.messages.refuse()
	s.interim = r
	s.mode = atStart
}

// interim keeps a 1xx answer with the record whose final response follows.
func (c *Conn) interim(s *stream, r *record, got *capture.Response) {
	h := append(capture.Header(nil), got.Header...)
	r.Response.Interim = append(r.Response.Interim, capture.Interim{Status: got.Status, Header: h, Time: s.startAt})
	s.interim = r
	s.mode = atStart
}

// switched makes the connection opaque after an answer that says so.
func (c *Conn) switched(r *record, method string) {
	status := r.Response.Status
	switch {
	case r.uninvited(status):
	case status == 101:
		c.tunnelled(upgradeReason(r.Response.Header.Get("Upgrade")))
	case method == "CONNECT" && status >= 200 && status < 300:
		c.tunnelled(Tunnel)
	}
}

func upgradeReason(protocol string) capture.Reason {
	switch strings.ToLower(protocol) {
	case "websocket":
		return WebSocket
	case "h2c":
		return HTTP2
	}
	return Upgrade
}

// record begins an exchange.
func (c *Conn) record() *record {
	if c.name == "" {
		c.introduce()
	}
	r := c.p.record()
	r.ID = c.id.Plus(c.index)
	r.Context = capture.Context{
		Agent: c.p.cfg.Agent, Client: c.clientName, Server: c.serverName,
		Connection: c.name, Index: c.index,
	}
	c.index++
	return r
}

// introduce fixes the names of the connection, once content has told which end
// is the client.
func (c *Conn) introduce() {
	client, server := c.info.Client, c.info.Server
	if c.client == 1 {
		client, server = server, client
	}
	c.clientName, c.serverName = client.String(), server.String()
	c.name = connectionName(c.clientName, c.serverName, &c.info)
	c.id = capture.NewID(c.p.cfg.Agent, c.name, c.info.Start, 0)
}

// connectionName tells connections apart that use the same addresses one after
// the other, or at once in different networks.
func connectionName(client, server string, info *Connection) string {
	name := client + ">" + server + "@" + strconv.FormatInt(info.Start.UnixMicro(), 10)
	if info.Network != 0 {
		name += fmt.Sprintf("/%x", info.Network)
	}
	return name
}

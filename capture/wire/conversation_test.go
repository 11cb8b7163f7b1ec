package wire

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"pgregory.net/rapid"

	"twinspect.dev/capture/packet"
)

// segments is a list of segments as [Segments].
type segments []packet.Segment

func (s *segments) ReadSegment(_ context.Context, seg *packet.Segment) error {
	if len(*s) == 0 {
		return io.EOF
	}
	*seg = (*s)[0]
	*s = (*s)[1:]
	return nil
}

// The ends of every generated conversation.
var ends = [2]netip.AddrPort{netip.MustParseAddrPort("10.0.0.1:40000"), netip.MustParseAddrPort("10.0.0.2:80")}

// sent is one request or response of a conversation.
type sent struct {
	wire []byte
	body string
}

// conversation writes the segments of a connection in the order in which they
// were sent, with the acknowledgements that its ends would send.
type conversation struct {
	list segments
	isn  [2]uint32
	pos  [2]uint32 // bytes sent in each direction
	fin  [2]uint32
}

func (c *conversation) segment(dir int, flags uint8, payload []byte) {
	syn := uint32(1)
	if flags&packet.SYN != 0 {
		syn = 0
	}
	s := packet.Segment{
		Src: ends[dir], Dst: ends[1-dir], Flags: flags, Payload: payload,
		Seq: c.isn[dir] + syn + c.pos[dir] + c.fin[dir], Ack: c.isn[1-dir] + 1 + c.pos[1-dir] + c.fin[1-dir],
	}
	c.list = append(c.list, s)
	c.pos[dir] += uint32(len(payload))
}

func (c *conversation) open() {
	c.segment(0, packet.SYN, nil)
	c.segment(1, packet.SYN|packet.ACK, nil)
	c.segment(0, packet.ACK, nil)
}

func (c *conversation) close() {
	for dir := range 2 {
		c.segment(dir, packet.FIN|packet.ACK, nil)
		c.fin[dir] = 1
		c.segment(1-dir, packet.ACK, nil)
	}
}

// turn sends bytes cut at random, and the acknowledgement of the other side.
func (c *conversation) turn(t *rapid.T, dir int, b []byte) {
	for len(b) > 0 {
		n := rapid.IntRange(1, max(1, min(len(b), 200))).Draw(t, "cut")
		c.segment(dir, packet.ACK|packet.PSH, b[:n])
		b = b[n:]
	}
	c.segment(1-dir, packet.ACK, nil)
}

// stamp gives the segments times 1 us apart, in their present order.
func (s segments) stamp() segments {
	start := time.Unix(1_800_000_000, 0)
	for i := range s {
		s[i].Time = start.Add(time.Duration(i) * time.Microsecond)
	}
	return s
}

// drawBody draws a body that now and then looks like HTTP inside.
func drawBody(t *rapid.T, tag string) string {
	switch rapid.IntRange(0, 4).Draw(t, "body") {
	case 0:
		return ""
	case 1:
		return tag + "\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc" + tag
	case 2:
		return tag + "\r\nGET /inside HTTP/1.1\r\n\r\n" + tag
	}
	return tag + strings.Repeat("0\r\n\r\nx", rapid.IntRange(0, 120).Draw(t, "length"))
}

func chunked(t *rapid.T, body string) string {
	var b strings.Builder
	for len(body) > 0 {
		n := rapid.IntRange(1, len(body)).Draw(t, "chunk")
		fmt.Fprintf(&b, "%x;ext=1\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	return b.String() + "0\r\nX-Trailer: 1\r\n\r\n"
}

func drawRequest(t *rapid.T, i int) (sent, string) {
	method := rapid.SampledFrom([]string{"GET", "HEAD", "POST", "PUT"}).Draw(t, "method")
	head := fmt.Sprintf("%s /%d HTTP/1.1\r\nHost: x\r\n", method, i)
	body := ""
	if method[0] == 'P' {
		body = drawBody(t, fmt.Sprintf("[%d]", i))
	}
	switch {
	case body == "":
		return sent{wire: []byte(head + "\r\n")}, method
	case rapid.Bool().Draw(t, "chunked"):
		return sent{[]byte(head + "Transfer-Encoding: chunked\r\n\r\n" + chunked(t, body)), body}, method
	}
	return sent{[]byte(fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(body), body)), body}, method
}

func drawResponse(t *rapid.T, i int, method string) sent {
	interim := ""
	if rapid.IntRange(0, 5).Draw(t, "interim") == 0 {
		interim = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
	}
	status := rapid.SampledFrom([]int{200, 200, 200, 204, 304, 404}).Draw(t, "status")
	head := fmt.Sprintf("%sHTTP/1.1 %d Reason\r\nX-Answers: /%d\r\n", interim, status, i)
	body := drawBody(t, fmt.Sprintf("(%d)", i))
	switch {
	case status == 204 || status == 304:
		return sent{wire: []byte(head + "\r\n")}
	case method == "HEAD":
		return sent{wire: []byte(fmt.Sprintf("%sContent-Length: %d\r\n\r\n", head, len(body)))}
	case rapid.Bool().Draw(t, "chunked"):
		return sent{[]byte(head + "Transfer-Encoding: chunked\r\n\r\n" + chunked(t, body)), body}
	}
	return sent{[]byte(fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(body), body)), body}
}

// converse draws a conversation of which every exchange is whole. It returns its
// segments as sent and the bodies by target.
func converse(t *rapid.T) (c *conversation, requests, responses map[string]string) {
	c = &conversation{}
	for dir := range c.isn {
		c.isn[dir] = rapid.OneOf(rapid.Uint32(), rapid.Uint32Range(1<<32-2000, 1<<32-1)).Draw(t, "isn")
	}
	requests, responses = map[string]string{}, map[string]string{}
	c.open()
	n := rapid.IntRange(1, 8).Draw(t, "exchanges")
	pipelined := rapid.Bool().Draw(t, "pipelined")
	for i := 0; i < n; {
		burst := 1
		if pipelined {
			burst = rapid.IntRange(2, 4).Draw(t, "burst")
		}
		var asked, answered bytes.Buffer
		for range burst {
			q, method := drawRequest(t, i)
			r := drawResponse(t, i, method)
			target := fmt.Sprintf("/%d", i)
			requests[target], responses[target] = q.body, r.body
			asked.Write(q.wire)
			answered.Write(r.wire)
			i++
		}
		c.turn(t, 0, asked.Bytes())
		c.turn(t, 1, answered.Bytes())
	}
	c.close()
	return c, requests, responses
}

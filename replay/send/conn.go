package send

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"twinspect.dev/replay"
)

const (
	// inlineLimit is the longest request that is written before the answer is
	// read. Socket buffers hold it, so a server that answers early cannot make
	// the two sides wait for each other.
	inlineLimit = 64 << 10
	// keptBuffer is the largest write buffer that an idle connection keeps.
	keptBuffer = 16 << 10
	// maxLate is how much later than it should a timeout may come.
	maxLate = 250 * time.Millisecond
)

// conn is a connection to the side. One goroutine uses it at a time.
type conn struct {
	net.Conn
	r    reader
	wbuf []byte
	done <-chan struct{} // of the context that can interrupt it
	stop func() bool     // ends the wait for done
	raw  syscall.RawConn // of the socket; nil where there is none
	// peek looks at the socket for alive, which reads what it found.
	peek   func(fd uintptr)
	peeked bool // there was nothing to read
	step   step
	sent   time.Time // when the last request was written
	limit  time.Time // the deadline that is set
}

// past is a deadline that makes waiting reads and writes return.
var past = time.Unix(1, 0)

func (c *Client) dial(ctx context.Context, deadline time.Time) (*conn, error) {
	ctx2, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	nc, err := c.connect(ctx2)
	if err != nil {
		return nil, err
	}
	cn := &conn{Conn: nc}
	cn.watch(nc)
	if c.tls != nil {
		t, err := c.handshake(ctx2, nc, c.tls)
		if err != nil {
			return nil, err
		}
		cn.Conn, cn.step = t, step{} // the socket is TLS's alone
	}
	cn.r.src = cn.Conn
	cn.bind(ctx)
	return cn, nil
}

// bind makes the end of ctx interrupt the connection. It is registered once for
// all exchanges under one context: that keeps it off the hot path. The answer
// is false where an earlier context has just interrupted the connection.
func (cn *conn) bind(ctx context.Context) bool {
	if ctx.Done() == cn.done {
		return true
	}
	if cn.stop != nil && !cn.stop() {
		return false
	}
	cn.done, cn.stop = ctx.Done(), nil
	if cn.done != nil {
		cn.stop = context.AfterFunc(ctx, func() { _ = cn.SetDeadline(past) })
	}
	return true
}

func (cn *conn) close() {
	if cn.stop != nil {
		cn.stop()
	}
	_ = cn.Conn.Close()
}

// exchange sends a.Request and reads a.Response. keep says that the connection
// can take another request.
func (cn *conn) exchange(ctx context.Context, a *replay.Answer, deadline time.Time, maxBody int64) (keep bool, err error) {
	if err := cn.bound(deadline); err != nil {
		return false, fmt.Errorf("set deadline: %w", err)
	}
	// After the deadline, which would undo an interruption before it.
	if err := ctx.Err(); err != nil {
		return false, err
	}
	cn.r.begin()
	head := appendHead(cn.wbuf[:0], &a.Request)
	if cap(head) <= keptBuffer {
		cn.wbuf = head
	}
	if len(head)+len(a.Request.Body) <= inlineLimit {
		keep, err = cn.inTurn(appendBody(head, &a.Request), a, maxBody)
	} else {
		keep, err = cn.atOnce(head, a, maxBody)
	}
	return keep && !unwanted(a), err
}

// unwanted reports whether the server may have refused the content unread, as
// Expect allows it to: what it takes next for a request is then not known. The
// content is sent at once nevertheless, so that no server and client wait for
// each other (RFC 9110 section 10.1.1).
func unwanted(a *replay.Answer) bool {
	if a.Response.Status < 400 || !a.Request.Header.Has("Expect") {
		return false
	}
	for i := range a.Response.Interim {
		if a.Response.Interim[i].Status == 100 {
			return false
		}
	}
	return true
}

// bound sets the deadline. A change of it costs two timers, so one is set that is
// a little later, and it stays for as long as it is not too early.
func (cn *conn) bound(deadline time.Time) error {
	if !cn.limit.Before(deadline) {
		return nil
	}
	cn.limit = deadline.Add(min(time.Until(deadline)/32, maxLate))
	return cn.SetDeadline(cn.limit)
}

// write writes the message and notes when.
func (cn *conn) write(message []byte) error {
	_, err := cn.Write(message)
	cn.sent = time.Now()
	return err
}

// inTurn writes all of the request, then reads.
func (cn *conn) inTurn(message []byte, a *replay.Answer, maxBody int64) (keep bool, err error) {
	if cap(message) <= keptBuffer {
		cn.wbuf = message
	}
	a.Request.Start = time.Now()
	werr, rerr := cn.turn(message)
	a.Request.End = cn.sent
	if rerr != nil {
		return false, early(rerr)
	}
	// A server may answer and close before it has read everything.
	keep, err = cn.r.response(a.Request.Method, maxBody, &a.Response)
	if err != nil && werr != nil && a.Response.Status == 0 {
		err = fmt.Errorf("send the request: %w", werr)
	}
	return keep && werr == nil, err
}

// atOnce reads while it writes, so that neither side waits for the other.
func (cn *conn) atOnce(head []byte, a *replay.Answer, maxBody int64) (keep bool, err error) {
	a.Request.Start = time.Now()
	written := make(chan error, 1)
	req := &a.Request
	body := req.Body
	if len(req.Trailer) > 0 {
		head, body = appendBody(head, req), nil
	}
	go func() {
		bufs := net.Buffers{head, body}
		_, err := bufs.WriteTo(cn.Conn)
		written <- err
	}()
	keep, err = cn.r.response(req.Method, maxBody, &a.Response)
	select {
	case werr := <-written:
		return cn.afterWrite(a, keep, err, werr)
	default:
	}
	// The answer is over before the request is: it ends here.
	_ = cn.SetWriteDeadline(past)
	cn.limit = time.Time{}
	werr := <-written
	return cn.afterWrite(a, keep, err, werr)
}

func (cn *conn) afterWrite(a *replay.Answer, keep bool, err, werr error) (bool, error) {
	a.Request.End = time.Now()
	if err != nil && werr != nil && a.Response.Status == 0 && !errors.Is(werr, errPastDeadline) {
		err = fmt.Errorf("send the request: %w", werr)
	}
	return keep && werr == nil, err
}

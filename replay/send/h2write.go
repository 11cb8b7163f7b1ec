package send

import (
	"fmt"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"twinspect.dev/capture"
)

// head appends the header of a request.
func (cn *h2conn) head(id uint32, req *capture.Request, last bool) {
	cn.block.Reset()
	cn.field(":method", req.Method)
	cn.field(":scheme", cn.scheme)
	if host := req.Header[0].Value; host != "" {
		cn.field(":authority", host)
	}
	cn.field(":path", req.Target)
	for i := 1; i < len(req.Header); i++ {
		cn.field(req.Header[i].Name, req.Header[i].Value)
	}
	cn.section(id, last)
}

// tail appends the trailers, which end the stream.
func (cn *h2conn) tail(st *h2stream) {
	cn.block.Reset()
	for _, f := range st.trailer {
		cn.field(f.Name, f.Value)
	}
	cn.section(st.id, true)
	st.sentAll = true
}

func (cn *h2conn) field(name, value string) {
	_ = cn.enc.WriteField(hpack.HeaderField{Name: name, Value: value}) // to memory
}

// section appends the block as HEADERS and as many CONTINUATION as it needs.
func (cn *h2conn) section(id uint32, last bool) {
	block := cn.block.Bytes()
	n := min(len(block), cn.maxFrame)
	_ = cn.fr.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block[:n], EndStream: last, EndHeaders: n == len(block)})
	for block = block[n:]; len(block) > 0; block = block[n:] {
		n = min(len(block), cn.maxFrame)
		_ = cn.fr.WriteContinuation(id, n == len(block), block[:n])
	}
}

// queue puts a stream in line to send its content.
func (cn *h2conn) queue(st *h2stream) {
	if !st.queued && len(st.body) > 0 {
		st.queued = true
		cn.sending = append(cn.sending, st)
	}
}

// gather appends as much content as the windows let pass, each stream a frame in
// turn.
func (cn *h2conn) gather() {
	for len(cn.out) < writeBatch && len(cn.sending) > 0 && cn.window > 0 {
		st := cn.sending[0]
		cn.sending[0] = nil
		cn.sending = cn.sending[1:]
		st.queued = false
		n := int(min(int64(len(st.body)), int64(cn.maxFrame), cn.window, st.window))
		if n <= 0 {
			continue // over, or waits for its window
		}
		cn.content(st, n)
		if st.sentAll {
			cn.opening = append(cn.opening, st)
		}
		cn.queue(st)
	}
}

// content appends n bytes of the body, and the trailers after the last.
func (cn *h2conn) content(st *h2stream, n int) {
	last := n == len(st.body)
	end := last && len(st.trailer) == 0
	_ = cn.fr.WriteData(st.id, end, st.body[:n])
	st.body = st.body[n:]
	st.window -= int64(n)
	cn.window -= int64(n)
	switch {
	case end:
		st.sentAll = true
	case last:
		cn.tail(st)
	}
}

// write writes what is there until the connection is over, and closes it.
func (cn *h2conn) write() {
	defer close(cn.wrote)
	var batch frames
	cn.mu.Lock()
	defer cn.mu.Unlock()
	for {
		for cn.gather(); len(cn.out) == 0 && cn.err == nil; cn.gather() {
			cn.wake.Wait()
		}
		if len(cn.out) == 0 {
			break
		}
		batch, cn.out, cn.replies = cn.out, batch[:0], 0
		cn.stamp(time.Now())
		over := cn.err != nil
		cn.mu.Unlock()
		_, err := cn.nc.Write(batch)
		cn.mu.Lock()
		if err != nil {
			cn.fail(fmt.Errorf("send the request: %w", err))
		}
		if over || err != nil {
			break
		}
		if cap(batch) > 2*writeBatch {
			batch = nil
		}
	}
	_ = cn.nc.Close()
}

// stamp marks the streams of which something is written now.
func (cn *h2conn) stamp(now time.Time) {
	for i, st := range cn.opening {
		st.written = true
		// Where the stream is over its fields are another's.
		if st.sentAll && cn.streams[st.id] == st {
			st.sent = now
		}
		cn.opening[i] = nil
	}
	cn.opening = cn.opening[:0]
}

package send

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"twinspect.dev/replay"
)

const (
	// streamWindow and connWindow are how much the server may send before it
	// hears that it was read. What comes is read at once, so they cost no memory;
	// they only have to be above the product of a link's rate and its delay.
	streamWindow = 4 << 20
	connWindow   = 64 << 20
	// defaultWindow is what both begin with (RFC 9113 section 6.9.2).
	defaultWindow = 65535
	// frameSize is the longest frame that is accepted: four times the least that
	// the protocol allows, which spares system calls.
	frameSize = 64 << 10
	// maxStreams is used where the server sets no limit; it is what RFC 9113
	// section 6.5.2 recommends as the least, times ten.
	maxStreams = 1000
	// maxStreamID ends a connection (RFC 9113 section 5.1.1).
	maxStreamID = 1<<31 - 1
	// writeBatch is how much is gathered for one write.
	writeBatch = 64 << 10
	// maxReplies bounds the answers to PING and SETTINGS that wait for a server
	// that asks without reading: 170 KB of them.
	maxReplies = 10_000
	// lastWords is how long a failing connection tries to say why.
	lastWords = 250 * time.Millisecond
)

var errRetired = errors.New("the connection is no longer used")

// unprocessed marks errors after which the same request can be sent again,
// whatever its method: the server has not looked at it.
type unprocessed struct{ error }

func (u unprocessed) Unwrap() error { return u.error }

// h2conn is a connection over HTTP/2. One goroutine reads, one writes; both end
// before ended is closed. Whoever asks hands the request over under mu and waits
// on the stream.
type h2conn struct {
	nc      net.Conn
	br      *bufio.Reader
	fr      *http2.Framer
	scheme  string
	changed func()        // there may be room for streams; called with mu or without
	ready   chan struct{} // closed at the server's first SETTINGS
	wrote   chan struct{} // closed at the writer's end
	ended   chan struct{}

	mu      sync.Mutex
	wake    sync.Cond // of the writer
	out     frames    // waits to be written
	opening []*h2stream
	sending []*h2stream // have content that their windows let pass
	enc     *hpack.Encoder
	block   bytes.Buffer
	streams map[uint32]*h2stream
	busy    int // streams, with those that are about to open
	nextID  uint32
	err     error // why it is over
	retired bool  // no more streams
	greeted bool  // SETTINGS came
	used    int64 // bytes of our window that were not given back yet
	replies int   // to PING and SETTINGS that wait in out
	lastGot time.Time

	window       int64 // of the server, for all streams
	streamWindow int64 // for a new one
	maxFrame     int
	maxStreams   int
}

// frames are bytes to write.
type frames []byte

func (f *frames) Write(p []byte) (int, error) {
	*f = append(*f, p...)
	return len(p), nil
}

// newH2conn begins to speak over nc.
func newH2conn(nc net.Conn, scheme string, changed func()) *h2conn {
	cn := &h2conn{
		nc: nc, br: bufio.NewReaderSize(nc, 2*firstBuffer), scheme: scheme, changed: changed,
		ready: make(chan struct{}), wrote: make(chan struct{}), ended: make(chan struct{}),
		streams: make(map[uint32]*h2stream), nextID: 1,
		window: defaultWindow, streamWindow: defaultWindow, maxFrame: 16 << 10, maxStreams: maxStreams,
	}
	cn.wake.L = &cn.mu
	cn.enc = hpack.NewEncoder(&cn.block)
	cn.fr = http2.NewFramer(&cn.out, cn.br)
	cn.fr.SetReuseFrames()
	cn.fr.SetMaxReadFrameSize(frameSize)
	cn.fr.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	cn.fr.MaxHeaderListSize = maxHead
	cn.out = append(cn.out, http2.ClientPreface...)
	_ = cn.fr.WriteSettings(
		http2.Setting{ID: http2.SettingEnablePush, Val: 0},
		http2.Setting{ID: http2.SettingInitialWindowSize, Val: streamWindow},
		http2.Setting{ID: http2.SettingMaxFrameSize, Val: frameSize},
		http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: maxHead})
	_ = cn.fr.WriteWindowUpdate(0, connWindow-defaultWindow)
	go cn.write()
	go cn.read()
	return cn
}

// take counts one stream more, if there is room for it.
func (cn *h2conn) take() bool {
	cn.mu.Lock()
	defer cn.mu.Unlock()
	if cn.err != nil || cn.retired || cn.busy >= cn.maxStreams {
		return false
	}
	cn.busy++
	return true
}

// exchange sends a.Request and waits for its answer. take came before.
func (cn *h2conn) exchange(ctx context.Context, a *replay.Answer, deadline time.Time, maxBody int64) error {
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	st := newH2stream(a.Request.Method, maxBody)
	st.opened = time.Now()
	a.Request.Start = st.opened
	if err := cn.open(st, a); err != nil {
		return err
	}
	select {
	case <-st.done:
	case <-ctx.Done():
		cn.abandon(st, ctx.Err())
	case <-timer.C:
		cn.abandon(st, errPastDeadline)
	}
	a.Response, a.Request.End = st.res, st.sent
	if st.sent.IsZero() {
		a.Request.End = time.Now()
	}
	return st.err
}

// open hands the request to the writer.
func (cn *h2conn) open(st *h2stream, a *replay.Answer) error {
	cn.mu.Lock()
	defer cn.mu.Unlock()
	if cn.err != nil || cn.retired {
		cn.leave()
		return unprocessed{errRetired}
	}
	st.id, st.window = cn.nextID, cn.streamWindow
	cn.nextID += 2
	cn.retired = cn.nextID > maxStreamID-2
	cn.streams[st.id] = st
	st.body, st.trailer = a.Request.Body, a.Request.Trailer
	cn.opening = append(cn.opening, st)
	bare := len(st.body) == 0
	cn.head(st.id, &a.Request, bare && len(st.trailer) == 0)
	switch {
	case !bare:
		cn.queue(st)
	case len(st.trailer) > 0:
		cn.tail(st)
	default:
		st.sentAll = true
	}
	cn.wake.Signal()
	return nil
}

// abandon ends a stream that nobody waits for any more, unless it has just
// ended.
func (cn *h2conn) abandon(st *h2stream, why error) {
	cn.mu.Lock()
	defer cn.mu.Unlock()
	if cn.streams[st.id] != st {
		return
	}
	// A server that has said nothing at all since the request may be gone.
	if errors.Is(why, errPastDeadline) && cn.lastGot.Before(st.opened) {
		cn.retired = true
	}
	cn.reset(st, http2.ErrCodeCancel, why)
}

// reset ends a stream before its time.
func (cn *h2conn) reset(st *h2stream, code http2.ErrCode, why error) {
	_ = cn.fr.WriteRSTStream(st.id, code)
	cn.finish(st, why)
	cn.wake.Signal()
}

// finish takes a stream out and lets the one who waits for it go on.
func (cn *h2conn) finish(st *h2stream, err error) {
	delete(cn.streams, st.id)
	st.body, st.trailer = nil, nil
	st.err = err
	st.done <- struct{}{}
	cn.leave()
}

// leave gives a stream's place back.
func (cn *h2conn) leave() {
	cn.busy--
	if cn.retired && cn.busy == 0 {
		cn.fail(errRetired)
	}
	cn.changed()
}

// retire lets no more streams begin; the connection ends with its last one. over
// says that it does now.
func (cn *h2conn) retire() (over bool) {
	cn.mu.Lock()
	defer cn.mu.Unlock()
	cn.retired = true
	if cn.busy == 0 {
		cn.fail(errRetired)
	}
	return cn.err != nil
}

// fail ends the connection and all its streams. Those whose header did not go
// out can be sent again.
func (cn *h2conn) fail(err error) {
	if cn.err != nil {
		return
	}
	cn.err = err
	var bad malformed
	if errors.As(err, &bad) {
		_ = cn.fr.WriteGoAway(0, http2.ErrCodeProtocol, nil)
	}
	for _, st := range cn.streams {
		if st.written {
			cn.finish(st, err)
		} else {
			cn.finish(st, unprocessed{err})
		}
	}
	_ = cn.nc.SetReadDeadline(past)
	_ = cn.nc.SetWriteDeadline(time.Now().Add(lastWords))
	cn.wake.Signal()
}

// gone reports whether nothing of the connection is left.
func (cn *h2conn) gone() bool {
	select {
	case <-cn.ended:
		return true
	default:
		return false
	}
}

// shy reports whether the server takes no streams at all for now.
func (cn *h2conn) shy() bool {
	cn.mu.Lock()
	defer cn.mu.Unlock()
	return cn.err == nil && !cn.retired && cn.maxStreams == 0
}

// greet waits for the server's SETTINGS, with which it says that it speaks
// HTTP/2 (RFC 9113 section 3.4).
func (cn *h2conn) greet(ctx context.Context) error {
	select {
	case <-cn.ready:
		return nil
	case <-cn.ended:
		return cn.err
	case <-ctx.Done():
		cn.mu.Lock()
		cn.fail(errRetired)
		cn.mu.Unlock()
		<-cn.ended
		return notH2{fmt.Errorf("no SETTINGS of HTTP/2 came: %w", errPastDeadline)}
	}
}

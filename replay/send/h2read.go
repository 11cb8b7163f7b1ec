package send

import (
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/net/http2"
)

// read reads frames until the connection is over, and waits for the writer.
func (cn *h2conn) read() {
	err := cn.preface()
	for err == nil {
		err = cn.frame()
	}
	cn.mu.Lock()
	cn.fail(err)
	cn.mu.Unlock()
	<-cn.wrote
	close(cn.ended)
	cn.changed()
}

// preface looks whether the server's first bytes are a SETTINGS frame, before
// the bytes of another protocol are taken for the length of one.
func (cn *h2conn) preface() error {
	b, err := cn.br.Peek(9)
	if len(b) >= 5 && (b[3] != byte(http2.FrameSettings) || b[4]&byte(http2.FlagSettingsAck) != 0) {
		b, _ = cn.br.Peek(cn.br.Buffered())
		return notH2{malformedf("the server does not speak HTTP/2 here: it began with %q", clip(string(b)))}
	}
	if err != nil {
		return notH2{early(err)}
	}
	return nil
}

// notH2 marks the failure of a connection on which the server has not spoken
// HTTP/2.
type notH2 struct{ error }

func (n notH2) Unwrap() error { return n.error }

// frame reads and handles one frame.
func (cn *h2conn) frame() error {
	f, err := cn.fr.ReadFrame()
	now := time.Now()
	cn.mu.Lock()
	defer cn.mu.Unlock()
	if cn.err != nil {
		return cn.err
	}
	cn.lastGot = now
	if err != nil {
		return cn.readError(err)
	}
	return cn.handle(f, now)
}

// reply counts an answer that the writer has still to send.
func (cn *h2conn) reply() error {
	cn.wake.Signal()
	if cn.replies++; cn.replies > maxReplies {
		return malformedf("the server asks for answers to PING and SETTINGS, but reads none")
	}
	return nil
}

func (cn *h2conn) readError(err error) error {
	var stream http2.StreamError
	var conn http2.ConnectionError
	switch {
	case errors.As(err, &stream):
		bad := malformedf("the answer breaks HTTP/2: %v", stream)
		if detail := cn.fr.ErrorDetail(); detail != nil {
			bad = malformedf("the answer breaks HTTP/2: %v", detail)
		}
		if st := cn.streams[stream.StreamID]; st != nil {
			cn.reset(st, stream.Code, bad)
		}
		return nil
	case errors.As(err, &conn), errors.Is(err, http2.ErrFrameTooLarge):
		if detail := cn.fr.ErrorDetail(); detail != nil {
			err = detail
		}
		return malformedf("the server breaks HTTP/2: %v", err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errEarly
	}
	return err
}

func (cn *h2conn) handle(f http2.Frame, now time.Time) error {
	switch f := f.(type) {
	case *http2.MetaHeadersFrame:
		return cn.onHeaders(f, now)
	case *http2.DataFrame:
		return cn.onData(f, now)
	case *http2.SettingsFrame:
		return cn.onSettings(f)
	case *http2.WindowUpdateFrame:
		return cn.onWindow(f)
	case *http2.RSTStreamFrame:
		return cn.onReset(f, now)
	case *http2.GoAwayFrame:
		cn.onGoAway(f)
	case *http2.PingFrame:
		if !f.IsAck() {
			_ = cn.fr.WritePing(true, f.Data)
			return cn.reply()
		}
	case *http2.PushPromiseFrame:
		return malformedf("the server pushes, which was switched off")
	}
	return nil
}

// known returns the stream of a frame, nil where it is over. A frame on a stream
// that never was is an error of the connection (RFC 9113 section 5.1).
func (cn *h2conn) known(id uint32) (*h2stream, error) {
	if id%2 == 0 || id >= cn.nextID {
		return nil, malformedf("a frame comes on stream %d, which was not opened", id)
	}
	return cn.streams[id], nil
}

func (cn *h2conn) onHeaders(f *http2.MetaHeadersFrame, now time.Time) error {
	st, err := cn.known(f.StreamID)
	if st == nil {
		return err
	}
	if err := st.header(f, now); err != nil {
		cn.reset(st, http2.ErrCodeProtocol, err)
		return nil
	}
	if f.StreamEnded() {
		cn.answered(st, now)
	}
	return nil
}

func (cn *h2conn) onData(f *http2.DataFrame, now time.Time) error {
	n := int64(f.Length) // with its padding
	if cn.used += n; cn.used > connWindow {
		return malformedf("the server sends more than the connection's window of %d bytes", connWindow)
	}
	if cn.used > connWindow/4 {
		cn.giveBack(0, &cn.used)
	}
	st, err := cn.known(f.StreamID)
	if st == nil {
		return err
	}
	if st.used += n; st.used > streamWindow {
		return malformedf("the server sends more than the stream's window of %d bytes", streamWindow)
	}
	switch err := st.data(f.Data()); {
	case errors.Is(err, errTooLarge):
		cn.reset(st, http2.ErrCodeCancel, err)
	case err != nil:
		cn.reset(st, http2.ErrCodeProtocol, err)
	case f.StreamEnded():
		cn.answered(st, now)
	case st.used > streamWindow/4:
		cn.giveBack(st.id, &st.used)
	}
	return nil
}

func (cn *h2conn) giveBack(id uint32, used *int64) {
	_ = cn.fr.WriteWindowUpdate(id, uint32(*used))
	*used = 0
	cn.wake.Signal()
}

// answered ends a stream whose answer is whole. What is left of the request is
// not sent.
func (cn *h2conn) answered(st *h2stream, now time.Time) {
	err := st.end(now)
	if err == nil && st.sentAll {
		cn.finish(st, nil)
		return
	}
	code := http2.ErrCodeNo
	if err != nil {
		code = http2.ErrCodeProtocol
	}
	cn.reset(st, code, err)
}

func (cn *h2conn) onReset(f *http2.RSTStreamFrame, now time.Time) error {
	st, err := cn.known(f.StreamID)
	if st == nil {
		return err
	}
	st.res.End = now
	why := fmt.Errorf("the server reset the stream: %v", f.ErrCode)
	switch f.ErrCode {
	case http2.ErrCodeRefusedStream:
		why = unprocessed{why}
	case http2.ErrCodeHTTP11Required:
		why = failure{fmt.Errorf("%w: set the protocol to http1", why)}
	}
	cn.finish(st, why)
	return nil
}

// onGoAway retires the connection. The server has not looked at the streams
// above the last that it names (RFC 9113 section 6.8).
func (cn *h2conn) onGoAway(f *http2.GoAwayFrame) {
	why := fmt.Errorf("the server sent GOAWAY: %v %s", f.ErrCode, clip(string(f.DebugData())))
	cn.retired = true
	for id, st := range cn.streams {
		if id > f.LastStreamID {
			cn.finish(st, unprocessed{why})
		}
	}
	if cn.busy == 0 {
		cn.fail(errRetired)
	}
}

func (cn *h2conn) onSettings(f *http2.SettingsFrame) error {
	if f.IsAck() {
		return nil
	}
	if err := f.ForeachSetting(cn.setting); err != nil {
		return err
	}
	_ = cn.fr.WriteSettingsAck()
	if !cn.greeted {
		cn.greeted = true
		close(cn.ready)
	}
	cn.changed()
	return cn.reply()
}

func (cn *h2conn) setting(s http2.Setting) error {
	if err := s.Valid(); err != nil {
		return malformedf("the server breaks HTTP/2: %v: %v", s, err)
	}
	switch s.ID {
	case http2.SettingMaxConcurrentStreams:
		cn.maxStreams = int(min(s.Val, maxStreams))
	case http2.SettingMaxFrameSize:
		// A frame is copied whole into the batch.
		cn.maxFrame = int(min(s.Val, writeBatch))
	case http2.SettingHeaderTableSize:
		cn.enc.SetMaxDynamicTableSizeLimit(min(s.Val, 64<<10))
	case http2.SettingInitialWindowSize:
		return cn.rewindow(int64(s.Val))
	}
	return nil
}

// rewindow changes the windows of all streams (RFC 9113 section 6.9.2).
func (cn *h2conn) rewindow(size int64) error {
	change := size - cn.streamWindow
	cn.streamWindow = size
	for _, st := range cn.streams {
		if st.window += change; st.window > maxStreamID {
			return malformedf("the server widens a window beyond 2^31-1 bytes")
		}
		cn.queue(st)
	}
	return nil
}

func (cn *h2conn) onWindow(f *http2.WindowUpdateFrame) error {
	if f.StreamID == 0 {
		if cn.window += int64(f.Increment); cn.window > maxStreamID {
			return malformedf("the server widens the connection's window beyond 2^31-1 bytes")
		}
		cn.wake.Signal()
		return nil
	}
	st, err := cn.known(f.StreamID)
	if st == nil {
		return err
	}
	if st.window += int64(f.Increment); st.window > maxStreamID {
		cn.reset(st, http2.ErrCodeFlowControl, malformedf("the server widens the stream's window beyond 2^31-1 bytes"))
		return nil
	}
	cn.queue(st)
	cn.wake.Signal()
	return nil
}

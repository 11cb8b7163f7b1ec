package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"twinspect.dev/capture"
	"twinspect.dev/capture/httpwire"
	"twinspect.dev/capture/packet"
	"twinspect.dev/capture/tcpstream"
	"twinspect.dev/capture/tlswire"
)

// OtherPort is the reason for segments that Config.Ports leaves out.
const OtherPort capture.Reason = "other-port"

// Segments is where TCP segments come from: a [packet.File] or [packet.Live].
//
// ReadSegment fills seg with the next segment, whose payload is valid until the
// next call. It returns io.EOF at the end; a [*capture.RecordError] where a
// record could not be read and the stream goes on; and [packet.ErrIdle] where
// there was no segment up to the time that it puts in seg, so that what waits
// for a time comes to its end.
type Segments interface {
	ReadSegment(ctx context.Context, seg *packet.Segment) error
}

// Config configures a [Source].
type Config struct {
	// Agent names the recorder in each exchange.
	Agent string
	// Ports are the server ports to record. Where it is empty, every
	// connection that speaks HTTP is recorded, on whatever port.
	Ports []uint16
	// Streams bounds the reassembly, HTTP the parsing; zero fields take their
	// defaults. HTTP.Agent is overridden by Agent.
	Streams tcpstream.Config
	HTTP    httpwire.Config
	// Keys, where it is not nil, has the secrets of TLS connections; those are
	// decrypted. It may be shared by several sources.
	Keys *tlswire.KeyLog
}

// Source is a [capture.Source] of the exchanges in a stream of segments.
//
// Exchanges come in the order in which they are completed, as soon as they are.
// At the end of the segments the unfinished ones follow, incomplete with the
// reason [capture.EndOfCapture]; then ReadExchange returns io.EOF.
//
// Canceling the context that a call to ReadExchange was given ends the capture:
// this call and the following ones still give the exchanges that are complete
// and then the unfinished ones, as at the end of the segments, whatever context
// they are given; then every call returns the context's error. Any other error
// of the segments is treated alike, except a [*capture.RecordError], which is
// passed on and ends nothing.
//
// A Source is used by one goroutine at a time. It starts none and owns nothing:
// whoever opened the segments closes them.
type Source struct {
	cfg       Config
	segs      Segments
	assembler *tcpstream.Assembler
	decrypter *tlswire.Decrypter // nil without keys
	parser    *httpwire.Parser
	seg       packet.Segment
	skipped   uint64 // segments of other ports
	end       error
	// pulse, where it is not nil, is called after each segment and each time
	// that there was none.
	pulse func(idle bool)
}

// New returns a source of the exchanges in segs.
func New(cfg Config, segs Segments) *Source {
	cfg.HTTP.Agent = cfg.Agent
	s := &Source{cfg: cfg, segs: segs, parser: httpwire.New(cfg.HTTP)}
	if cfg.Keys != nil {
		s.decrypter = tlswire.New(cfg.Keys)
	}
	s.assembler = tcpstream.New(cfg.Streams, s.open)
	return s
}

// open returns what a connection's bytes are given to.
func (s *Source) open(c tcpstream.Connection) tcpstream.Consumer {
	conn := s.parser.Open(httpwire.Connection{
		Client: c.Client, Server: c.Server, Network: c.Network, Start: c.Start, Whole: c.Handshake,
	})
	if s.decrypter == nil {
		return conn
	}
	return s.decrypter.Open(conn)
}

// ReadExchange implements [capture.Source]. e is valid until the next call.
func (s *Source) ReadExchange(ctx context.Context, e *capture.Exchange) error {
	for !s.parser.Next(e) {
		if s.end != nil {
			return s.end
		}
		err := s.segs.ReadSegment(ctx, &s.seg)
		if err == nil {
			s.add(&s.seg)
		} else if err := s.without(ctx, err); err != nil {
			return err
		}
		if s.pulse != nil {
			s.pulse(err != nil)
		}
	}
	return nil
}

// without takes what came instead of a segment. It returns what is to be passed
// on.
func (s *Source) without(ctx context.Context, err error) error {
	var damaged *capture.RecordError
	switch {
	case errors.Is(err, packet.ErrIdle):
		s.assembler.Advance(s.seg.Time)
	case errors.As(err, &damaged):
		return err
	case errors.Is(err, io.EOF), ctx.Err() != nil && errors.Is(err, ctx.Err()):
		s.finish(err)
	default:
		s.finish(fmt.Errorf("read segment: %w", err))
	}
	return nil
}

// finish ends every connection and keeps why.
func (s *Source) finish(why error) {
	s.assembler.Flush()
	s.end = why
}

func (s *Source) add(seg *packet.Segment) {
	ports := s.cfg.Ports
	if len(ports) > 0 && !slices.Contains(ports, seg.Src.Port()) && !slices.Contains(ports, seg.Dst.Port()) {
		s.skipped++
		return
	}
	t := tcpstream.Segment(*seg)
	s.assembler.Add(&t)
}

// Account implements [capture.Accounted]. Its stages are those of the segments'
// own account, then "segments", with keys "tls", "http" in bytes, "messages" and "exchanges".
func (s *Source) Account() capture.Account {
	segments := s.assembler.Stats()
	segments.Seen += s.skipped
	segments.Filter(OtherPort, s.skipped)
	account := capture.AccountOf(s.segs).Clone()
	account = append(account, capture.Stage{Name: "segments", Unit: "segments", Stats: segments})
	if s.decrypter != nil {
		account = append(account, s.decrypter.Account()...)
	}
	return append(account, s.parser.Account()...)
}

// Events returns what happened in the streams besides the fate of segments.
func (s *Source) Events() tcpstream.Events { return s.assembler.Events() }

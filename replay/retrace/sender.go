package retrace

import (
	"context"
	"crypto/sha256"
	"encoding/binary"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
)

// Sender passes requests on in traces of their own. It is a [replay.Sender]; all
// methods may be called from many goroutines at once.
type Sender struct {
	key  [16]byte
	next replay.Sender
}

// New returns a sender for a side. The key tells runs apart: two with the same
// key give the same traces, so it is drawn at random once a run, and anew where
// the same exchanges are asked again.
func New(side replay.Side, key [16]byte, next replay.Sender) *Sender {
	s := &Sender{next: next}
	sum := sha256.Sum256(append(key[:], side...))
	copy(s.key[:], sum[:])
	return s
}

// Trace returns the trace of the exchange with an id ([replay.Ask.Recorded]) and
// the span that its request names as the parent, neither of them all zeros. No
// service has that span: the one whose parent it is is the root.
func (s *Sender) Trace(id capture.ID, n uint64) (trace [16]byte, span [8]byte) {
	var in [40]byte // one block of SHA-256
	copy(in[:16], s.key[:])
	copy(in[16:32], id[:])
	binary.BigEndian.PutUint64(in[32:], n)
	sum := sha256.Sum256(in[:])
	copy(trace[:], sum[:16])
	copy(span[:], sum[16:24])
	// A random id begins with a bit that is set, so that none is all zeros and none
	// looks like one of 64 bits.
	trace[0] |= 0x80
	// Jaeger and Zipkin read the last 64 bits alone where they have short ids.
	trace[8] |= 0x40
	span[0] |= 0x40
	return trace, span
}

// Send implements [replay.Sender].
func (s *Sender) Send(ctx context.Context, ask *replay.Ask) replay.Answer {
	trace, span := s.Trace(ask.Recorded.ID, ask.Copy)
	ask.Request.Header = enter(ask.Request.Header, trace, span)
	return s.next.Send(ctx, ask)
}

package route

import (
	"context"
	"fmt"
	"sync/atomic"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
)

// Sender asks one lane. It is a [replay.Sender]; all methods may be called from
// many goroutines at once.
type Sender struct {
	lane                Lane
	next                replay.Sender
	attested, misrouted atomic.Uint64
}

// New returns a sender that passes requests on to next with the lane in them.
func New(lane Lane, next replay.Sender) (*Sender, error) {
	if err := lane.check(); err != nil {
		return nil, err
	}
	return &Sender{lane: lane, next: next}, nil
}

// Send implements [replay.Sender]. The attestation is taken out of the answer: it
// differs between the sides by its nature. An answer that does not prove the lane
// has the fault [replay.Misrouted]; one that has a fault already is no answer.
func (s *Sender) Send(ctx context.Context, ask *replay.Ask) replay.Answer {
	ask.Request.Header = s.lane.enter(ask.Request.Header)
	a := s.next.Send(ctx, ask)
	if !a.OK() {
		return a
	}
	header, err := s.lane.prove(a.Response.Header)
	if err != nil {
		s.misrouted.Add(1)
		a.Fault, a.Err = replay.Misrouted, err.Error()
		return a
	}
	s.attested.Add(1)
	a.Response.Header = header
	return a
}

// Lane returns the lane with what its defaults stand for.
func (s *Sender) Lane() Lane { return s.lane }

// Counts returns how many answers proved the lane, and how many did not.
func (s *Sender) Counts() (attested, misrouted uint64) {
	return s.attested.Load(), s.misrouted.Load()
}

// Probe asks for path once and returns nil if the answer proves the lane. It is
// counted nowhere.
func (s *Sender) Probe(ctx context.Context, path string) error {
	var ask replay.Ask
	ask.Request.Method, ask.Request.Target = "GET", path
	ask.Request.Header = s.lane.enter(capture.Header{
		{Name: "User-Agent", Value: "twinspect"}, {Name: "Accept", Value: "*/*"},
	})
	a := s.next.Send(ctx, &ask)
	if err := ctx.Err(); err != nil {
		return err
	}
	if !a.OK() {
		return fmt.Errorf("probe of lane %s: GET %s: %s: %s", s.lane.Name, path, a.Fault, a.Err)
	}
	if _, err := s.lane.prove(a.Response.Header); err != nil {
		return fmt.Errorf("probe of lane %s: GET %s answered %d: %w", s.lane.Name, path, a.Response.Status, err)
	}
	return nil
}

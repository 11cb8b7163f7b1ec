package spool

import (
	"errors"
	"time"

	"twinspect.dev/capture"
)

// State is how a sink is at a moment.
type State struct {
	// BrokerUp says that the last call of Produce took everything, in time; it
	// is also true before the first. Since is when that last changed.
	BrokerUp bool
	Since    time.Time
	// LastError is why the broker counts as away, "" while it is up.
	LastError string
	// QueuedBytes is the estimated memory of what waits in the queue.
	QueuedBytes int64
	// SpooledBytes is the size of the segments on disk, SpooledExchanges what of
	// them is not yet shipped, and OldestSpooled when the oldest segment was
	// begun; zero when nothing is there.
	SpooledBytes     int64
	SpooledExchanges uint64
	OldestSpooled    time.Time
	// Blocked is why the disk takes nothing now, "" while it does.
	Blocked capture.Reason
	// Previous is what Account told when this process began: what it adds since
	// is this process's own.
	Previous capture.Stats
	// Notice tells what was not in order with the folder at the start.
	Notice string
}

// State tells how the sink is.
func (s *Sink) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return State{
		BrokerUp: s.broker.up, Since: s.broker.since, LastError: text(s.broker.err),
		QueuedBytes:  s.queue.bytes,
		SpooledBytes: s.gauge.bytes, SpooledExchanges: s.tally.spooled, OldestSpooled: s.gauge.oldest,
		Blocked:  s.room.reason,
		Previous: s.previous.Clone(), Notice: text(s.notice),
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// broker is what is known of the far end.
type broker struct {
	up    bool
	since time.Time
	err   error
	// asked is when the call of Produce began that is under way, else zero.
	asked time.Time
}

// turn takes the outcome of a call, or of waiting for one, and reports whether
// that is a change.
func (b *broker) turn(err error, now time.Time) bool {
	changed := b.up != (err == nil)
	b.up, b.err = err == nil, err
	if changed {
		b.since = now
	}
	return changed
}

// room is why the disk took nothing, and when to ask it again.
type room struct {
	reason capture.Reason
	again  time.Time
}

// diskRetry is the wait before a disk that took nothing is asked again: room
// comes back by the segment, and asking costs one system call.
const diskRetry = time.Second

func reasonOf(err error) capture.Reason {
	switch {
	case errors.Is(err, errSpoolFull):
		return ReasonSpoolFull
	case errors.Is(err, errDiskFull), isDiskFull(err):
		return ReasonDiskFull
	}
	return ReasonDiskError
}

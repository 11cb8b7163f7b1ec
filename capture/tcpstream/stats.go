package tcpstream

import "twinspect.dev/capture"

// The reasons under which segments are counted.
const (
	// NoPayload: the segment carries no bytes, only control.
	NoPayload capture.Reason = "no-payload"
	// Duplicate: every byte of the segment was seen before.
	Duplicate capture.Reason = "duplicate"
	// KeepAlive: a probe of one byte that was seen before (RFC 9293 section
	// 3.8.4).
	KeepAlive capture.Reason = "keep-alive"
	// Late: the segment came after its bytes had been given up as a gap.
	Late capture.Reason = "late"
	// AfterEnd: the segment lies beyond the FIN of its direction or came
	// after the end of its connection.
	AfterEnd capture.Reason = "after-end"
	// OutOfWindow: the sequence number is further away than any window
	// allows.
	OutOfWindow capture.Reason = "out-of-window"
	// Contested: the segment is a SYN with bytes on a connection that is
	// open. Its receiver refuses them (RFC 5961 section 4); where the SYN
	// does begin another connection, they are a gap unless they come again.
	Contested capture.Reason = "contested"
)

// Events counts what happened besides the fate of segments.
type Events struct {
	Connections uint64 // connections opened
	Gaps        uint64 // gaps reported
	GapBytes    uint64 // bytes in them
	Conflicts   uint64 // segments that repeat buffered bytes with other values
	Evicted     uint64 // connections given up for the connection limit
	Idle        uint64 // connections given up after the idle timeout
	Forced      uint64 // gaps declared early, or waits cut, for a buffer limit
}

// tally counts without maps, which a segment's path cannot afford.
type tally struct {
	seen, written, open             uint64
	noPayload, duplicate, keepAlive uint64
	late, afterEnd, outOfWindow     uint64
	contested                       uint64
}

func (t *tally) stats() capture.Stats {
	s := capture.Stats{Seen: t.seen, Written: t.written, Open: t.open}
	s.Filter(NoPayload, t.noPayload)
	s.Filter(Duplicate, t.duplicate)
	s.Filter(KeepAlive, t.keepAlive)
	s.Drop(Late, t.late)
	s.Drop(AfterEnd, t.afterEnd)
	s.Drop(OutOfWindow, t.outOfWindow)
	s.Drop(Contested, t.contested)
	return s
}

// Stats returns the account in segments. Written segments gave the consumer at
// least one byte, or told it of the bytes that the snap length cut.
func (a *Assembler) Stats() capture.Stats { return a.tally.stats() }

// Events returns what happened besides.
func (a *Assembler) Events() Events { return a.events }

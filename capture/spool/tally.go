package spool

import (
	"maps"

	"twinspect.dev/capture"
)

// The reasons under which a [Sink] drops exchanges. A producer's refusal brings
// its own, such as "message-too-large".
const (
	// ReasonQueueFull: the queue had no room, and there is no disk or it was not
	// fast enough.
	ReasonQueueFull capture.Reason = "queue-full"
	// ReasonSpoolFull: neither had the queue room, nor the folder within MaxDisk.
	ReasonSpoolFull capture.Reason = "spool-full"
	// ReasonDiskFull: neither had the queue room, nor the filesystem beside MinFree.
	ReasonDiskFull capture.Reason = "disk-full"
	// ReasonDiskError: the queue had no room, and the disk could not be written.
	ReasonDiskError capture.Reason = "disk-error"
	// ReasonTooLarge: the exchange is larger than the whole queue may be.
	ReasonTooLarge capture.Reason = "message-too-large"
	// ReasonDamaged: a segment did not give back what it was given.
	ReasonDamaged capture.Reason = "spool-damaged"
	// ReasonCrash: in the memory of a process that was killed.
	ReasonCrash capture.Reason = "crash"
	// ReasonShutdown: not shipped in time, and there was no room on disk.
	ReasonShutdown capture.Reason = "shutdown"
	// ReasonRefused: refused by the producer without a reason.
	ReasonRefused capture.Reason = "refused"
	// ReasonOther: the producer gave more or longer reasons than the ledger holds.
	ReasonOther capture.Reason = "other"
)

// place is how far the folder was shipped: into the segment seq, pos records.
type place struct{ seq, pos uint64 }

// tally is the account of a sink, with what is open by where it is.
type tally struct {
	seen, written uint64
	dropped       map[capture.Reason]uint64
	// queued is in the queue, held on its way and in memory alone, spooled in
	// the folder.
	queued, held, spooled uint64
	head                  place
}

func (t *tally) open() uint64 { return t.queued + t.held + t.spooled }

// The bounds of what the ledger holds: 32 entries of 8 bytes, a length and a
// name fit in a slot.
const (
	maxReasons = 32
	maxReason  = 64
)

func (t *tally) drop(r capture.Reason, n uint64) {
	if n == 0 {
		return
	}
	if r == "" {
		r = ReasonRefused
	}
	if _, known := t.dropped[r]; !known && (len(r) > maxReason || t.named() >= maxReasons-1) {
		r = ReasonOther
	}
	if t.dropped == nil {
		t.dropped = make(map[capture.Reason]uint64)
	}
	t.dropped[r] += n
}

// named returns how many reasons are told apart. [ReasonOther] is none of them,
// so that the same reasons keep their names in whatever order they come.
func (t *tally) named() int {
	n := len(t.dropped)
	if _, other := t.dropped[ReasonOther]; other {
		n--
	}
	return n
}

// count adds what came of exchanges that are no longer open.
func (t *tally) count(o outcome) {
	t.written += o.written
	for r, n := range o.refused {
		t.drop(r, n)
	}
}

// lost only grows, so it also tells whether the reasons changed.
func (t *tally) lost() uint64 {
	var sum uint64
	for _, n := range t.dropped {
		sum += n
	}
	return sum
}

func (t *tally) stats() capture.Stats {
	return capture.Stats{Seen: t.seen, Written: t.written, Dropped: maps.Clone(t.dropped), Open: t.open()}
}

// resume makes the tally of an earlier process the one of this process, which
// found so many unshipped exchanges in the folder. What was open and is not
// there is lost: by damage, so far as it had been put there, else by the crash.
// What is there and was not open (the ledger is older than the folder, or is
// lost) is seen anew.
func (t *tally) resume(found uint64) {
	open := t.seen - t.written - t.lost()
	onDisk := min(t.spooled, open)
	switch {
	case found > open:
		t.seen += found - open
	case found < onDisk:
		t.drop(ReasonDamaged, onDisk-found)
		t.drop(ReasonCrash, open-onDisk)
	default:
		t.drop(ReasonCrash, open-found)
	}
	t.queued, t.held, t.spooled = 0, 0, found
}

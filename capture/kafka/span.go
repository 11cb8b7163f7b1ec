package kafka

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"twinspect.dev/capture"
)

// span are some offsets of a partition: those of one batch, or without a record.
type span struct {
	from, to int64
	// reason and err say why there is no record; then batch is nil.
	reason capture.Reason
	err    error
	batch  []byte
}

// spans divides what a broker answered into the spans from pos on that follow
// each other without a hole, to at most the offset to. There may be none.
func (a *fetchAnswer) spans(pos, to int64) []span {
	var all []span
	add := func(s span) {
		if s.to = min(s.to, to); s.to > s.from {
			all = append(all, s)
			pos = s.to
		}
	}
	aborted := abortions{waiting: a.aborted}
	add(span{from: pos, to: a.logStart, reason: Expired})
	for b := a.records; pos < to; {
		h, rest, ok := nextBatch(b)
		if !ok {
			break // brokers cut the last one short
		}
		b = rest
		next := h.next(pos, a.lastStable)
		excluded := aborted.pass(h)
		if next <= pos {
			continue // brokers send a batch whole that begins before pos
		}
		add(span{from: pos, to: h.base, reason: Compacted})
		s := span{from: pos, to: next, batch: h.bytes}
		if s.reason, s.err = h.excluded(excluded); s.reason != "" {
			s.batch = nil
		}
		add(s)
	}
	return all
}

// abortions are the aborted transactions of an answer. Their records lie between
// others, and end at the marker of their producer.
type abortions struct {
	waiting []abortedTransaction
	open    map[int64]bool
}

// pass reports whether h, the next batch, is part of an aborted transaction.
func (a *abortions) pass(h header) bool {
	if !h.sound || len(a.waiting) == 0 && len(a.open) == 0 {
		return false
	}
	last := h.base + int64(max(h.lastDelta, 0))
	kept := a.waiting[:0]
	for _, t := range a.waiting {
		switch {
		case t.first > last:
			kept = append(kept, t)
		case a.open == nil:
			a.open = map[int64]bool{t.producer: true}
		default:
			a.open[t.producer] = true
		}
	}
	a.waiting = kept
	if h.attributes&attributeControl != 0 {
		delete(a.open, h.producer)
	}
	return h.attributes&attributeTransactional != 0 && a.open[h.producer]
}

// header is that of a batch.
type header struct {
	bytes      []byte // the whole batch
	base       int64
	magic      byte
	attributes int16
	lastDelta  int32
	producer   int64
	sound      bool // the checksum is right
}

// nextBatch returns the first batch of b and what follows; not ok where b has no
// whole one.
func nextBatch(b []byte) (h header, rest []byte, ok bool) {
	if len(b) <= atMagic {
		return h, nil, false
	}
	be := binary.BigEndian
	size := int64(int32(be.Uint32(b[atLength:]))) + lengthBase
	if size <= atMagic || size > int64(len(b)) {
		return h, nil, false
	}
	h = header{bytes: b[:size:size], base: int64(be.Uint64(b)), magic: b[atMagic]}
	if h.magic != magic2 || size < batchHeader {
		return h, b[size:], true
	}
	h.attributes = int16(be.Uint16(b[atAttributes:]))
	h.lastDelta = int32(be.Uint32(b[atLastDelta:]))
	h.producer = int64(be.Uint64(b[atProducer:]))
	h.sound = crc32.Checksum(h.bytes[atAttributes:], castagnoli) == be.Uint32(b[atChecksum:])
	return h, b[size:], true
}

// next is the offset behind the batch. Where the checksum is wrong, so may be
// the number of offsets: they are not taken beyond what the broker has, and at
// least one, for the next request to go on behind it.
func (h header) next(pos, end int64) int64 {
	next := h.base + int64(h.lastDelta) + 1
	if h.magic == magic2 && !h.sound {
		if next > end || next <= pos {
			return pos + 1
		}
	}
	return next
}

var (
	errChecksum = errors.New("the batch's checksum is wrong")
	errFormat   = errors.New("the batch has a format that this reader does not know")
)

// excluded says why none of the batch's records are given.
func (h header) excluded(aborted bool) (capture.Reason, error) {
	switch {
	case h.magic != magic2:
		return Unsupported, fmt.Errorf("%w: message format %d", errFormat, h.magic)
	case !h.sound:
		return Corrupt, errChecksum
	case h.attributes&attributeControl != 0:
		return Control, nil
	case aborted:
		return Aborted, nil
	}
	return "", nil
}

package kafka

import (
	"encoding/binary"
	"errors"

	"twinspect.dev/capture"
)

// item is one record of a partition, or some offsets without one.
type item struct {
	// next is the offset behind the item.
	next int64
	// value is the record's; nil where it has none.
	value []byte
	// reason says why the offsets hold no record; "" for a record. Where err is
	// not nil, it tells more.
	reason capture.Reason
	err    error
	offset int64
}

// chunk is a span unpacked, whose records are read one after the other: a list
// of them would take many times the memory of the shortest records.
type chunk struct {
	pos, to int64
	reason  capture.Reason
	cause   error
	base    int64
	left    int
	records []byte
	// err ends the partition.
	err error
}

// unpack decompresses the batch of s.
func (d *decompressor) unpackSpan(s span) chunk {
	c := chunk{pos: s.from, to: s.to, reason: s.reason, cause: s.err}
	if s.batch == nil {
		return c
	}
	attributes := binary.BigEndian.Uint16(s.batch[atAttributes:])
	records, err := d.unpack(int(attributes&attributeCodec), s.batch[batchHeader:])
	switch {
	case errors.Is(err, errOversized):
		c.reason, c.cause = Oversized, err
	case err != nil:
		c.reason, c.cause = Corrupt, err
	default:
		c.base, c.records = int64(binary.BigEndian.Uint64(s.batch)), records
		c.left = int(int32(binary.BigEndian.Uint32(s.batch[atCount:])))
	}
	return c
}

var errRecords = errors.New("the batch's records are not what its header says")

// next returns the item at pos, false at the end.
func (c *chunk) next() (item, bool) {
	for c.pos < c.to {
		if c.reason != "" {
			return c.gap(c.to, c.reason, c.cause), true
		}
		if c.left == 0 && len(c.records) == 0 {
			return c.gap(c.to, Compacted, nil), true
		}
		delta, value, rest, ok := nextRecord(c.records)
		offset := c.base + delta
		switch {
		case !ok || c.left <= 0:
			c.reason, c.cause = Corrupt, errRecords
			continue
		case offset > c.pos: // compaction leaves holes
			return c.gap(min(offset, c.to), Compacted, nil), true
		}
		c.records = rest
		c.left--
		if offset == c.pos {
			c.pos++
			return item{offset: offset, next: c.pos, value: value}, true
		}
	}
	return item{}, false
}

func (c *chunk) gap(to int64, reason capture.Reason, err error) item {
	it := item{offset: c.pos, next: to, reason: reason, err: err}
	c.pos = to
	return it
}

// nextRecord reads the first record of b (Kafka protocol guide, "Record"): its
// offset from the batch's, its value, and what follows it.
func nextRecord(b []byte) (delta int64, value, rest []byte, ok bool) {
	r, rest, ok := lengthed(b)
	if !ok || len(r) == 0 {
		return 0, nil, nil, false
	}
	_, n := binary.Varint(r[1:]) // attributes, time
	if n <= 0 {
		return 0, nil, nil, false
	}
	r = r[1+n:]
	delta, n = binary.Varint(r)
	if n <= 0 || delta < 0 || delta > 1<<31-1 {
		return 0, nil, nil, false
	}
	if _, r, ok = lengthed(r[n:]); !ok { // key
		return 0, nil, nil, false
	}
	value, _, ok = lengthed(r)
	return delta, value, rest, ok
}

// lengthed takes bytes with their length before them; -1 stands for null.
func lengthed(b []byte) (part, rest []byte, ok bool) {
	length, n := binary.Varint(b)
	if n <= 0 {
		return nil, nil, false
	}
	if b = b[n:]; length == -1 {
		return nil, b, true
	}
	if length < 0 || length > int64(len(b)) {
		return nil, nil, false
	}
	return b[:length:length], b[length:], true
}

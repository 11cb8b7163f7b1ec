package kafka

import (
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"twinspect.dev/capture"
	"twinspect.dev/capture/archive/twinpb"
)

// recordOverhead is what a batch of one record adds to key and value: 61 bytes
// of batch header, and in the record at most 5 of length, 1 of attributes, 10 of
// timestamp, 5 of offset, 5 and 5 of lengths, 1 of headers.
const recordOverhead = 61 + 32

// record is an exchange ready to be sent.
type record struct {
	key, value []byte
	time       time.Time
	// index is the exchange's place in the batch of the caller.
	index int
}

func (r *record) size() int { return len(r.key) + len(r.value) + recordOverhead }

func (r *record) wire() kafkago.Record {
	return kafkago.Record{Key: kafkago.NewBytes(r.key), Value: kafkago.NewBytes(r.value), Time: r.time}
}

// encode makes a record of e. The error is a [*capture.RefusedError].
func encode(e *capture.Exchange, limit int) (record, error) {
	value, err := twinpb.AppendExchange(make([]byte, 0, sizeHint(e)), e)
	if err != nil {
		return record{}, &capture.RefusedError{Reason: Unencodable, Err: err}
	}
	r := record{key: []byte(e.SessionKey()), value: value, time: timestamp(e)}
	if r.size() > limit {
		return record{}, tooLarge(r.size(), limit)
	}
	return r, nil
}

// sizeHint is a little above what most exchanges take: a tag and length for each
// header field, and 256 bytes of context and times.
func sizeHint(e *capture.Exchange) int {
	n := len(e.Request.Target) + len(e.Request.Body) + len(e.Response.Body) + 256
	for _, h := range []capture.Header{e.Request.Header, e.Response.Header} {
		for i := range h {
			n += len(h[i].Name) + len(h[i].Value) + 8
		}
	}
	return n
}

// timestamp is the start of the request, else of the response. Kafka has no
// time before 1970; such an exchange is given the time of writing.
func timestamp(e *capture.Exchange) time.Time {
	for _, t := range []time.Time{e.Request.Start, e.Response.Start} {
		if t.Unix() > 0 {
			return t
		}
	}
	return time.Now()
}

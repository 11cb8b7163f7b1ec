package kafka

import (
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/capture/archive/twinpb"
)

// recordOverhead is what a batch of one record adds to key and value: 61 bytes
// of batch header, and in the record at most 5 of length, 1 of attributes, 10 of
// timestamp, 5 of offset, 5 and 5 of lengths, 1 of headers.
const recordOverhead = batchHeader + 32

// record is an exchange ready to be sent.
type record struct {
	key, value []byte
	// time is in milliseconds since 1970.
	time int64
	// index is the exchange's place in the batch of the caller.
	index int
}

func (r *record) size() int { return len(r.key) + len(r.value) + recordOverhead }

// encode makes a record of e in the memory behind b, and returns all of that.
// The error is a [*capture.RefusedError]; bodies above the limit are not copied
// first.
func encode(b []byte, e *capture.Exchange, limit int) (record, []byte, error) {
	if n := len(e.Request.Body) + len(e.Response.Body) + recordOverhead; n > limit {
		return record{}, b, tooLarge(n, limit)
	}
	key := len(b)
	b = append(b, e.SessionKey()...)
	value := len(b)
	whole, err := twinpb.AppendExchange(b, e)
	if err != nil {
		return record{}, b[:key], &capture.RefusedError{Reason: Unencodable, Err: err}
	}
	r := record{key: whole[key:value:value], value: whole[value:len(whole):len(whole)], time: timestamp(e)}
	if r.size() > limit {
		return record{}, whole[:key], tooLarge(r.size(), limit)
	}
	return r, whole, nil
}

// timestamp is the start of the request, else of the response. Kafka has no
// time before 1970; such an exchange is given the time of writing.
func timestamp(e *capture.Exchange) int64 {
	for _, t := range []time.Time{e.Request.Start, e.Response.Start} {
		if t.Unix() > 0 {
			return t.UnixMilli()
		}
	}
	return time.Now().UnixMilli()
}

package twinpb

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"twinspect.dev/capture"
)

// MaxFields is how many header fields, trailer fields, interim answers and
// labels one exchange may have in all. A field takes 2 bytes of a message and
// 32 bytes of memory, so the bound keeps a hostile record from taking sixteen
// times its size; the shortest field of the wire ("a:" and CRLF) needs 4 MiB of
// header to reach it, above what any recorder keeps.
const MaxFields = 1 << 20

// ErrTooManyFields says that an exchange has more than [MaxFields].
var ErrTooManyFields = errors.New("more than 1048576 header fields and labels in one exchange")

// AppendExchange appends e as a message Exchange, without a length before it.
//
// Times are kept to the nanosecond as instants; their location is not. An empty
// slice or map is not told from nil. The error is [ErrTooManyFields].
func AppendExchange(b []byte, e *capture.Exchange) ([]byte, error) {
	if fieldCount(e) > MaxFields {
		return b, ErrTooManyFields
	}
	b = appendID(b, 1, e.ID)
	b, at := begin(b, 2)
	b = endUnlessEmpty(appendRequest(b, &e.Request), at)
	b, at = begin(b, 3)
	b = endUnlessEmpty(appendResponse(b, &e.Response), at)
	b, at = begin(b, 4)
	return endUnlessEmpty(appendContext(b, &e.Context), at), nil
}

func fieldCount(e *capture.Exchange) int {
	n := len(e.Request.Header) + len(e.Request.Trailer) + len(e.Response.Header) +
		len(e.Response.Trailer) + len(e.Context.Labels)
	for i := range e.Response.Interim {
		n += 1 + len(e.Response.Interim[i].Header)
	}
	return n
}

func appendRequest(b []byte, r *capture.Request) []byte {
	b = appendText(b, 1, r.Method)
	b = appendText(b, 2, r.Target)
	b = appendText(b, 3, r.Proto)
	b, at := begin(b, 4)
	return endUnlessEmpty(appendMessage(b, &r.Message), at)
}

func appendResponse(b []byte, r *capture.Response) []byte {
	b = appendVarint(b, 1, uint64(r.Status))
	b = appendText(b, 2, r.Reason)
	b = appendText(b, 3, r.Proto)
	for i := range r.Interim {
		interim := &r.Interim[i]
		var at int
		b, at = begin(b, 4)
		b = appendVarint(b, 1, uint64(interim.Status))
		b = appendHeader(b, 2, interim.Header)
		b = end(appendTime(b, 3, interim.Time), at)
	}
	b, at := begin(b, 5)
	return endUnlessEmpty(appendMessage(b, &r.Message), at)
}

func appendMessage(b []byte, m *capture.Message) []byte {
	b = appendHeader(b, 1, m.Header)
	b = appendHeader(b, 2, m.Trailer)
	b = appendBytes(b, 3, m.Body)
	b = appendVarint(b, 4, protowire.EncodeZigZag(m.BodySize))
	b = appendTime(b, 5, m.Start)
	b = appendTime(b, 6, m.End)
	return appendText(b, 7, string(m.Incomplete))
}

func appendContext(b []byte, c *capture.Context) []byte {
	b = appendText(b, 1, c.Agent)
	b = appendText(b, 2, c.Service)
	b = appendText(b, 3, c.Caller)
	b = appendText(b, 4, c.Client)
	b = appendText(b, 5, c.Server)
	b = appendText(b, 6, c.Connection)
	b = appendVarint(b, 7, c.Index)
	b = appendText(b, 8, c.Session)
	b = appendText(b, 9, c.TraceID)
	b = appendText(b, 10, c.SpanID)
	b = appendID(b, 11, c.Recorded)
	if len(c.Labels) == 0 {
		return b
	}
	for _, name := range slices.Sorted(maps.Keys(c.Labels)) {
		b = appendPair(b, 12, name, c.Labels[name])
	}
	return b
}

func appendHeader(b []byte, num protowire.Number, h capture.Header) []byte {
	for _, f := range h {
		b = appendPair(b, num, f.Name, f.Value)
	}
	return b
}

// appendPair appends a Field or a Label, which have the same form.
func appendPair(b []byte, num protowire.Number, name, value string) []byte {
	b, at := begin(b, num)
	return end(appendText(appendText(b, 1, name), 2, value), at)
}

func appendID(b []byte, num protowire.Number, id capture.ID) []byte {
	if id.IsZero() {
		return b
	}
	return appendBytes(b, num, id[:])
}

func appendText(b []byte, num protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	return append(appendUint(append(b, tag(num, protowire.BytesType)), uint64(len(s))), s...)
}

func appendBytes(b []byte, num protowire.Number, v []byte) []byte {
	if len(v) == 0 {
		return b
	}
	return append(appendUint(append(b, tag(num, protowire.BytesType)), uint64(len(v))), v...)
}

func appendVarint(b []byte, num protowire.Number, v uint64) []byte {
	if v == 0 {
		return b
	}
	return appendUint(append(b, tag(num, protowire.VarintType)), v)
}

// tag is a field's tag: one byte, since all numbers here are below 16.
func tag(num protowire.Number, kind protowire.Type) byte { return byte(num)<<3 | byte(kind) }

// appendUint spares most values, which take one byte, the general encoding.
func appendUint(b []byte, v uint64) []byte {
	if v < 1<<7 {
		return append(b, byte(v))
	}
	return binary.AppendUvarint(b, v)
}

// appendTime appends a google.protobuf.Timestamp, and nothing for the zero
// time. The instant 0 of that message is 1970, so it is kept although empty.
func appendTime(b []byte, num protowire.Number, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	b, at := begin(b, num)
	b = appendVarint(b, 1, uint64(t.Unix()))
	return end(appendVarint(b, 2, uint64(t.Nanosecond())), at)
}

// begin opens a nested message: its tag and one byte for its length. The index
// that it returns is where the message's content starts.
func begin(b []byte, num protowire.Number) ([]byte, int) {
	b = append(b, tag(num, protowire.BytesType), 0)
	return b, len(b)
}

// end writes the length of the message opened at the index, and makes room
// where that takes more than the one byte.
func end(b []byte, at int) []byte {
	n := len(b) - at
	if n < 1<<7 {
		b[at-1] = byte(n)
		return b
	}
	if more := protowire.SizeVarint(uint64(n)) - 1; more > 0 {
		b = append(b, make([]byte, more)...)
		copy(b[at+more:], b[at:at+n])
	}
	protowire.AppendVarint(b[:at-1], uint64(n))
	return b
}

// endUnlessEmpty is [end] for a message that is left out where it holds
// nothing.
func endUnlessEmpty(b []byte, at int) []byte {
	if len(b) == at {
		return b[:at-2]
	}
	return end(b, at)
}

package trace

import (
	"encoding/hex"
	"errors"
	"math"
	"strconv"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

var errSpanIDs = errors.New("span without a trace id of 16 bytes and an id of 8 that are not all zeros")

// batch is what one record says. Spans without valid ids are counted alone, so
// that a record of nothing else takes no memory.
type batch struct {
	spans []Span
	bad   uint64
	draft Span // the one that is being read
}

// begin returns an empty span to read into.
func (b *batch) begin() *Span {
	b.draft = Span{}
	return &b.draft
}

// end keeps the span that was read, or counts it.
func (b *batch) end(service string, err error) error {
	switch {
	case errors.Is(err, errSpanIDs):
		b.bad++
		return nil
	case err != nil:
		return err
	}
	b.draft.Service = service
	b.spans = append(b.spans, b.draft)
	return nil
}

// OTLP is read from the wire itself (opentelemetry-proto, trace/v1/trace.proto),
// rather than by the generated messages: an empty field of 2 bytes costs these a
// hundred times as much memory, and events and links need not be read at all. The
// numbers of the fields stand where they are read.

// tag is the number of a field and its type on the wire. A field of another type
// than its own is none that is known (protobuf, "Encoding").
type tag uint64

const (
	varint  = tag(protowire.VarintType)
	fixed64 = tag(protowire.Fixed64Type)
	length  = tag(protowire.BytesType)
)

// fields calls visit with every field of a message: raw for those with a length,
// n for numbers.
func fields(msg []byte, visit func(at tag, raw []byte, n uint64) error) error {
	for len(msg) > 0 {
		num, typ, size := protowire.ConsumeTag(msg)
		if size < 0 {
			return protowire.ParseError(size)
		}
		msg = msg[size:]
		var raw []byte
		var n uint64
		switch typ {
		case protowire.BytesType:
			raw, size = protowire.ConsumeBytes(msg)
		case protowire.VarintType:
			n, size = protowire.ConsumeVarint(msg)
		case protowire.Fixed64Type:
			n, size = protowire.ConsumeFixed64(msg)
		default: // none that is read
			size = protowire.ConsumeFieldValue(num, typ, msg)
		}
		if size < 0 {
			return protowire.ParseError(size)
		}
		msg = msg[size:]
		if err := visit(tag(num)<<3|tag(typ), raw, n); err != nil {
			return err
		}
	}
	return nil
}

// tracesData reads TracesData, or ExportTraceServiceRequest.
func (b *batch) tracesData(msg []byte) error {
	return fields(msg, func(at tag, raw []byte, _ uint64) error {
		if at != 1<<3|length {
			return nil
		}
		return b.resourceSpans(raw)
	})
}

// resourceSpans reads a ResourceSpans. Its resource may stand behind its spans.
func (b *batch) resourceSpans(msg []byte) error {
	service := ""
	err := fields(msg, func(at tag, resource []byte, _ uint64) error {
		if at != 1<<3|length {
			return nil
		}
		return attributesOf(resource, 1<<3|length, func(key, value string) {
			if key == "service.name" {
				service = clip(value)
			}
		})
	})
	if err != nil {
		return err
	}
	return fields(msg, func(at tag, scope []byte, _ uint64) error {
		if at != 2<<3|length {
			return nil
		}
		return fields(scope, func(at tag, raw []byte, _ uint64) error {
			if at != 2<<3|length {
				return nil
			}
			return b.end(service, b.begin().wire(raw))
		})
	})
}

// wire reads a Span.
func (s *Span) wire(msg []byte) error {
	ids := [3][]byte{}
	err := fields(msg, func(at tag, raw []byte, n uint64) error {
		switch at {
		case 1<<3 | length:
			ids[0] = raw
		case 2<<3 | length:
			ids[1] = raw
		case 4<<3 | length:
			ids[2] = raw
		case 5<<3 | length:
			s.Name = clipBytes(raw)
		case 6<<3 | varint:
			s.Kind = kindOf(int64(n))
		case 7<<3 | fixed64:
			s.Start = unixNano(n)
		case 8<<3 | fixed64:
			s.End = unixNano(n)
		case 10<<3 | varint:
			s.Cut = int(uint32(n))
		case 15<<3 | length:
			return s.wireStatus(raw)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !s.identify(ids) {
		return errSpanIDs
	}
	a := attributes{span: s}
	if err := attributesOf(msg, 9<<3|length, a.add); err != nil {
		return err
	}
	a.peers.finish(s)
	return nil
}

func (s *Span) identify(ids [3][]byte) bool {
	if len(ids[0]) != len(s.Trace) || len(ids[1]) != len(s.ID) {
		return false
	}
	copy(s.Trace[:], ids[0])
	copy(s.ID[:], ids[1])
	if len(ids[2]) == len(s.Parent) {
		copy(s.Parent[:], ids[2])
	}
	return !s.Trace.IsZero() && !s.ID.IsZero()
}

func (s *Span) wireStatus(msg []byte) error {
	return fields(msg, func(at tag, raw []byte, n uint64) error {
		switch {
		case at == 2<<3|length:
			s.Message = clipBytes(raw)
		case at == 3<<3|varint && n <= uint64(Error):
			s.Status = Status(n)
		}
		return nil
	})
}

// attributesOf gives add the attributes that stand in a field of a message.
func attributesOf(msg []byte, field tag, add func(key, value string)) error {
	return fields(msg, func(at tag, pair []byte, _ uint64) error {
		if at != field {
			return nil
		}
		var key, value string
		err := fields(pair, func(at tag, raw []byte, _ uint64) (err error) {
			switch at {
			case 1<<3 | length:
				key = clipBytes(raw)
			case 2<<3 | length:
				value, err = wireValue(raw, true)
			}
			return err
		})
		if err == nil {
			add(key, value)
		}
		return err
	})
}

// wireValue returns an AnyValue as text. Lists and maps are no values of the
// conventions that are read; of a list the first counts where it is a scalar, as
// of header fields. It goes no deeper.
func wireValue(msg []byte, lists bool) (out string, err error) {
	first := true
	err = fields(msg, func(at tag, raw []byte, n uint64) (err error) {
		switch at {
		case 1<<3 | length:
			out = clipBytes(raw)
		case 2<<3 | varint:
			out = strconv.FormatBool(n != 0)
		case 3<<3 | varint:
			out = strconv.FormatInt(int64(n), 10)
		case 4<<3 | fixed64:
			out = strconv.FormatFloat(math.Float64frombits(n), 'g', -1, 64)
		case 5<<3 | length:
			if !lists {
				return nil
			}
			return fields(raw, func(at tag, element []byte, _ uint64) (err error) {
				if at == 1<<3|length && first {
					first = false
					out, err = wireValue(element, false)
				}
				return err
			})
		case 7<<3 | length:
			out = hex.EncodeToString(raw[:min(len(raw), MaxValue/2)])
		}
		return err
	})
	return out, err
}

func kindOf(n int64) Kind {
	if n < 0 || n > int64(Consumer) {
		return KindUnknown
	}
	return Kind(n)
}

// unixNano reads nanoseconds since 1970; what lies beyond the year 2262 is not a
// time.
func unixNano(n uint64) time.Time {
	if n == 0 || n > math.MaxInt64 {
		return time.Time{}
	}
	return time.Unix(0, int64(n)).UTC()
}

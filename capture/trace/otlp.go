package trace

import (
	"encoding/hex"
	"errors"
	"math"
	"strconv"
	"time"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

var errSpanIDs = errors.New("span without a trace id of 16 bytes and an id of 8 that are not all zeros")

// appendOTLP appends the spans of rs to b. Those without valid ids are told by
// an error in their place.
func appendOTLP(b []item, rs *tracepb.ResourceSpans) []item {
	service := ""
	for _, kv := range rs.GetResource().GetAttributes() {
		if kv.GetKey() == "service.name" {
			service = clip(textOf(kv.GetValue()))
		}
	}
	for _, scope := range rs.GetScopeSpans() {
		for _, s := range scope.GetSpans() {
			b = append(b, item{})
			it := &b[len(b)-1]
			it.err = fromOTLP(&it.span, s)
			it.span.Service = service
		}
	}
	return b
}

func fromOTLP(dst *Span, s *tracepb.Span) error {
	if len(s.GetTraceId()) != len(dst.Trace) || len(s.GetSpanId()) != len(dst.ID) {
		return errSpanIDs
	}
	copy(dst.Trace[:], s.GetTraceId())
	copy(dst.ID[:], s.GetSpanId())
	if dst.Trace.IsZero() || dst.ID.IsZero() {
		return errSpanIDs
	}
	if len(s.GetParentSpanId()) == len(dst.Parent) {
		copy(dst.Parent[:], s.GetParentSpanId())
	}
	dst.Name, dst.Kind = clip(s.GetName()), kindOf(int64(s.GetKind()))
	dst.Start, dst.End = unixNano(s.GetStartTimeUnixNano()), unixNano(s.GetEndTimeUnixNano())
	dst.Cut = int(s.GetDroppedAttributesCount())
	a := attributes{span: dst}
	dst.Attributes = make([]Attribute, 0, min(len(s.GetAttributes()), MaxAttributes))
	for _, kv := range s.GetAttributes() {
		a.add(kv.GetKey(), textOf(kv.GetValue()))
	}
	if code := s.GetStatus().GetCode(); code == 1 || code == 2 {
		dst.Status = Status(code)
	}
	if m := s.GetStatus().GetMessage(); m != "" {
		dst.Message = clip(m)
	}
	a.peers.finish(dst)
	return nil
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

// textOf returns a value as text. Lists and maps are no values of the semantic
// conventions that are read; of a list of texts the first counts, as of header
// fields.
func textOf(v *commonpb.AnyValue) string {
	switch x := v.GetValue().(type) {
	case *commonpb.AnyValue_StringValue:
		return x.StringValue
	case *commonpb.AnyValue_IntValue:
		return strconv.FormatInt(x.IntValue, 10)
	case *commonpb.AnyValue_BoolValue:
		return strconv.FormatBool(x.BoolValue)
	case *commonpb.AnyValue_DoubleValue:
		return strconv.FormatFloat(x.DoubleValue, 'g', -1, 64)
	case *commonpb.AnyValue_BytesValue:
		return hex.EncodeToString(x.BytesValue[:min(len(x.BytesValue), MaxValue/2)])
	case *commonpb.AnyValue_ArrayValue:
		if values := x.ArrayValue.GetValues(); len(values) > 0 && values[0].GetStringValue() != "" {
			return values[0].GetStringValue()
		}
	}
	return ""
}

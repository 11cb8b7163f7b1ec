package retrace

import (
	"encoding/hex"
	"strings"

	"twinspect.dev/capture"
)

// The sizes of the forms: "00-" trace "-" span "-01", and the others without a
// version.
const (
	traceDigits  = 32
	spanDigits   = 16
	parentLength = 3 + traceDigits + 1 + spanDigits + 3
)

// field says what is done with a header field.
type field uint8

const (
	keep field = iota
	drop
	parent  // traceparent
	single  // b3
	traceID // X-B3-TraceId
	spanID  // X-B3-SpanId
	sampled // X-B3-Sampled
	uber    // uber-trace-id
)

// kindOf tells what a field is by its name; the length and the first letter keep
// the usual field away from comparisons.
func kindOf(name string) field {
	if name == "" {
		return keep
	}
	switch name[0] | 0x20 {
	case 't':
		if strings.EqualFold(name, "traceparent") {
			return parent
		}
		if strings.EqualFold(name, "tracestate") {
			return drop // what tracers say of the recorded trace
		}
	case 'b':
		if strings.EqualFold(name, "b3") {
			return single
		}
	case 'u':
		if strings.EqualFold(name, "uber-trace-id") {
			return uber
		}
	case 'x':
		return kindOfX(name)
	}
	return keep
}

// kindOfX tells the fields of B3 and of Datadog. Of B3's, the parent's and the one
// for debugging belong to the recorded trace.
func kindOfX(name string) field {
	switch {
	case hasPrefixFold(name, "x-datadog-"):
		return drop
	case !hasPrefixFold(name, "x-b3-"):
		return keep
	case strings.EqualFold(name[5:], "TraceId"):
		return traceID
	case strings.EqualFold(name[5:], "SpanId"):
		return spanID
	case strings.EqualFold(name[5:], "Sampled"):
		return sampled
	}
	return drop
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// values are the texts of a trace, cut from one: "00-" trace "-" span "-01".
type values struct {
	text string
}

func (v *values) of(k field) string {
	trace := v.text[3 : 3+traceDigits]
	span := v.text[4+traceDigits : 4+traceDigits+spanDigits]
	switch k {
	case parent:
		return v.text
	case single:
		return v.text[3:4+traceDigits+spanDigits] + "-1"
	case traceID:
		return trace
	case spanID:
		return span
	case uber:
		return trace + ":" + span + ":0:1"
	}
	return "1" // sampled
}

func textOf(trace [16]byte, span [8]byte) string {
	b := make([]byte, 0, parentLength)
	b = append(b, "00-"...)
	b = hex.AppendEncode(b, trace[:])
	b = append(b, '-')
	b = hex.AppendEncode(b, span[:])
	return string(append(b, "-01"...))
}

// enter returns h with the trace in it: in the places and the forms in which a
// trace stood, and in traceparent in any case (W3C Trace Context section 3.2), with
// the flag that it is sampled. h is not changed.
func enter(h capture.Header, trace [16]byte, span [8]byte) capture.Header {
	v := values{textOf(trace, span)}
	const more = 4 // traceparent, and the rest of B3's
	out := make(capture.Header, 0, len(h)+more)
	var seen [uber + 1]bool
	for i := range h {
		k := kindOf(h[i].Name)
		switch {
		case k == keep:
			out = append(out, h[i])
		case k == drop || seen[k]:
		default:
			seen[k] = true
			out = append(out, capture.Field{Name: h[i].Name, Value: v.of(k)})
		}
	}
	if seen[traceID] || seen[spanID] || seen[sampled] {
		out = complete(out, &seen, &v)
	}
	if !seen[parent] {
		out = append(out, capture.Field{Name: "traceparent", Value: v.text})
	}
	return out
}

// complete adds what B3 in several fields needs and the recording had not: a
// request that was not sampled has no ids there. The names are of lower case, as
// HTTP/2 wants them (RFC 9113 section 8.2.1).
func complete(out capture.Header, seen *[uber + 1]bool, v *values) capture.Header {
	for _, f := range [...]struct {
		kind field
		name string
	}{{traceID, "x-b3-traceid"}, {spanID, "x-b3-spanid"}, {sampled, "x-b3-sampled"}} {
		if !seen[f.kind] {
			out = append(out, capture.Field{Name: f.name, Value: v.of(f.kind)})
		}
	}
	return out
}

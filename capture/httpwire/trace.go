package httpwire

import (
	"strings"

	"twinspect.dev/capture"
)

// traceContext reads the trace and span that a request belongs to from
// traceparent (W3C Trace Context section 3.2), b3 in one or in several fields
// (OpenZipkin B3 propagation), or uber-trace-id (Jaeger), in this order.
func traceContext(h capture.Header) (trace, span string) {
	var parent, b3, b3trace, b3span, uber string
	for i := range h {
		f := &h[i]
		switch n := len(f.Name); {
		case n == 2 && strings.EqualFold(f.Name, "b3"):
			b3 = f.Value
		case n == 11 && strings.EqualFold(f.Name, "traceparent"):
			parent = f.Value
		case n == 12 && strings.EqualFold(f.Name, "X-B3-TraceId"):
			b3trace = f.Value
		case n == 11 && strings.EqualFold(f.Name, "X-B3-SpanId"):
			b3span = f.Value
		case n == 13 && strings.EqualFold(f.Name, "uber-trace-id"):
			uber = f.Value
		}
	}
	if parent != "" {
		if trace, span = fromParent(parent); trace != "" {
			return trace, span
		}
	}
	if b3 != "" {
		b3trace, b3span, _ = strings.Cut(b3, "-")
		b3span, _, _ = strings.Cut(b3span, "-")
	}
	if trace, span = ids(b3trace, b3span); trace != "" || uber == "" {
		return trace, span
	}
	return fromUber(uber)
}

// fromParent reads version-trace-span-flags.
func fromParent(value string) (trace, span string) {
	p := strings.Split(value, "-")
	if len(p) < 4 || len(p[0]) != 2 || len(p[1]) != 32 {
		return "", ""
	}
	return ids(p[1], p[2])
}

// fromUber reads trace:span:parent:flags, of which the colons may be escaped.
func fromUber(value string) (trace, span string) {
	value = strings.NewReplacer("%3A", ":", "%3a", ":").Replace(value)
	trace, rest, _ := strings.Cut(value, ":")
	span, _, _ = strings.Cut(rest, ":")
	return ids(pad(trace), pad(span))
}

// pad restores the leading zeros that Jaeger leaves out.
func pad(id string) string {
	switch n := len(id); {
	case n == 0:
		return ""
	case n < 16:
		return strings.Repeat("0", 16-n) + id
	case n > 16 && n < 32:
		return strings.Repeat("0", 32-n) + id
	}
	return id
}

// ids checks and lowers a trace id of 16 or 32 digits and a span id of 16, of
// which none may be all zeros.
func ids(trace, span string) (string, string) {
	if len(trace) != 16 && len(trace) != 32 || len(span) != 16 || !hexID(trace) || !hexID(span) {
		return "", ""
	}
	return strings.ToLower(trace), strings.ToLower(span)
}

func hexID(id string) bool {
	for i := range len(id) {
		if hexDigit(id[i]) < 0 {
			return false
		}
	}
	return strings.Trim(id, "0") != ""
}

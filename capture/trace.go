package capture

import "strings"

// TraceOf reads which trace and span a request belongs to from its header:
// traceparent (W3C Trace Context section 3.2), b3 in one or in several fields
// (OpenZipkin B3 propagation), or uber-trace-id (Jaeger), in this order.
//
// Both are lower-case hexadecimal, a trace of 16 or 32 digits and a span of 16,
// and none is all zeros. Both are empty where the header names no such pair.
func TraceOf(h Header) (traceID, spanID string) {
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
		if traceID, spanID = fromParent(parent); traceID != "" {
			return traceID, spanID
		}
	}
	if b3 != "" {
		b3trace, b3span, _ = strings.Cut(b3, "-")
		b3span, _, _ = strings.Cut(b3span, "-")
	}
	if traceID, spanID = validIDs(b3trace, b3span); traceID != "" || uber == "" {
		return traceID, spanID
	}
	return fromUber(uber)
}

// fromParent reads version-trace-span-flags.
func fromParent(value string) (trace, span string) {
	p := strings.Split(value, "-")
	if len(p) < 4 || len(p[0]) != 2 || len(p[1]) != 32 {
		return "", ""
	}
	return validIDs(p[1], p[2])
}

// fromUber reads trace:span:parent:flags, of which the colons may be escaped.
func fromUber(value string) (trace, span string) {
	value = strings.NewReplacer("%3A", ":", "%3a", ":").Replace(value)
	trace, rest, _ := strings.Cut(value, ":")
	span, _, _ = strings.Cut(rest, ":")
	return validIDs(padID(trace), padID(span))
}

// padID restores the leading zeros that Jaeger leaves out.
func padID(id string) string {
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

// validIDs checks and lowers a trace id of 16 or 32 digits and a span id of 16, of
// which none may be all zeros.
func validIDs(trace, span string) (string, string) {
	if len(trace) != 16 && len(trace) != 32 || len(span) != 16 || !hexID(trace) || !hexID(span) {
		return "", ""
	}
	return strings.ToLower(trace), strings.ToLower(span)
}

func hexID(id string) bool {
	for i := range len(id) {
		if c := id[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return strings.Trim(id, "0") != ""
}

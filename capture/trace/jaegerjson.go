package trace

import "time"

type jaegerTag struct {
	Key   string `json:"key"`
	Value loose  `json:"value"`
}

type jaegerProcess struct {
	Service string `json:"serviceName"`
}

type jaegerReference struct {
	Type    string `json:"refType"`
	TraceID string `json:"traceID"`
	SpanID  string `json:"spanID"`
}

type jaegerSpan struct {
	TraceID    string            `json:"traceID"`
	SpanID     string            `json:"spanID"`
	ParentID   string            `json:"parentSpanID"` // of old versions
	Name       string            `json:"operationName"`
	References []jaegerReference `json:"references"`
	Start      loose             `json:"startTime"` // microseconds since 1970
	Duration   loose             `json:"duration"`  // microseconds
	Tags       []jaegerTag       `json:"tags"`
	ProcessID  string            `json:"processID"`
	Process    *jaegerProcess    `json:"process"`
}

// jaegerTrace is one entry of "data" (jaeger, model/json/model.go).
type jaegerTrace struct {
	Spans     []jaegerSpan             `json:"spans"`
	Processes map[string]jaegerProcess `json:"processes"`
}

// maxMicros is the year 2255 in microseconds since 1970, exact in a float too. As a
// duration in nanoseconds it does not overflow.
const maxMicros = 1 << 53

func (b *batch) jaeger(raw []byte) error {
	var t jaegerTrace
	if err := decodeJSON(raw, &t); err != nil {
		return err
	}
	for i := range t.Spans {
		s := &t.Spans[i]
		service := t.Processes[s.ProcessID].Service
		if s.Process != nil {
			service = s.Process.Service
		}
		_ = b.end(clip(service), s.span(b.begin())) // it has no other error than its ids
	}
	return nil
}

func (s *jaegerSpan) span(dst *Span) (err error) {
	if dst.Trace, err = ParseTraceID(s.TraceID); err != nil {
		return errSpanIDs
	}
	if dst.ID, err = ParseSpanID(s.SpanID); err != nil {
		return errSpanIDs
	}
	dst.Parent = s.parent(dst.Trace)
	dst.Name = clip(s.Name)
	if start := s.Start.uint(); start > 0 && start <= maxMicros {
		dst.Start = time.UnixMicro(int64(start)).UTC()
		dst.End = dst.Start.Add(time.Duration(min(s.Duration.uint(), maxMicros)) * time.Microsecond)
	}
	a := attributes{span: dst}
	for i := range s.Tags {
		if t := &s.Tags[i]; t.Key == "span.kind" {
			dst.Kind = kindNamed(string(t.Value))
		} else {
			a.add(t.Key, string(t.Value))
		}
	}
	a.peers.finish(dst)
	return nil
}

// parent is the span that this one is a child of, or follows from; a reference to
// another trace is no parent.
func (s *jaegerSpan) parent(trace TraceID) (parent SpanID) {
	for i := range s.References {
		r := &s.References[i]
		of, err := ParseTraceID(r.TraceID)
		if err != nil || of != trace || r.Type != "CHILD_OF" && !parent.IsZero() {
			continue
		}
		if id, err := ParseSpanID(r.SpanID); err == nil {
			parent = id
		}
		if r.Type == "CHILD_OF" {
			return parent
		}
	}
	if parent.IsZero() {
		parent, _ = ParseSpanID(s.ParentID)
	}
	return parent
}

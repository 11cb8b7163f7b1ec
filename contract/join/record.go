package join

import (
	"encoding/binary"
	"math"

	"twinspect.dev/capture"
	"twinspect.dev/capture/archive/twinpb"
	"twinspect.dev/capture/trace"
)

// What a record is, its first byte. Then come the trace's id, and what it takes in
// memory once it is decoded.
const (
	isExchange = 'e'
	isSpan     = 's'
	// isMatched is an exchange without trace context of which ByTime knows the span.
	isMatched = 't'
	// isShadow is what is needed of an exchange beside whose window others may be.
	isShadow = 'h'
)

const (
	recordHead = 1 + 16 + 4
	// nodeCost is what a span's place in the tree takes: its call, and its entries in
	// the maps that lead to it.
	nodeCost = 640
	// exchangeCost is that of an exchange beside its bytes and its header fields.
	exchangeCost = 1600
	fieldCost    = 48
)

func beginRecord(b []byte, kind byte, id trace.TraceID, cost int) []byte {
	b = append(append(b, kind), id[:]...)
	return binary.BigEndian.AppendUint32(b, uint32(min(cost, math.MaxUint32)))
}

func spanRecord(b []byte, s *trace.Span) []byte {
	b = beginRecord(b, isSpan, s.Trace, 0)
	b = appendSpan(b, s)
	binary.BigEndian.PutUint32(b[17:], uint32(nodeCost+trace.MaxAttributes+2*len(b)+560))
	return b
}

func exchangeRecord(b []byte, id trace.TraceID, e *capture.Exchange) ([]byte, error) {
	b, err := twinpb.AppendExchange(beginRecord(b, isExchange, id, 0), e)
	if err != nil {
		return b, err
	}
	fields := len(e.Request.Header) + len(e.Request.Trailer) + len(e.Response.Header) + len(e.Response.Trailer) + 2*len(e.Context.Labels)
	for i := range e.Response.Interim {
		fields += 2 + len(e.Response.Interim[i].Header)
	}
	cost := min(exchangeCost+fields*fieldCost+len(b), math.MaxUint32)
	binary.BigEndian.PutUint32(b[17:], uint32(cost))
	return b, nil
}

// shadowRecord makes a record of what ByTime needs of an exchange that is not to be
// joined there.
func shadowRecord(b []byte, e *capture.Exchange) ([]byte, error) {
	bare := capture.Exchange{ID: e.ID, Context: e.Context}
	bare.Context.Labels = nil
	bare.Request.Method, bare.Request.Target, bare.Request.Start = e.Request.Method, e.Request.Target, e.Request.Start
	bare.Response.Status, bare.Response.End, bare.Response.Incomplete = e.Response.Status, e.Response.End, e.Response.Incomplete
	b, err := exchangeRecord(b, trace.TraceID{}, &bare)
	if err == nil {
		b[0] = isShadow
	}
	return b, err
}

func kindOf(rec []byte) byte { return rec[0] }

func traceOf(rec []byte) (id trace.TraceID) {
	copy(id[:], rec[1:])
	return id
}

func costOf(rec []byte) int64 { return int64(binary.BigEndian.Uint32(rec[17:])) }

// low is the part of a trace's id that all systems keep: some know 64 bits only
// (W3C Trace Context section 4.4).
func low(id trace.TraceID) uint64 { return binary.BigEndian.Uint64(id[8:]) }

func high(id trace.TraceID) uint64 { return binary.BigEndian.Uint64(id[:]) }

func keyOfTrace(id trace.TraceID) uint64 { return mix(low(id)) }

// match is what ByTime found: one span of a call.
type match struct {
	trace      trace.TraceID
	span       trace.SpanID
	server     bool
	confidence float64
}

const matchSize = 8 + 1 + 8

// matchedRecord makes a record of an exchange one of the trace in which its call
// was found.
func matchedRecord(b, exchange []byte, m match) []byte {
	b = append(b, isMatched)
	b = append(b, m.trace[:]...)
	b = append(b, exchange[17:recordHead]...)
	b = append(b, m.span[:]...)
	server := byte(0)
	if m.server {
		server = 1
	}
	b = append(b, server)
	b = binary.BigEndian.AppendUint64(b, math.Float64bits(m.confidence))
	return append(b, exchange[recordHead:]...)
}

// heard is an exchange that is to be joined. Its body lies in the record's memory.
type heard struct {
	e     capture.Exchange
	span  trace.SpanID // of the trace context
	match match        // zero but for isMatched
	query queryHash
	path  string
	rec   []byte
	// recorder is whose clock its times are in.
	recorder uint64
}

func decodeExchange(rec []byte) (*heard, error) {
	h := &heard{rec: rec}
	payload := rec[recordHead:]
	if kindOf(rec) == isMatched {
		if len(payload) < matchSize {
			return nil, errDamaged
		}
		copy(h.match.span[:], payload)
		h.match.server = payload[8] == 1
		h.match.confidence = math.Float64frombits(binary.BigEndian.Uint64(payload[9:]))
		payload = payload[matchSize:]
	}
	if err := new(twinpb.Decoder).Exchange(payload, &h.e); err != nil {
		return nil, errDamaged
	}
	_, h.span, _ = contextOf(&h.e)
	h.path = capture.PathOf(h.e.Request.Target)
	h.query = hashQuery(h.e.Request.Target)
	h.recorder = recorderOf(&h.e)
	return h, nil
}

// contextOf reads the trace context of the request: what the recorder read, else
// its header.
func contextOf(e *capture.Exchange) (id trace.TraceID, span trace.SpanID, ok bool) {
	traceID, spanID := e.Context.TraceID, e.Context.SpanID
	if traceID == "" {
		traceID, spanID = capture.TraceOf(e.Request.Header)
	}
	id, err := trace.ParseTraceID(traceID)
	if err != nil {
		return id, span, false
	}
	span, _ = trace.ParseSpanID(spanID)
	return id, span, true
}

package httpwire

import "twinspect.dev/capture"

// The reasons under which bytes are left out or lost.
const (
	TLS capture.Reason = "tls" // a TLS connection
	// HTTP2: what claims to be HTTP/2 and breaks its preface, or is answered in
	// HTTP/1.x.
	HTTP2 capture.Reason = "http2"
	// HTTP2Control: frames of HTTP/2 that carry no message, and the preface.
	HTTP2Control capture.Reason = "http2-control"
	// UnknownStream: frames of a stream that is over, was given up, or whose
	// request was not seen.
	UnknownStream capture.Reason = "http2-unknown-stream"
	// ResetStream: frames of a stream that the other end had just reset, or said
	// that it would not look at, as they are sent until that is heard of.
	ResetStream capture.Reason = "http2-reset-stream"
	// HTTP2Malformed: what breaks HTTP/2, and what follows it.
	HTTP2Malformed capture.Reason = "http2-malformed"
	// CutFrame: a frame header that was cut, and what follows where it is not
	// known where a frame begins.
	CutFrame capture.Reason = "http2-cut-frame"
	// HPACKUnknown: header blocks that refer to what was lost of the dynamic
	// table, and HTTP/2 connections whose beginning was not captured.
	HPACKUnknown capture.Reason = "hpack-unknown"
	Tunnel       capture.Reason = "tunnel"         // what follows CONNECT
	WebSocket    capture.Reason = "websocket"      // what follows an upgrade to websocket
	Upgrade      capture.Reason = "opaque-upgrade" // what follows any other upgrade
	NotHTTP      capture.Reason = "not-http"       // a direction that never spoke HTTP
	BlankLine    capture.Reason = "blank-line"     // empty lines before a message
	BodyRest     capture.Reason = "body-limit"     // what a body has beyond the limit
	// MemoryLimit: body bytes beyond what all connections may hold.
	MemoryLimit capture.Reason = "memory-limit"
	// AfterGap: what came of a body after a gap in it, or after the memory
	// limit cut it.
	AfterGap capture.Reason = "after-gap"
	// Junk: bytes between messages of a direction that did speak HTTP.
	Junk capture.Reason = "junk"
	// IncompleteHead: a head that ended before its first line did.
	IncompleteHead capture.Reason = "incomplete-head"
	// Missing bytes, by why the capture lacks them.
	GapBytes  capture.Reason = "gap"
	SnapBytes capture.Reason = "snap-length"
	// HeadLimit: a head longer than the limit, or interim answers beyond it.
	HeadLimit capture.Reason = "head-limit"
)

// byteTally is the account in bytes.
type byteTally struct {
	seen, written, open uint64
	reasons             capture.Stats
}

func (t *byteTally) filter(r capture.Reason, n int) { t.reasons.Filter(r, uint64(n)) }
func (t *byteTally) drop(r capture.Reason, n int)   { t.reasons.Drop(r, uint64(n)) }

// hide counts bytes of what is not parsed. Only those of HTTP/2 were wanted.
func (t *byteTally) hide(r capture.Reason, n int) {
	if r == HPACKUnknown {
		t.drop(r, n)
		return
	}
	t.filter(r, n)
}

// messageTally is the account in messages: whole ones are written, incomplete
// and unseen halves are lost under their reason.
type messageTally struct {
	open  uint64
	stats capture.Stats
}

func (t *messageTally) count(why capture.Incomplete, seen bool) {
	t.stats.Seen++
	if seen {
		t.open--
	}
	if why == "" {
		t.stats.Written++
		return
	}
	t.stats.Drop(capture.Reason(why), 1)
}

// refuse counts an interim answer that is not kept.
func (t *messageTally) refuse() {
	t.stats.Seen++
	t.stats.Drop(HeadLimit, 1)
}

// Account returns the stages "http" in bytes, "messages" and "exchanges", and
// "grpc" and "websocket" once there was something of theirs.
//
// Bytes are written when they became part of a message, missing bytes are seen
// and dropped. Of HTTP/2, the frames that carry header blocks and DATA are
// written with their overhead, all others filtered as http2-control. Messages
// are the two halves of each exchange: whole ones are written, others dropped
// under the reason that the exchange tells; interim answers count where they are
// beyond those that are kept, dropped under head-limit. Exchanges are written once Next has
// given them out.
//
// The stage "grpc" counts the length-prefixed messages in bodies of gRPC: whole
// ones that were kept are written. The stage "websocket" counts frames, filtered
// by their kind, for their payload is not kept. Both lose one under the reason
// why it is not whole; of what follows a loss that hid where the next one begins,
// nothing is counted.
func (p *Parser) Account() capture.Account {
	b := p.bytes.reasons.Clone()
	b.Seen, b.Written, b.Open = p.bytes.seen, p.bytes.written, p.bytes.open
	m := p.messages.stats.Clone()
	m.Open = p.messages.open
	m.Seen += m.Open
	account := capture.Account{
		{Name: "http", Unit: "bytes", Stats: b},
		{Name: "messages", Unit: "messages", Stats: m},
		{Name: "exchanges", Unit: "exchanges", Stats: p.exchanges.Clone()},
	}
	if p.grpc.Seen > 0 {
		account = append(account, capture.Stage{Name: "grpc", Unit: "messages", Stats: p.grpc.Clone()})
	}
	if p.websocket.Seen > 0 {
		account = append(account, capture.Stage{Name: "websocket", Unit: "frames", Stats: p.websocket.Clone()})
	}
	return account
}

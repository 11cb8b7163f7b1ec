package httpwire

import "twinspect.dev/capture"

// The reasons under which bytes are left out or lost.
const (
	TLS       capture.Reason = "tls"            // a TLS connection
	HTTP2     capture.Reason = "http2"          // HTTP/2, by preface or upgrade
	Tunnel    capture.Reason = "tunnel"         // what follows CONNECT
	WebSocket capture.Reason = "websocket"      // what follows an upgrade to websocket
	Upgrade   capture.Reason = "opaque-upgrade" // what follows any other upgrade
	NotHTTP   capture.Reason = "not-http"       // a direction that never spoke HTTP
	BlankLine capture.Reason = "blank-line"     // empty lines before a message
	BodyRest  capture.Reason = "body-limit"     // what a body has beyond the limit
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
	// HeadLimit: a head longer than the limit.
	HeadLimit capture.Reason = "head-limit"
)

// byteTally is the account in bytes.
type byteTally struct {
	seen, written, open uint64
	reasons             capture.Stats
}

func (t *byteTally) filter(r capture.Reason, n int) { t.reasons.Filter(r, uint64(n)) }
func (t *byteTally) drop(r capture.Reason, n int)   { t.reasons.Drop(r, uint64(n)) }

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

// Account returns three stages. Bytes are written when they became part of a
// message, missing bytes are seen and dropped. Messages are the two halves of
// each exchange: whole ones are written, others dropped under the reason that
// the exchange tells. Exchanges are written once Next has given them out.
func (p *Parser) Account() capture.Account {
	b := p.bytes.reasons.Clone()
	b.Seen, b.Written, b.Open = p.bytes.seen, p.bytes.written, p.bytes.open
	m := p.messages.stats.Clone()
	m.Open = p.messages.open
	m.Seen += m.Open
	return capture.Account{
		{Name: "http", Unit: "bytes", Stats: b},
		{Name: "messages", Unit: "messages", Stats: m},
		{Name: "exchanges", Unit: "exchanges", Stats: p.exchanges.Clone()},
	}
}

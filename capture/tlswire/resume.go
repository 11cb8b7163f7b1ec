package tlswire

import (
	"crypto/sha256"
	"hash"
)

// maxResumable is how many names of sessions a generation keeps; there are two.
// A name takes at most 96 bytes in its map and 100 for the master secret, both
// generations 50 MiB. With 60 new sessions a second, one that was not used for
// 36 minutes is forgotten at the earliest: servers commonly resume them for 5
// minutes to 2 hours.
const maxResumable = 1 << 17

// sessionName is what resumes a TLS 1.2 session: the length of a session ID and
// itself, or the SHA-256 sum of a ticket, so that long ones take no more room.
type sessionName [1 + sha256.Size]byte

const ticketName = 0xFF // in the place of a length

// nameID returns the name of a session ID, which is none where it is empty (RFC
// 5246 section 7.4.1.3).
func nameID(id []byte) (n sessionName, ok bool) {
	if len(id) == 0 || len(id) > sha256.Size {
		return n, false
	}
	n[0] = byte(len(id))
	copy(n[1:], id)
	return n, true
}

func nameTicket(sum []byte) (n sessionName) {
	n[0] = ticketName
	copy(n[1:], sum)
	return n
}

// resumable holds master secrets by what resumes their sessions. A client may
// log the secret of the first connection alone, as crypto/tls does. Names that
// were not used lately are forgotten: with the young generation full, it takes
// the place of the old one.
type resumable struct{ young, old map[sessionName]*session }

func (r *resumable) put(n sessionName, s *session, limit int) {
	if r.young == nil || len(r.young) >= limit {
		r.young, r.old = make(map[sessionName]*session), r.young
	}
	r.young[n] = s
}

func (r *resumable) get(n sessionName) *session {
	if s := r.young[n]; s != nil {
		return s
	}
	return r.old[n]
}

// resumption learns the names of a session from what its server sends in clear.
// They are remembered once a record proves the master secret.
type resumption struct {
	names   []sessionName
	tickets ticketReader
}

// newResumption begins with the name that the hellos tell: that by which the
// session was resumed, or the ID that the server gave it.
func newResumption(p *plan) *resumption {
	r := &resumption{}
	if p.named {
		r.names = append(r.names, p.name)
	}
	return r
}

// read takes the handshake messages of a record.
func (r *resumption) read(p []byte) {
	for len(p) > 0 {
		n, name, ok := r.tickets.read(p)
		if ok {
			r.names = append(r.names[:min(len(r.names), 1)], name) // one ticket comes, the last one counts
		}
		p = p[n:]
	}
}

// ticketReader finds the ticket of a NewSessionTicket among handshake messages,
// which may be cut anywhere: a lifetime of 4 bytes, a length of 2 and the
// ticket (RFC 5077 section 3.3).
type ticketReader struct {
	header [4]byte
	have   int // of the header
	size   int // of the message
	at     int // in the message
	sum    hash.Hash
}

const beforeTicket = 6

// read takes the beginning of p and returns how much, and the name of a ticket
// that ended there.
func (r *ticketReader) read(p []byte) (n int, name sessionName, ok bool) {
	if r.have < len(r.header) {
		n = copy(r.header[r.have:], p)
		r.have += n
		if r.have == len(r.header) {
			r.begin()
		}
		return n, name, false
	}
	n = min(r.size-r.at, len(p))
	if r.sum != nil {
		r.sum.Write(p[min(n, max(0, beforeTicket-r.at)):n])
	}
	if r.at += n; r.at < r.size {
		return n, name, false
	}
	r.have = 0
	if r.sum == nil || r.size <= beforeTicket {
		return n, name, false
	}
	return n, nameTicket(r.sum.Sum(nil)), true
}

// begin begins the message of the header; one without a body ends at once.
func (r *ticketReader) begin() {
	size, _ := messageSize(r.header[:])
	r.size, r.at, r.sum = size-len(r.header), 0, nil
	switch {
	case r.size == 0:
		r.have = 0
	case r.header[0] == sessionTicketMessage:
		r.sum = sha256.New()
	}
}

// learn reads a handshake record in clear, unless it follows a loss.
func (h *half) learn(b []byte) {
	switch {
	case h.resumption == nil:
	case h.loss.bytes > 0:
		h.resumption = nil
	default:
		h.resumption.read(b[headerSize:])
	}
}

// remember keeps the secrets of the session for those that resume it.
func (h *half) remember() {
	for _, n := range h.resumption.names {
		h.c.d.keys.remember(n, h.plan.secrets)
	}
	h.resumption = nil
}

package tlswire

import (
	"bytes"
	"crypto/sha256"

	"golang.org/x/crypto/cryptobyte"
)

// The handshake messages and extensions that matter here (RFC 8446 section 4).
const (
	clientHelloMessage         = 1
	serverHelloMessage         = 2
	sessionTicketMessage       = 4
	encryptedExtensionsMessage = 8
	keyUpdateMessage           = 24

	extEncryptThenMAC = 22
	extSessionTicket  = 35 // RFC 5077
	extEarlyData      = 42
	extVersions       = 43
)

// retryRandom marks a ServerHello as HelloRetryRequest (RFC 8446 section
// 4.1.3).
var retryRandom = random{
	0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
	0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
}

type clientHello struct {
	random random
	id     []byte
	ticket sessionName // of TLS 1.2, where it is offered
	offers bool
	early  bool // offers 0-RTT data
}

type serverHello struct {
	random  random
	version uint16
	id      []byte
	suite   uint16
	etm     bool
	null    bool // no compression
}

func (h *serverHello) retry() bool { return h.random == retryRandom }

// resumes reports whether the server took up a TLS 1.2 session that the client
// offered: it repeats the ID, which comes with a ticket, too (RFC 5077 section
// 3.4).
func (h *serverHello) resumes(ch *clientHello) bool {
	return h.version == tls12 && len(h.id) > 0 && bytes.Equal(h.id, ch.id)
}

// name returns what resumes a session of TLS 1.2. With a ticket, the ID that it
// was resumed by names nothing.
func (h *serverHello) name(ch *clientHello) (sessionName, bool) {
	if h.resumes(ch) && ch.offers {
		return ch.ticket, true
	}
	return nameID(h.id)
}

// hello is what both begin with: a legacy version, a random, a session ID.
func hello(message []byte, kind uint8) (body cryptobyte.String, h serverHello, ok bool) {
	s := cryptobyte.String(message)
	var got uint8
	var id cryptobyte.String
	ok = s.ReadUint8(&got) && got == kind && s.ReadUint24LengthPrefixed(&body) &&
		body.ReadUint16(&h.version) && body.CopyBytes(h.random[:]) && body.ReadUint8LengthPrefixed(&id)
	h.id = bytes.Clone(id) // the message is not kept
	return body, h, ok
}

func parseClientHello(message []byte) (*clientHello, bool) {
	s, begin, ok := hello(message, clientHelloMessage)
	var skipped cryptobyte.String
	if !ok || !s.ReadUint16LengthPrefixed(&skipped) || !s.ReadUint8LengthPrefixed(&skipped) {
		return nil, false
	}
	h := &clientHello{random: begin.random, id: begin.id}
	return h, extensions(s, func(kind uint16, body cryptobyte.String) bool {
		switch kind {
		case extSessionTicket:
			h.offer(body)
		case extEarlyData:
			h.early = true
		}
		return true
	})
}

// offer takes a ticket. An empty one asks for one (RFC 5077 section 3.2).
func (h *clientHello) offer(ticket []byte) {
	if len(ticket) > 0 {
		sum := sha256.Sum256(ticket)
		h.ticket, h.offers = nameTicket(sum[:]), true
	}
}

func parseServerHello(message []byte) (*serverHello, bool) {
	s, begin, ok := hello(message, serverHelloMessage)
	h := &begin
	var compression uint8
	if !ok || !s.ReadUint16(&h.suite) || !s.ReadUint8(&compression) {
		return nil, false
	}
	h.null = compression == 0
	return h, extensions(s, func(kind uint16, body cryptobyte.String) bool {
		switch kind {
		case extVersions:
			return body.ReadUint16(&h.version)
		case extEncryptThenMAC:
			h.etm = true
		}
		return true
	})
}

// acceptsEarlyData tells whether the server takes 0-RTT data, from the content
// of its first encrypted record, which begins with its EncryptedExtensions. It
// is false where these are not in it.
func acceptsEarlyData(content []byte) (accepts, ok bool) {
	n, ok := messageSize(content)
	if !ok || content[0] != encryptedExtensionsMessage || len(content) < n {
		return false, false
	}
	ok = extensions(cryptobyte.String(content[4:n]), func(kind uint16, _ cryptobyte.String) bool {
		accepts = accepts || kind == extEarlyData
		return true
	})
	return accepts, ok
}

// extensions calls visit for each extension. A hello may have none.
func extensions(s cryptobyte.String, visit func(kind uint16, body cryptobyte.String) bool) bool {
	if s.Empty() {
		return true
	}
	var list cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&list) {
		return false
	}
	for !list.Empty() {
		var kind uint16
		var body cryptobyte.String
		if !list.ReadUint16(&kind) || !list.ReadUint16LengthPrefixed(&body) || !visit(kind, body) {
			return false
		}
	}
	return true
}

// beginning says what the first bytes of a connection are.
type beginning uint8

const (
	unclear beginning = iota
	helloBegins
	recordBegins // a record of TLS, but not a ClientHello
	noTLS
)

// judgeBeginning reads the first bytes that an end sent: a ClientHello begins
// with the header of a handshake record of any version 3.x and its own type.
func judgeBeginning(b []byte) beginning {
	if len(b) == 0 {
		return unclear
	}
	if b[0] < typeChangeCipherSpec || b[0] > typeApplication || !bytes.HasPrefix(b[1:], []byte{3}[:min(1, len(b)-1)]) {
		return noTLS
	}
	if len(b) < headerSize+1 {
		return unclear
	}
	n, ok := recordSize(b)
	switch {
	case !ok || n == headerSize:
		return noTLS
	case b[0] == typeHandshake && b[headerSize] == clientHelloMessage:
		return helloBegins
	}
	return recordBegins
}

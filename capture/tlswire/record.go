package tlswire

import "encoding/binary"

// The content types of records (RFC 8446 section 5.1).
const (
	typeChangeCipherSpec = 20
	typeAlert            = 21
	typeHandshake        = 22
	typeApplication      = 23
)

const (
	headerSize = 5
	// maxExpansion is how much longer than a plaintext of 2^14 bytes a record
	// may be (RFC 5246 section 6.2.3). In TLS 1.3 it is 256.
	maxExpansion = 2048
	maxPlain     = 1 << 14
	maxRecord    = headerSize + maxPlain + maxExpansion
)

// recordSize returns the length of the record that begins with the header b,
// or false where none begins so.
func recordSize(b []byte) (int, bool) {
	n := int(binary.BigEndian.Uint16(b[3:headerSize]))
	return headerSize + n, b[0] >= typeChangeCipherSpec && b[0] <= typeApplication && b[1] == 3 && b[2] <= 4 && n <= maxPlain+maxExpansion
}

// nextRecord cuts the first record off b; whole is false where its end is not
// there, ok where no record begins there.
func nextRecord(b []byte) (record, rest []byte, whole, ok bool) {
	if len(b) < headerSize {
		return nil, b, false, true
	}
	n, ok := recordSize(b)
	if !ok || len(b) < n {
		return nil, b, false, ok
	}
	return b[:n], b[n:], true, true
}

// firstMessage returns the first handshake message in the records of b, which
// may lie in several; nil where it is not whole yet. Alerts before it are
// skipped: servers warn of names that they do not know. It is false where no
// handshake begins b.
func firstMessage(b []byte) ([]byte, bool) {
	var message []byte
	for {
		record, rest, whole, ok := nextRecord(b)
		switch {
		case !ok:
			return nil, false
		case !whole:
			return nil, true
		case record[0] == typeHandshake:
			message = append(message, record[headerSize:]...)
		case record[0] != typeAlert || len(message) > 0:
			return nil, false
		}
		if n, ok := messageSize(message); ok && len(message) >= n {
			return message[:n], true
		}
		b = rest
	}
}

// messageSize returns the length of a handshake message with its header (RFC
// 8446 section 4).
func messageSize(b []byte) (int, bool) {
	if len(b) < 4 {
		return 0, false
	}
	return 4 + int(b[1])<<16 + int(b[2])<<8 + int(b[3]), true
}

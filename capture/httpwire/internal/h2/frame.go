// Package h2 reads the parts of HTTP/2 that need no connection: frame headers
// and header blocks (RFC 9113 sections 4 and 6, RFC 7541).
package h2

import "encoding/binary"

// Preface is what a client sends first (RFC 9113 section 3.4).
const Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// HeaderSize is the length of a frame header in bytes.
const HeaderSize = 9

// Type is the type of a frame (RFC 9113 section 6).
type Type uint8

// The types of frames.
const (
	Data Type = iota
	Headers
	Priority
	RSTStream
	Settings
	PushPromise
	Ping
	GoAway
	WindowUpdate
	Continuation
)

// The flags of frames; which ones a type has is its own.
const (
	Ack         = 0x1
	EndStream   = 0x1
	EndHeaders  = 0x4
	Padded      = 0x8
	HasPriority = 0x20
)

// Header is a frame header.
type Header struct {
	Length int
	Type   Type
	Flags  uint8
	Stream uint32
}

// ParseHeader reads a frame header. The reserved bit is ignored (RFC 9113
// section 4.1).
func ParseHeader(b *[HeaderSize]byte) Header {
	return Header{
		Length: int(b[0])<<16 | int(b[1])<<8 | int(b[2]),
		Type:   Type(b[3]), Flags: b[4],
		Stream: binary.BigEndian.Uint32(b[5:]) &^ (1 << 31),
	}
}

// Has reports whether a flag is set.
func (h Header) Has(flag uint8) bool { return h.Flags&flag != 0 }

// Padded reports whether the payload begins with the length of padding.
func (h Header) Padded() bool {
	return h.Has(Padded) && (h.Type == Data || h.Type == Headers || h.Type == PushPromise)
}

// Block reports whether the payload is a part of a header block.
func (h Header) Block() bool {
	return h.Type == Headers || h.Type == PushPromise || h.Type == Continuation
}

// MaxPrelude is the most that Prelude returns.
const MaxPrelude = 6

// Prelude returns how many bytes of the payload come before its content: the
// padding's length, the priority, the promised stream.
func (h Header) Prelude() (n int) {
	if h.Padded() {
		n = 1
	}
	switch {
	case h.Type == Headers && h.Has(HasPriority):
		n += 5
	case h.Type == PushPromise:
		n += 4
	}
	return n
}

// usual is, for each type, the flags that are defined, the length where it is
// fixed, and whether the frame is of a stream, of the connection, or of either.
var usual = [...]struct {
	flags  uint8
	length int
	stream uint8
}{
	Data:         {EndStream | Padded, -1, ofStream},
	Headers:      {EndStream | EndHeaders | Padded | HasPriority, -1, ofStream},
	Priority:     {0, 5, ofStream},
	RSTStream:    {0, 4, ofStream},
	Settings:     {Ack, -1, ofConnection},
	PushPromise:  {EndHeaders | Padded, -1, ofStream},
	Ping:         {Ack, 8, ofConnection},
	GoAway:       {0, -1, ofConnection},
	WindowUpdate: {0, 4, ofEither},
	Continuation: {EndHeaders, -1, ofStream},
}

const (
	ofEither uint8 = iota
	ofStream
	ofConnection
)

// DefaultFrame is the largest payload that needs no agreement, and LargestFrame
// the largest that can be agreed on (RFC 9113 section 4.2).
const (
	DefaultFrame = 16384
	LargestFrame = 1<<24 - 1
)

// Plausible is the strict test of a frame header, for bytes that are not known
// to be HTTP/2: a defined type with nothing but its defined flags, a payload of
// the default size, and what section 6 says of its length and stream.
func Plausible(b *[HeaderSize]byte) bool {
	h := ParseHeader(b)
	if b[5]&0x80 != 0 || int(h.Type) >= len(usual) || h.Length > DefaultFrame {
		return false
	}
	return h.usual()
}

// usual reports whether a frame of a defined type is as section 6 wants it.
func (h Header) usual() bool {
	u := usual[h.Type]
	switch {
	case h.Flags&^u.flags != 0, u.length >= 0 && h.Length != u.length, h.Length < h.Prelude():
		return false
	case u.stream == ofStream && h.Stream == 0, u.stream == ofConnection && h.Stream != 0:
		return false
	case h.Type == Settings:
		return h.Length%6 == 0 && (h.Flags == 0 || h.Length == 0)
	case h.Type == GoAway:
		return h.Length >= 8
	}
	return true
}

// extensions are the types that peers are known to send beyond those of RFC
// 9113: ALTSVC (RFC 7838), ORIGIN (RFC 8336), PRIORITY_UPDATE (RFC 9218), and
// METADATA of Envoy.
var extensions = [256]bool{0x0a: true, 0x0c: true, 0x10: true, 0x4d: true}

// Sender is what is known of an endpoint that keeps the rules.
type Sender struct {
	Client    bool
	MaxFrame  int    // the largest payload it may send
	MaxStream uint32 // no stream is beyond
}

// mayBegin reports whether the endpoint may send the frame header. A client sends
// header blocks and DATA on streams of its own alone, which are odd, and promises
// nothing (RFC 9113 sections 5.1.1 and 8.4).
func (s Sender) mayBegin(b *[HeaderSize]byte) bool {
	h := ParseHeader(b)
	switch {
	case b[5]&0x80 != 0, h.Length > s.MaxFrame, h.Stream > s.MaxStream:
		return false
	case int(h.Type) >= len(usual):
		return extensions[h.Type]
	case s.Client && h.Type == PushPromise, s.Client && h.Stream%2 == 0 && (h.Block() || h.Type == Data):
		return false
	}
	return h.usual()
}

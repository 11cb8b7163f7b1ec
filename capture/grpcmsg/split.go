// Package grpcmsg splits bodies of gRPC into their messages.
//
// A recorded body keeps the prefix of each message, so that it is what was on
// the wire: one byte of flags, four of length in network order, then as many
// bytes (gRPC over HTTP/2, "Length-Prefixed-Message").
package grpcmsg

import (
	"encoding/binary"
	"fmt"
	"iter"
)

// PrefixSize is the length of the prefix in bytes.
const PrefixSize = 5

// Message is one message of a body.
type Message struct {
	// Compressed says that Data is compressed as the field grpc-encoding tells.
	Compressed bool
	// Data shares the memory of the body.
	Data []byte
}

// Error says where a body stops being a row of messages.
type Error struct {
	// Offset is where the message begins that could not be read, Rest the bytes
	// from there to the end.
	Offset, Rest int
	// Cut is set where the body ends inside the message; else its flags are
	// not those of a message.
	Cut bool
}

// Error tells the place.
func (e *Error) Error() string {
	if e.Cut {
		return fmt.Sprintf("gRPC body ends inside the message at byte %d, after %d of its bytes", e.Offset, e.Rest)
	}
	return fmt.Sprintf("gRPC body has no message at byte %d: undefined flags", e.Offset)
}

// Split gives the messages of a body in their order. Where the body is not
// whole or no row of messages, the last pair has an [*Error] instead; the
// messages before it are whole.
func Split(body []byte) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		for at := 0; at < len(body); {
			m, n, err := next(body[at:])
			if err != nil {
				err.Offset = at
				yield(Message{}, err)
				return
			}
			if !yield(m, nil) {
				return
			}
			at += n
		}
	}
}

// next reads the message that b begins with and returns its length with the
// prefix.
func next(b []byte) (Message, int, *Error) {
	if b[0] > 1 {
		return Message{}, 0, &Error{Rest: len(b)}
	}
	if len(b) < PrefixSize {
		return Message{}, 0, &Error{Rest: len(b), Cut: true}
	}
	size := binary.BigEndian.Uint32(b[1:])
	if uint64(len(b)-PrefixSize) < uint64(size) {
		return Message{}, 0, &Error{Rest: len(b), Cut: true}
	}
	end := PrefixSize + int(size)
	return Message{Compressed: b[0] == 1, Data: b[PrefixSize:end:end]}, end, nil
}

// Append appends the message with its prefix to b. A message of 4 GiB or more
// has no such form.
func Append(b []byte, m Message) []byte {
	flag := byte(0)
	if m.Compressed {
		flag = 1
	}
	b = append(b, flag)
	b = binary.BigEndian.AppendUint32(b, uint32(len(m.Data)))
	return append(b, m.Data...)
}

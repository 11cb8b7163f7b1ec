// Package tcpstream puts TCP segments back into the ordered bytes of both
// directions of a connection.
//
// It reads what an observer saw, not what an endpoint received: segments may be
// reordered, repeated, cut short or missing, and a connection may have begun
// before the capture did. The rules:
//
//   - The first copy of a byte wins (RFC 9293 section 3.10.7.4 leaves the choice
//     to the receiver); copies that differ are counted.
//   - A byte is given up only once the other side has acknowledged it and a
//     reordering delay has passed, or a limit is reached, or the connection ends.
//     The consumer is then told how many bytes are missing.
//   - Bytes are delivered after the bytes of the other direction that their
//     sender had acknowledged, so that a consumer sees cause before effect.
package tcpstream

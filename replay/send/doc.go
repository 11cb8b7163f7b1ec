// Package send asks one side over HTTP/1.1.
//
// What was recorded goes out as it was: the fields in their order and case, the
// target undecoded, the body byte for byte. Replaced are the host, the path
// before the recorded one, and the fields of the connection (RFC 9110 section
// 7.6.1). The body gets its right Content-Length; it is sent chunked where
// trailers follow. What came over HTTP/1.0 or HTTP/2 is sent over HTTP/1.1 too.
//
// Answers are read strictly (RFC 9112): what a lenient client would guess is the
// fault [replay.Malformed], because a guess is no evidence. Bodies stay in their
// content coding.
//
// The package has wire code of its own since net/http changes the case and the
// order of fields, and costs more. A GET with four fields and an answer of 300
// bytes from a server in the same process takes net/http 2.0 to 2.3 times as
// long, and fasthttp 1.72.0, which keeps the case but reuses the answer's
// memory, 0.87 to 1.4 times as long, depending on the run (two cores under other
// load; go test -bench SendBesidePeers). The allocations are 4, 48 and 1. With a
// runner, 32 requests in flight and the server in another process, 92 to 103 per
// cent of the requests of wrk -t1 -c32 were answered in the same time, at twice
// wrk's processor time (19 us and 10 us a request).
package send

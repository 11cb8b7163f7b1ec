// Package send asks one side over HTTP/1.1 or HTTP/2.
//
// What was recorded goes out as it was: the fields in their order and case, the
// target undecoded, the body byte for byte. Replaced are the host, the path
// before the recorded one, and the fields of the connection (RFC 9110 section
// 7.6.1). The body gets its right Content-Length; it is sent chunked where
// trailers follow. What came over HTTP/1.0 is sent over HTTP/1.1; what came over
// HTTP/2, and gRPC, over HTTP/2 where the side speaks it (see [Protocol]).
//
// Over HTTP/2 requests share connections; a streamed request goes out as one body,
// then the end of its stream. A request is recorded as a capture of it would be:
// the authority as a first field Host, names in lower case. A request is sent
// again only where the server says that it did not look at it.
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
// wrk's processor time (19 us and 10 us a request). Over HTTP/2, 32 in flight and
// with the server of net/http in the same process, a request costs 82 us of
// processor time, by net/http's transport 118 us and by that of x/net 93 us
// (medians of three runs in turn under other load; go test -bench SendH2).
package send

// Package httpwire makes HTTP/1.x and HTTP/2 exchanges out of the ordered bytes
// of TCP connections.
//
// A [Parser] is pushed the bytes of both directions of any number of
// connections and gives exchanges as soon as they are complete. It decides by
// content, not by port, which end is the client and whether a connection speaks
// HTTP at all.
//
// Framing of HTTP/1.x follows RFC 9112 section 6.3; where that section says
// that the length of a message is in error or disputed, the message is kept as
// incomplete and its end is not guessed. Disputed is also what recipients are
// known to read in different ways: a framing field in a name or value that has
// what none has, behind a bare CR, or on a folded line of a request (sections 2.2,
// 5.1 and 5.2; a user agent must unfold, so that of a response is not), and a
// chunk whose lines do not end in CRLF, or whose size has a blank before or inside
// it (section 7.1). A length or a size of a chunk beyond 63 bits is wrapped by some,
// and so disputed too.
//
// A length beside a transfer coding, and a coding in HTTP/1.0, leave the chunks
// readable, but not what follows: of a request, a recipient that goes by the length
// takes it for a part of the body, or the end of the body for a request. Section
// 6.1 has the server close the connection after its answer, which many do not. So
// the message is kept with its chunks as ambiguous, and whatever follows in that
// direction is ambiguous too, up to where the talk turns in step with the chunks:
// the end that begins to talk there has itself ended the message there. Nothing is
// paired behind such a request, for whether it gets an answer is in the same doubt.
//
// Pairing. Without loss, responses answer requests in their order (RFC 9112
// section 9.3.2). After loss that may have swallowed whole messages, a response
// is paired with a request only where the acknowledgements prove it: it begins
// exactly where the response stream stood when the request was sent, and
// nothing was lost between the two. Otherwise both are given unpaired. The proof
// assumes that a client that pipelines has shown so before the loss.
//
// A 101 to a request that did not offer to switch (RFC 9110 section 7.8) is kept as
// malformed, and the connection is read on.
//
// HTTP/2 in clear text (RFC 9113) is read after the client's preface and after an
// upgrade to h2c (RFC 7540 section 3.2), whose request is stream 1: the 101 is
// kept as an interim answer to it, for the answer is stream 1's. Fields stand in
// the order of the wire; of the pseudo-header fields, :method and :path make the
// request, :authority becomes a first field "Host" unless there is one, :protocol
// stays a field, :scheme goes. Bodies of gRPC keep the prefixes of their
// messages; package grpcmsg splits them. Where the server answers the preface in
// HTTP/1.x, its direction is read as that.
//
// Loss in HTTP/2. A gap inside a frame costs what the frame carries: of DATA that
// stream's body, of a header block also what the dynamic table held. Header
// blocks that refer to what was lost of the table, or to what a larger table than
// [Config.MaxHead] has beyond that, make incomplete messages, all
// others are read; nothing is guessed. A gap that reaches into a frame header
// costs also what follows, up to where it is proven that a frame begins: a body
// may look like frames, so that is beyond the largest frame that may come, 16 KiB
// unless the receiver allows more. Messages under way in that direction are
// incomplete, and those that began in it are unseen; later ones are read. Of an
// interim answer that was lost there is no sign. A connection of which the
// beginning is missing is counted under [HPACKUnknown].
//
// Messages of HTTP/2 that RFC 9113 sections 8.1.1, 8.2.1 and 8.2.2 call malformed,
// by their length, names, values, or fields of a connection, are kept as such.
//
// Memory. Everything that is held counts, in bytes: heads that have not ended,
// text and fields of those that have, bodies, trailers, dynamic tables. Near
// [Config.MaxMemory] a connection that holds more than an eighth of it gives up
// first, then those that have been silent for longest: what is under way becomes
// incomplete as evicted, what waits for an answer is given out without, and the
// connection is read on as after a loss. Of 1xx answers, 64 of a request are kept.
//
// Frames of WebSocket (RFC 6455) after an upgrade are counted, not kept.
//
// Every byte is counted: see [Parser.Account].
package httpwire

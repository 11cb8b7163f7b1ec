// Package httpwire makes HTTP/1.x exchanges out of the ordered bytes of TCP
// connections.
//
// A [Parser] is pushed the bytes of both directions of any number of
// connections and gives exchanges as soon as they are complete. It decides by
// content, not by port, which end is the client and whether a connection speaks
// HTTP at all. Framing follows RFC 9112 section 6.3; where that section says
// that the length of a message is in error or disputed, the message is kept as
// incomplete and its end is not guessed.
//
// Pairing. Without loss, responses answer requests in their order (RFC 9112
// section 9.3.2). After loss that may have swallowed whole messages, a response
// is paired with a request only where the acknowledgements prove it: it begins
// exactly where the response stream stood when the request was sent, and
// nothing was lost between the two. Otherwise both are given unpaired. The proof
// assumes that a client that pipelines has shown so before the loss.
//
// Every byte is counted: see [Parser.Account].
package httpwire

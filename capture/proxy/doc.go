// Package proxy is a recording reverse proxy: it stands before a service,
// passes traffic through, and writes each exchange to a [capture.Sink].
//
// Bodies are streamed in both directions; a copy is kept up to a limit. The
// recording adds no loss and delays no byte of an exchange that has begun:
// records wait in a queue, and where the sink is slower than the traffic, new
// requests wait until the queue has drained below its limit. [Proxy.Waited]
// counts them.
//
// Limits. Requests and responses are read by net/http, which gives header
// fields neither in the order nor in the case of the wire: a recording made here
// has canonical names ("Content-Type"), sorted, and equal names in the order of
// the wire; names of HTTP/2 are canonical too. Where order and case matter,
// record packets. Requests that net/http refuses itself, because they break the
// grammar, are answered with 400 and are not seen. CONNECT is refused with 501.
// An upgraded connection is passed through, and is not recorded.
package proxy

package wire

import (
	"strings"
	"testing"
)

// smuggle is a request that recipients frame in different ways, its answer, and
// then one more exchange on the connection.
type smuggle struct {
	name     string
	request  string
	response string // "" means fine
	// want is what must come of it where open says that something else does.
	want []string
	lost string
	left string
	open string
}

const (
	fine = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	next = "GET /next HTTP/1.1\r\nHost: x\r\n\r\n"
)

func (s smuggle) attack() attack {
	response := s.response
	if response == "" {
		response = fine
	}
	a := attack{name: s.name, open: s.open}
	if s.want != nil {
		a.want = &outcome{exchanges: s.want, lost: s.lost, left: s.left}
	}
	a.script = func(w *tap) {
		f := w.open(0)
		f.ask(s.request)
		f.answer(response)
		f.ask(next)
		f.answer(fine)
		f.close()
	}
	return a
}

// What must come of framing that recipients dispute: nothing of the body is
// taken, and the next exchange is whole.
var (
	disputed      = []string{"POST /a 0/-1 ambiguous-framing > 200 2", "GET /next 0 > 200 2"}
	disputedAfter = []string{"POST /a 5/-1 ambiguous-framing > 200 2", "GET /next 0 > 200 2"}
)

// post is a request with these framing fields and what follows its head.
func post(fields, rest string) string {
	return "POST /a HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n" + rest
}

const (
	blank       = "http/blank-line 2"
	chunkedFive = "5\r\nhello\r\n0\r\n\r\n"
	hidden      = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
)

func smuggledRequests() []smuggle {
	return []smuggle{
		{name: "CL.TE", request: post("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nG")},
		{name: "CL.TE with a whole request", request: post("Content-Length: 36\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"+hidden)},
		{name: "TE.CL", request: post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "5c\r\n"+strings.Repeat("x", 0x5c)+"\r\n0\r\n\r\n")},
		{name: "TE.TE, the second unknown", request: post("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n", chunkedFive)},
		{name: "TE.TE, the first unknown", request: post("Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n", chunkedFive)},
		{name: "TE xchunked", request: post("Transfer-Encoding: xchunked\r\n", chunkedFive)},
		{name: "TE chunked twice", request: post("Transfer-Encoding: chunked, chunked\r\n", chunkedFive)},
		{name: "TE chunked in quotes", request: post("Transfer-Encoding: \"chunked\"\r\n", chunkedFive)},
		{name: "TE chunked, identity", request: post("Transfer-Encoding: chunked, identity\r\n", chunkedFive)},
		{name: "TE identity, with a length", request: post("Transfer-Encoding: identity\r\nContent-Length: 5\r\n", "hello")},
		{name: "TE with a tab before", request: post("Transfer-Encoding:\tchunked\r\n", chunkedFive)},
		{name: "TE with a vertical tab before", want: disputed, lost: "http/junk 15", request: post("Transfer-Encoding: \x0bchunked\r\n", chunkedFive)},
		{name: "TE with a NUL behind", request: post("Transfer-Encoding: chunked\x00\r\n", chunkedFive)},
		{name: "TE in capitals", request: post("TRANSFER-ENCODING: CHUNKED\r\n", chunkedFive)},
		{name: "TE empty, with a length", request: post("Transfer-Encoding:\r\nContent-Length: 5\r\n", "hello")},
		{name: "TE with a parameter", want: disputed, lost: "http/junk 15", request: post("Transfer-Encoding: chunked;q=1\r\n", chunkedFive)},
		{name: "TE with an underscore", request: post("Transfer_Encoding: chunked\r\nContent-Length: 5\r\n", "hello")},
		{name: "TE folded", want: disputed, lost: "http/junk 15", request: post("Transfer-Encoding:\r\n chunked\r\n", chunkedFive)},
		{name: "TE folded into another field", want: disputed, lost: "http/junk 5", request: post("X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "hello")},
		{name: "TE folded behind gzip", want: disputed, lost: "http/junk 15", request: post("Transfer-Encoding: gzip,\r\n\tchunked\r\n", chunkedFive)},
		{name: "a space before the colon of TE", request: post("Transfer-Encoding : chunked\r\n", chunkedFive)},
		{name: "a space before the colon of CL", request: post("Content-Length : 5\r\n", "hello")},
		{name: "a NUL in the name of CL", want: disputed, lost: "http/junk 5", request: post("Content-Length\x00: 5\r\n", "hello")},
		{name: "a space before the name of the first field", want: disputed, lost: "http/junk 5", request: "POST /a HTTP/1.1\r\n Content-Length: 5\r\n\r\nhello"},
		{name: "CL twice, equal", request: post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello")},
		{name: "CL twice, different", request: post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello")},
		{name: "CL as a list, equal", request: post("Content-Length: 5, 5\r\n", "hello")},
		{name: "CL as a list, different", request: post("Content-Length: 5, 6\r\n", "hello")},
		{name: "CL +5", request: post("Content-Length: +5\r\n", "hello")},
		{name: "CL -5", request: post("Content-Length: -5\r\n", "hello")},
		{name: "CL 0x5", request: post("Content-Length: 0x5\r\n", "hello")},
		{name: "CL 5.0", request: post("Content-Length: 5.0\r\n", "hello")},
		{name: "CL 5 5", request: post("Content-Length: 5 5\r\n", "hello")},
		{name: "CL 05", request: post("Content-Length: 05\r\n", "hello")},
		{name: "CL empty", request: post("Content-Length:\r\n", "hello")},
		{name: "CL in other digits", request: post("Content-Length: \u0665\r\n", "hello")},
		{name: "CL 2^64+5", request: post("Content-Length: 18446744073709551621\r\n", "hello")},
		{name: "CL folded", want: disputed, lost: "http/junk 5", request: post("Content-Length:\r\n 5\r\n", "hello")},
		{name: "CL folded into two numbers", request: post("Content-Length: 5\r\n 0\r\n", "hello")},
		{name: "bare CR after CL", request: post("Content-Length: 5\rX: y\r\n", "hello")},
		{name: "bare CR before TE", want: disputed, lost: "http/junk 5", request: post("X: y\rTransfer-Encoding: chunked\r\nContent-Length: 5\r\n", "hello")},
		{name: "bare CR ends the name", request: post("Content-Length\r: 5\r\n", "hello")},
		{name: "bare LF for all ends", request: "POST /a HTTP/1.1\nContent-Length: 5\n\nhello"},
		{name: "NUL in a value", request: post("X: a\x00b\r\nContent-Length: 5\r\n", "hello")},
		{name: "NUL in the target", request: "GET /a\x00b HTTP/1.1\r\nHost: x\r\n\r\n"},
		{name: "NUL in the method", request: "G\x00T /a HTTP/1.1\r\nHost: x\r\n\r\n"},
		{name: "a CR in the target", request: "GET /a\rb HTTP/1.1\r\nHost: x\r\n\r\n"},
		{name: "a field without a colon", request: post("Content-Length 5\r\n", "")},
		{name: "GET with a body", request: "GET /a HTTP/1.1\r\nContent-Length: 32\r\n\r\n" + hidden},
		{name: "HTTP/1.0 with TE", request: "POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + chunkedFive},
		{name: "HTTP/2.0 in the request line", request: "POST /a HTTP/2.0\r\nContent-Length: 5\r\n\r\nhello"},
		{name: "HTTP/1.1 twice in the line", request: "GET /a HTTP/1.1 HTTP/1.1\r\nHost: x\r\n\r\n"},
		{name: "a pipelined request is one", request: "GET /a HTTP/1.1\r\n\r\n" + hidden, response: fine + fine},
		{name: "a pipelined request under Upgrade", request: "GET /a HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n" + hidden, response: fine + fine},
	}
}

func smuggledChunks() []smuggle {
	te := func(rest string) string { return post("Transfer-Encoding: chunked\r\n", rest) }
	return []smuggle{
		{name: "chunk size 2^64+5", request: te("10000000000000005\r\nhello\r\n0\r\n\r\n")},
		{name: "chunk size 2^63", request: te("8000000000000000\r\nhello\r\n0\r\n\r\n")},
		{name: "chunk size 2^62-1", request: te("3fffffffffffffff\r\nhello\r\n0\r\n\r\n")},
		{name: "chunk size with leading zeros", request: te(strings.Repeat("0", 100) + "5\r\nhello\r\n0\r\n\r\n")},
		{name: "chunk size +5", request: te("+5\r\nhello\r\n0\r\n\r\n")},
		{name: "chunk size -5", request: te("-5\r\nhello\r\n0\r\n\r\n")},
		{name: "chunk size 0x5", request: te("0x5\r\nhello\r\n0\r\n\r\n")},
		{name: "chunk size empty", request: te("\r\nhello\r\n0\r\n\r\n")},
		{name: "chunk size 5 5", request: te("5 5\r\nhello\r\n0\r\n\r\n")},
		{name: "a space before the chunk size", request: te(" 5\r\nhello\r\n0\r\n\r\n")},
		{name: "spaces behind the chunk size", request: te("5  \r\nhello\r\n0\r\n\r\n")},
		{name: "bare LF behind the chunk size", want: disputed, lost: "http/junk 10", left: blank, request: te("5\nhello\r\n0\r\n\r\n")},
		{name: "bare CR behind the chunk size", request: te("5\rhello\r\n0\r\n\r\n")},
		{name: "bare LF behind the chunk", want: disputedAfter, lost: "http/junk 4", left: blank, request: te("5\r\nhello\n0\r\n\r\n")},
		{name: "no end behind the chunk", request: te("5\r\nhello0\r\n\r\n")},
		{name: "a chunk longer than told", request: te("5\r\nhello!\r\n0\r\n\r\n")},
		{name: "an extension with a bare LF", want: disputed, lost: "http/junk 10", left: blank, request: te("5;a\nhello\r\n0\r\n\r\n")},
		{name: "an extension with a CR inside", want: disputed, lost: "http/junk 10", left: blank, request: te("5;a\rb\r\nhello\r\n0\r\n\r\n")},
		{name: "an extension with an LF in quotes", request: te("5;a=\"\n\"\r\nhello\r\n0\r\n\r\n")},
		{name: "an extension that looks like a chunk", request: te("5;\r\nhello\r\n0;5\r\n\r\n")},
		{name: "an extension with a NUL", request: te("5;\x00\r\nhello\r\n0\r\n\r\n")},
		{name: "a last chunk of many zeros", request: te("5\r\nhello\r\n0000\r\n\r\n")},
		{name: "a trailer that frames", request: te("5\r\nhello\r\n0\r\nContent-Length: 3\r\n\r\n")},
	}
}

func smuggledResponses() []smuggle {
	get := "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
	return []smuggle{
		{name: "CL and TE", request: get, response: "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + chunkedFive},
		{name: "TE not chunked", request: get, response: "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello"},
		{name: "HTTP/1.0 with TE", request: get, response: "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunkedFive},
		{name: "CL different", request: get, response: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"},
		{name: "CL +5", request: get, response: "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello"},
		{name: "CL with 204", request: get, response: "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nhello"},
		{name: "TE with 304", request: get, response: "HTTP/1.1 304 No\r\nTransfer-Encoding: chunked\r\n\r\n"},
		{name: "a body for HEAD", request: "HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n", response: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
		{name: "two answers to one request", request: get, response: fine + fine},
		{name: "an answer before the request", request: "GET /a HTTP/1.1\r\nHo", response: fine},
		{name: "status 099", request: get, response: "HTTP/1.1 099 Odd\r\nContent-Length: 2\r\n\r\nok"},
		{name: "status 1000", request: get, response: "HTTP/1.1 1000 Odd\r\nContent-Length: 2\r\n\r\nok"},
		{name: "a space before the colon of TE", request: get, response: "HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked\r\n\r\n" + chunkedFive},
		{name: "101 nobody asked for", request: get, response: "HTTP/1.1 101 Switch\r\nUpgrade: x\r\n\r\n"},
		{name: "chunk size overflow", request: get, response: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000005\r\nhello\r\n0\r\n\r\n"},
	}
}

func attacks(all []smuggle) (list []attack) {
	for _, s := range all {
		list = append(list, s.attack())
	}
	return list
}

func TestAdversarialSmuggledRequests(t *testing.T)  { checkAll(t, attacks(smuggledRequests())) }
func TestAdversarialSmuggledChunks(t *testing.T)    { checkAll(t, attacks(smuggledChunks())) }
func TestAdversarialSmuggledResponses(t *testing.T) { checkAll(t, attacks(smuggledResponses())) }

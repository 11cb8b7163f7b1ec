package httpwire

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

func post(fields, rest string) run {
	return c2s("POST /p HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n" + rest)
}

func answer(fields, rest string) run { return s2c("HTTP/1.1 200 OK\r\n" + fields + "\r\n" + rest) }

const (
	chunkedAB = "2\r\nab\r\n0\r\n\r\n"
	// The message is disputed, none of its body is taken, and the exchange after
	// the next turn of talk is whole.
	disputedRequest = "POST /p (ambiguous-framing) > 1.1 200 hi"
)

func TestRequestsWhoseFramingRecipientsDisputeAreNotRead(t *testing.T) {
	tests := []struct{ name, fields, rest string }{
		{"a vertical tab before chunked", "Transfer-Encoding: \x0bchunked\r\n", chunkedAB},
		{"a form feed behind chunked", "Transfer-Encoding: chunked\x0c\r\n", chunkedAB},
		{"a parameter of chunked", "Transfer-Encoding: chunked;q=1\r\n", chunkedAB},
		{"a parameter of chunked behind a blank", "Transfer-Encoding: chunked ; q=1\r\n", chunkedAB},
		{"chunked in quotes", "Transfer-Encoding: \"chunked\"\r\n", chunkedAB},
		{"a NUL in the name of a length", "Content-Length\x00: 2\r\n", "ab"},
		{"a NUL before the name of a length", "\x00Content-Length: 2\r\n", "ab"},
		{"a bare CR before a coding", "X: y\rTransfer-Encoding: chunked\r\nContent-Length: 2\r\n", "ab"},
		{"a bare CR before a length", "X: y\r Content-Length : 2\r\n", "ab"},
		{"a bare CR beside a bare LF", "X: y\rContent-Length: 2\nZ: z\r\n", "ab"},
		{"a coding on a folded line", "Transfer-Encoding:\r\n chunked\r\n", chunkedAB},
		{"a coding before a folded line", "Transfer-Encoding: chunked\r\n\t\r\n", chunkedAB},
		{"a coding folded after a bare LF", "Transfer-Encoding:\n chunked\r\n", chunkedAB},
		{"a list of codings that is folded", "Transfer-Encoding: gzip,\r\n\tchunked\r\n", chunkedAB},
		{"a coding folded into another field", "X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", "ab"},
		{"a length on a folded line", "Content-Length:\r\n 2\r\n", "ab"},
		{"a length of 2^63", "Content-Length: 9223372036854775808\r\n", "ab"},
		{"a length of 2^64+2", "Content-Length: 18446744073709551618\r\n", "ab"},
		{"a length of 2^64+2 twice", "Content-Length: 18446744073709551618, 18446744073709551618\r\n", "ab"},
		{"a length of two lines", "Content-Length: 2\r\n 2\r\n", "ab"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			all, _ := parse(t, Config{}, conn, capture.Closed, post(test.fields, test.rest), s2c(ok), c2s(get), s2c(ok))
			assert.Equal(t, []string{disputedRequest, "GET /a > 1.1 200 hi"}, show(all))
			assert.EqualValues(t, -1, all[0].Request.BodySize)
		})
	}
	t.Run("a blank before the first field", func(t *testing.T) {
		all, _ := parse(t, Config{}, conn, capture.Closed, c2s("POST /p HTTP/1.1\r\n Content-Length: 2\r\n\r\nab"), s2c(ok), c2s(get), s2c(ok))
		assert.Equal(t, []string{disputedRequest, "GET /a > 1.1 200 hi"}, show(all))
	})
}

func TestFieldsThatOnlyLookOddDisputeNothing(t *testing.T) {
	for name, fields := range map[string]string{
		"another field folded":               "X: y\r\n z\r\nContent-Length: 2\r\n",
		"a colon on a folded line":           "X: y\r\n a: b\r\nContent-Length: 2\r\n",
		"a bare CR in another value":         "X: y\rz\r\nContent-Length: 2\r\n",
		"a bare CR before a word":            "X: y\rContent-Lengths: 9\r\nContent-Length: 2\r\n",
		"a NUL in another value":             "X: y\x00z\r\nContent-Length: 2\r\n",
		"blanks around the value":            "Content-Length: \t 2 \t\r\n",
		"the name in a value":                "X: Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
		"a parameter of another coding":      "Transfer-Encoding: x;q=1, chunked\r\n",
		"an empty member of a list":          "Transfer-Encoding: , chunked\r\n",
		"a fold before the framing":          "X:\r\n y\r\nTransfer-Encoding: chunked\r\n",
		"a framing field before folded ones": "Transfer-Encoding: chunked\r\nX: y\r\n z\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			rest := chunkedAB
			if !fieldsOf(fields).Has("Transfer-Encoding") {
				rest = "ab"
			}
			all, _ := parse(t, Config{}, conn, capture.Closed, post(fields, rest), s2c(ok))
			assert.Equal(t, []string{"POST /p ab > 1.1 200 hi"}, show(all))
		})
	}
}

func fieldsOf(text string) capture.Header {
	h, _ := fields(nil, text)
	return h
}

// A user agent must replace a fold (RFC 9112 section 5.2), so a response whose
// framing is folded is in no dispute: http-evader-061 of the corpus is read that
// way by both of its parsers that unfold. Everything else leaves a response to
// the close, as http-evader-091 does.
func TestResponsesWhoseFramingRecipientsDisputeAreKeptToTheClose(t *testing.T) {
	tests := []struct{ name, fields, rest, want string }{
		{"a coding on a folded line", "Transfer-Encoding:\r\n chunked\r\n", chunkedAB, "ab"},
		{"a length on a folded line", "Content-Length:\r\n 2\r\n", "ab", "ab"},
		{"a coding folded into another field", "X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", "ab", "ab"},
		{"a vertical tab before chunked", "Transfer-Encoding: \x0bchunked\r\n", "2\r\nab", "2\r\nab (ambiguous-framing)"},
		{"a parameter of chunked", "Transfer-Encoding: chunked;q=1\r\n", "2\r\nab", "2\r\nab (ambiguous-framing)"},
		{"a NUL in the name of a length", "Content-Length\x00: 2\r\n", "abc", "abc (ambiguous-framing)"},
		{"a bare CR before a coding", "X: y\rTransfer-Encoding: chunked\r\nContent-Length: 2\r\n", "abc", "abc (ambiguous-framing)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			all, _ := parse(t, Config{}, conn, capture.Closed, c2s(get), answer(test.fields, test.rest))
			assert.Equal(t, []string{"GET /a > 1.1 200 " + test.want}, show(all))
		})
	}
}

func TestALineOfAChunkEndsInCRLF(t *testing.T) {
	for name, test := range map[string]struct{ rest, body string }{
		"a bare LF behind the size":          {"2\nab\r\n0\r\n\r\n", ""},
		"a bare LF behind an extension":      {"2;a\nab\r\n0\r\n\r\n", ""},
		"a bare LF in quotes":                {"2;a=\"\n\"\r\nab\r\n0\r\n\r\n", ""},
		"a bare CR in an extension":          {"2;a\rb\r\nab\r\n0\r\n\r\n", ""},
		"two CR behind the size":             {"2\r\r\nab\r\n0\r\n\r\n", ""},
		"a blank before the size":            {" 2\r\nab\r\n0\r\n\r\n", ""},
		"a tab before the size":              {"\t2\r\nab\r\n0\r\n\r\n", ""},
		"a blank inside the size":            {"2 2\r\nab\r\n0\r\n\r\n", ""},
		"a size of 2^63":                     {"8000000000000000\r\nab\r\n0\r\n\r\n", ""},
		"a size of 2^64+2":                   {"10000000000000002\r\nab\r\n0\r\n\r\n", ""},
		"a blank before the last size":       {"2\r\nab\r\n 0\r\n\r\n", " ab"},
		"a bare LF behind the data":          {"2\r\nab\n0\r\n\r\n", " ab"},
		"a bare LF behind the last size":     {"2\r\nab\r\n0\n\r\n", " ab"},
		"a bare LF behind the second's size": {"2\r\nab\r\n2\ncd\r\n0\r\n\r\n", " ab"},
	} {
		t.Run(name, func(t *testing.T) {
			const te = "Transfer-Encoding: chunked\r\n"
			all, _ := parse(t, Config{}, conn, capture.Closed, post(te, test.rest), s2c(ok), c2s(get), s2c(ok))
			assert.Equal(t, []string{"POST /p" + test.body + " (ambiguous-framing) > 1.1 200 hi", "GET /a > 1.1 200 hi"}, show(all))
			all, _ = parse(t, Config{}, conn, capture.Closed, c2s(get), answer(te, test.rest), c2s(get), s2c(ok))
			assert.Equal(t, []string{"GET /a > 1.1 200" + test.body + " (ambiguous-framing)", "GET /a > 1.1 200 hi"}, show(all))
		})
	}
}

func TestBlanksBehindAChunkSizeDisputeNothing(t *testing.T) {
	for _, size := range []string{"2 \r\n", "2\t \r\n", "2 ;a\r\n", "2 ; a\r\n", "2; a=b \r\n"} {
		all, _ := parse(t, Config{}, conn, capture.Closed, post("Transfer-Encoding: chunked\r\n", size+"ab\r\n0\r\n\r\n"), s2c(ok))
		assert.Equal(t, []string{"POST /p ab > 1.1 200 hi"}, show(all), "%q", size)
	}
}

func TestWhatFollowsALengthBesideACodingIsInDoubt(t *testing.T) {
	const both = "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n"
	const hidden = "GET /hidden HTTP/1.1\r\n\r\n"
	const doubt = "GET /hidden (ambiguous-framing) > (unseen)"
	const first = "POST /p (ambiguous-framing) > 1.1 200 hi"
	tests := []struct {
		name string
		runs []run
		want []string
	}{
		{"a request behind it", []run{post(both, "0\r\n\r\n"+hidden), s2c(ok + ok)},
			[]string{first, " (unseen) > 1.1 200 hi", doubt}},
		{"every request up to the next turn", []run{post(both, "0\r\n\r\n"+hidden+hidden), s2c(ok)}, []string{first, doubt, doubt}},
		{"the beginning of one", []run{post(both, "0\r\n\r\nG"), s2c(ok), c2s("ET /hidden HTTP/1.1\r\n\r\n"), s2c(ok)},
			[]string{first, " (unseen) > 1.1 200 hi", doubt}},
		{"a request at the next turn begins for certain", []run{post(both, "0\r\n\r\n"), s2c(ok), c2s(get), s2c(ok)},
			[]string{first, "GET /a > 1.1 200 hi"}},
		{"but is not known to be answered next", []run{post(both, "0\r\n\r\n"+hidden), s2c(ok), c2s(get), s2c(ok)},
			[]string{first, " (unseen) > 1.1 200 hi", doubt, "GET /a > (unseen)"}},
		{"HTTP/1.0 with chunks", []run{c2s("POST /p HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden), s2c(ok)},
			[]string{first, doubt}},
		{"a response behind it", []run{c2s(get + get), answer(both, chunkedAB+ok)},
			[]string{"GET /a > 1.1 200 ab (ambiguous-framing)", " (unseen) > 1.1 200 hi (ambiguous-framing)", "GET /a > (unseen)"}},
		{"a response at the next turn begins for certain", []run{c2s(get), answer(both, chunkedAB), c2s(get), s2c(ok)},
			[]string{"GET /a > 1.1 200 ab (ambiguous-framing)", "GET /a > 1.1 200 hi"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			all, _ := parse(t, Config{}, conn, capture.Closed, test.runs...)
			assert.Equal(t, test.want, show(all))
		})
	}
}

func TestBytesBehindAnAnswerWithoutABodyDoNotTakeTheNextOne(t *testing.T) {
	head := "HEAD /h HTTP/1.1\r\n\r\n"
	for name, runs := range map[string][]run{
		"204":                       {c2s(get), s2c("HTTP/1.1 204 N\r\nContent-Length: 5\r\n\r\nhello")},
		"304":                       {c2s(get), s2c("HTTP/1.1 304 N\r\nContent-Length: 5\r\n\r\nhello")},
		"HEAD":                      {c2s(head), answer("Content-Length: 5\r\n", "hello")},
		"in a segment of their own": {c2s(head), answer("Content-Length: 5\r\n", ""), s2c("hello")},
		"that begin as an answer":   {c2s(head), answer("Content-Length: 5\r\n", "HTTP!")},
	} {
		t.Run(name, func(t *testing.T) {
			all, account := parse(t, Config{}, conn, capture.Closed, append(runs, c2s("GET /b HTTP/1.1\r\n\r\n"), s2c(ok))...)
			require.Len(t, all, 2)
			assert.Empty(t, all[0].Response.Body)
			assert.Equal(t, []string{"GET /b > 1.1 200 hi"}, show(all[1:]))
			assert.EqualValues(t, 5, account[0].Dropped[Junk])
		})
	}
}

// An answer may come before the request has ended (RFC 9112 section 9.3.2 asks for
// order alone), so the first one is the request's, and a second one nobody's. It is
// ready earlier, for the request is still under way.
func TestTheFirstOfTwoAnswersBelongsToTheRequestUnderWay(t *testing.T) {
	const (
		created  = "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nhi"
		accepted = "HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nho"
	)
	late := conn
	late.Whole = false
	for name, c := range map[string]Connection{"from the beginning": conn, "joined late": late} {
		for framing, request := range map[string]run{
			"by length": post("Content-Length: 1000\r\n", "ab"),
			"by chunks": post("Transfer-Encoding: chunked\r\n", "3fffffff\r\nab"),
		} {
			t.Run(name+", "+framing, func(t *testing.T) {
				want := []string{" (unseen) > 1.1 202 ho", "POST /p ab (closed) > 1.1 201 hi"}
				all, _ := parse(t, Config{}, c, capture.Closed, request, s2c(created), s2c(accepted))
				assert.Equal(t, want, show(all))
				all, _ = parse(t, Config{}, c, capture.Closed, request, s2c(created+accepted))
				assert.Equal(t, want, show(all))
			})
		}
	}
}

func TestASwitchThatTheRequestDidNotOfferEndsNothing(t *testing.T) {
	for _, protocol := range []string{"x", "websocket", "h2c"} {
		t.Run(protocol, func(t *testing.T) {
			switched := s2c("HTTP/1.1 101 S\r\nUpgrade: " + protocol + "\r\n\r\n")
			all, account := parse(t, Config{}, conn, capture.Closed, c2s(get), switched, c2s(get), s2c(ok))
			assert.Equal(t, []string{"GET /a > 1.1 101 (malformed)", "GET /a > 1.1 200 hi"}, show(all))
			assert.Empty(t, account[0].Filtered)
		})
	}
	t.Run("and may be followed by the answer", func(t *testing.T) {
		all, _ := parse(t, Config{}, conn, capture.Closed, c2s(get+"GET /b HTTP/1.1\r\n\r\n"), s2c("HTTP/1.1 101 S\r\n\r\n"+ok))
		assert.Equal(t, []string{"GET /a > 1.1 101 (malformed)", " (unseen) > 1.1 200 hi", "GET /b > (unseen)"}, show(all))
	})
	t.Run("unless the offer may be in what was lost", func(t *testing.T) {
		_, account := parse(t, Config{}, conn, capture.Closed, c2s("GET /a HTTP/1.1\r\nHost"), run{gap: 20, text: "websocket\r\n\r\n"},
			s2c("HTTP/1.1 101 S\r\nUpgrade: websocket\r\n\r\n\x81\x05hello"))
		assert.EqualValues(t, 7, account[0].Filtered[WebSocket])
	})
}

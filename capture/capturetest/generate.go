package capturetest

import (
	"time"

	"pgregory.net/rapid"

	"twinspect.dev/capture"
)

// Exchange generates exchanges of every shape: empty halves, bodies of any
// bytes, header fields in odd case and order, text that is not UTF-8, interim
// answers, labels, and every reason for being incomplete.
func Exchange() *rapid.Generator[*capture.Exchange] {
	return rapid.Custom(func(t *rapid.T) *capture.Exchange {
		e := &capture.Exchange{ID: id().Draw(t, "id")}
		if rapid.IntRange(0, 9).Draw(t, "request") > 0 {
			e.Request = request(t)
		} else {
			e.Request.Incomplete = capture.Unseen
		}
		if rapid.IntRange(0, 9).Draw(t, "response") > 0 {
			e.Response = response(t)
		} else {
			e.Response.Incomplete = capture.Unseen
		}
		if rapid.Bool().Draw(t, "context") {
			e.Context = exchangeContext(t)
		}
		return e
	})
}

// Exchanges generates a list of up to n of them.
func Exchanges(n int) *rapid.Generator[[]*capture.Exchange] {
	return rapid.SliceOfN(Exchange(), 0, n)
}

func request(t *rapid.T) capture.Request {
	return capture.Request{
		Method:  oneOf("GET", "POST", "PUT", "DELETE", "CONNECT", "get", "").Draw(t, "method"),
		Target:  oneOf("/", "/a?b=c&d=%20", "*", "http://h/p?q", "example.com:443", "//x", "/a#b", "").Draw(t, "target"),
		Proto:   proto().Draw(t, "proto"),
		Message: message(t),
	}
}

func response(t *rapid.T) capture.Response {
	r := capture.Response{
		Status:  rapid.SampledFrom([]int{200, 204, 304, 404, 500, 101, 0, 999}).Draw(t, "status"),
		Reason:  oneOf("OK", "Not Found", "").Draw(t, "reason"),
		Proto:   proto().Draw(t, "proto"),
		Message: message(t),
	}
	for range rapid.IntRange(0, 2).Draw(t, "interim") {
		r.Interim = append(r.Interim, capture.Interim{
			Status: rapid.IntRange(100, 199).Draw(t, "status"),
			Header: header().Draw(t, "header"),
			Time:   instant().Draw(t, "time"),
		})
	}
	return r
}

func message(t *rapid.T) capture.Message {
	m := capture.Message{
		Header:  header().Draw(t, "header"),
		Trailer: header().Draw(t, "trailer"),
		Body:    body().Draw(t, "body"),
		Start:   instant().Draw(t, "start"),
		End:     instant().Draw(t, "end"),
	}
	m.BodySize = int64(len(m.Body))
	m.Incomplete = incomplete().Draw(t, "incomplete")
	if m.Incomplete != "" {
		m.BodySize = rapid.OneOf(rapid.Just(int64(-1)), rapid.Int64Range(m.BodySize, 1<<40)).Draw(t, "size")
	}
	return m
}

func exchangeContext(t *rapid.T) capture.Context {
	text := anyText()
	labels := rapid.MapOfN(oneOf("pod", "cluster", "", "\xff"), text, 0, 3).Draw(t, "labels")
	if len(labels) == 0 {
		labels = nil
	}
	return capture.Context{
		Agent: text.Draw(t, "agent"), Service: text.Draw(t, "service"), Caller: text.Draw(t, "caller"),
		Client: oneOf("10.0.0.1:4711", "[::1]:80", "").Draw(t, "client"),
		Server: oneOf("10.0.0.2:443", "host:80", "").Draw(t, "server"),

		Connection: text.Draw(t, "connection"), Index: rapid.Uint64().Draw(t, "index"),
		Session: text.Draw(t, "session"),
		TraceID: text.Draw(t, "trace"), SpanID: text.Draw(t, "span"),
		Recorded: id().Draw(t, "recorded"), Labels: labels,
	}
}

func id() *rapid.Generator[capture.ID] {
	return rapid.Custom(func(t *rapid.T) capture.ID {
		var id capture.ID
		if rapid.Bool().Draw(t, "given") {
			copy(id[:], rapid.SliceOfN(rapid.Byte(), len(id), len(id)).Draw(t, "bytes"))
		}
		return id
	})
}

func header() *rapid.Generator[capture.Header] {
	names := oneOf("Host", "host", "Content-Type", "Content-Encoding", "Content-Length",
		"SET-COOKIE", "x-a", ":authority", "")
	values := rapid.OneOf(
		rapid.SampledFrom([]string{"a", "application/json", "gzip", "identity", "br", "12", "h:80"}), anyText())
	return rapid.Custom(func(t *rapid.T) capture.Header {
		var h capture.Header
		for range rapid.IntRange(0, 4).Draw(t, "fields") {
			h = append(h, capture.Field{Name: names.Draw(t, "name"), Value: values.Draw(t, "value")})
		}
		return h
	})
}

func body() *rapid.Generator[[]byte] {
	return rapid.OneOf(
		rapid.Just([]byte(nil)),
		rapid.Map(rapid.String(), func(s string) []byte { return nonEmpty([]byte(s)) }),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 64), nonEmpty),
		rapid.SampledFrom([][]byte{
			[]byte(`{"a":[1,2,3],"b":"<&>\u2028"}`),
			[]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"),
			[]byte("line\r\nline\ttab\x00nul"),
			[]byte("\xff\xfe"),
		}),
	)
}

// nonEmpty makes an empty body nil, since the two are not told apart.
func nonEmpty(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

func incomplete() *rapid.Generator[capture.Incomplete] {
	return rapid.SampledFrom([]capture.Incomplete{
		"", "", "", "", capture.Unseen, capture.Gap, capture.MidConnection, capture.SnapLength,
		capture.Reset, capture.Closed, capture.EndOfCapture, capture.BodyLimit, capture.Evicted,
		capture.AmbiguousFraming, capture.Malformed, capture.Timeout, capture.Refused,
	})
}

func proto() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/0.9", "h2", ""})
}

// instant generates the zero time, times to the nanosecond in this century, and
// any other.
func instant() *rapid.Generator[time.Time] {
	return rapid.OneOf(
		rapid.Just(time.Time{}),
		rapid.Just(time.Unix(0, 0).UTC()),
		unix(1_600_000_000, 1_900_000_000),
		unix(-1<<45, 1<<45),
	)
}

func unix(from, to int64) *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		seconds := rapid.Int64Range(from, to).Draw(t, "seconds")
		return time.Unix(seconds, rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds")).UTC()
	})
}

// anyText generates text and bytes that are none.
func anyText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.String(),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 8), func(b []byte) string { return string(b) }),
	)
}

// oneOf generates one of the texts, and sometimes any other.
func oneOf(texts ...string) *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom(texts), rapid.SampledFrom(texts), anyText())
}

package capturetest

import (
	"time"

	"twinspect.dev/capture"
)

// Samples returns exchanges that differ in what they hold, each time anew. A
// full one is followed by sparse ones, so that what is left over shows.
func Samples() []*capture.Exchange {
	return []*capture.Exchange{dirty(), {}, get(), unanswered(), binary(), dirty()}
}

// dirty returns an exchange that sets every field.
func dirty() *capture.Exchange {
	at := time.Date(2026, 11, 21, 10, 11, 12, 131415161, time.UTC)
	return &capture.Exchange{
		ID: capture.NewID("agent", "connection", at, 7),
		Request: capture.Request{
			Method: "POST", Target: "/orders?limit=1&q=%20", Proto: "HTTP/1.1",
			Message: capture.Message{
				Header:  capture.Header{{Name: "Host", Value: "orders"}, {Name: "X-a", Value: "1"}, {Name: "x-A", Value: ""}},
				Trailer: capture.Header{{Name: "Checksum", Value: "aa"}},
				Body:    []byte(`{"id":1}`), BodySize: 4711,
				Start: at, End: at.Add(time.Millisecond), Incomplete: capture.Gap,
			},
		},
		Response: capture.Response{
			Status: 201, Reason: "Created", Proto: "HTTP/1.1",
			Interim: []capture.Interim{{
				Status: 103, Header: capture.Header{{Name: "Link", Value: "</a>"}}, Time: at.Add(2 * time.Millisecond),
			}},
			Message: capture.Message{
				Header:  capture.Header{{Name: "Content-Type", Value: "application/json"}},
				Trailer: capture.Header{{Name: "Server-Timing", Value: "db;dur=1"}},
				Body:    []byte(`{"id":1,"state":"new"}`), BodySize: -1,
				Start: at.Add(3 * time.Millisecond), End: at.Add(4*time.Millisecond + 1),
				Incomplete: capture.Reset,
			},
		},
		Context: capture.Context{
			Agent: "agent", Service: "orders", Caller: "shop",
			Client: "10.0.0.1:4711", Server: "10.0.0.2:80",
			Connection: "connection", Index: 7, Session: "s1",
			TraceID: "0af7651916cd43dd8448eb211c80319c", SpanID: "b7ad6b7169203331",
			Recorded: capture.NewID("agent", "other", at, 8),
			Labels:   map[string]string{"pod": "orders-0", "lane": "base"},
		},
	}
}

func get() *capture.Exchange {
	e := &capture.Exchange{
		Request: capture.Request{Method: "GET", Target: "/", Proto: "HTTP/1.1"},
		Response: capture.Response{
			Status: 200, Reason: "OK", Proto: "HTTP/1.1",
			Message: capture.Message{Body: []byte("hello"), BodySize: 5},
		},
	}
	e.Request.Header = capture.Header{{Name: "Host", Value: "a"}}
	return e
}

func unanswered() *capture.Exchange {
	e := get()
	e.Request.Header = nil
	e.Request.Start = time.Unix(0, 0).UTC()
	e.Response = capture.Response{Message: capture.Message{Incomplete: capture.Unseen}}
	return e
}

func binary() *capture.Exchange {
	e := get()
	e.Request.Target = "/\xff\xfe"
	e.Request.Header = capture.Header{{Name: "X-Latin", Value: "caf\xe9"}, {Name: "Cookie", Value: "a=1"}}
	e.Response.Header = capture.Header{{Name: "Content-Encoding", Value: "gzip"}}
	e.Response.Body = []byte{0x1f, 0x8b, 0, 255, 254, '\n', '{', 0}
	e.Response.BodySize = int64(len(e.Response.Body))
	e.Context.Labels = map[string]string{"\xff": "\x00"}
	return e
}

// scribble overwrites all memory that e refers to.
func scribble(e *capture.Exchange) {
	for _, m := range []*capture.Message{&e.Request.Message, &e.Response.Message} {
		scribbleHeader(m.Header)
		scribbleHeader(m.Trailer)
		for i := range m.Body {
			m.Body[i] ^= 0xff
		}
	}
	for i := range e.Response.Interim {
		scribbleHeader(e.Response.Interim[i].Header)
		e.Response.Interim[i] = capture.Interim{Status: 199}
	}
	for name := range e.Context.Labels {
		e.Context.Labels[name] = "scribbled"
	}
}

func scribbleHeader(h capture.Header) {
	for i := range h {
		h[i] = capture.Field{Name: "Scribbled", Value: "scribbled"}
	}
}

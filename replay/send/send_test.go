package send_test

import (
	"context"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
	"twinspect.dev/replay/send"
)

// serve accepts connections on loopback and gives each to handle, which must
// return when its connection is closed. It returns the address.
func serve(t testing.TB, handle func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				handle(c)
			}()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-ended
	})
	return l.Addr().String()
}

// client returns a client of the address, closed at the end of the test.
func client(t testing.TB, address string, change ...func(*send.Config)) *send.Client {
	t.Helper()
	cfg := send.Config{Side: "base", URL: &url.URL{Scheme: "http", Host: address}, Timeout: time.Minute}
	for _, c := range change {
		c(&cfg)
	}
	c, err := send.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func get(target string, fields ...capture.Field) *capture.Request {
	req := &capture.Request{Method: "GET", Target: target, Proto: "HTTP/1.1"}
	req.Header = append(capture.Header{{Name: "Host", Value: "recorded.example"}}, fields...)
	return req
}

func background() context.Context { return context.Background() }

func ask(req *capture.Request) *replay.Ask { return &replay.Ask{Request: *req} }

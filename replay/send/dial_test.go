package send_test

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/replay"
	"twinspect.dev/replay/send"
)

func TestRequestsGoToASocketOrToAnotherPlaceThanTheURLSays(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Host+" "+r.RequestURI) })
	dir, err := os.MkdirTemp("", "send") // the path of a socket has at most 107 bytes
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "app.sock")
	l, err := net.Listen("unix", socket)
	require.NoError(t, err)
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &http.Server{Handler: h}
	t.Cleanup(func() { _ = s.Close() })
	go func() { _ = s.Serve(l) }()
	go func() { _ = s.Serve(tcp) }()
	tests := []struct{ url, dial, want string }{
		{"unix://" + socket, "", "localhost /x"},
		{"unix://" + socket + ":/v2/", "", "localhost /v2/x"},
		{"http+unix://" + url.PathEscape(socket) + "/v2", "", "localhost /v2/x"},
		{"http+unix://" + url.PathEscape(socket), "", "localhost /x"},
		{"http://shop.example/v2", "unix:" + socket, "shop.example /v2/x"},
		{"http://shop.example:81", "unix://" + socket, "shop.example:81 /x"},
		{"http://shop.example", tcp.Addr().String(), "shop.example /x"},
	}
	for _, tt := range tests {
		u, err := send.ParseURL(tt.url)
		require.NoError(t, err)
		c := client(t, "", func(cfg *send.Config) { cfg.URL, cfg.Dial = u, tt.dial })
		for range 2 {
			a := c.Send(background(), ask(get("/x")))
			require.True(t, a.OK(), a.Err)
			assert.Equal(t, tt.want, string(a.Response.Body))
		}
	}
	gone := client(t, "", func(cfg *send.Config) { cfg.URL = &url.URL{Scheme: "unix", Path: filepath.Join(dir, "none.sock")} })
	a := gone.Send(background(), ask(get("/")))
	assert.Equal(t, replay.Refused, a.Fault)
	assert.Contains(t, a.Err, "none.sock")
}

func TestPlacesThatAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"unix://host/run/app.sock": "absolute path of a socket", "unix://": "absolute path", "unix:///": "absolute path",
		"http+unix://%zz/": "escape", "http+unix://": "absolute path", "http+unix:///x": "absolute path", "http://%2Frun/": "escape",
		"unix:///a?b": "without ?", "http+unix://%2Fa/b?c": "without ?",
	} {
		_, err := send.ParseURL(text)
		assert.ErrorContains(t, err, want, text)
	}
	for dial, want := range map[string]string{"nowhere": "want host:port", "host:": "want host:port", "unix:": "names no socket"} {
		_, err := send.New(send.Config{URL: &url.URL{Scheme: "http", Host: "a"}, Dial: dial})
		assert.ErrorContains(t, err, want)
	}
	for p, u := range map[send.Protocol]string{"h3": "http://a", send.H2: "http://a", send.H2C: "https://a"} {
		parsed, err := url.Parse(u)
		require.NoError(t, err)
		_, err = send.New(send.Config{URL: parsed, Protocol: p})
		assert.ErrorContains(t, err, string(p))
	}
}

package curl

import (
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
)

func TestACurlLineIsTheRequest(t *testing.T) {
	u, err := url.Parse("http://127.0.0.1:8080")
	require.NoError(t, err)
	req := func(method, target, body string, h ...capture.Field) *capture.Request {
		return &capture.Request{Method: method, Target: target, Message: capture.Message{Header: h, Body: []byte(body)}}
	}
	host := capture.Field{Name: "Host", Value: "127.0.0.1:8080"}
	tests := map[string]*capture.Request{
		`curl --globoff --path-as-is -X GET http://127.0.0.1:8080/`:                                        req("GET", "/", "", host),
		`curl --globoff --path-as-is -X GET 'http://127.0.0.1:8080/a/../b?c=[1]&d=$HOME' -H 'Host: other'`: req("GET", "/a/../b?c=[1]&d=$HOME", "", capture.Field{Name: "Host", Value: "other"}),
		`curl --globoff --path-as-is --head http://127.0.0.1:8080/`:                                        req("HEAD", "/", "", host),
		`curl --globoff --path-as-is -X OPTIONS http://127.0.0.1:8080 --request-target '*'`:                req("OPTIONS", "*", "", host),
		`curl --globoff --path-as-is -X POST http://127.0.0.1:8080/ -H 'X: it'\''s' -H 'Y;' --data-raw '{"a": "b"}'`: req("POST", "/", `{"a": "b"}`,
			host, capture.Field{Name: "X", Value: "it's"}, capture.Field{Name: "Y"}, capture.Field{Name: "Content-Length", Value: "10"}),
		`curl --globoff --path-as-is -X POST http://127.0.0.1:8080/ --data-binary @body # 2 bytes that are no text`: req("POST", "/", "\x00\xff"),
	}
	for want, req := range tests {
		assert.Equal(t, want, Line(u, req))
	}
}

// A shell reads every argument back as it was.
func TestAShellReadsQuotedTextBack(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no POSIX shell")
	}
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.StringMatching(`[ -~äß\n]{0,20}`).Draw(rt, "text")
		out, err := exec.Command(shell, "-c", "printf %s "+quoted(s, nil)).Output()
		require.NoError(rt, err)
		require.Equal(rt, s, string(out))
	})
}

func TestAShellPutsInVariables(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no POSIX shell")
	}
	cmd := exec.Command(shell, "-c", "printf %s "+quoted("Bearer '$TOKEN' $OTHER", []string{"TOKEN"}))
	cmd.Env = []string{"TOKEN=a b", "OTHER=x"}
	out, err := cmd.Output()
	require.NoError(t, err)
	assert.Equal(t, "Bearer 'a b' $OTHER", string(out))
}

func TestWhatATerminalCannotShowIsNoText(t *testing.T) {
	for s, want := range map[string]bool{"plain ä\n": true, "\x1b[2J": false, "\xff": false, strings.Repeat("a", 10): true} {
		assert.Equal(t, want, isText([]byte(s)), "%q", s)
	}
}

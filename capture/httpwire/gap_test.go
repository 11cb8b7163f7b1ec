package httpwire

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

func TestAGapCostsTheMessageItHit(t *testing.T) {
	gap := func(dir int, n int64, text string) run { return run{dir: dir, gap: n, text: text} }
	second := []run{c2s("GET /b HTTP/1.1\r\n\r\n"), s2c("HTTP/1.1 404 N\r\nContent-Length: 1\r\n\r\nb")}
	tests := []struct {
		name string
		runs []run
		want []string
	}{
		{"in a body of known length", []run{c2s(get), s2c("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nab"), gap(1, 2, "ef"+ok)},
			[]string{"GET /a > 1.1 200 ab (gap)", " (unseen) > 1.1 200 hi"}},
		{"in a chunk", []run{c2s(get), s2c("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nab"), gap(1, 2, "ef\r\n0\r\n\r\n")},
			[]string{"GET /a > 1.1 200 ab (gap)"}},
		{"in chunked framing", []run{c2s(get), s2c("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab"), gap(1, 4, "\r\n0\r\n\r\n")},
			[]string{"GET /a > 1.1 200 ab (gap)"}},
		{"in a head", []run{c2s(get), s2c("HTTP/1.1 200 OK\r\nContent-"), gap(1, 9, "\r\n\r\nhi")},
			[]string{"GET /a > 1.1 200 (gap)"}},
		{"a whole response", []run{c2s(get), gap(1, int64(len(ok)), "")}, []string{"GET /a > (unseen)"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			all, account := parse(t, Config{}, conn, capture.Closed, append(test.runs, second...)...)
			want := append([]string{}, test.want...)
			want = append(want, "GET /b > 1.1 404 b")
			assert.Equal(t, want, show(all))
			assert.Positive(t, account[0].Dropped[GapBytes])
		})
	}
}

func TestAWholeRequestLostLeavesItsResponseUnpaired(t *testing.T) {
	all, _ := parse(t, Config{}, conn, capture.Closed,
		run{dir: 0, gap: 40}, s2c(ok), c2s("GET /b HTTP/1.1\r\n\r\n"), s2c("HTTP/1.1 404 N\r\nContent-Length: 1\r\n\r\nb"))
	assert.Equal(t, []string{" (unseen) > 1.1 200 hi", "GET /b > 1.1 404 b"}, show(all))
}

func TestPipelinedResponsesAfterALossAreNotPaired(t *testing.T) {
	first := "HTTP/1.1 404 N\r\nContent-Length: 1\r\n\r\nx"
	all, _ := parse(t, Config{}, conn, capture.Closed,
		c2s(get+strings.ReplaceAll(get, "/a", "/b")), run{dir: 1, gap: int64(len(first)), text: ok})
	require.Len(t, all, 3)
	for _, e := range all {
		assert.True(t, e.Request.Incomplete == capture.Unseen || e.Response.Incomplete == capture.Unseen)
	}
}

func TestACaptureThatBeginsInsideAConnection(t *testing.T) {
	late := conn
	late.Whole = false
	all, account := parse(t, Config{}, late, capture.Closed, s2c("rest of a body\r\n"), c2s(get), s2c(ok))
	assert.Equal(t, []string{"GET /a > 1.1 200 hi"}, show(all))
	assert.EqualValues(t, 16, account[0].Dropped[capture.Reason(capture.MidConnection)])
}

func TestBodiesThatLookLikeHTTPAreNotTakenForMessages(t *testing.T) {
	inside := "\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno"
	all, _ := parse(t, Config{}, conn, capture.Closed,
		c2s(get), run{dir: 1, gap: 30, text: "x: y\r\n" + inside},
		c2s(get), s2c(ok))
	assert.Equal(t, []string{"GET /a > (unseen)", "GET /a > 1.1 200 hi"}, show(all))
}

func TestAJunkHandshakeBeforeHTTPIsSkipped(t *testing.T) {
	all, account := parse(t, Config{}, conn, capture.Closed, c2s("\x05\x01\x00"), s2c("\x05\x00"), c2s(get), s2c(ok))
	assert.Equal(t, []string{"GET /a > 1.1 200 hi"}, show(all))
	assert.EqualValues(t, 5, account[0].Dropped[Junk])
}

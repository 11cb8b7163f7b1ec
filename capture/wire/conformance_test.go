package wire

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/capturetest"
	"twinspect.dev/capture/packet"
)

// several is three whole exchanges on two connections, and one that is cut.
func several() segments {
	first, second := &conversation{}, &conversation{}
	for _, c := range []*conversation{first, second} {
		c.open()
		c.segment(0, packet.ACK, []byte(asked))
		c.segment(1, packet.ACK, []byte(answered))
	}
	for i := range second.list {
		second.list[i].Network = 7 // the same addresses in another network
	}
	first.segment(0, packet.ACK, []byte("POST /c HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"))
	first.segment(1, packet.ACK, []byte("HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngone\r\n0\r\nX-T: 1\r\n\r\n"))
	first.segment(0, packet.ACK, []byte("GET /d HTTP/1.1\r\nHo"))
	return append(first.list, second.list...).stamp()
}

// attentive looks at its context, as the readers of packets do.
type attentive struct{ segments }

func (a *attentive) ReadSegment(ctx context.Context, s *packet.Segment) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return a.segments.ReadSegment(ctx, s)
}

func TestSourceKeepsTheContract(t *testing.T) {
	open := func(testing.TB) capture.Source {
		return New(Config{Agent: "test"}, &attentive{several()})
	}
	want := capturetest.ReadAll(t, open(t))
	require.Len(t, want, 4)
	targets := []string{want[0].Request.Target, want[1].Request.Target, want[2].Request.Target, want[3].Request.Target}
	require.Equal(t, []string{"/a", "/c", "/a", "/d"}, targets)
	capturetest.TestSource(t, open, want)
}

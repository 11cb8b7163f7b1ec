package send_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"twinspect.dev/capture"
	"twinspect.dev/capture/grpcmsg"
	"twinspect.dev/replay/send"
)

// echoServer speaks gRPC: /echo/All gives every message back, with the time that
// is left in its trailer; /echo/Fail fails at once.
func echoServer(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		if name, _ := grpc.MethodFromServerStream(stream); name == "/echo/Fail" {
			return status.Error(codes.NotFound, "no such thing")
		}
		_, bounded := stream.Context().Deadline()
		if bounded {
			stream.SetTrailer(metadata.Pairs("bounded", "yes", "twice", "1", "twice", "2"))
		}
		for {
			var m wrapperspb.StringValue
			if err := stream.RecvMsg(&m); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
			if err := stream.SendMsg(&m); err != nil {
				return err
			}
		}
	}))
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = s.Serve(l)
	}()
	t.Cleanup(func() {
		s.Stop()
		<-served
	})
	return l.Addr().String()
}

func TestGRPC(t *testing.T) {
	c := client(t, echoServer(t))
	var body []byte
	for _, data := range [][]byte{{10, 1, 'a'}, {}, append([]byte{10, 0x80, 0x80, 4}, bytes.Repeat([]byte("b"), 64<<10)...)} {
		body = grpcmsg.Append(body, grpcmsg.Message{Data: data})
	}
	req := grpcRequest()
	req.Target, req.Body = "/echo/All", body
	req.Header = append(req.Header, capture.Field{Name: "grpc-timeout", Value: "30S"})
	a := c.Send(background(), ask(req))
	require.True(t, a.OK(), a.Err)
	assert.Equal(t, 200, a.Response.Status)
	assert.Equal(t, "HTTP/2.0", a.Response.Proto)
	assert.Equal(t, body, a.Response.Body)
	assert.Equal(t, "0", a.Response.Trailer.Get("grpc-status"))
	assert.Equal(t, "yes", a.Response.Trailer.Get("bounded"))
	assert.Equal(t, []string{"1", "2"}, a.Response.Trailer.Values("twice"))

	req.Target = "/echo/Fail"
	a = c.Send(background(), ask(req))
	require.True(t, a.OK(), a.Err)
	assert.Equal(t, "5", a.Response.Header.Get("grpc-status"), "trailers only: they are the header")
	assert.Empty(t, a.Response.Trailer)
}

func TestHealthOfASideThatSpeaksOnlyGRPC(t *testing.T) {
	c := client(t, echoServer(t))
	require.NoError(t, c.Health(context.Background()))
	forced := client(t, echoServer(t), protocol(send.HTTP1))
	assert.Error(t, forced.Health(context.Background()))
}

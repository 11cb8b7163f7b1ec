package httpwire_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"twinspect.dev/capture/grpcmsg"
)

// echo is a service that counts its messages.
type echo struct{ got, sent atomic.Uint64 }

//nolint:revive // the order is grpc's
func (s *echo) unary(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	m := new(wrapperspb.BytesValue)
	if err := decode(m); err != nil {
		return nil, err
	}
	s.got.Add(1)
	_ = grpc.SetTrailer(ctx, metadata.Pairs("x-end", "unary"))
	if len(m.Value) == 0 {
		return nil, status.Error(codes.NotFound, "nothing")
	}
	s.sent.Add(1)
	return m, nil
}

// stream answers every message, or with one to the end, or with ten to one.
func (s *echo) stream(_ any, stream grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(stream)
	answers := map[string]int{"/echo/Server": 10, "/echo/Bidi": 1}[method]
	for {
		m := new(wrapperspb.BytesValue)
		err := stream.RecvMsg(m)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		s.got.Add(1)
		if err := s.answer(stream, m, answers); err != nil {
			return err
		}
	}
	if method == "/echo/Client" {
		return s.answer(stream, wrapperspb.Bytes([]byte("end")), 1)
	}
	return nil
}

func (s *echo) answer(stream grpc.ServerStream, m *wrapperspb.BytesValue, n int) error {
	for range n {
		if err := stream.SendMsg(m); err != nil {
			return err
		}
		s.sent.Add(1)
	}
	return nil
}

func (s *echo) desc() *grpc.ServiceDesc {
	return &grpc.ServiceDesc{
		ServiceName: "echo", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Unary", Handler: s.unary}},
		Streams: []grpc.StreamDesc{
			{StreamName: "Server", Handler: s.stream, ServerStreams: true},
			{StreamName: "Client", Handler: s.stream, ClientStreams: true},
			{StreamName: "Bidi", Handler: s.stream, ServerStreams: true, ClientStreams: true},
		},
	}
}

// messages is how many a call of the method sends.
func messages(method string, i int) int {
	if method == "Server" {
		return 1
	}
	return 1 + i%7
}

// call sends n messages of size bytes and reads every answer.
func call(ctx context.Context, client *grpc.ClientConn, method string, n, size int) error {
	desc := &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}
	s, err := client.NewStream(ctx, desc, "/echo/"+method)
	if err != nil {
		return err
	}
	var sending sync.WaitGroup
	sending.Go(func() {
		for range n {
			if s.SendMsg(wrapperspb.Bytes(make([]byte, size))) != nil {
				return
			}
		}
		_ = s.CloseSend()
	})
	defer sending.Wait()
	for {
		err := s.RecvMsg(new(wrapperspb.BytesValue))
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func TestMessagesOfGRPCAreCountedAsTheServiceCountedThem(t *testing.T) {
	service := &echo{}
	server := grpc.NewServer()
	server.RegisterService(service.desc(), nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(l) })
	r := startRelay(t, l.Addr().String())
	client, err := grpc.NewClient(r.listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)

	var calls sync.WaitGroup
	for i := range 20 {
		calls.Go(func() {
			m := wrapperspb.Bytes(make([]byte, i*4000))
			err := client.Invoke(t.Context(), "/echo/Unary", m, new(wrapperspb.BytesValue), grpc.UseCompressor(gzip.Name))
			assert.Equal(t, i == 0, err != nil)
		})
		for _, method := range []string{"Server", "Client", "Bidi"} {
			calls.Go(func() { assert.NoError(t, call(t.Context(), client, method, messages(method, i), i*1000)) })
		}
	}
	calls.Wait()
	client.Close()
	server.GracefulStop()
	serving.Wait()
	all, account := r.finish(t)

	require.Len(t, all, 80)
	split := uint64(0)
	for _, e := range all {
		require.True(t, e.Complete(), "%s: %s %s", e.Request.Target, e.Request.Incomplete, e.Response.Incomplete)
		last := e.Response.Trailer
		if !last.Has("grpc-status") {
			last = e.Response.Header // a response of trailers alone
		}
		assert.True(t, last.Has("grpc-status"))
		for _, body := range [][]byte{e.Request.Body, e.Response.Body} {
			for _, err := range grpcmsg.Split(body) {
				require.NoError(t, err)
				split++
			}
		}
	}
	stage := account[3]
	assert.Equal(t, "grpc", stage.Name)
	assert.Equal(t, service.got.Load()+service.sent.Load(), stage.Written)
	assert.Equal(t, stage.Seen, stage.Written)
	assert.Equal(t, stage.Written, split)
}

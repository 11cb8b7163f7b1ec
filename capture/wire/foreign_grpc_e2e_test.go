//go:build e2e

package wire

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	grpcgzip "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"twinspect.dev/capture"
	"twinspect.dev/capture/grpcmsg"
)

// called is a call as its service saw it: what it got and sent, and how it ended.
type called struct {
	method    string
	got, sent []string
	code      codes.Code
}

// service writes down each call. Every message is echoed; one that says "refuse"
// ends the call, before anything was sent where it is the first.
type service struct {
	mu    sync.Mutex
	calls []called
}

func (s *service) stream(_ any, stream grpc.ServerStream) (err error) {
	method, _ := grpc.MethodFromServerStream(stream)
	c := called{method: method}
	defer func() {
		c.code = status.Code(err)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.calls = append(s.calls, c)
	}()
	stream.SetTrailer(metadata.Pairs("x-end", "told-in-a-trailer", "x-raw-bin", "\x00\xff"))
	for {
		m := new(wrapperspb.BytesValue)
		if err := stream.RecvMsg(m); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		c.got = append(c.got, sum(m.Value))
		if string(m.Value) == "refuse" {
			return status.Error(codes.PermissionDenied, "not this: 100%\n")
		}
		if err := stream.SendMsg(m); err != nil {
			return err
		}
		c.sent = append(c.sent, sum(m.Value))
	}
}

// speak makes one call with these messages and reads the answers to the end.
func speak(ctx context.Context, client *grpc.ClientConn, method string, messages [][]byte, options ...grpc.CallOption) error {
	s, err := client.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method, options...)
	if err != nil {
		return err
	}
	for _, m := range messages {
		if err := s.SendMsg(wrapperspb.Bytes(m)); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
	}
	if err := s.CloseSend(); err != nil {
		return err
	}
	for {
		if err := s.RecvMsg(new(wrapperspb.BytesValue)); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func TestForeignE2EGRPC(t *testing.T) {
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprintf("TLS %t", secure), func(t *testing.T) {
			var keys bytes.Buffer
			theirs, ours := insecure.NewCredentials(), insecure.NewCredentials()
			if secure {
				theirs, ours = certified(&keys)
			}
			r, s := startGRPC(t, theirs)
			client, err := grpc.NewClient(r.addr(), grpc.WithTransportCredentials(ours))
			require.NoError(t, err)
			speakGRPC(t, client)
			require.NoError(t, client.Close())
			compareCalls(t, s, kept{r.stop(), keys.Bytes()})
		})
	}
}

// certified makes the credentials of a server, and those of a client that logs
// its secrets.
func certified(keys io.Writer) (server, client credentials.TransportCredentials) {
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS() // for its certificate
	defer s.Close()
	server = credentials.NewTLS(&tls.Config{Certificates: s.TLS.Certificates})
	return server, credentials.NewTLS(&tls.Config{InsecureSkipVerify: true, KeyLogWriter: keys}) //nolint:gosec // to a server of this test
}

func startGRPC(t *testing.T, c credentials.TransportCredentials) (*relay, *service) {
	s := &service{}
	server := grpc.NewServer(grpc.Creds(c))
	desc := &grpc.ServiceDesc{ServiceName: "echo", HandlerType: (*any)(nil)}
	for _, name := range []string{"Unary", "Bidi", "Zipped", "Refused"} {
		desc.Streams = append(desc.Streams, grpc.StreamDesc{StreamName: name, Handler: s.stream, ServerStreams: true, ClientStreams: true})
	}
	server.RegisterService(desc, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(l) })
	t.Cleanup(func() { server.GracefulStop(); serving.Wait() })
	return startRelay(t, l.Addr().String()), s
}

func speakGRPC(t *testing.T, client *grpc.ClientConn) {
	var calls sync.WaitGroup
	for i := range 20 {
		large := bytes.Repeat([]byte{byte(i)}, i*7000)
		many := [][]byte{large, nil, []byte("short"), large}
		calls.Go(func() { assert.NoError(t, speak(t.Context(), client, "/echo/Unary", many[:1])) })
		calls.Go(func() { assert.NoError(t, speak(t.Context(), client, "/echo/Bidi", many)) })
		calls.Go(func() {
			assert.NoError(t, speak(t.Context(), client, "/echo/Zipped", many, grpc.UseCompressor(grpcgzip.Name)))
		})
		calls.Go(func() {
			err := speak(t.Context(), client, "/echo/Refused", [][]byte{[]byte("refuse")})
			assert.Equal(t, codes.PermissionDenied, status.Code(err))
		})
		calls.Go(func() {
			assert.Equal(t, codes.Unimplemented, status.Code(speak(t.Context(), client, "/echo/Unknown", nil)))
		})
	}
	calls.Wait()
}

func compareCalls(t *testing.T, s *service, k kept) {
	var got []called
	trailersOnly, packed := 0, 0
	account := readExchanges(t, k, func(e *capture.Exchange) {
		require.Empty(t, e.Response.Incomplete, e.Request.Target)
		end := e.Response.Trailer
		if len(end) == 0 {
			trailersOnly++
			end = e.Response.Header
		}
		if e.Request.Header.Get("grpc-encoding") == "gzip" {
			packed++
		}
		c := called{method: e.Request.Target, got: messagesOf(t, e.Request.Body), sent: messagesOf(t, e.Response.Body)}
		_, err := fmt.Sscan(end.Get("grpc-status"), &c.code)
		require.NoError(t, err)
		// A service that ends a call early resets what the client has left to say.
		require.True(t, e.Complete() || c.code != codes.OK && e.Request.Incomplete == capture.Reset, "%s: %s", c.method, e.Request.Incomplete)
		if c.code != codes.Unimplemented {
			assert.Equal(t, "told-in-a-trailer", end.Get("x-end"))
			assert.Equal(t, "AP8", end.Get("x-raw-bin"))
			got = append(got, c)
		}
	})
	assert.Empty(t, dropReasons(account))
	key := func(c called) string { return fmt.Sprintf("%+v", c) }
	s.mu.Lock()
	defer s.mu.Unlock()
	assert.ElementsMatch(t, texts(s.calls, key), texts(got, key))
	assert.Len(t, got, 80)
	assert.Equal(t, 40, trailersOnly, "refused and unknown calls have no header beside the trailers")
	assert.Equal(t, 20, packed)
}

func texts[T any](all []T, text func(T) string) []string {
	list := make([]string, 0, len(all))
	for _, v := range all {
		list = append(list, text(v))
	}
	slices.Sort(list)
	return list
}

// messagesOf unpacks the messages of a body.
func messagesOf(t *testing.T, body []byte) (all []string) {
	for m, err := range grpcmsg.Split(body) {
		require.NoError(t, err)
		text := m.Data
		if m.Compressed {
			z, err := gzip.NewReader(bytes.NewReader(m.Data))
			require.NoError(t, err)
			text, err = io.ReadAll(z)
			require.NoError(t, err)
		}
		v := new(wrapperspb.BytesValue)
		require.NoError(t, proto.Unmarshal(text, v))
		all = append(all, sum(v.Value))
	}
	return all
}

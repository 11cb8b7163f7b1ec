package reflection_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/bufbuild/protocompile"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"

	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	grpcreflection "google.golang.org/grpc/reflection"
	v1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	v1alpha "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"twinspect.dev/capture"
	"twinspect.dev/capture/reflection"
)

// serve runs a real server on a port of the kernel's choice and returns a
// connection to it.
func serve(t *testing.T, register func(*grpc.Server)) *grpc.ClientConn {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := grpc.NewServer()
	register(s)
	var group sync.WaitGroup
	group.Go(func() { assert.NoError(t, s.Serve(l)) })
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, conn.Close())
		s.Stop()
		group.Wait()
	})
	return conn
}

// services are names that a server tells.
type services []string

func (s services) GetServiceInfo() map[string]grpc.ServiceInfo {
	info := make(map[string]grpc.ServiceInfo)
	for _, name := range s {
		info[name] = grpc.ServiceInfo{}
	}
	return info
}

// extensions finds those of the test's files.
type extensions struct {
	*dynamicpb.Types
	all []protoreflect.ExtensionType
}

func (x extensions) RangeExtensionsByMessage(name protoreflect.FullName, f func(protoreflect.ExtensionType) bool) {
	for _, one := range x.all {
		if one.TypeDescriptor().ContainingMessage().FullName() == name && !f(one) {
			return
		}
	}
}

func shop(t *testing.T) grpcreflection.ServerOptions {
	t.Helper()
	sources := map[string]string{
		"shop/orders.proto": `syntax = "proto2"; package shop; import "common/money.proto"; import "google/protobuf/timestamp.proto";
			message Order { optional common.Money price = 1; optional google.protobuf.Timestamp at = 2; extensions 100 to 199; }
			service Orders { rpc Get(Order) returns (Order); }`,
		"common/money.proto":    `syntax = "proto3"; package common; import public "common/currency.proto"; message Money { int64 units = 1; Currency c = 2; }`,
		"common/currency.proto": `syntax = "proto3"; package common; enum Currency { EUR = 0; }`,
		"shop/gift.proto":       `syntax = "proto2"; package shop; import "shop/orders.proto"; extend Order { optional string card = 100; }`,
	}
	c := protocompile.Compiler{Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{Accessor: protocompile.SourceAccessorFromMap(sources)})}
	compiled, err := c.Compile(t.Context(), "shop/gift.proto", "shop/orders.proto", "common/money.proto", "common/currency.proto")
	require.NoError(t, err)
	files := &protoregistry.Files{}
	var all []protoreflect.ExtensionType
	for _, f := range compiled {
		require.NoError(t, files.RegisterFile(f))
		for i := range f.Extensions().Len() {
			all = append(all, dynamicpb.NewExtensionType(f.Extensions().Get(i)))
		}
	}
	return grpcreflection.ServerOptions{
		Services: services{"shop.Orders", "grpc.reflection.v1.ServerReflection"}, DescriptorResolver: files,
		ExtensionResolver: extensions{dynamicpb.NewTypes(files), all},
	}
}

func names(set *descriptorpb.FileDescriptorSet) []string {
	var all []string
	for _, f := range set.GetFile() {
		all = append(all, f.GetName())
	}
	return all
}

var shopFiles = []string{"common/currency.proto", "common/money.proto", "google/protobuf/timestamp.proto", "shop/orders.proto", "shop/gift.proto"}

func TestAServerTellsAllItsFilesInEitherVersion(t *testing.T) {
	for name, register := range map[string]func(*grpc.Server){
		"v1":      func(s *grpc.Server) { v1.RegisterServerReflectionServer(s, grpcreflection.NewServerV1(shop(t))) },
		"v1alpha": func(s *grpc.Server) { v1alpha.RegisterServerReflectionServer(s, grpcreflection.NewServer(shop(t))) },
	} {
		t.Run(name, func(t *testing.T) {
			set, err := reflection.Ask(t.Context(), serve(t, register))
			require.NoError(t, err)
			assert.ElementsMatch(t, shopFiles, names(set))
			_, err = protodesc.NewFiles(set)
			require.NoError(t, err, "they fit together")
			seen := make(map[string]bool)
			for _, f := range set.GetFile() {
				for _, path := range f.GetDependency() {
					assert.True(t, seen[path], "%s stands before %s", path, f.GetName())
				}
				seen[f.GetName()] = true
			}
		})
	}
}

func TestAServerOfGeneratedCodeTellsItsFiles(t *testing.T) {
	conn := serve(t, func(s *grpc.Server) {
		healthpb.RegisterHealthServer(s, health.NewServer())
		grpcreflection.Register(s)
	})
	set, err := reflection.Ask(t.Context(), conn)
	require.NoError(t, err)
	assert.Equal(t, []string{"grpc/health/v1/health.proto"}, names(set))

	var out, again bytes.Buffer
	require.NoError(t, reflection.Write(&out, set))
	require.NoError(t, reflection.Write(&again, set))
	assert.Equal(t, out.Bytes(), again.Bytes())
	read := &descriptorpb.FileDescriptorSet{}
	require.NoError(t, proto.Unmarshal(out.Bytes(), read))
	assert.True(t, proto.Equal(set, read))
}

func TestAServerWithoutReflectionIsUnimplemented(t *testing.T) {
	_, err := reflection.Ask(t.Context(), serve(t, func(*grpc.Server) {}))
	assert.Equal(t, codes.Unimplemented, status.Code(err))
}

// server answers questions by a function.
type server struct {
	v1.UnimplementedServerReflectionServer
	answer func(*v1.ServerReflectionRequest) (*v1.ServerReflectionResponse, error)
}

func (s server) ServerReflectionInfo(stream v1.ServerReflection_ServerReflectionInfoServer) error {
	for {
		question, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		answer, err := s.answer(question)
		if answer == nil {
			return err
		}
		if err := stream.Send(answer); err != nil {
			return err
		}
	}
}

func listing(names ...string) *v1.ServerReflectionResponse {
	list := &v1.ListServiceResponse{}
	for _, name := range names {
		list.Service = append(list.Service, &v1.ServiceResponse{Name: name})
	}
	return &v1.ServerReflectionResponse{MessageResponse: &v1.ServerReflectionResponse_ListServicesResponse{ListServicesResponse: list}}
}

func holding(files ...*descriptorpb.FileDescriptorProto) *v1.ServerReflectionResponse {
	var encoded [][]byte
	for _, f := range files {
		data, _ := proto.Marshal(f)
		encoded = append(encoded, data)
	}
	return &v1.ServerReflectionResponse{MessageResponse: &v1.ServerReflectionResponse_FileDescriptorResponse{
		FileDescriptorResponse: &v1.FileDescriptorResponse{FileDescriptorProto: encoded},
	}}
}

var notFound = &v1.ServerReflectionResponse{MessageResponse: &v1.ServerReflectionResponse_ErrorResponse{
	ErrorResponse: &v1.ErrorResponse{ErrorCode: int32(codes.NotFound)},
}}

func file(name string, imports ...string) *descriptorpb.FileDescriptorProto {
	return &descriptorpb.FileDescriptorProto{Name: &name, Dependency: imports}
}

func TestWhatAServerDoesNotKnowIsNamed(t *testing.T) {
	conn := serve(t, func(s *grpc.Server) {
		v1.RegisterServerReflectionServer(s, server{answer: func(q *v1.ServerReflectionRequest) (*v1.ServerReflectionResponse, error) {
			switch {
			case q.GetListServices() != "":
				return listing("a.A", "b.B", "c.C", "d.D"), nil
			case q.GetFileContainingSymbol() == "a.A":
				return holding(file("a.proto", "lost.proto")), nil
			case q.GetFileContainingSymbol() == "b.B":
				return holding(file("b.proto", "google/protobuf/any.proto")), nil
			case q.GetFileContainingSymbol() == "d.D":
				return holding(file("d.proto", "e.proto"), file("e.proto", "d.proto")), nil
			}
			return notFound, nil
		}})
	})
	set, err := reflection.Ask(t.Context(), conn)
	var missing *reflection.MissingError
	require.ErrorAs(t, err, &missing)
	assert.Equal(t, []string{"c.C", "lost.proto"}, missing.Names)
	assert.Equal(t, []string{"b.proto"}, names(set), "neither a file without its import nor a circle can be used")
}

func TestAServerCannotKeepAskBusyForever(t *testing.T) {
	n := 0
	tests := map[string]func(*v1.ServerReflectionRequest) (*v1.ServerReflectionResponse, error){
		"imports without end": func(q *v1.ServerReflectionRequest) (*v1.ServerReflectionResponse, error) {
			if q.GetListServices() != "" {
				return listing("a.A"), nil
			}
			n += 4000
			var all []*descriptorpb.FileDescriptorProto
			for i := range 4000 {
				all = append(all, file(fmt.Sprintf("%d.proto", n+i), fmt.Sprintf("%d.proto", n+4000)))
			}
			return holding(all...), nil
		},
		"the end before the answer": func(*v1.ServerReflectionRequest) (*v1.ServerReflectionResponse, error) { return nil, nil },
		"an error":                  func(*v1.ServerReflectionRequest) (*v1.ServerReflectionResponse, error) { return nil, errors.New("no") },
		"no descriptors": func(q *v1.ServerReflectionRequest) (*v1.ServerReflectionResponse, error) {
			if q.GetListServices() != "" {
				return listing("a.A"), nil
			}
			return holding(file("")), nil
		},
	}
	for name, answer := range tests {
		t.Run(name, func(t *testing.T) {
			conn := serve(t, func(s *grpc.Server) { v1.RegisterServerReflectionServer(s, server{answer: answer}) })
			set, err := reflection.Ask(t.Context(), conn)
			require.Error(t, err)
			assert.Nil(t, set)
			t.Log(err)
		})
	}
}

func TestAskEndsWithItsContext(t *testing.T) {
	asked, ended := make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	conn := serve(t, func(s *grpc.Server) {
		v1.RegisterServerReflectionServer(s, server{answer: func(*v1.ServerReflectionRequest) (*v1.ServerReflectionResponse, error) {
			close(asked)
			<-ended
			return nil, nil
		}})
	})
	go func() { <-asked; cancel() }()
	_, err := reflection.Ask(ctx, conn)
	close(ended)
	assert.Equal(t, codes.Canceled, status.Code(err))
}

func frame(flag byte, m proto.Message) []byte {
	data, _ := proto.Marshal(m)
	if flag == 1 {
		var b bytes.Buffer
		w, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
		_, _ = w.Write(data)
		_ = w.Close()
		data = b.Bytes()
	}
	return append([]byte{flag, 0, byte(len(data) >> 16), byte(len(data) >> 8), byte(len(data))}, data...)
}

func call(target string, coding string, bodies ...[]byte) *capture.Exchange {
	e := &capture.Exchange{}
	e.Request.Target = target
	e.Response.Header = capture.Header{{Name: "grpc-encoding", Value: coding}}
	e.Response.Body = bytes.Join(bodies, nil)
	return e
}

const (
	pathV1    = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
	pathAlpha = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
)

func TestALearnerCollectsWhatOthersAsked(t *testing.T) {
	var l reflection.Learner
	l.Observe(call("/shop.Orders/Get", "", []byte("anything")))
	assert.Zero(t, l.Stats().Seen)
	l.Observe(call(pathV1, "", frame(0, listing("a.A")), frame(0, holding(file("a.proto", "b.proto")))))
	set, err := l.Set()
	assert.EqualError(t, err, "no descriptors of b.proto")
	assert.Empty(t, set.GetFile())
	l.Observe(call(pathAlpha+"?x", "gzip", frame(1, holding(file("b.proto"))), frame(1, notFound)))
	l.Observe(call(pathV1, "", frame(0, holding(file("b.proto", "google/protobuf/any.proto")))))
	set, err = l.Set()
	require.NoError(t, err)
	assert.Equal(t, []string{"b.proto", "a.proto"}, names(set))
	stats := l.Stats()
	assert.NoError(t, stats.Balance())
	assert.Equal(t, capture.Stats{Seen: 5, Written: 2, Filtered: map[capture.Reason]uint64{reflection.NoFile: 2}, Dropped: map[capture.Reason]uint64{reflection.Replaced: 1}}, stats)
}

func TestALearnerCountsWhatItCannotRead(t *testing.T) {
	whole := frame(0, holding(file("a.proto")))
	for name, test := range map[string]struct {
		e      *capture.Exchange
		reason capture.Reason
	}{
		"cut":            {call(pathV1, "", whole[:len(whole)-1]), reflection.Cut},
		"cut prefix":     {call(pathV1, "", whole[:3]), reflection.Cut},
		"flags":          {call(pathV1, "", []byte{9}), reflection.Malformed},
		"no message":     {call(pathV1, "", []byte{0, 0, 0, 0, 1, 0xff}), reflection.Malformed},
		"no file":        {call(pathV1, "", frame(0, holding(file("")))), reflection.Malformed},
		"no gzip":        {call(pathV1, "gzip", []byte{1, 0, 0, 0, 1, 0xff}), reflection.Malformed},
		"another coding": {call(pathV1, "snappy", frame(1, holding(file("a.proto")))), reflection.UnknownCoding},
	} {
		var l reflection.Learner
		l.Observe(test.e)
		stats := l.Stats()
		assert.Equal(t, capture.Stats{Seen: 1, Dropped: map[capture.Reason]uint64{test.reason: 1}}, stats, name)
	}
}

// FuzzLearner holds that every answer is counted and that what is learned is
// whole.
func FuzzLearner(f *testing.F) {
	f.Add(frame(0, holding(file("a.proto", "b.proto"), file("b.proto"))), "")
	f.Add(frame(1, holding(file("a.proto", "a.proto"))), "gzip")
	f.Fuzz(func(t *testing.T, body []byte, coding string) {
		var l reflection.Learner
		l.Observe(call(pathV1, coding, body))
		stats := l.Stats()
		require.NoError(t, stats.Balance())
		set, _ := l.Set()
		seen := make(map[string]bool)
		for _, f := range set.GetFile() {
			for _, path := range f.GetDependency() {
				require.True(t, seen[path] || len(path) > 16 && path[:16] == "google/protobuf/")
			}
			seen[f.GetName()] = true
		}
	})
}

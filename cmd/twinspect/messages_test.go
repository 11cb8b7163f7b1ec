package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/bufbuild/protocompile"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	grpcreflection "google.golang.org/grpc/reflection"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
)

const shopProto = `syntax = "proto3"; package shop;
	message Query { string category = 1; }
	message Item { string name = 1; int64 price = 2; }
	message Products { repeated Item items = 1; }
	service Shop { rpc List(Query) returns (Products); }`

// compiled returns a file of Protobuf's.
func compiled(t *testing.T, name, source string) protoreflect.FileDescriptor {
	t.Helper()
	c := protocompile.Compiler{Resolver: &protocompile.SourceResolver{Accessor: protocompile.SourceAccessorFromMap(map[string]string{name: source})}}
	files, err := c.Compile(t.Context(), name)
	require.NoError(t, err)
	return files[0]
}

// shopServer is a real gRPC server that lists two items of a category.
type shopServer struct {
	file   protoreflect.FileDescriptor
	price  int64
	status error
	// silent servers do not describe themselves.
	silent bool
}

// GetServiceInfo implements what reflection asks for.
func (s shopServer) GetServiceInfo() map[string]grpc.ServiceInfo {
	return map[string]grpc.ServiceInfo{"shop.Shop": {}}
}

func (s shopServer) run(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer()
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "shop.Shop", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "List", Handler: s.list}},
	}, s)
	if !s.silent {
		files := &protoregistry.Files{}
		require.NoError(t, files.RegisterFile(s.file))
		reflectionpb.RegisterServerReflectionServer(server, grpcreflection.NewServerV1(grpcreflection.ServerOptions{Services: s, DescriptorResolver: files}))
	}
	var serving sync.WaitGroup
	serving.Go(func() { assert.NoError(t, server.Serve(l)) })
	t.Cleanup(func() {
		server.Stop()
		serving.Wait()
	})
	return l.Addr().String()
}

func (s shopServer) message(name protoreflect.Name) *dynamicpb.Message {
	return dynamicpb.NewMessage(s.file.Messages().ByName(name))
}

func (s shopServer) list(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) { //nolint:revive // as gRPC has it
	query, products := s.message("Query"), s.message("Products")
	if err := decode(query); err != nil || s.status != nil {
		return nil, s.status
	}
	items := products.Mutable(products.Descriptor().Fields().ByName("items")).List()
	category := query.Get(query.Descriptor().Fields().ByName("category")).String()
	for i := range 2 {
		item := s.message("Item")
		item.Set(item.Descriptor().Fields().ByName("name"), protoreflect.ValueOfString(fmt.Sprint(category, i)))
		item.Set(item.Descriptor().Fields().ByName("price"), protoreflect.ValueOfInt64(s.price))
		items.Append(protoreflect.ValueOfMessage(item))
	}
	return products, nil
}

// framed is a message as gRPC sends it.
func framed(t *testing.T, m proto.Message) []byte {
	t.Helper()
	data, err := proto.Marshal(m)
	require.NoError(t, err)
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(data))), data...) //nolint:gosec // short
}

// call is a recorded call of gRPC.
func call(t *testing.T, method string, request, response proto.Message) *capture.Exchange {
	t.Helper()
	e := recorded(http.MethodPost, method, string(framed(t, request)))
	e.Request.Proto, e.Response.Proto = "HTTP/2.0", "HTTP/2.0"
	e.Request.Header = capture.Header{{Name: "content-type", Value: "application/grpc"}, {Name: "te", Value: "trailers"}}
	e.Response.Header = capture.Header{{Name: "content-type", Value: "application/grpc"}}
	e.Response.Body = framed(t, response)
	e.Response.BodySize = int64(len(e.Response.Body))
	e.Response.Trailer = capture.Header{{Name: "grpc-status", Value: "0"}}
	return e
}

func (s shopServer) calls(t *testing.T, n int) []*capture.Exchange {
	t.Helper()
	var list []*capture.Exchange
	for i := range n {
		query := s.message("Query")
		query.Set(query.Descriptor().Fields().ByName("category"), protoreflect.ValueOfString(fmt.Sprint("category ", i)))
		list = append(list, call(t, "/shop.Shop/List", query, s.message("Products")))
	}
	return list
}

// described is a recorded call by which somebody asked for the shop's descriptors.
func (s shopServer) described(t *testing.T) *capture.Exchange {
	t.Helper()
	file, err := proto.Marshal(protodesc.ToFileDescriptorProto(s.file))
	require.NoError(t, err)
	return call(t, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
		&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: "shop.Shop"}},
		&reflectionpb.ServerReflectionResponse{MessageResponse: &reflectionpb.ServerReflectionResponse_FileDescriptorResponse{
			FileDescriptorResponse: &reflectionpb.FileDescriptorResponse{FileDescriptorProto: [][]byte{file}},
		}})
}

// asked runs diff-run on the recording and returns the report.
func asked(t *testing.T, code int, recording, base, branch string, args ...string) (*diff.Report, result) {
	t.Helper()
	dir := t.TempDir()
	r := twinspect(t.Context(), append([]string{"diff-run", recording, "--base", "http://" + base, "--control", "http://" + base,
		"--branch", "http://" + branch, "--allow-writes", "--report", dir}, args...)...)
	require.Equal(t, code, r.code, r.stdout+r.stderr)
	return evidence(t, dir), r
}

func paths(list []diff.Difference) []string {
	var all []string
	for i := range list {
		all = append(all, list[i].Path)
	}
	return all
}

func TestMessagesAreNamedByWhatTheServerSaysOfThem(t *testing.T) {
	file := compiled(t, "shop.proto", shopProto)
	base, branch := shopServer{file: file, price: 1250}, shopServer{file: file, price: 1251}
	at, other := base.run(t), branch.run(t)
	recording := filepath.Join(t.TempDir(), "calls.twin")
	made := twinspect(t.Context(), "capture", "--proxy", "127.0.0.1:0=http://"+at, "--grpc-reflection", at, "-o", recording, "--for", "1ms")
	require.Zero(t, made.code, made.stderr)
	assert.Contains(t, made.stderr, recording+".descriptors.binpb: descriptors of 1 files")
	require.NoError(t, os.Rename(writeRecording(t, base.calls(t, 40)...), recording))

	kept := filepath.Join(t.TempDir(), "kept.twin")
	found, r := asked(t, 1, recording, at, other, "--keep", kept)
	assert.Empty(t, r.stderr)
	assert.Equal(t, []string{"$.items[*].price"}, paths(found.Judged(diff.Regression)))
	d := found.Judged(diff.Regression)[0]
	assert.Equal(t, []string{"1250", "1251"}, []string{d.Examples[0].Base, d.Examples[0].Branch}, "int64 is told as a number")
	assert.Equal(t, diff.Cell{Operation: "POST /shop.Shop/List", Place: d.Place, Kind: diff.Changed}, d.Cell)

	found, _ = asked(t, 0, recording, at, at)
	assert.Empty(t, found.Judged(diff.Regression))

	require.NoError(t, os.Rename(recording+descriptorsSuffix, kept+descriptorsSuffix))
	dir := t.TempDir()
	r = twinspect(t.Context(), "diff", kept, "--report", dir)
	require.Equal(t, 1, r.code, r.stdout+r.stderr)
	assert.Equal(t, []string{"$.items[*].price"}, paths(evidence(t, dir).Judged(diff.Regression)))

	found, _ = asked(t, 1, recording, at, other)
	assert.Equal(t, []string{"$[*]['1'][*]['2'][*]"}, paths(found.Judged(diff.Regression)), "the fields of the wire")
	found, _ = asked(t, 1, recording, at, other, "--descriptors", kept+descriptorsSuffix)
	assert.Equal(t, []string{"$.items[*].price"}, paths(found.Judged(diff.Regression)))
}

func TestMessagesAreNamedByWhatTheRecordingShows(t *testing.T) {
	file := compiled(t, "shop.proto", shopProto)
	base, branch := shopServer{file: file, price: 1250}, shopServer{file: file, price: 1251}
	recording := writeRecording(t, append(base.calls(t, 40), base.described(t))...)
	found, r := asked(t, 1, recording, base.run(t), branch.run(t))
	assert.Empty(t, r.stderr)
	assert.Equal(t, []string{"$.items[*].price"}, paths(found.Judged(diff.Regression)))
}

func TestWhatAServerAnswersInsteadOfAMessageIsARegression(t *testing.T) {
	file := compiled(t, "shop.proto", shopProto)
	base := shopServer{file: file, price: 1250}
	broken := shopServer{file: file, status: status.Error(codes.Internal, "no database")}
	found, _ := asked(t, 1, writeRecording(t, base.calls(t, 40)...), base.run(t), broken.run(t))
	assert.Contains(t, paths(found.Judged(diff.Regression)), "grpc-status")
}

func TestDescriptorsOfOtherServicesLeaveTheFieldsOfTheWire(t *testing.T) {
	file := compiled(t, "shop.proto", shopProto)
	base, branch := shopServer{file: file, price: 1250}, shopServer{file: file, price: 1251}
	recording := writeRecording(t, base.calls(t, 40)...)
	other := compiled(t, "other.proto", `syntax = "proto3"; package other; message M { int32 x = 1; } service S { rpc Get(M) returns (M); }`)
	set, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{protodesc.ToFileDescriptorProto(other)}})
	require.NoError(t, err)
	found, r := asked(t, 1, recording, base.run(t), branch.run(t), "--descriptors", writeText(t, "other.binpb", string(set)))
	assert.Equal(t, []string{"$[*]['1'][*]['2'][*]"}, paths(found.Judged(diff.Regression)))
	assert.Contains(t, r.stderr, "no descriptors tell the messages of /shop.Shop/List: they are compared by field number; name them with --descriptors")
}

func TestDescriptorsThatCannotBeReadAreRefused(t *testing.T) {
	file := compiled(t, "shop.proto", shopProto)
	at := shopServer{file: file}.run(t)
	recording := writeRecording(t, shopServer{file: file}.calls(t, 2)...)
	garbage := writeText(t, "garbage.binpb", "\xff\xff no descriptors")
	found := func(args ...string) result {
		return twinspect(t.Context(), append([]string{"diff-run", recording, "--base", "http://" + at, "--branch", "http://" + at, "--no-control", "--allow-writes"}, args...)...)
	}
	r := found("--descriptors", garbage)
	assert.Equal(t, 2, r.code)
	assert.Contains(t, r.stderr, garbage)
	assert.Contains(t, r.stderr, "--include_imports")

	require.NoError(t, os.Rename(garbage, recording+descriptorsSuffix))
	r = found()
	assert.Equal(t, 2, r.code)
	assert.Contains(t, r.stderr, recording+descriptorsSuffix)

	quiet := shopServer{file: file, silent: true}.run(t)
	out := filepath.Join(t.TempDir(), "out.twin")
	r = twinspect(t.Context(), "capture", "--proxy", "127.0.0.1:0=http://"+quiet, "--grpc-reflection", quiet, "-o", out, "--for", "1ms")
	assert.Equal(t, 2, r.code, r.stderr)
	assert.Contains(t, r.stderr, "--grpc-reflection "+quiet)
	assert.Contains(t, r.stderr, "the server does not describe itself")
	assert.NoFileExists(t, out)
	assert.NoFileExists(t, out+descriptorsSuffix)

	r = twinspect(t.Context(), "capture", "--proxy", "127.0.0.1:0=http://"+at, "--grpc-reflection", at, "-o", "-", "--for", "1ms")
	assert.Equal(t, 2, r.code, r.stderr)
	assert.NoFileExists(t, "-"+descriptorsSuffix)
}

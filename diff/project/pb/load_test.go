package pb_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"twinspect.dev/capture/coding"
	"twinspect.dev/diff/project/pb"
)

func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, data, 0o600))
	return path
}

func binary(t *testing.T, set *descriptorpb.FileDescriptorSet) []byte {
	t.Helper()
	data, err := proto.Marshal(set)
	require.NoError(t, err)
	return data
}

func TestEveryFormOfASetIsRead(t *testing.T) {
	set := compile(t, sources, "shop.proto")
	data := binary(t, set)
	text, err := protojson.Marshal(set)
	require.NoError(t, err)
	text = append(append([]byte("\n"), text[:len(text)-1]...), `,"x":{"bufExtension":1}}`...)
	zipped, err := coding.Encode([]string{"gzip"}, data)
	require.NoError(t, err)
	for name, content := range map[string][]byte{"set.binpb": data, "set.json": text, "set.binpb.gz": zipped} {
		d, err := pb.Load(write(t, name, content))
		require.NoError(t, err, name)
		assert.Equal(t, []string{"/shop.Orders/Get", "/shop.Orders/List"}, d.Methods())
	}
}

func TestFilesOfOneSchemaMayBeSpreadOverSets(t *testing.T) {
	from := map[string]string{
		"a.proto": `syntax = "proto3"; package a; import "b.proto"; message A { b.B b = 1; }`,
		"b.proto": `syntax = "proto3"; package b; message B { int32 n = 1; }`,
	}
	a, b := write(t, "a", binary(t, compile(t, from, "a.proto"))), write(t, "b", binary(t, compile(t, from, "b.proto")))
	d, err := pb.Load(a, b, b)
	require.NoError(t, err)
	got, err := d.Project(nil, "", plain+"a.A", []byte(wire(1, wire(1, 3))))
	require.NoError(t, err)
	assert.Equal(t, `{"b":{"n":3}}`, string(got))

	_, err = pb.Load(a)
	assert.EqualError(t, err, "descriptors: "+a+": a.proto imports b.proto, which is missing: the set was built without --include_imports (protoc --include_imports -o FILE, or buf build -o FILE, put imports in)")

	from["b.proto"] = `syntax = "proto3"; package b; message B { string n = 1; }`
	other := write(t, "other", binary(t, compile(t, from, "b.proto")))
	_, err = pb.Load(a, b, other)
	assert.EqualError(t, err, "descriptors: "+other+": b.proto is another file than that of the same name in "+b+": give the descriptors of one version")
}

func TestWhatIsNoSetIsRefused(t *testing.T) {
	unnamed := binary(t, &descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{{}}})
	for name, content := range map[string]string{
		"a.proto":  `syntax = "proto3";`,
		"empty":    "",
		"text":     "hello there",
		"json":     `{"file": 3}`,
		"cut.json": `{"file": [`,
		"gzip":     "\x1f\x8b\x08 damaged",
		"unnamed":  string(unnamed),
		"unsound":  string(binary(t, &descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{{Name: proto.String("a"), MessageType: []*descriptorpb.DescriptorProto{{}}}}})),
	} {
		_, err := pb.Load(write(t, name, []byte(content)))
		require.Error(t, err, name)
		t.Log(err)
	}
	_, err := pb.Load(filepath.Join(t.TempDir(), "absent"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestMergedDescriptorsKnowWhatTheirPartsDo(t *testing.T) {
	old, err := pb.FromSet(compile(t, sources, "old.proto"))
	require.NoError(t, err)
	shop, err := pb.FromSet(compile(t, sources, "shop.proto"))
	require.NoError(t, err)
	d, err := pb.Merge(old, nil, shop, shop)
	require.NoError(t, err)
	got, err := d.Project(nil, "", plain+"shop.Order", []byte(wire(56, wire(1, "x/old.Old", 2, wire(1, 3)))))
	require.NoError(t, err)
	assert.Equal(t, `{"any":{"@type":"x/old.Old","id":3}}`, string(got))

	source := strings.Replace(sources["old.proto"], "optional string text", "optional bytes text", 1)
	source = strings.Replace(source, `[default = "x"]`, "", 1)
	changed, err := pb.FromSet(compile(t, map[string]string{"old.proto": source}, "old.proto"))
	require.NoError(t, err)
	_, err = pb.Merge(old, changed)
	assert.ErrorContains(t, err, "old.proto is another file")
}

func TestATypeThatOnlyHasAWellKnownNameIsOrdinary(t *testing.T) {
	set := &descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{{
		Name: proto.String("google/protobuf/timestamp.proto"), Package: proto.String("google.protobuf"), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("Timestamp"), Field: []*descriptorpb.FieldDescriptorProto{{
			Name: proto.String("text"), Number: proto.Int32(1), Type: descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum(), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		}}}},
	}}}
	d, err := pb.FromSet(set)
	require.NoError(t, err)
	got, err := d.Project(nil, "", plain+"google.protobuf.Timestamp", []byte(wire(1, "now")))
	require.NoError(t, err)
	assert.Equal(t, `{"text":"now"}`, string(got))
}

func TestDescriptorsServeManyGoroutines(t *testing.T) {
	d, _ := schema(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 100 {
				got, err := d.Project(nil, "/shop.Orders/Get", "application/grpc", []byte(frame(0, wire(29, wire(3, 5), 70, "a"))))
				assert.NoError(t, err)
				assert.Equal(t, `{"children":[{"f_int32":5}],"#70":["a"]}`, string(got))
			}
		})
	}
	group.Wait()
}

package pb_test

import (
	"testing"

	"github.com/bufbuild/protocompile"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"twinspect.dev/diff/project/pb"
)

var sources = map[string]string{
	"shop.proto": `
syntax = "proto3";
package shop;
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";

enum State { STATE_UNKNOWN = 0; OPEN = 1; CLOSED = 2; LOST = -1; }

message Order {
  double f_double = 1;
  float f_float = 2;
  int32 f_int32 = 3;
  int64 f_int64 = 4;
  uint32 f_uint32 = 5;
  uint64 f_uint64 = 6;
  sint32 f_sint32 = 7;
  sint64 f_sint64 = 8;
  fixed32 f_fixed32 = 9;
  fixed64 f_fixed64 = 10;
  sfixed32 f_sfixed32 = 11;
  sfixed64 f_sfixed64 = 12;
  bool f_bool = 13;
  string fString = 14;
  bytes f_bytes = 15;
  State state = 16;
  Order child = 17;
  optional int32 o_int32 = 18;
  optional string o_string = 19;
  repeated double r_double = 21;
  repeated sint32 r_sint32 = 22;
  repeated uint64 r_uint64 = 23 [packed = false];
  repeated fixed32 r_fixed32 = 24;
  repeated bool r_bool = 25;
  repeated string r_string = 26;
  repeated bytes r_bytes = 27;
  repeated State r_state = 28;
  repeated Order children = 29;
  map<string, string> m_string = 31;
  map<int32, Order> m_order = 32;
  map<bool, State> m_bool = 33;
  map<uint64, bytes> m_bytes = 34;
  map<sfixed64, double> m_double = 35;
  oneof choice {
    int32 c_int = 41;
    string c_string = 42;
    Order c_order = 43;
    google.protobuf.Duration c_duration = 44;
  }
  google.protobuf.Timestamp time = 51;
  google.protobuf.Duration duration = 52;
  google.protobuf.Struct struct = 53;
  google.protobuf.Value value = 54;
  google.protobuf.ListValue list = 55;
  google.protobuf.Any any = 56;
  google.protobuf.FieldMask mask = 57;
  google.protobuf.Empty empty = 58;
  google.protobuf.Int64Value w_int64 = 61;
  google.protobuf.UInt32Value w_uint32 = 62;
  google.protobuf.DoubleValue w_double = 63;
  google.protobuf.StringValue w_string = 64;
  google.protobuf.BytesValue w_bytes = 65;
  google.protobuf.BoolValue w_bool = 66;
  repeated google.protobuf.Timestamp r_time = 67;
  map<string, google.protobuf.Value> m_value = 68;
  google.protobuf.NullValue null = 69;
}

service Orders {
  rpc Get(Order) returns (Order);
  rpc List(Order) returns (stream Order);
}`,
	"old.proto": `
syntax = "proto2";
package old;
message Old {
  required int32 id = 1;
  optional string text = 2 [default = "x"];
  optional group Part = 3 { optional int32 n = 1; optional Old inner = 2; }
  repeated group Row = 4 { optional string s = 1; }
  repeated int32 packed = 5 [packed = true];
  repeated int32 plain = 6;
  optional Color color = 7;
  enum Color { RED = 1; BLUE = 2; }
  extensions 100 to 200;
  extend Old { optional Old nested = 101; }
}
extend Old {
  optional int64 weight = 100;
  repeated string tags = 102;
}`,
	"new.proto": `
edition = "2023";
package fresh;
message New {
  int32 explicit = 1;
  int32 implicit = 2 [features.field_presence = IMPLICIT];
  New delimited = 3 [features.message_encoding = DELIMITED];
  repeated int32 expanded = 4 [features.repeated_field_encoding = EXPANDED];
  string loose = 5 [features.utf8_validation = NONE];
  Closed closed = 6;
  enum Closed { option features.enum_type = CLOSED; A = 0; B = 1; }
}`,
}

// compile compiles the named sources to a set without what they import of
// google/protobuf.
func compile(t testing.TB, from map[string]string, names ...string) *descriptorpb.FileDescriptorSet {
	t.Helper()
	c := protocompile.Compiler{Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{Accessor: protocompile.SourceAccessorFromMap(from)})}
	files, err := c.Compile(t.Context(), names...)
	require.NoError(t, err)
	set := &descriptorpb.FileDescriptorSet{}
	for _, f := range files {
		set.File = append(set.File, protodesc.ToFileDescriptorProto(f))
	}
	return set
}

func schema(t testing.TB) (*pb.Descriptors, *dynamicpb.Types) {
	t.Helper()
	set := compile(t, sources, "shop.proto", "old.proto", "new.proto")
	d, err := pb.FromSet(set)
	require.NoError(t, err)
	files := &protoregistry.Files{}
	for _, proto := range set.GetFile() {
		f, err := protodesc.NewFile(proto, resolver{files})
		require.NoError(t, err)
		require.NoError(t, files.RegisterFile(f))
	}
	return d, dynamicpb.NewTypes(files)
}

// resolver also finds the well-known types.
type resolver struct{ *protoregistry.Files }

func (r resolver) FindFileByPath(path string) (protoreflect.FileDescriptor, error) {
	if f, err := r.Files.FindFileByPath(path); err == nil {
		return f, nil
	}
	return protoregistry.GlobalFiles.FindFileByPath(path)
}

func (r resolver) FindDescriptorByName(name protoreflect.FullName) (protoreflect.Descriptor, error) {
	if d, err := r.Files.FindDescriptorByName(name); err == nil {
		return d, nil
	}
	return protoregistry.GlobalFiles.FindDescriptorByName(name)
}

func typeOf(t testing.TB, types *dynamicpb.Types, name protoreflect.FullName) protoreflect.MessageType {
	t.Helper()
	found, err := types.FindMessageByName(name)
	require.NoError(t, err)
	return found
}

package pb_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/anypb"
	"pgregory.net/rapid"

	"twinspect.dev/diff/jsondiff"
	"twinspect.dev/diff/project/pb"
)

const plain = "application/protobuf; messageType="

// drawer draws messages of the types of the schema.
type drawer struct {
	*rapid.T
	types *dynamicpb.Types
}

func (d drawer) message(m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	switch m.Descriptor().FullName() {
	case "google.protobuf.Timestamp":
		m.Set(fields.ByNumber(1), protoreflect.ValueOfInt64(rapid.Int64Range(-62135596800, 253402300799).Draw(d.T, "seconds")))
		m.Set(fields.ByNumber(2), protoreflect.ValueOfInt32(rapid.SampledFrom([]int32{0, 1, 1000, 5_000_000, 999_999_999}).Draw(d.T, "nanos")))
		return
	case "google.protobuf.Duration":
		sign := rapid.SampledFrom([]int64{-1, 1}).Draw(d.T, "sign")
		m.Set(fields.ByNumber(1), protoreflect.ValueOfInt64(sign*rapid.Int64Range(0, 315_576_000_000).Draw(d.T, "seconds")))
		m.Set(fields.ByNumber(2), protoreflect.ValueOfInt32(int32(sign)*rapid.Int32Range(0, 999_999_999).Draw(d.T, "nanos")))
		return
	case "google.protobuf.FieldMask":
		for range rapid.IntRange(0, 2).Draw(d.T, "paths") {
			m.Mutable(fields.ByNumber(1)).List().Append(protoreflect.ValueOfString(rapid.SampledFrom([]string{"a", "b.c"}).Draw(d.T, "path")))
		}
		return
	case "google.protobuf.Any":
		d.any(m, depth)
		return
	case "google.protobuf.Value":
		d.oneOf(m, fields, depth)
		return
	}
	for i := range fields.Len() {
		f := fields.Get(i)
		if f.Cardinality() == protoreflect.Required || rapid.IntRange(0, 3).Draw(d.T, "has") == 0 {
			d.field(m, f, depth)
		}
	}
	for num := protowire.Number(100); num < 103; num++ {
		x, err := d.types.FindExtensionByNumber(m.Descriptor().FullName(), num)
		if err == nil && rapid.IntRange(0, 3).Draw(d.T, "has") == 0 {
			d.field(m, x.TypeDescriptor(), depth)
		}
	}
}

func (d drawer) any(m protoreflect.Message, depth int) {
	name := rapid.SampledFrom([]protoreflect.FullName{"shop.Order", "old.Old", "google.protobuf.Timestamp", "google.protobuf.Any", "google.protobuf.Int64Value"}).Draw(d.T, "any")
	typ, err := d.types.FindMessageByName(name)
	if err != nil {
		typ, err = protoregistry.GlobalTypes.FindMessageByName(name)
	}
	require.NoError(d, err)
	inner := typ.New()
	if depth > 0 {
		d.message(inner, depth-1)
	} else if name == "old.Old" || name == "google.protobuf.Any" {
		return
	}
	a := &anypb.Any{}
	require.NoError(d, anypb.MarshalFrom(a, inner.Interface(), proto.MarshalOptions{AllowPartial: true, Deterministic: true}))
	fields := m.Descriptor().Fields()
	m.Set(fields.ByNumber(1), protoreflect.ValueOfString(a.TypeUrl))
	m.Set(fields.ByNumber(2), protoreflect.ValueOfBytes(a.Value))
}

func (d drawer) oneOf(m protoreflect.Message, fields protoreflect.FieldDescriptors, depth int) {
	n := 4 // without a list or struct
	if depth > 0 {
		n = 6
	}
	switch f := fields.ByNumber(protoreflect.FieldNumber(rapid.IntRange(1, n).Draw(d.T, "value"))); f.Kind() {
	case protoreflect.DoubleKind:
		m.Set(f, protoreflect.ValueOfFloat64(rapid.Float64Range(-1e300, 1e300).Draw(d.T, "number")))
	case protoreflect.EnumKind:
		m.Set(f, protoreflect.ValueOfEnum(0))
	default:
		d.field(m, f, depth)
	}
}

func (d drawer) field(m protoreflect.Message, f protoreflect.FieldDescriptor, depth int) {
	kind := f
	if f.IsMap() {
		kind = f.MapValue()
	}
	if kind.Message() != nil && depth <= 0 {
		if f.Cardinality() != protoreflect.Required {
			return
		}
	}
	n := rapid.IntRange(0, 3).Draw(d.T, "count")
	switch {
	case f.IsMap():
		for range n {
			entries := m.Mutable(f).Map()
			value := entries.NewValue()
			if kind.Message() == nil {
				value = d.scalar(kind)
			} else {
				d.message(value.Message(), depth-1)
			}
			entries.Set(d.scalar(f.MapKey()).MapKey(), value)
		}
	case f.IsList():
		list := m.Mutable(f).List()
		for range n {
			if f.Message() == nil {
				list.Append(d.scalar(f))
			} else {
				d.message(list.AppendMutable().Message(), depth-1)
			}
		}
	case f.Message() != nil:
		d.message(m.Mutable(f).Message(), depth-1)
	default:
		m.Set(f, d.scalar(f))
	}
}

func (d drawer) scalar(f protoreflect.FieldDescriptor) protoreflect.Value {
	switch f.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(rapid.Bool().Draw(d.T, "bool"))
	case protoreflect.EnumKind:
		if f.Enum().FullName() == "google.protobuf.NullValue" {
			return protoreflect.ValueOfEnum(0)
		}
		values := f.Enum().Values()
		return protoreflect.ValueOfEnum(values.Get(rapid.IntRange(0, values.Len()-1).Draw(d.T, "enum")).Number())
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return protoreflect.ValueOfInt32(rapid.Int32().Draw(d.T, "int32"))
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(rapid.Uint32().Draw(d.T, "uint32"))
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return protoreflect.ValueOfInt64(rapid.Int64().Draw(d.T, "int64"))
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(rapid.Uint64().Draw(d.T, "uint64"))
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(rapid.Float32().Draw(d.T, "float"))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(rapid.Float64().Draw(d.T, "double"))
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(rapid.StringN(0, 12, -1).Draw(d.T, "string"))
	}
	return protoreflect.ValueOfBytes(rapid.SliceOfN(rapid.Byte(), 0, 12).Draw(d.T, "bytes"))
}

var typeNames = []protoreflect.FullName{"shop.Order", "old.Old", "fresh.New"}

// known resolves the types of the schema and the well-known ones.
type known struct{ *dynamicpb.Types }

func (k known) FindMessageByName(name protoreflect.FullName) (protoreflect.MessageType, error) {
	if m, err := k.Types.FindMessageByName(name); err == nil {
		return m, nil
	}
	return protoregistry.GlobalTypes.FindMessageByName(name)
}

func (k known) FindMessageByURL(url string) (protoreflect.MessageType, error) {
	return k.FindMessageByName(protoreflect.FullName(url[bytes.LastIndexByte([]byte(url), '/')+1:]))
}

func TestMessagesAreWrittenAsProtojsonWritesThem(t *testing.T) {
	d, types := schema(t)
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.SampledFrom(typeNames).Draw(rt, "type")
		m := typeOf(t, types, name).New()
		drawer{rt, types}.message(m, 3)
		wire, err := proto.MarshalOptions{AllowPartial: true}.Marshal(m.Interface())
		require.NoError(rt, err)
		got, err := d.Project(nil, "", plain+string(name), wire)
		require.NoError(rt, err)

		want, err := protojson.MarshalOptions{UseProtoNames: true, Resolver: known{types}, AllowPartial: true}.Marshal(m.Interface())
		require.NoError(rt, err)
		require.Equal(rt, tree(rt, want), tree(rt, got), "%s", got)
		again := typeOf(t, types, name).New()
		require.NoError(rt, protojson.UnmarshalOptions{Resolver: known{types}, AllowPartial: true}.Unmarshal(got, again.Interface()))
		require.True(rt, proto.Equal(m.Interface(), again.Interface()), "%s", got)
	})
}

// tree reads JSON with numbers as their text, so that protojson's "5" is 5.
func tree(t require.TestingT, doc []byte) any {
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	var v any
	require.NoError(t, dec.Decode(&v), "%s", doc)
	return textual(v)
}

func textual(v any) any {
	switch v := v.(type) {
	case json.Number:
		if f, err := v.Float64(); err == nil && strings.Contains(v.String(), "e") {
			return fmt.Sprint(f) // e-07 is e-7
		}
		return v.String()
	case []any:
		for i := range v {
			v[i] = textual(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = textual(v[name])
		}
	}
	return v
}

// shuffle puts the fields of a message in another order that means the same:
// fields of one number keep theirs, and where the type is known, oneofs too.
func shuffle(src *rand.Rand, wire []byte) []byte {
	runs := make(map[protowire.Number][]byte)
	var nums []protowire.Number
	for len(wire) > 0 {
		num, _, n := protowire.ConsumeField(wire)
		if runs[num] == nil {
			nums = append(nums, num)
		}
		runs[num] = append(runs[num], wire[:n]...)
		wire = wire[n:]
	}
	slices.Sort(nums)
	src.Shuffle(len(nums), func(i, j int) { nums[i], nums[j] = nums[j], nums[i] })
	var out []byte
	for _, num := range nums {
		out = append(out, runs[num]...)
	}
	return out
}

func TestTheOrderOfFieldsDoesNotMatter(t *testing.T) {
	d, types := schema(t)
	var differ jsondiff.Differ
	rapid.Check(t, func(rt *rapid.T) {
		m := typeOf(t, types, "shop.Order").New()
		drawer{rt, types}.message(m, 2)
		wire, err := proto.Marshal(m.Interface())
		require.NoError(rt, err)
		other := shuffle(rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0)), wire)
		for _, d := range []*pb.Descriptors{d, nil} {
			x, y, err := d.ProjectPair(nil, nil, "", plain+"shop.Order", wire, other)
			require.NoError(rt, err)
			require.NoError(rt, differ.Compare(x, y, jsondiff.Options{}, func(c jsondiff.Change) {
				rt.Fatalf("%v %s: %s, %s", c.Path, c.Kind, c.Base, c.Other)
			}))
		}
	})
}

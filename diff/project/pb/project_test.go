package pb_test

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"twinspect.dev/capture/coding"
	"twinspect.dev/capture/grpcmsg"
	"twinspect.dev/diff/project/pb"
)

// wire writes fields by hand: pairs of a number and an int (varint), uint32,
// uint64 (fixed), string (length-delimited) or group.
func wire(parts ...any) string {
	var b []byte
	for i := 0; i < len(parts); i += 2 {
		num := protowire.Number(parts[i].(int))
		switch v := parts[i+1].(type) {
		case int:
			b = protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), uint64(v))
		case uint32:
			b = protowire.AppendFixed32(protowire.AppendTag(b, num, protowire.Fixed32Type), v)
		case uint64:
			b = protowire.AppendFixed64(protowire.AppendTag(b, num, protowire.Fixed64Type), v)
		case string:
			b = protowire.AppendString(protowire.AppendTag(b, num, protowire.BytesType), v)
		case group:
			b = protowire.AppendGroup(protowire.AppendTag(b, num, protowire.StartGroupType), num, []byte(v))
		}
	}
	return string(b)
}

type group string

func TestFieldsAreReadAsTheEncodingPrescribes(t *testing.T) {
	d, _ := schema(t)
	tests := []struct{ name, typ, body, want string }{
		{"nothing", "shop.Order", "", `{}`},
		{"the default of implicit presence is absent", "shop.Order", wire(3, 0, 14, "", 13, 0, 16, 0), `{}`},
		{"the default of explicit presence is there", "shop.Order", wire(18, 0, 19, ""), `{"o_int32":0,"o_string":""}`},
		{"negative zero is no default", "shop.Order", wire(1, uint64(1<<63)), `{"f_double":-0}`},
		{"the last one wins", "shop.Order", wire(3, 5, 3, 6), `{"f_int32":6}`},
		{"even with the default", "shop.Order", wire(3, 5, 3, 0), `{}`},
		{"a 32-bit integer is cut to 32 bits", "shop.Order", wire(3, math.MaxInt64, 5, -1), `{"f_int32":-1,"f_uint32":4294967295}`},
		{"64 bits stay exact", "shop.Order", wire(4, math.MinInt64, 6, -1), `{"f_int64":-9223372036854775808,"f_uint64":18446744073709551615}`},
		{"no number", "shop.Order", wire(1, math.Float64bits(math.Inf(-1)), 2, math.Float32bits(float32(math.NaN()))), `{"f_double":"-Infinity","f_float":"NaN"}`},
		{"an enum without a name", "shop.Order", wire(16, 77, 28, -1, 28, 1), `{"state":77,"r_state":["LOST","OPEN"]}`},
		{"packed and unpacked together", "shop.Order", wire(23, 1, 23, "\x02\x03", 23, 4, 23, ""), `{"r_uint64":[1,2,3,4]}`},
		{"a packed list of nothing is absent", "shop.Order", wire(22, ""), `{}`},
		{"unpacked although declared packed", "shop.Order", wire(22, 1, 22, 2), `{"r_sint32":[-1,1]}`},
		{"messages are merged", "shop.Order", wire(17, wire(3, 1, 14, "a"), 17, wire(3, 2, 26, "x"), 17, wire(26, "y")),
			`{"child":{"f_int32":2,"fString":"a","r_string":["x","y"]}}`},
		{"of a oneof the last", "shop.Order", wire(41, 1, 42, "a"), `{"c_string":"a"}`},
		{"a oneof has presence", "shop.Order", wire(42, "a", 41, 0), `{"c_int":0}`},
		{"messages of a oneof are merged", "shop.Order", wire(43, wire(3, 1), 43, wire(5, 2)), `{"c_order":{"f_int32":1,"f_uint32":2}}`},
		{"but not over another member", "shop.Order", wire(43, wire(3, 1), 41, 1, 43, wire(5, 2)), `{"c_order":{"f_uint32":2}}`},
		{"of a key the last entry", "shop.Order", wire(31, wire(1, "k", 2, "v"), 31, wire(1, "a", 2, "x"), 31, wire(2, "w", 1, "k")), `{"m_string":{"a":"x","k":"w"}}`},
		{"an entry of defaults", "shop.Order", wire(31, "", 32, "", 33, ""), `{"m_string":{"":""},"m_order":{"0":{}},"m_bool":{"false":"STATE_UNKNOWN"}}`},
		{"a value in parts", "shop.Order", wire(32, wire(1, 7, 2, wire(3, 1), 2, wire(5, 2))), `{"m_order":{"7":{"f_int32":1,"f_uint32":2}}}`},
		{"maps in maps", "shop.Order", wire(32, wire(1, 2, 2, wire(31, wire(1, "a"), 31, wire(1, "b"))), 32, wire(1, 1)),
			`{"m_order":{"1":{},"2":{"m_string":{"a":"","b":""}}}}`},
		{"groups", "old.Old", wire(3, group(wire(1, 5)), 4, group(wire(1, "a")), 4, group("")), `{"Part":{"n":5},"Row":[{"s":"a"},{}]}`},
		{"groups are merged", "old.Old", wire(3, group(wire(1, 5)), 3, group(wire(2, wire(1, 9)))), `{"Part":{"n":5,"inner":{"id":9}}}`},
		{"delimited messages of an edition", "fresh.New", wire(3, group(wire(1, 0, 2, 0))), `{"delimited":{"explicit":0}}`},
		{"extensions", "old.Old", wire(100, 7, 101, wire(1, 1), 102, "a"), `{"[old.weight]":7,"[old.Old.nested]":{"id":1},"[old.tags]":["a"]}`},
		{"text that need not be UTF-8", "old.Old", wire(2, "\xff"), "{\"text\":\"\xff\"}"},
		{"text that an edition does not check", "fresh.New", wire(5, "\xff"), "{\"loose\":\"\xff\"}"},
		{"characters that JSON escapes", "shop.Order", wire(14, "\"\\\n\x00é"), `{"fString":"\"\\\n\u0000é"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := d.Project([]byte("x"), "", plain+test.typ, []byte(test.body))
			require.NoError(t, err)
			assert.Equal(t, "x"+test.want, string(got))
		})
	}
}

func TestWellKnownTypesHaveTheirOwnForm(t *testing.T) {
	d, _ := schema(t)
	const url = "type.googleapis.com/"
	tests := []struct{ name, body, want string }{
		{"the epoch", wire(51, ""), `{"time":"1970-01-01T00:00:00Z"}`},
		{"milliseconds", wire(51, wire(1, 1, 2, 5_000_000)), `{"time":"1970-01-01T00:00:01.005Z"}`},
		{"a time beyond the calendar", wire(51, wire(1, 253402300800)), `{"time":{"seconds":253402300800}}`},
		{"a time with a field that nobody knows", wire(51, wire(1, 1, 3, 2)), `{"time":{"seconds":1,"#3":[2]}}`},
		{"less than a second ago", wire(52, wire(2, -500_000_000)), `{"duration":"-0.500s"}`},
		{"signs that disagree", wire(52, wire(1, 1, 2, -1)), `{"duration":{"seconds":1,"nanos":-1}}`},
		{"a struct", wire(53, wire(1, wire(1, "a", 2, wire(2, math.Float64bits(1.5))), 1, wire(1, "b", 2, wire(1, 0)))), `{"struct":{"a":1.5,"b":null}}`},
		{"a value of nothing", wire(54, ""), `{"value":{}}`},
		{"lists in lists", wire(54, wire(6, wire(1, wire(6, ""), 1, wire(4, 1)))), `{"value":[[],true]}`},
		{"a mask", wire(57, wire(1, "a_b", 1, "c.d")), `{"mask":"a_b,c.d"}`},
		{"a path with a comma", wire(57, wire(1, "a,b")), `{"mask":{"paths":["a,b"]}}`},
		{"wrappers", wire(61, "", 64, wire(1, "x"), 66, wire(1, 1)), `{"w_int64":0,"w_string":"x","w_bool":true}`},
		{"a wrapper with more", wire(61, wire(1, 4, 9, 1)), `{"w_int64":{"value":4,"#9":[1]}}`},
		{"any", wire(56, wire(1, url+"shop.Order", 2, wire(3, 5))), `{"any":{"@type":"type.googleapis.com/shop.Order","f_int32":5}}`},
		{"any of a special form", wire(56, wire(1, url+"google.protobuf.Duration", 2, wire(1, 1))), `{"any":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1s"}}`},
		{"any of nobody's type", wire(56, wire(1, url+"a.B", 2, wire(1, "x", 2, 3))), `{"any":{"@type":"type.googleapis.com/a.B","value":{"1":["x"],"2":[3]}}}`},
		{"any that is not of its type", wire(56, wire(1, url+"shop.Order", 2, "\xff")), `{"any":{"type_url":"type.googleapis.com/shop.Order","value":"/w=="}}`},
		{"any without a type", wire(56, wire(2, "a")), `{"any":{"value":"YQ=="}}`},
		{"any of nothing", wire(56, ""), `{"any":{}}`},
		{"null", wire(69, 0, 69, 1), `{"null":1}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := d.Project(nil, "", plain+"shop.Order", []byte(test.body))
			require.NoError(t, err)
			assert.Equal(t, test.want, string(got))
		})
	}
}

func TestWhatTheDescriptorsDoNotKnowIsToldInTheWireView(t *testing.T) {
	d, _ := schema(t)
	tests := []struct{ name, body, want string }{
		{"every wire type", wire(70, 5, 71, uint32(7), 72, uint64(9), 73, "text", 74, group(wire(1, 2)), 70, -1),
			`{"#70":[5,-1],"#71":[7],"#72":[9],"#73":["text"],"#74":[{"1":[2]}]}`},
		{"floats", wire(71, math.Float32bits(1.5), 72, math.Float64bits(-2.25), 72, uint64(0)), `{"#71":[1.5],"#72":[-2.25,0]}`},
		{"another wire type than declared", wire(3, "abc", 14, 5, 3, 8), `{"f_int32":8,"#3":["abc"],"#14":[5]}`},
		{"a map whose entries have more", wire(31, wire(1, "k", 2, "v", 3, 4), 31, 9), `{"m_string":{"k":"v"},"#31":[{"1":["k"],"2":["v"],"3":[4]},9]}`},
		{"inside of lists, read alike", wire(29, wire(70, "hi"), 29, wire(70, "hello")), `{"children":[{"#70":["hi"]},{"#70":["hello"]}]}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := d.Project(nil, "", plain+"shop.Order", []byte(test.body))
			require.NoError(t, err)
			assert.Equal(t, test.want, string(got))
		})
	}
}

func TestTheWireViewReadsBothSidesAlike(t *testing.T) {
	tests := []struct{ name, base, other, wantBase, wantOther string }{
		{"text that is a message by chance", wire(1, "hi"), wire(1, "hello"), `{"1":["hi"]}`, `{"1":["hello"]}`},
		{"texts that are both messages by chance", wire(1, "hi"), wire(1, "P0"), `{"1":["hi"]}`, `{"1":["P0"]}`},
		{"a message that reads as text", wire(1, wire(4, 50)), wire(1, wire(4, 5)), `{"1":[{"4":[50]}]}`, `{"1":[{"4":[5]}]}`},
		{"a message that reads as text, marked", wire(1, wire(1, strings.Repeat("u", 36))), wire(1, wire(1, "x")),
			`{"1":[{"1":["` + strings.Repeat("u", 36) + `"]}]}`, `{"1":[{"1":["x"]}]}`},
		{"no message on one side", wire(1, wire(1, 3)), wire(1, "\x08"), `{"1":["\u0008\u0003"]}`, `{"1":["\u0008"]}`},
		{"bytes on one side", wire(1, "text"), wire(1, "\xff"), `{"1":["dGV4dA=="]}`, `{"1":["/w=="]}`},
		{"nothing on one side", wire(1, wire(1, 3)), wire(1, ""), `{"1":[{"1":[3]}]}`, `{"1":[{}]}`},
		{"floats on both sides", wire(1, math.Float64bits(0.5)), wire(1, uint64(0)), `{"1":[0.5]}`, `{"1":[0]}`},
		{"an integer on one", wire(1, math.Float64bits(0.5)), wire(1, uint64(3)), `{"1":[4602678819172646912]}`, `{"1":[3]}`},
		{"a list of one", wire(2, wire(1, 1)), wire(2, wire(1, 1), 2, wire(1, 2)), `{"2":[{"1":[1]}]}`, `{"2":[{"1":[1]},{"1":[2]}]}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var none *pb.Descriptors
			x, y, err := none.ProjectPair(nil, nil, "/a", "application/x-protobuf", []byte(test.base), []byte(test.other))
			require.NoError(t, err)
			assert.Equal(t, test.wantBase, string(x))
			assert.Equal(t, test.wantOther, string(y))
			y, x, err = none.ProjectPair(nil, nil, "/a", "application/x-protobuf", []byte(test.other), []byte(test.base))
			require.NoError(t, err)
			assert.Equal(t, test.wantBase, string(x), "whichever is base")
			assert.Equal(t, test.wantOther, string(y), "whichever is base")
		})
	}
}

func frame(flag byte, data string) string {
	b := grpcmsg.Append(nil, grpcmsg.Message{Data: []byte(data)})
	b[0] = flag
	return string(b)
}

func TestBodiesOfEveryMediaType(t *testing.T) {
	d, _ := schema(t)
	gzipped, err := coding.Encode([]string{"gzip"}, []byte(wire(3, 5)))
	require.NoError(t, err)
	message, message2 := wire(3, 5), wire(3, 6)
	trailers := frame(0x80, "grpc-status: 0\r\nGrpc-Message:\r\nx: 1\r\nx: 2\r\n")
	text := base64.StdEncoding.EncodeToString([]byte(frame(0, message))) + base64.StdEncoding.EncodeToString([]byte(trailers))
	const get, list, other = "/shop.Orders/Get", "/prefix/shop.Orders/List?x=/y/z", "/shop.Orders/Other"
	tests := []struct{ name, method, media, body, want string }{
		{"unary", get, "application/grpc", frame(0, message), `{"f_int32":5}`},
		{"unary without a message", get, "application/grpc+proto", "", ``},
		{"unary with two", get, "application/grpc", frame(0, message) + frame(0, message2), `[{"f_int32":5},{"f_int32":6}]`},
		{"streaming", list, "application/grpc+proto; charset=x", frame(0, message), `[{"f_int32":5}]`},
		{"streaming nothing", list, "Application/GRPC", "", `[]`},
		{"a method that nobody knows", other, "application/grpc", frame(0, message), `[{"3":[5]}]`},
		{"compressed", get, "application/grpc", frame(1, string(gzipped)), `{"f_int32":5}`},
		{"compressed, nothing", get, "application/grpc", frame(1, ""), `{}`},
		{"compressed by nobody knows what", get, "application/grpc", frame(1, "abc"), `{"#compressed":"YWJj"}`},
		{"damaged gzip", get, "application/grpc", frame(1, string(gzipped[:12])), `{"#compressed":"` + base64.StdEncoding.EncodeToString(gzipped[:12]) + `"}`},
		{"another codec", get, "application/grpc+thrift", frame(0, "abc"), `"YWJj"`},
		{"JSON", get, "application/grpc+json", frame(0, ` {"a": 1}`), `{"a": 1}`},
		{"web", get, "application/grpc-web+proto", frame(0, message) + trailers, `{"message":{"f_int32":5},"trailers":{"grpc-message":"","grpc-status":"0","x":"1, 2"}}`},
		{"web, streaming", list, "application/grpc-web", frame(0, message) + trailers, `{"messages":[{"f_int32":5}],"trailers":{"grpc-message":"","grpc-status":"0","x":"1, 2"}}`},
		{"web, trailers only", get, "application/grpc-web", frame(0x80, "grpc-status:5\r\n"), `{"trailers":{"grpc-status":"5"}}`},
		{"web, no trailers", get, "application/grpc-web", frame(0, message), `{"message":{"f_int32":5}}`},
		{"web in base64", get, "application/grpc-web-text+proto", text, `{"message":{"f_int32":5},"trailers":{"grpc-message":"","grpc-status":"0","x":"1, 2"}}`},
		{"Connect, streaming", list, "application/connect+proto", frame(0, message) + frame(2, `{"metadata":{}}`), `{"messages":[{"f_int32":5}],"end":{"metadata":{}}}`},
		{"Connect, unary", get, "application/proto", message, `{"f_int32":5}`},
		{"plain, by parameter", "/orders/1", `application/x-protobuf; messageType="shop.Order"`, message, `{"f_int32":5}`},
		{"plain, by nothing", "/orders/1", `application/x-protobuf`, message, `{"3":[5]}`},
		{"delimited", "/metrics", "application/vnd.google.protobuf; proto=shop.Order; encoding=delimited", "\x02" + message + "\x00", `[{"f_int32":5},{}]`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := d.Project(nil, test.method, test.media, []byte(test.body))
			require.NoError(t, err)
			assert.Equal(t, test.want, string(got))
		})
	}
	for _, other := range []string{"", "application/json", "text/plain", "application/grpcx", "application/vnd.kubernetes.protobuf"} {
		_, err := d.Project(nil, get, other, nil)
		assert.ErrorIs(t, err, pb.ErrMediaType)
	}
}

func TestMalformedBodiesTellTheirPlace(t *testing.T) {
	d, _ := schema(t)
	deep := func(n int) string {
		body := ""
		for range n {
			body = wire(17, body)
		}
		return body
	}
	const get, grpc, bare = "/shop.Orders/Get", "application/grpc", "application/protobuf"
	tests := []struct{ name, media, body, want string }{
		{"a cut tag", bare, wire(3, 1) + "\x80", "body is malformed at byte 2: a tag is cut or too long"},
		{"a cut varint", bare, "\x18\xff", "body is malformed at byte 1: the value of field 3 is cut or too long"},
		{"a varint of 11 bytes", bare, "\x18" + strings.Repeat("\xff", 10) + "\x01", "body is malformed at byte 1: the value of field 3 is cut or too long"},
		{"field 0", bare, "\x00", "body is malformed at byte 0: no field has the number 0"},
		{"a field beyond all", bare, "\x80\x80\x80\x80\x10\x00", "body is malformed at byte 0: no field has the number 536870912"},
		{"wire type 6", bare, "\x1e", "body is malformed at byte 1: field 3 has the unknown wire type 6"},
		{"a length beyond the end", bare, "\x72\xff\xff\xff\xff\x0fab", "body is malformed at byte 6: field 14 has 4294967295 bytes, but 2 are left"},
		{"a length beyond 64 bits", bare, "\x72\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", "body is malformed at byte 1: the length of field 14 is cut or too long"},
		{"inside of a message", bare, wire(17, wire(17, "\x18")), "body is malformed at byte 7: the value of field 3 is cut or too long"},
		{"a message that passes the end of its parent", bare, "\x8a\x01\x02\x72\x05" + wire(26, "abc"), "body is malformed at byte 5: field 14 has 5 bytes, but 0 are left"},
		{"a group without an end", bare, "\x1b\x08\x01", "body is malformed at byte 1: group 3 has no end"},
		{"a group without a beginning", bare, "\x1c", "body is malformed at byte 0: group 3 ends and did not begin"},
		{"another group's end", bare, "\x1b\x24", "body is malformed at byte 1: group 3 ends as group 4"},
		{"text that is not UTF-8", bare, wire(14, "\xff"), "body is malformed at byte 2: field 14 is a string and not UTF-8"},
		{"a packed list that is cut", bare, wire(22, "\x01\x80"), "body is malformed at byte 4: the value of field 22 is cut or too long"},
		{"too deep", bare, deep(100), "body has more than 100 levels of messages"},
		{"groups too deep", bare, strings.Repeat("\x1b", 101), "body has more than 100 levels of messages"},
		{"a frame that is cut", grpc, frame(0, "ab")[:6], "body is malformed at byte 0: gRPC body ends inside the message at byte 0, after 6 of its bytes"},
		{"in the second frame", grpc, frame(0, "") + frame(0, "\x00"), "body is malformed at byte 10: no field has the number 0"},
		{"trailers in gRPC", grpc, frame(0x80, ""), "body is malformed at byte 0: gRPC body has no message at byte 0: undefined flags"},
		{"a message after the trailers", "application/grpc-web", frame(0x80, "") + frame(0, ""), "body is malformed at byte 0: what follows the messages is no trailers"},
		{"no base64", "application/grpc-web-text", "AAAA!", "body is malformed at byte 4: it is not base64"},
		{"inside of base64", "application/grpc-web-text", "AAAAAAEA", "decoded message is malformed at byte 5: no field has the number 0"},
		{"JSON that is none", "application/grpc+json", frame(0, "{"), "body is malformed at byte 5: the message is not JSON"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := d.Project([]byte("kept"), get, test.media, []byte(test.body))
			assert.EqualError(t, err, test.want)
			assert.Equal(t, "kept", string(got))
		})
	}
	_, err := d.Project(nil, get, bare, []byte(deep(99)))
	assert.NoError(t, err, "the deepest")
}

func TestASoundSideIsWrittenBesideABrokenOne(t *testing.T) {
	d, _ := schema(t)
	x, y, err := d.ProjectPair(nil, []byte("y"), "/shop.Orders/Get", "application/grpc", []byte(frame(0, wire(3, 5, 70, "a"))), []byte("\x00"))
	var pair *pb.PairError
	require.ErrorAs(t, err, &pair)
	assert.NoError(t, pair.Base)
	var bad *pb.MalformedError
	require.ErrorAs(t, pair.Other, &bad)
	require.ErrorAs(t, err, &bad)
	assert.JSONEq(t, `{"f_int32":5,"#70":["a"]}`, string(x))
	assert.Equal(t, "y", string(y))
}

func TestTheWireViewIsBoundedInDepth(t *testing.T) {
	body := "\xff"
	for range 300 {
		body = wire(1, body)
	}
	var none *pb.Descriptors
	got, err := none.Project(nil, "", "application/protobuf", []byte(body))
	require.NoError(t, err)
	require.True(t, json.Valid(got))
	assert.Less(t, strings.Count(string(got), "{"), 101)
}

package redact_test

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"twinspect.dev/capture"
	"twinspect.dev/capture/redact"
)

// types are the messages of testdata/shop.proto.
type types struct {
	files *protoregistry.Files
	path  string
}

func compiled(t testing.TB) types {
	t.Helper()
	x := types{path: filepath.Join("testdata", "shop.binpb")}
	data, err := os.ReadFile(x.path)
	require.NoError(t, err)
	set := new(descriptorpb.FileDescriptorSet)
	require.NoError(t, proto.Unmarshal(data, set))
	x.files, err = protodesc.NewFiles(set)
	require.NoError(t, err)
	return x
}

func (x types) redactor(t testing.TB, fields ...string) *redact.Redactor {
	rules := redact.Defaults()
	rules.Descriptors, rules.GRPC = x.path, fields
	return redactor(t, rules)
}

func (x types) empty(t testing.TB, name string) *dynamicpb.Message {
	t.Helper()
	d, err := x.files.FindDescriptorByName(protoreflect.FullName("shop.v1." + name))
	require.NoError(t, err)
	return dynamicpb.NewMessage(d.(protoreflect.MessageDescriptor))
}

func (x types) encode(t testing.TB, name, text string) string {
	t.Helper()
	m := x.empty(t, name)
	require.NoError(t, protojson.UnmarshalOptions{Resolver: dynamicpb.NewTypes(x.files)}.Unmarshal([]byte(text), m))
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	require.NoError(t, err)
	return string(data)
}

func (x types) decode(t testing.TB, name, data string) string {
	t.Helper()
	m := x.empty(t, name)
	resolver := dynamicpb.NewTypes(x.files)
	require.NoError(t, proto.UnmarshalOptions{Resolver: resolver}.Unmarshal([]byte(data), m))
	text, err := protojson.MarshalOptions{Resolver: resolver, UseProtoNames: true}.Marshal(m)
	require.NoError(t, err)
	return strings.ReplaceAll(string(text), ", ", ",")
}

func framed(flag byte, data string) string {
	return string(binary.BigEndian.AppendUint32([]byte{flag}, uint32(len(data)))) + data
}

func unframed(t testing.TB, body string) (messages []string) {
	t.Helper()
	for len(body) > 0 {
		require.GreaterOrEqual(t, len(body), 5)
		n := 5 + int(binary.BigEndian.Uint32([]byte(body)[1:]))
		require.LessOrEqual(t, n, len(body))
		messages, body = append(messages, body[5:n]), body[n:]
	}
	return messages
}

func call(method, body string, fields ...capture.Field) *capture.Exchange {
	return request("/shop.v1.Shop/"+method, "application/grpc", body, fields...)
}

func TestFieldsOfMessagesAreSecretByTheirNames(t *testing.T) {
	x := compiled(t)
	r := x.redactor(t, "shop.v1.Card.number", "shop.v1.Card.blob", "shop.v1.Card.limit", "shop.v1.Card.kind")
	for name, c := range map[string]struct{ in, want string }{
		"string":                {`{"note":"abc","password":"abc"}`, `^{"note":"abc","password":"[a-z]{3}"}$`},
		"nested":                {`{"card":{"number":"ABC-12","holder":"ABC"}}`, `^{"card":{"number":"[A-Z]{3}-\d\d","holder":"ABC"}}$`},
		"bytes by rule":         {`{"card":{"blob":"YWJj"}}`, `^{"card":{"blob":"[a-zA-Z0-9]{4}"}}$`},
		"number by rule":        {`{"card":{"limit":2147483647}}`, `^{"card":{"limit":[12]\d{9}}}$`},
		"negative":              {`{"card":{"limit":-2147483648}}`, `^{"card":{"limit":-[12]\d{9}}}$`},
		"enum":                  {`{"card":{"kind":"VISA"},"iban":["VISA","AMEX"]}`, `^{"card":{"kind":"VISA"},"iban":\["VISA","AMEX"\]}$`},
		"repeated":              {`{"cards":[{"number":"a1b"},{"holder":"x"},{"number":"c2"}]}`, `^{"cards":\[{"number":"[a-z]\d[a-z]"},{"holder":"x"},{"number":"[a-z]\d"}\]}$`},
		"repeated strings":      {`{"passwords":["ab","","cd"]}`, `^{"passwords":\["[a-z]{2}","","[a-z]{2}"\]}$`},
		"map by key":            {`{"labels":{"a":"bcd","password":"bcd"}}`, `^{"labels":{"a":"bcd","password":"[a-z]{3}"}}$`},
		"map by its name":       {`{"tokens":{"a":"b1"}}`, `^{"tokens":{"a":"[a-z]\d"}}$|x`},
		"map of messages":       {`{"by_name":{"x":{"number":"ab"}}}`, `^{"by_name":{"x":{"number":"[a-z]{2}"}}}$`},
		"map by number":         {`{"by_id":{"7":"jane.doe@x.org"}}`, `^{"by_id":{"7":"[a-z.]{8}@redacted.invalid"}}$`},
		"oneof string":          {`{"token":"ab12"}`, `^{"token":"[a-z]{2}\d\d"}$`},
		"oneof number":          {`{"pin":"1234"}`, `^{"pin":"[1-9]\d{3}"}$`},
		"oneof message":         {`{"with":{"number":"ab"}}`, `^{"with":{"number":"[a-z]{2}"}}$`},
		"packed":                {`{"otp":[1234,-99,2147483647,0]}`, `^{"otp":\[[1-9]\d{3},-[1-9]\d,[12]\d{9},\d\]}$`},
		"packed fixed":          {`{"cvv2":[4294967295,7]}`, `^{"cvv2":\[[1-4]\d{9},\d\]}$`},
		"unpacked zigzag":       {`{"cvv":["-123","9223372036854775807"]}`, `^{"cvv":\["-[1-9]\d\d","[1-9]\d{18}"\]}$`},
		"double":                {`{"ssn":12.5}`, `^{"ssn":[1-9]\d\.\d}$`},
		"float":                 {`{"cvc":0.25}`, `^{"cvc":\d\.\d\d}$`},
		"fixed":                 {`{"pan":"18446744073709551615"}`, `^{"pan":"1\d{19}"}$`},
		"card of nineteen":      {`{"pan":"4000000000000000006"}`, `^{"pan":"9999\d{15}"}$`},
		"signed fixed":          {`{"pin_code":-42}`, `^{"pin_code":-[1-9]\d}$`},
		"plain numbers":         {`{"jwt":true,"plain":[1.5,1e300],"id":"1732186999123"}`, `^{"plain":\[1.5,1e\+300\],"jwt":true,"id":"1732186999123"}$`},
		"card in a number":      {`{"id":"4111111111111111"}`, `^{"id":"9999\d{12}"}$`},
		"group":                 {`{"inner":{"secret":"ab","text":"a@b.org"}}`, `^{"Inner":{"secret":"[a-z]{2}","text":"[a-z]{8}@redacted.invalid"}}$`},
		"message by name":       {`{"credentials":{"a":"xy","b":["z1"],"deeper":{"a":"qq"},"ok":true}}`, `^{"credentials":{"a":"[a-z]{2}","b":\["[a-z]\d"\],"deeper":{"a":"[a-z]{2}"},"ok":true}}$`},
		"any":                   {`{"any":{"@type":"type.googleapis.com/shop.v1.Card","number":"ab","holder":"cd"}}`, `^{"any":{"@type":"type.googleapis.com/shop.v1.Card","number":"[a-z]{2}","holder":"cd"}}$`},
		"struct":                {`{"free":{"a":"bc","password":["d1",{"x":"e2"}]}}`, `^{"free":{"a":"bc","password":\["[a-z]\d",{"x":"[a-z]\d"}\]}}$`},
		"extension":             {`{"card":{"[shop.v1.api_key]":"ab1"}}`, `^{"card":{"\[shop.v1.api_key\]":"[a-z]{2}\d"}}$`},
		"JSON in a string":      {`{"note":"{\"pin\":\"12\"}"}`, `^{"note":"{\\"pin\\":\\"\d\d\\"}"}$`},
		"text in bytes":         {`{"raw":"amFuZUBleGFtcGxlLm9yZw=="}`, `^{"raw":"[a-zA-Z0-9+/]{28}[^"]*"}$`},
		"nothing":               {`{}`, `^{}$`},
		"nothing to be changed": {`{"note":"a","labels":{"x":"y"}}`, `^{"note":"a","labels":{"x":"y"}}$`},
	} {
		t.Run(name, func(t *testing.T) {
			in := x.encode(t, "Pay", c.in)
			e := call("Pay", framed(0, in))
			changed := r.Redact(e)
			out := unframed(t, string(e.Request.Body))
			require.Len(t, out, 1)
			text := x.decode(t, "Pay", out[0])
			assert.Regexp(t, c.want, text)
			assert.Equal(t, changed > 0, in != out[0])
			assert.Empty(t, r.Check(e), "%s", text)
		})
	}
}

func TestMessagesOfAStreamAreRedactedOnBothSides(t *testing.T) {
	x := compiled(t)
	r := x.redactor(t)
	e := call("Chat", framed(0, x.encode(t, "Pay", `{"password":"ab1"}`))+framed(0, "")+framed(0, x.encode(t, "Pay", `{"note":"a","password":"ab1"}`)))
	e.Response.Header = e.Request.Header
	e.Response.Body = []byte(framed(0, x.encode(t, "Receipt", `{"access_token":"ab1"}`)) + framed(0, x.encode(t, "Receipt", `{"text":"to jane.doe@x.org"}`)))
	require.Equal(t, 4, r.Redact(e))
	sent, got := unframed(t, string(e.Request.Body)), unframed(t, string(e.Response.Body))
	require.Len(t, sent, 3)
	require.Len(t, got, 2)
	pseudonym := strings.TrimSuffix(strings.TrimPrefix(x.decode(t, "Pay", sent[0]), `{"password":"`), `"}`)
	assert.Regexp(t, `^[a-z]{2}\d$`, pseudonym)
	assert.Empty(t, sent[1])
	assert.Equal(t, `{"note":"a","password":"`+pseudonym+`"}`, x.decode(t, "Pay", sent[2]))
	assert.Equal(t, `{"access_token":"`+pseudonym+`"}`, x.decode(t, "Receipt", got[0]))
	assert.Regexp(t, `^{"text":"to [a-z.]{8}@redacted.invalid"}$`, x.decode(t, "Receipt", got[1]))
}

func TestANumberHasThePseudonymThatItHasInJSON(t *testing.T) {
	x := compiled(t)
	r := x.redactor(t)
	e := call("Pay", framed(0, x.encode(t, "Pay", `{"pin":"998877","ssn":12.5}`)))
	r.Redact(e)
	want := body(t, r, "application/json", `{"pin":"998877","ssn":12.5}`)
	assert.Equal(t, want, x.decode(t, "Pay", unframed(t, string(e.Request.Body))[0]))
}

func TestFieldsCanBeKept(t *testing.T) {
	x := compiled(t)
	rules := redact.Defaults()
	rules.Descriptors = x.path
	rules.Keep.GRPC = []string{"shop.v1.Pay.password", "shop.v1.Pay.credentials"}
	r := redactor(t, rules)
	text := x.encode(t, "Pay", `{"password":"a@b.org","credentials":{"a":"b"}}`)
	e := call("Pay", framed(0, text))
	assert.Zero(t, r.Redact(e))
	assert.Equal(t, framed(0, text), string(e.Request.Body))
}

func TestCompressedMessagesAreRedactedBelowTheirCoding(t *testing.T) {
	x := compiled(t)
	r := x.redactor(t)
	plain := x.encode(t, "Pay", `{"note":"n","password":"`+secret+`"}`)
	want := unframed(t, body2(t, r, call("Pay", framed(0, plain))))[0]
	for _, coding := range []string{"gzip", "deflate", "zstd"} {
		t.Run(coding, func(t *testing.T) {
			e := call("Pay", framed(1, compress(t, coding, plain))+framed(0, plain), capture.Field{Name: "grpc-encoding", Value: coding})
			out := unframed(t, body2(t, r, e))
			require.Len(t, out, 2)
			assert.Equal(t, want, decompress(t, coding, []byte(out[0])))
			assert.Equal(t, want, out[1])
			assert.Equal(t, byte(1), e.Request.Body[0])
			assert.Empty(t, r.Check(e))
		})
	}
}

func body2(t testing.TB, r *redact.Redactor, e *capture.Exchange) string {
	t.Helper()
	require.Positive(t, r.Redact(e))
	require.NotContains(t, string(e.Request.Body), secret)
	return string(e.Request.Body)
}

func TestMessagesOfAnotherCodingAreWithheldAndCounted(t *testing.T) {
	x := compiled(t)
	r := x.redactor(t)
	plain := x.encode(t, "Pay", `{"password":"`+secret+`"}`)
	for name, c := range map[string]struct {
		coding, body string
		reason       capture.Reason
	}{
		"unknown":          {"snappy", framed(0, plain) + framed(1, plain), redact.UnknownCoding},
		"identity":         {"identity", framed(1, plain), redact.UnknownCoding},
		"none":             {"", framed(1, plain), redact.UnknownCoding},
		"broken":           {"gzip", framed(1, plain), redact.Undecodable},
		"bomb":             {"gzip", framed(1, compress(t, "gzip", strings.Repeat("\x00", 40<<20))), redact.DecodedLimit},
		"unknown but void": {"snappy", framed(1, ""), ""},
		"unknown, unused":  {"snappy", framed(0, ""), ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := call("Pay", c.body, capture.Field{Name: "grpc-encoding", Value: c.coding})
			src := redact.NewSource(r, list([]*capture.Exchange{e}))
			var got capture.Exchange
			require.NoError(t, src.ReadExchange(context.Background(), &got))
			account := src.Account()
			require.NoError(t, account.Balance())
			if c.reason == "" {
				assert.Equal(t, c.body, string(got.Request.Body))
				return
			}
			assert.Empty(t, got.Request.Body)
			assert.Equal(t, capture.Withheld, got.Request.Incomplete)
			assert.Equal(t, map[capture.Reason]uint64{c.reason: 1}, account[0].Dropped)
		})
	}
}

func TestAMessageMayEndAnywhere(t *testing.T) {
	x := compiled(t)
	for name, r := range map[string]*redact.Redactor{"described": x.redactor(t), "not described": redactor(t, redact.Defaults())} {
		t.Run(name, func(t *testing.T) {
			mail := "jane.doe@shop.example.org"
			whole := framed(0, x.encode(t, "Pay", `{"note":"plain words, then `+mail+`","card":{"holder":"`+mail+`"},"pan":"4111111111111111"}`))
			described := ""
			if name == "described" {
				described = secret
				whole += framed(0, x.encode(t, "Pay", `{"note":"plain words","password":"`+secret+`","credentials":{"deeper":{"a":"`+secret+`"}}}`))
			}
			for n := range len(whole) {
				e := cut(call("Pay", whole[:n]))
				r.Redact(e)
				out := string(e.Request.Body)
				for _, hidden := range []string{mail[:12], described} {
					if hidden != "" {
						require.NotContains(t, out, hidden, "cut at %d", n)
					}
				}
				if described != "" {
					require.NotContains(t, out, secret[:4], "cut at %d", n)
				}
				require.GreaterOrEqual(t, e.Request.BodySize, int64(n))
			}
		})
	}
}

func TestWhatIsMissingOfAMessageStaysMissing(t *testing.T) {
	x := compiled(t)
	whole := framed(0, x.encode(t, "Pay", `{"note":"write to a@b.org and others"}`))
	e := cut(call("Pay", whole[:len(whole)-11]))
	require.Positive(t, x.redactor(t).Redact(e))
	out := e.Request.Body
	assert.Equal(t, 11, 5+int(binary.BigEndian.Uint32(out[1:]))-len(out), "of the frame")
	size, n := protowire.ConsumeVarint(out[6:])
	assert.EqualValues(t, 11, int(size)-(len(out)-6-n), "of the field")
}

func TestOtherTypesThanTheDescriptorsHideTheirSecrets(t *testing.T) {
	x := compiled(t)
	r := x.redactor(t)
	mail := "jane.doe@shop.example.org"
	for name, data := range map[string]string{
		"text for a message":      string(protowire.AppendString(protowire.AppendTag(nil, 3, protowire.BytesType), mail)),
		"message for a string":    string(protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "\x0a\x19"+mail)),
		"string for a number":     string(protowire.AppendString(protowire.AppendTag(nil, 25, protowire.BytesType), mail)),
		"string for a secret one": string(protowire.AppendString(protowire.AppendTag(nil, 16, protowire.BytesType), mail)),
		"text for a body":         "\xffwrite to " + mail,
		"unknown field":           string(protowire.AppendString(protowire.AppendTag(nil, 900, protowire.BytesType), mail)),
		"unknown message":         string(protowire.AppendString(protowire.AppendTag(nil, 900, protowire.BytesType), "\x0a\x19"+mail)),
		"unknown group":           "\xa3\x38\x0a\x19" + mail + "\xa4\x38",
		"string as a secret type": string(protowire.AppendVarint(protowire.AppendTag(nil, 2, protowire.VarintType), 1234)) + "\x0a\x19" + mail,
	} {
		t.Run(name, func(t *testing.T) {
			e := call("Pay", framed(0, data))
			require.Positive(t, r.Redact(e))
			assert.NotContains(t, string(e.Request.Body), "jane")
			assert.Empty(t, r.Check(e))
			unframed(t, string(e.Request.Body))
		})
	}
	for _, body := range []string{"no frames at all, but " + mail, "\x00\x00\x00\x01\x00" + mail, "\x00\xff\xff\xff\xff" + mail} {
		e := call("Pay", body)
		require.Positive(t, r.Redact(e))
		assert.NotContains(t, string(e.Request.Body), "jane")
	}
}

func TestStringsOfMessagesAreRedactedWithoutDescriptors(t *testing.T) {
	r := redactor(t, redact.Defaults())
	out := body(t, r, "application/grpc+proto", "\x00\x00\x00\x00\x0d\x0a\x0bjane@x.orgg\x00\x00\x00\x00\x02\x08\x01")
	assert.Regexp(t, "^\x00\x00\x00\x00\x1b\x0a\x19[a-z]{8}@redacted\\.invalid\x00\x00\x00\x00\x02\x08\x01$", out)

	x := compiled(t)
	in := `{"note":"a@b.org","card":{"number":"x","holder":"jane.doe@shop.org"},"cards":[{"holder":"b@c.org"},{"holder":"a long line of forty bytes for b@c.org"}],"labels":{"k":"d@e.org"},"Inner":{"text":"f@g.org"},"id":"4111111111111111","free":{"deep":{"deeper":["h@i.org"]}}}`
	out = unframed(t, body(t, r, "application/grpc", framed(0, x.encode(t, "Pay", in))))[0]
	text := x.decode(t, "Pay", out) // so every length is right
	assert.Equal(t, 7, strings.Count(text, "@redacted.invalid"), text)
	assert.NotContains(t, text, ".org")
	assert.Contains(t, text, `"id":"9999`)
}

func TestOtherFormatsOfMessagesAreRedactedAsTheyAre(t *testing.T) {
	r := redactor(t, redact.Defaults())
	out := unframed(t, body(t, r, "application/grpc+json", framed(0, `{"password":"abc"}`)))
	assert.Regexp(t, `^{"password":"[a-z]{3}"}$`, out[0])
	out = unframed(t, body(t, r, "application/grpc-web+proto", framed(0, "\x0a\x0bjane@x.orgg")+framed(0x80, "x-token: abc\r\ngrpc-status:0\r\n")))
	assert.Regexp(t, "^x-token: [a-z]{3}\r\ngrpc-status:0\r\n$", out[1])
}

func TestRulesThatNameNoFieldAreRefused(t *testing.T) {
	x := compiled(t)
	for text, rules := range map[string]redact.Rules{
		`grpc: the descriptors have no field "shop.v1.Card.x"`: {Descriptors: x.path, Names: redact.Names{GRPC: []string{"shop.v1.Card.x"}}},
		`grpc: the descriptors have no field "shop.v1.Card"`:   {Descriptors: x.path, Names: redact.Names{GRPC: []string{"shop.v1.Card"}}},
		`keep.grpc: the descriptors have no field "x"`:         {Descriptors: x.path, Keep: redact.Names{GRPC: []string{"x"}}},
		`grpc: fields need descriptors`:                        {Names: redact.Names{GRPC: []string{"a.b"}}},
		`no such file`:                                         {Descriptors: x.path + "x"},
	} {
		_, err := redact.New(rules, testKey)
		assert.ErrorContains(t, err, text)
	}
	text := filepath.Join("testdata", "shop.proto")
	_, err := redact.New(redact.Rules{Descriptors: text}, testKey)
	assert.ErrorContains(t, err, text)
}

func FuzzMessages(f *testing.F) {
	x := compiled(f)
	r := x.redactor(f, "shop.v1.Card.number", "shop.v1.Card.limit")
	for _, text := range []string{
		`{"password":"a","card":{"number":"x","limit":-5},"otp":[1,2],"labels":{"password":"y"},"inner":{"secret":"z"},"ssn":1e-320}`,
		`{"any":{"@type":"type.googleapis.com/shop.v1.Card","number":"ab"},"free":{"a":["b@c.org"]},"cvc":3e38,"pan":"18446744073709551615"}`,
	} {
		f.Add([]byte(x.encode(f, "Pay", text)), false)
		f.Add([]byte(x.encode(f, "Pay", text)), true)
	}
	f.Fuzz(func(t *testing.T, data []byte, isCut bool) {
		e := call("Pay", framed(0, string(data)))
		if isCut {
			e = cut(e)
			e.Request.Body = e.Request.Body[:len(e.Request.Body)-len(data)/3]
		}
		valid := proto.Unmarshal(data, x.empty(t, "Pay")) == nil
		r.Redact(e)
		r.Check(e)
		if !isCut {
			out := unframed(t, string(e.Request.Body))[0]
			if valid {
				require.NoError(t, proto.Unmarshal([]byte(out), x.empty(t, "Pay")), "%q became %q", data, out)
			}
		}
	})
}

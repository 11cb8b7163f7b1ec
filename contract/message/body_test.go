package message

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

const bodies = `{
	"Order":{"type":"object","properties":{"id":{"type":"integer"},"note":{"type":"string"},"tags":{"type":"array","items":{"type":"string"}},
		"sizes":{"type":"array","items":{"type":"integer"}},
		"address":{"type":"object","properties":{"street":{"type":"string"},"no":{"type":"integer"}}},
		"lines":{"type":"array","items":{"type":"object","properties":{"sku":{"type":"string"}}}},
		"photo":{"type":"string","format":"binary"},"photos":{"type":"array","items":{"type":"string","format":"binary"}},
		"thumb":{"type":"string","contentEncoding":"base64","contentMediaType":"image/png"}}},
	"Text":{"type":"string"},"Int":{"type":"integer"},"List":{"type":"array","items":{"type":"object"}},
	"Pet":{"type":"object","xml":{"name":"pet"},"properties":{
		"id":{"type":"integer","xml":{"attribute":true}},
		"name":{"type":"string","xml":{"namespace":"http://example.com/schema/sample","prefix":"sample"}},
		"photoUrls":{"type":"array","xml":{"name":"photoUrl","wrapped":true},"items":{"type":"string"}},
		"aliens":{"type":"array","xml":{"name":"aliens","wrapped":true},"items":{"type":"string","xml":{"name":"animal"}}},
		"tags":{"type":"array","items":{"$ref":"#/components/schemas/Tag"}},
		"owner":{"type":"object","properties":{"first":{"type":"string"}}},
		"sold":{"type":"boolean"}}},
	"Tag":{"type":"object","xml":{"name":"tag"},"properties":{"id":{"type":"integer"},"name":{"type":"string"}}},
	"Tree":{"type":"object","properties":{"kids":{"type":"array","items":{"$ref":"#/components/schemas/Tree"}}}},
	"Tags":{"type":"array","items":{"$ref":"#/components/schemas/Tag"}}
}`

func posting(mediaType, name string, encoding map[string]openapi.Encoding) *openapi.Operation {
	m := &openapi.Media{Type: mediaType, Schema: component(name), Encoding: encoding}
	return &openapi.Operation{Method: "POST", Path: "/p", Body: &openapi.Body{Media: []*openapi.Media{m}}}
}

func TestBodies(t *testing.T) {
	c := codec(t, bodies)
	const xml = `<?xml version="1.0" encoding="UTF-8"?>`
	encoding := map[string]openapi.Encoding{
		"tags": {Style: "form"}, "address": {Style: "deepObject", Explode: true}, "sizes": {Style: "pipeDelimited"},
	}
	for _, row := range []struct {
		media, schema string
		encoding      map[string]openapi.Encoding
		value, want   string
	}{
		{"application/json", "Order", nil, `{"note":"<é\u0001>","id":1.50}`, `{"id":1.50,"note":"<é\u0001>"}`},
		{"application/vnd.x+json; v=1", "Order", nil, `[null,true,{}]`, `[null,true,{}]`},
		{"text/plain", "Text", nil, `"a b"`, `a b`},
		{"text/plain", "Int", nil, `5`, `5`},
		{"application/octet-stream", "Text", nil, `"a b"`, `a b`},
		{"application/x-ndjson", "List", nil, `[{"a":1},{}]`, "{\"a\":1}\n{}\n"},
		{"application/x-ndjson", "List", nil, `[]`, ""},
		{"application/x-ndjson", "Order", nil, `{"id":1}`, "{\"id\":1}\n"},
		{"application/json-seq", "List", nil, `[{"a":1}]`, "\x1e{\"a\":1}\n"},
		{"application/x-www-form-urlencoded", "Order", nil,
			`{"id":1,"note":"a b&c","tags":["x","y"],"address":{"street":"s"},"lines":[{"sku":"q"}]}`,
			"address=%7B%22street%22%3A%22s%22%7D&id=1&lines=%5B%7B%22sku%22%3A%22q%22%7D%5D&note=a%20b%26c&tags=x&tags=y"},
		{"application/x-www-form-urlencoded", "Order", encoding, `{"address":{"no":5},"sizes":[1,2],"tags":["x","y,z"]}`,
			"address%5Bno%5D=5&sizes=1%7C2&tags=x,y%2Cz"},
		{"application/xml", "Pet", nil, `{"id":7,"name":"a<b","sold":true,"photoUrls":["u","v"],"aliens":["x"],"tags":[{"id":1},{"name":"\r\n "}],"owner":{}}`,
			xml + `<pet id="7"><aliens><animal>x</animal></aliens><sample:name xmlns:sample="http://example.com/schema/sample">a&lt;b</sample:name>` +
				`<owner></owner><photoUrl><photoUrl>u</photoUrl><photoUrl>v</photoUrl></photoUrl><sold>true</sold>` +
				"<tag><id>1</id></tag><tag><name>&#xD;\n </name></tag></pet>"},
		{"text/xml", "Tags", nil, `[{"id":1},{}]`, xml + `<Tags><tag><id>1</id></tag><tag></tag></Tags>`},
		{"application/xml", "Pet", nil, `{"photoUrls":[],"more":"x"}`, xml + `<pet><more>x</more><photoUrl></photoUrl></pet>`},
	} {
		op := posting(row.media, row.schema, row.encoding)
		in := contract.Request{Body: &contract.Body{MediaType: row.media, Value: tree(t, row.value)}}
		req, err := c.Encode(op, &in)
		written, werr := c.Write(op, &in)
		require.NoError(t, werr)
		assert.Equal(t, req, written, "what has a form is written alike")
		require.NoError(t, err, row.value)
		assert.Equal(t, row.want, string(req.Body))
		assert.Equal(t, row.media, req.Header.Get("Content-Type"))
		assert.EqualValues(t, len(req.Body), req.BodySize)
		back, problems := c.Decode(op, &req)
		assert.Empty(t, problems)
		assert.Equal(t, in, back, row.want)
	}
}

func TestMultipart(t *testing.T) {
	c := codec(t, bodies)
	op := posting("multipart/form-data", "Order", map[string]openapi.Encoding{"note": {ContentType: "text/markdown"}, "photos": {ContentType: "image/png, image/jpeg"}})
	in := contract.Request{Body: &contract.Body{MediaType: "multipart/form-data", Value: tree(t,
		`{"id":1,"note":"n","tags":["x","y"],"address":{"no":5},"lines":[{"sku":"q"}],"photo":"\u0000\r\n--","photos":["a","b"],"thumb":"QQ==","a\"b":"c"}`)}}
	req, err := c.Encode(op, &in)
	require.NoError(t, err)
	again, err := c.Encode(op, &in)
	require.NoError(t, err)
	assert.Equal(t, req, again, "the boundary does not change")
	text := string(req.Body)
	for _, want := range []string{
		"name=\"address\"\r\nContent-Type: application/json\r\n\r\n{\"no\":5}\r\n",
		"name=\"id\"\r\n\r\n1\r\n",
		"name=\"lines\"\r\nContent-Type: application/json\r\n\r\n{\"sku\":\"q\"}\r\n",
		"name=\"note\"\r\nContent-Type: text/markdown\r\n\r\nn\r\n",
		"name=\"tags\"\r\n\r\nx\r\n", "name=\"tags\"\r\n\r\ny\r\n",
		"name=\"photo\"; filename=\"photo\"\r\nContent-Type: application/octet-stream\r\n\r\n\x00\r\n--\r\n",
		"name=\"photos\"; filename=\"photos\"\r\nContent-Type: image/png\r\n\r\na\r\n",
		"name=\"thumb\"; filename=\"thumb\"\r\nContent-Type: image/png\r\n\r\nQQ==\r\n",
		"name=\"a%22b\"\r\n\r\nc\r\n",
	} {
		assert.Contains(t, text, want)
	}
	back, problems := c.Decode(op, &req)
	assert.Empty(t, problems)
	assert.Equal(t, in, back)

	mixed := posting("multipart/mixed", "List", nil)
	in = contract.Request{Body: &contract.Body{MediaType: "multipart/mixed", Value: tree(t, `[{"a":1},{}]`)}}
	req, err = c.Encode(mixed, &in)
	require.NoError(t, err)
	back, problems = c.Decode(mixed, &req)
	assert.Empty(t, problems)
	assert.Equal(t, in, back)
}

func TestBodiesWithoutAForm(t *testing.T) {
	c := codec(t, bodies)
	for _, row := range []struct{ media, schema, value string }{
		{"application/xml", "Pet", `{"tags":[]}`}, {"application/xml", "Pet", `{"a b":"c"}`}, {"application/xml", "Pet", `{"name":"\u0000"}`},
		{"application/x-www-form-urlencoded", "Order", `{"tags":[]}`}, {"application/x-www-form-urlencoded", "Order", `5`},
		{"multipart/form-data", "Order", `{"tags":[]}`}, {"multipart/form-data", "Order", `{}`}, {"multipart/form-data", "Order", `5`},
		{"application/xml", "Pet", `{"tags":[[1]]}`},
	} {
		_, err := c.Encode(posting(row.media, row.schema, nil), &contract.Request{Body: &contract.Body{MediaType: row.media, Value: tree(t, row.value)}})
		require.ErrorIs(t, err, ErrNoForm, row.value)
	}
	_, err := c.Encode(posting("application/json", "Text", nil), &contract.Request{Body: &contract.Body{MediaType: "application/json", Value: "\xff"}})
	require.ErrorIs(t, err, ErrNoForm)
	var deep any
	for range 1000 {
		deep = []any{deep}
	}
	_, err = c.Encode(posting("application/json", "Text", nil), &contract.Request{Body: &contract.Body{MediaType: "application/json", Value: deep}})
	require.ErrorIs(t, err, ErrTooDeep)
}

func TestHostileBodies(t *testing.T) {
	c := codec(t, bodies)
	for name, row := range map[string]struct {
		media, schema, body string
		want                error
	}{
		"a name twice":         {"application/json", "Order", `{"id":1,"id":2}`, ErrSyntax},
		"invalid UTF-8":        {"application/json", "Order", "{\"note\":\"\xff\"}", ErrSyntax},
		"more after the end":   {"application/json", "Order", `{} {}`, ErrSyntax},
		"cut short":            {"application/json", "Order", `{"id":`, ErrSyntax},
		"deep JSON":            {"application/json", "Order", strings.Repeat("[", 100_000), ErrTooDeep},
		"deep XML":             {"application/xml", "Tree", strings.Repeat("<kids>", 100_000), ErrTooDeep},
		"an entity":            {"application/xml", "Pet", `<!DOCTYPE pet [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><pet><sold>&b;</sold></pet>`, ErrSyntax},
		"a file":               {"application/xml", "Pet", `<!DOCTYPE pet [<!ENTITY a SYSTEM "file:///etc/passwd">]><pet><sold>&a;</sold></pet>`, ErrSyntax},
		"another root":         {"application/xml", "Pet", `<dog/>`, ErrSyntax},
		"another namespace":    {"application/xml", "Pet", `<pet><name>x</name></pet>`, ErrSyntax},
		"two roots":            {"application/xml", "Pet", `<pet/><pet/>`, ErrSyntax},
		"text beside elements": {"application/xml", "Pet", `<pet>x<sold>true</sold></pet>`, ErrSyntax},
		"endless fields":       {"multipart/form-data; boundary=b", "Order", "--b\r\n" + strings.Repeat("A: b\r\n", 100_000), ErrSyntax},
		"parts without end":    {"multipart/form-data; boundary=b", "Order", strings.Repeat("--b\r\n\r\n\r\n", 20_000), ErrTooMany},
		"no boundary":          {"multipart/form-data", "Order", "--b", ErrSyntax},
		"no text":              {"text/plain", "Text", "ab\xff", ErrSyntax},
		"YAML":                 {"application/yaml", "Order", "a: 1", ErrMedia},
	} {
		_, err := c.Body(&openapi.Media{Type: row.media, Schema: component(row.schema)}, schema.Response, row.media, []byte(row.body))
		require.ErrorIs(t, err, row.want, name)
		t.Log(err)
	}
}

func TestContentCodingsAreUndone(t *testing.T) {
	c := codec(t, bodies)
	op := posting("application/json", "Order", nil)
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(`{"id":1}`))
	require.NoError(t, z.Close())
	req := capture.Request{Method: "POST", Target: "/p", Message: capture.Message{Body: b.Bytes(), BodySize: int64(b.Len()), Header: capture.Header{
		{Name: "content-type", Value: "application/json;charset=utf-8"}, {Name: "content-encoding", Value: "gzip"}}}}
	back, problems := c.Decode(op, &req)
	require.Empty(t, problems)
	assert.Equal(t, tree(t, `{"id":1}`), back.Body.Value)
	req.Body = b.Bytes()[:10]
	back, problems = c.Decode(op, &req)
	require.Len(t, problems, 1)
	assert.Equal(t, req.Body, back.Body.Raw)
	req.Header = capture.Header{{Name: "Content-Type", Value: "image/png"}}
	_, problems = c.Decode(op, &req)
	require.ErrorIs(t, problems[0], ErrUndeclared)
}

func TestTextsOfOtherCharsets(t *testing.T) {
	c := codec(t, bodies)
	v, err := c.Body(&openapi.Media{Type: "text/*", Schema: component("Text")}, schema.Response, "text/plain; charset=iso-8859-1", []byte("\xe9"))
	require.NoError(t, err)
	assert.Equal(t, "é", v)
	v, err = c.Body(&openapi.Media{Type: "application/xml", Schema: component("Pet")}, schema.Response, "application/xml",
		[]byte(`<?xml version="1.0" encoding="iso-8859-1"?><pet><owner><first>`+"\xe9"+`</first></owner></pet>`))
	require.NoError(t, err)
	assert.Equal(t, tree(t, `{"owner":{"first":"é"}}`), v)
}

func TestBest(t *testing.T) {
	var media []*openapi.Media
	for _, name := range []string{"*/*", "text/*", "application/json", "application/json; v=2", "text/plain", "application/*+json"} {
		media = append(media, &openapi.Media{Type: name})
	}
	for contentType, want := range map[string]string{
		"application/json":               "application/json",
		"Application/JSON;charset=utf-8": "application/json",
		"application/json; v=2":          "application/json; v=2",
		"application/json; v=3":          "application/json",
		"text/plain":                     "text/plain",
		"text/csv":                       "text/*",
		"application/problem+json":       "*/*",
		"image/png":                      "*/*",
	} {
		if got := Best(media, contentType); assert.NotNil(t, got, contentType) {
			assert.Equal(t, want, got.Type, contentType)
		}
	}
	assert.Nil(t, Best(media[1:], "image/png"))
	assert.Nil(t, Best(media, ""))
	assert.Nil(t, Best(media, "json"))
}

func TestTheRequestAsAWhole(t *testing.T) {
	c := codec(t, usual)
	op, _ := one("query form* Text")
	op.Responses = []*openapi.Response{
		{Status: "200", Media: []*openapi.Media{{Type: "application/json"}, {Type: "text/csv"}}},
		{Status: "201", Media: []*openapi.Media{{Type: "application/json"}}}, {Status: "400", Media: []*openapi.Media{{Type: "text/html"}}},
	}
	req, err := c.Encode(op, &contract.Request{Method: "PURGE", Query: map[string]any{"zz": number("1"), "color": "c", "aa": []any{"x", true}},
		Header: map[string]any{"X-B": "b", "X-A": nil}, Cookie: map[string]any{"s": "1"}, Body: &contract.Body{MediaType: "text/x", Raw: []byte("{")}})
	require.NoError(t, err)
	assert.Equal(t, "PURGE", req.Method)
	assert.Equal(t, "/p?color=c&aa=x&aa=true&zz=1", req.Target)
	assert.Equal(t, capture.Header{{Name: "Accept", Value: "application/json, text/csv"}, {Name: "X-A"}, {Name: "X-B", Value: "b"},
		{Name: "Cookie", Value: "s=1"}, {Name: "Content-Type", Value: "text/x"}}, req.Header)
	assert.Equal(t, "{", string(req.Body))
	req, err = c.Encode(op, &contract.Request{Target: "/else?x", Header: map[string]any{"accept": "a/b"}})
	require.NoError(t, err)
	assert.Equal(t, "/else?x", req.Target)
	assert.Equal(t, capture.Header{{Name: "accept", Value: "a/b"}}, req.Header)
}

package shape

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

func header(pairs ...string) (h capture.Header) {
	for i := 0; i < len(pairs); i += 2 {
		h = append(h, capture.Field{Name: pairs[i], Value: pairs[i+1]})
	}
	return h
}

func TestARequestIsTakenWithoutCredentials(t *testing.T) {
	b := NewBuilder()
	req := &capture.Request{Method: "POST", Target: "/api/products/17/reviews?limit=20&tag=a&tag=b&api_key=s3cret&q=%zz", Message: capture.Message{
		Header: header("Host", "catalog", "authorization", "Bearer x", "Cookie", "a=b", "traceparent", "00-1-2-01", "accept", "application/json",
			"If-None-Match", `"abc"`, "X-Tenant", "acme", "X-Api-Key", "k", "Content-Type", "application/json; charset=utf-8", "Connection", "close",
			"X-Forwarded-For", "192.0.2.1", "prefer", "a", "Prefer", "b"),
		Body: []byte(`{"stars":5}`),
	}}
	require.True(t, Request(b, "POST /products/{id}/reviews", req))
	list := b.Fields()
	assert.Equal(t, []string{
		"body", "body /stars", "header Accept", "header Content-Type", "header If-None-Match", "header Prefer", "header X-Tenant",
		"path id", "query limit", "query tag", "query tag/*",
	}, places(list))
	assert.Equal(t, map[string]uint64{"application/json": 1}, at(t, list, "header Content-Type").Values)
	assert.Equal(t, map[string]uint64{"17": 1}, at(t, list, "path id").Values)
	assert.EqualValues(t, 1, b.Lost()[BadName])
}

func TestAResponseIsDecodedFirst(t *testing.T) {
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, err := w.Write([]byte(`{"price":1.50}`))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	b := NewBuilder()
	res := &capture.Response{Status: 200, Message: capture.Message{
		Header: header("Content-Type", "application/hal+json", "Content-Encoding", "gzip", "etag", `"x"`, "Set-Cookie", "a=b", "Date", "now"), Body: zipped.Bytes()}}
	require.True(t, Response(b, res))
	assert.Equal(t, []string{"body", "body /price", "header Content-Type", "header ETag"}, places(b.Fields()))
	form := &capture.Response{Message: capture.Message{Header: header("Content-Type", "application/x-www-form-urlencoded"), Body: []byte("a=1&b=2&b=3")}}
	require.True(t, Response(b, form))
	assert.Contains(t, places(b.Fields()), "body /b/*")
}

func TestAMessageThatIsNotWholeOrCannotBeReadIsLeftOutAndCounted(t *testing.T) {
	b := NewBuilder()
	jsonType := header("Content-Type", "application/json")
	assert.False(t, Response(b, &capture.Response{Message: capture.Message{Header: jsonType, Body: []byte(`{"a":`)}}))
	assert.False(t, Response(b, &capture.Response{Message: capture.Message{Header: append(jsonType, capture.Field{Name: "Content-Encoding", Value: "gzip"}), Body: []byte(`{}`)}}))
	assert.False(t, Response(b, &capture.Response{Message: capture.Message{Incomplete: capture.Gap}}))
	assert.True(t, Response(b, &capture.Response{Message: capture.Message{Header: header("Content-Type", "image/png"), Body: []byte("\x89PNG")}}))
	assert.EqualValues(t, 1, b.Messages())
	assert.Equal(t, map[capture.Reason]uint64{Unreadable: 2, NotWhole: 1}, b.Lost())
}

func TestVariablesOfAPathAreFound(t *testing.T) {
	for _, c := range []struct {
		template, target string
		want             map[string]string
	}{
		{"/products/{id}", "/products/17?x=1", map[string]string{"id": "17"}},
		{"/products/{id}", "/shop/v2/products/a%2Fb", map[string]string{"id": "a/b"}},
		{"/files/{name}.{ext}", "/files/a.tar.gz", map[string]string{"name": "a.tar", "ext": "gz"}},
		{"/a/{x}/{y}/b", "/a/1/2/b", map[string]string{"x": "1", "y": "2"}},
		{"/a/{x}/{...}", "/a/1/2/3/4", map[string]string{"x": "1"}},
		{"/a", "/a", map[string]string{}},
		{"/a/{x}", "/b/1", nil},
		{"/a/{x}", "/a/", nil},
		{"/a/{x}", "*", nil},
		{"/a/{x}", "", nil},
		{"/a/{x", "/a/1", nil},
		{"/a/{x}b", "/a/1c", nil},
		{"", "/a/1", map[string]string{}},
	} {
		assert.Equal(t, c.want, PathParameters(c.template, c.target), "%s %s", c.template, c.target)
	}
}

func FuzzRequest(f *testing.F) {
	f.Add("GET /products/{id}", "/products/17?a=1&a=2", "application/json", []byte(`{"a":[1,{"b":"x"}],"17":null}`))
	f.Add("GET /{a}.{b}", "/x.y", "application/x-www-form-urlencoded", []byte(`a=1&b=%41`))
	f.Fuzz(func(t *testing.T, op, target, mediaType string, body []byte) {
		b := NewBuilder()
		req := &capture.Request{Target: target, Message: capture.Message{Header: header("Content-Type", mediaType, target, op), Body: body}}
		Request(b, op, req)
		Response(b, &capture.Response{Message: req.Message})
		list := b.Fields()
		require.Equal(t, list, MergeOf(list, b.Messages(), nil, 0))
		for _, field := range list {
			require.LessOrEqual(t, field.Seen, field.Of)
		}
	})
}

func FuzzValue(f *testing.F) {
	f.Add([]byte(`[{"a":[1.50,{"b":"EUR"}],"17":null}]`), []byte(`[{"*":1},{"a":"2026-11-20"}]`))
	f.Fuzz(func(t *testing.T, one, two []byte) {
		messages := append(listOf(one), listOf(two)...)
		whole, a, b := NewBuilder(), NewBuilder(), NewBuilder()
		for i, v := range messages {
			half := a
			if i%2 == 1 {
				half = b
			}
			for _, to := range []*Builder{whole, half} {
				to.Begin()
				to.Value("body", v)
			}
		}
		require.Equal(t, whole.Fields(), Merge(a.Fields(), b.Fields()))
	})
}

func listOf(text []byte) (list []any) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if dec.Decode(&list) != nil {
		return nil
	}
	return list
}

// body is an answer of about 1 KB.
const body = `{"id":"3f2b8c1e-5d4a-4e6f-9a7b-0123456789ab","number":"10293847","status":"active","created":"2026-11-20T10:00:00Z","total":149.90,"currency":"EUR",
"customer":{"id":4711,"email":"ada@redacted.invalid","firstName":"Ada","vip":false},"lines":[
{"sku":"LAMP-17","title":"A lamp for the desk, with a cord of two metres","quantity":2,"price":19.90,"tax":0.19,"tags":["light","desk"]},
{"sku":"CHAIR-3","title":"A chair that is comfortable for a whole day","quantity":1,"price":99.00,"tax":0.19,"tags":["office"]},
{"sku":"PEN-44","title":"Pens, a dozen","quantity":1,"price":11.10,"tax":0.07,"tags":[]}],
"shipping":{"street":"Hauptstr. 1","city":"Berlin","country":"DE","postcode":"10115","express":true,"carrier":"dhl","parcels":[{"code":"00340434161094042557","weight":1.25}]},
"payment":{"method":"card","last4":"4242","paid":true,"at":"2026-11-20T10:00:03.120Z"},"links":{"self":"https://shop.example.com/orders/10293847","invoice":null},
"notes":"Please ring twice.","version":7,"channel":"web","locale":"de-DE"}`

// What is learned of a message must cost less than decoding it.
func BenchmarkValue(b *testing.B) {
	v := decode(b, body)
	builder := NewBuilder()
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		builder.Begin()
		builder.Value("body", v)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

func BenchmarkResponse(b *testing.B) {
	builder := NewBuilder()
	res := &capture.Response{Status: 200, Message: capture.Message{Header: header("Content-Type", "application/json", "ETag", `"x"`), Body: []byte(body)}}
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		Response(builder, res)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

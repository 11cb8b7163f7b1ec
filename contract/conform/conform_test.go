package conform

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

func load(t testing.TB) (*openapi.Document, *Conformer) {
	t.Helper()
	doc, err := openapi.Load("testdata/shop.yaml")
	require.NoError(t, err)
	require.Empty(t, doc.Problems)
	schemas := schema.New(doc)
	return doc, New(doc, schemas, message.New(doc, schemas))
}

// tree reads JSON as messages are decoded.
func tree(t testing.TB, text string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	require.NoError(t, d.Decode(&v))
	return v
}

func response(status int, contentType, body string, header ...capture.Field) *capture.Response {
	res := &capture.Response{Status: status}
	res.Header = header
	if contentType != "" {
		res.Header = append(res.Header, capture.Field{Name: "content-type", Value: contentType})
	}
	res.Body, res.BodySize = []byte(body), int64(len(body))
	return res
}

func TestResponseIsHeldAgainstTheDocument(t *testing.T) {
	doc, c := load(t)
	total := capture.Field{Name: "x-total", Value: "3"}
	const get, post, one = "GET /products", "POST /products", "GET /products/{id}"
	product := `{"id":"1","name":"n","price":1}`
	tests := []struct {
		name, operation string
		res             *capture.Response
		causes          []string
	}{
		{"kept", get, response(200, "application/json; charset=utf-8", `{"items":[`+product+`]}`, total), nil},
		{"range", get, response(418, "application/problem+json", `{"title":"t"}`), nil},
		{"default", get, response(302, "application/problem+json", `{"title":"t"}`), nil},
		{"status that is not declared", post, response(418, "", ""), []string{"status-declared 418"}},
		{"status without content, and with", post, response(409, "text/plain", "no"), []string{"media-type 409 undeclared"}},
		{"status without content, and without", post, response(409, "text/plain", ""), nil},
		{"no content", post, response(204, "", ""), nil},
		{"another media type", get, response(200, "text/html; q=1", "<p>", total), []string{"media-type 200 media-type text/html"}},
		{"no media type", get, response(200, "", `{"items":[]}`, total), []string{"media-type 200 media-type"}},
		{"no media type and a body that is wrong", get, response(200, "", `{}`, total),
			[]string{"media-type 200 media-type", "body-schema 200 required /items"}},
		{"no content where JSON is declared", get, response(200, "", "", total), []string{"body-schema 200 required"}},
		{"empty JSON", get, response(200, "application/json", "", total), []string{"body-schema 200 required"}},
		{"no content where any is allowed", one, response(200, "", ""), nil},
		{"broken JSON", get, response(200, "application/json", `{"items":[`, total), []string{"body-schema 200 malformed application/json"}},
		{"content that is not read", one, response(200, "image/png", "\x89PNG"), nil},
		{"missing field", get, response(200, "application/json", `{"items":[]}`), []string{"headers 200 required x-total"}},
		{"field that breaks its schema", get, response(200, "application/json", `{"items":[]}`, capture.Field{Name: "X-Total", Value: "-3"}),
			[]string{"headers 200 minimum x-total"}},
		{"304 needs no field of the content", one, response(304, "", "", capture.Field{Name: "etag", Value: `"1"`}), nil},
		{"304 without a field", one, response(304, "", ""), []string{"headers 304 required etag"}},
		{"deep violations are one cause in all elements", get,
			response(200, "application/json", `{"items":[`+product+`,{"name":"n","price":-1},{"name":"n","price":-2},{"name":"","price":1}]}`, total),
			[]string{"body-schema 200 minimum /items/*/price", "body-schema 200 minLength /items/*/name"}},
		{"entries of a map are one cause", post,
			response(201, "application/json", `{"name":"n","price":1,"stock":{"berlin":-1,"rome":-2}}`, capture.Field{Name: "Location", Value: "/1"}),
			[]string{"body-schema 201 minimum /stock/*"}},
		{"null is another cause than another type", post,
			response(201, "application/json", `{"name":null,"price":"1"}`, capture.Field{Name: "Location", Value: "/1"}),
			[]string{"body-schema 201 type:null /name", "body-schema 201 type:string /price"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			broken := c.Response(doc.Operation(tt.operation), &capture.Request{Method: "GET"}, tt.res)
			var causes []string
			for _, b := range broken {
				causes = append(causes, b.Cause)
				assert.NotEmpty(t, b.Message)
				assert.True(t, strings.HasPrefix(b.Cause, string(b.Check)+" "))
			}
			assert.ElementsMatch(t, tt.causes, causes, "%v", broken)
		})
	}
}

func TestAnswersThatWereNotSeenAreNotJudged(t *testing.T) {
	doc, c := load(t)
	op := doc.Operation("GET /products/{id}")
	cut := response(200, "application/json", `{"name":`)
	cut.Incomplete = capture.Reset
	part := response(200, "application/json", `{"name":`)
	assert.Empty(t, c.Response(op, &capture.Request{Method: "GET"}, cut))
	assert.Empty(t, c.Response(op, &capture.Request{Method: "HEAD"}, part))
	assert.Empty(t, c.Response(nil, &capture.Request{}, part))
	assert.Empty(t, c.Response(op, nil, part))
	assert.Empty(t, c.Response(op, &capture.Request{}, nil))
	assert.Empty(t, c.Response(op, &capture.Request{}, &capture.Response{}))
}

func TestExamineTellsWhatWasMade(t *testing.T) {
	doc, c := load(t)
	made := func(operation string, res *capture.Response) []contract.Check {
		return c.Examine(doc.Operation(operation), &capture.Request{Method: "GET"}, res).Made
	}
	assert.Equal(t, []contract.Check{contract.StatusDeclared}, made("POST /products", response(418, "", "")))
	assert.Equal(t, []contract.Check{contract.StatusDeclared}, made("POST /products", response(204, "", "")))
	assert.Equal(t, []contract.Check{contract.StatusDeclared, contract.HeadersKept, contract.MediaTypeKept, contract.BodyKept},
		made("GET /products", response(200, "application/json", "{}")))
	assert.Equal(t, []contract.Check{contract.StatusDeclared, contract.MediaTypeKept}, made("GET /products/{id}", response(200, "image/png", "x")))
}

func TestMessagesHoldNoValue(t *testing.T) {
	doc, c := load(t)
	res := response(200, "application/json", `{"name":"","price":4242424242424242,"secret":"hunter2hunter2","tags":["hunter2",5],"x":1}`)
	broken := c.Response(doc.Operation("GET /products/{id}"), &capture.Request{}, res)
	require.NotEmpty(t, broken)
	for _, b := range broken {
		assert.NotContains(t, b.Message+b.Cause, "hunter2")
		assert.NotContains(t, b.Message+b.Cause, "42424242")
	}
}

func TestRequestIsHeldAgainstTheDocument(t *testing.T) {
	doc, c := load(t)
	fine := map[string]any{"X-TENANT": "de"}
	five := map[string]any{"limit": json.Number("5"), "unknown": "x"}
	body := func(text string) *contract.Body {
		return &contract.Body{MediaType: "application/json", Value: tree(t, text)}
	}
	tests := []struct {
		name, operation string
		request         contract.Request
		want            []string
	}{
		{"kept", "GET /products", contract.Request{Query: five, Header: fine}, nil},
		{"required parameters", "GET /products", contract.Request{}, []string{"query limit required", "header X-Tenant required"}},
		{"schema of parameters", "GET /products",
			contract.Request{Query: map[string]any{"limit": json.Number("500")}, Header: map[string]any{"x-tenant": "d"}},
			[]string{"query limit maximum", "header X-Tenant minLength"}},
		{"another method", "GET /products", contract.Request{Method: "PATCH", Query: five, Header: fine}, []string{"target undeclared"}},
		{"a whole target", "GET /products", contract.Request{Target: "/products?limit=5", Header: fine}, nil},
		{"a body that is not declared", "GET /products", contract.Request{Query: five, Header: fine, Body: body(`1`)}, []string{"body undeclared"}},
		{"body kept", "POST /products", contract.Request{Body: body(`{"name":"n","price":1.5}`)}, nil},
		{"no body", "POST /products", contract.Request{}, []string{"body required"}},
		{"no body where it is optional", "PUT /products/{id}", contract.Request{Path: map[string]any{"id": "1"}}, nil},
		{"empty body", "POST /products", contract.Request{Body: &contract.Body{Raw: []byte{}}}, []string{"body required"}},
		{"no path parameter", "PUT /products/{id}", contract.Request{}, []string{"path id required"}},
		{"another media type", "POST /products", contract.Request{Body: &contract.Body{MediaType: "text/plain", Value: "x"}}, []string{"body media-type"}},
		{"no media type", "POST /products", contract.Request{Body: &contract.Body{Value: "x"}}, []string{"body media-type"}},
		{"malformed", "POST /products", contract.Request{Body: &contract.Body{MediaType: "application/json", Raw: []byte("{")}}, []string{"body malformed"}},
		{"raw and kept", "POST /products", contract.Request{Body: &contract.Body{MediaType: "application/json", Raw: []byte(`{"name":"n","price":1}`)}}, nil},
		{"deep in the body", "POST /products", contract.Request{Body: body(`{"name":"n","price":1,"stock":{"a":-1},"more":1}`)},
			[]string{"body /stock/a minimum", "body additionalProperties"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, v := range c.Request(doc.Operation(tt.operation), &tt.request) {
				got = append(got, fmt.Sprintf("%s %s", v.At, v.Keyword))
				assert.NotEmpty(t, v.Message)
			}
			assert.ElementsMatch(t, tt.want, got)
		})
	}
	assert.Empty(t, c.Request(nil, &contract.Request{}))
	assert.Empty(t, c.Request(doc.Operations[0], nil))
}

func TestSentTellsWhatCannotBeDecodedOnce(t *testing.T) {
	doc, c := load(t)
	req := &capture.Request{Method: "POST", Target: "/products"}
	req.Header = capture.Header{{Name: "Content-Type", Value: "application/json"}}
	req.Body, req.BodySize = []byte(`{"name":`), 8
	got := c.Sent(doc.Operation("POST /products"), req)
	require.Len(t, got, 1, "%v", got)
	assert.Equal(t, Malformed, got[0].Keyword)
	req.Body, req.BodySize = []byte(`{"name":"n","price":-1}`), 23
	got = c.Sent(doc.Operation("POST /products"), req)
	require.Len(t, got, 1)
	assert.Equal(t, contract.Place("body /price"), got[0].At)
}

func TestGzipIsUndone(t *testing.T) {
	doc, c := load(t)
	res := response(200, "application/json", "\x1f\x8b broken", capture.Field{Name: "Content-Encoding", Value: "gzip"})
	broken := c.Response(doc.Operation("GET /products/{id}"), &capture.Request{}, res)
	require.Len(t, broken, 1)
	assert.Equal(t, "body-schema 200 malformed application/json", broken[0].Cause)
}

func TestCauseIsBoundedAndStaysApart(t *testing.T) {
	long := strings.Repeat("ü", 300)
	a, b := Bound(long+"a"), Bound(long+"b")
	assert.NotEqual(t, a, b)
	assert.LessOrEqual(t, len(a), maxCause+len("…")+16)
	assert.Equal(t, "short", Bound("short"))
}

func FuzzResponse(f *testing.F) {
	doc, c := load(f)
	f.Add(200, "application/json", "gzip", []byte(`{"items":[{"name":"n","price":-1}]}`))
	f.Add(404, "application/problem+json", "", []byte(`{"title":null}`))
	f.Add(-1, "a/b;;", "x", []byte("\x00"))
	f.Fuzz(func(t *testing.T, status int, contentType, coding string, body []byte) {
		res := response(status, contentType, string(body), capture.Field{Name: "Content-Encoding", Value: coding}, capture.Field{Name: "X-Total", Value: coding})
		for _, op := range doc.Operations {
			for _, b := range c.Response(op, &capture.Request{Method: op.Method}, res) {
				if len(b.Cause) > maxCause+20 || b.Message == "" {
					t.Fatalf("%+v", b)
				}
			}
		}
	})
}

func BenchmarkResponse(b *testing.B) {
	doc, c := load(b)
	op := doc.Operation("GET /products")
	product := `{"id":"0123456789","name":"a product with a name","price":12.50,"tags":["red","blue"],"stock":{"berlin":12},"updated":"2026-11-21T12:00:00Z"}`
	body := `{"items":[` + strings.Repeat(product+",", 6) + product + `]}`
	res := response(200, "application/json", body, capture.Field{Name: "X-Total", Value: "7"})
	req := &capture.Request{Method: "GET"}
	require.Empty(b, c.Response(op, req, res))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		c.Response(op, req, res)
	}
}

package recorded

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/contract/conform"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
	"twinspect.dev/fixtures/shop"
)

const document = `
openapi: 3.0.3
info: {title: Things, version: "1"}
paths:
  /things:
    get:
      parameters:
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 100}}
        - {name: after, in: query, schema: {type: string}}
        - {name: X-Client, in: header, schema: {type: string}}
        - {name: Authorization, in: header, schema: {type: string}}
        - {name: session, in: cookie, schema: {type: string}}
        - {name: api_key, in: query, schema: {type: string}}
      responses: {"200": {description: ok}}
    post:
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [name]
              properties: {name: {type: string}, email: {type: string}, note: {type: string, nullable: true}}
      responses:
        "201":
          description: made
          content: {application/json: {schema: {type: object, properties: {id: {type: string}}}}}
  /things/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: ok}}
components:
  securitySchemes: {key: {type: apiKey, in: query, name: api_key}}
`

func load(t testing.TB, data []byte) *openapi.Document {
	t.Helper()
	doc, err := openapi.Parse("openapi.yaml", data)
	require.NoError(t, err)
	return doc
}

type traffic struct{ all []capture.Exchange }

func (f *traffic) add(method, target, body string, status int, header ...capture.Field) *capture.Exchange {
	e := capture.Exchange{ID: capture.NewID("t", "c", time.Unix(0, 0), uint64(len(f.all)))}
	e.Request = capture.Request{Method: method, Target: target, Proto: "HTTP/1.1"}
	e.Request.Body, e.Request.BodySize, e.Request.Header = []byte(body), int64(len(body)), header
	if body != "" {
		e.Request.Header = append(e.Request.Header, capture.Field{Name: "Content-Type", Value: "application/json"})
	}
	e.Response = capture.Response{Status: status, Proto: "HTTP/1.1"}
	f.all = append(f.all, e)
	return &f.all[len(f.all)-1]
}

func (f *traffic) source() capture.Source {
	i := 0
	return capture.SourceFunc(func(_ context.Context, e *capture.Exchange) error {
		if i == len(f.all) {
			return io.EOF
		}
		*e = f.all[i]
		i++
		return nil
	})
}

func learn(t testing.TB, f *traffic) *Values {
	t.Helper()
	v, err := Learn(t.Context(), f.source(), load(t, []byte(document)), nil)
	require.NoError(t, err)
	require.NoError(t, v.Account().Balance())
	return v
}

func TestOnlyAcceptedRequestsThatKeepToTheDocumentAreTaken(t *testing.T) {
	f := &traffic{}
	f.add("GET", "/things?limit=5", "", 200)
	f.add("GET", "/things?limit=5", "", 200)
	f.add("GET", "/things?limit=6", "", 400)
	f.add("GET", "/things?limit=500", "", 200)
	f.add("GET", "/things?limit=x", "", 200)
	f.add("GET", "/other", "", 200)
	f.add("GET", "/things?limit=7", "", 200).Response.Incomplete = capture.Gap
	f.add("POST", "/things", fmt.Sprintf(`{"name":"%020000d"}`, 1), 201)
	v := learn(t, f)
	got := v.Requests("GET /things")
	require.Len(t, got, 1)
	assert.Equal(t, map[string]any{"limit": json.Number("5")}, got[0].Query)
	stage := v.Account()[0]
	assert.Equal(t, map[capture.Reason]uint64{NoOperation: 1, NotAccepted: 1, Breaks: 2, Repeated: 1, Large: 1}, stage.Filtered)
	assert.Equal(t, map[capture.Reason]uint64{"gap": 1}, stage.Dropped)
	assert.EqualValues(t, 1, stage.Written)
}

func TestNoSecretIsTaken(t *testing.T) {
	f := &traffic{}
	f.add("GET", "/things?limit=5&api_key=hunter2hunter2&password=hunter2hunter2", "", 200,
		capture.Field{Name: "Authorization", Value: "Bearer hunter2hunter2"}, capture.Field{Name: "Cookie", Value: "session=hunter2"},
		capture.Field{Name: "X-Client", Value: "web"})
	f.add("POST", "/things", `{"name":"n","email":"anna.smith@example.com"}`, 201)
	f.add("POST", "/things", `{"name":"4111111111111111"}`, 201)
	v := learn(t, f)
	got := v.Requests("GET /things")
	require.Len(t, got, 1)
	assert.Equal(t, map[string]any{"limit": json.Number("5")}, got[0].Query)
	assert.Equal(t, map[string]any{"X-Client": "web"}, got[0].Header)
	assert.Nil(t, got[0].Cookie)
	assert.Empty(t, v.Requests("POST /things"))
	assert.EqualValues(t, 2, v.Account()[0].Filtered[Secret])
}

func TestFewRequestsAreChosenForTheirVariety(t *testing.T) {
	f := &traffic{}
	for i := range 200 {
		f.add("GET", fmt.Sprintf("/things?limit=%d", 2+i%98), "", 200)
	}
	f.add("GET", "/things?limit=100", "", 200)
	f.add("GET", "/things?after=x", "", 200)
	f.add("GET", "/things", "", 200)
	for i := range 50 {
		f.add("POST", "/things", fmt.Sprintf(`{"name":"n%d"}`, i), 201)
	}
	f.add("POST", "/things", `{"name":"n","note":null}`, 201)
	v := learn(t, f)
	got := v.Requests("GET /things")
	assert.LessOrEqual(t, len(got), Most)
	has := func(want map[string]any) bool {
		for _, r := range got {
			if assert.ObjectsAreEqual(want, r.Query) {
				return true
			}
		}
		return false
	}
	assert.True(t, has(map[string]any{"limit": json.Number("100")}), "the bound")
	assert.True(t, has(map[string]any{"after": "x"}), "another parameter")
	posts := v.Requests("POST /things")
	assert.Len(t, posts, alike+1)
	assert.Contains(t, posts[len(posts)-1].Body.Value, "note")
}

func TestManyShapesAreBoundedAndReplaceWhatBringsNothing(t *testing.T) {
	f := &traffic{}
	for i := range 400 {
		f.add("POST", "/things", fmt.Sprintf(`{"name":"n","x%d":1}`, i), 201)
	}
	v := learn(t, f)
	assert.Len(t, v.Requests("POST /things"), Most)
	assert.EqualValues(t, Most, v.Account()[0].Written)
}

func TestDependenciesAreLearned(t *testing.T) {
	f := &traffic{}
	for i := range 5 {
		e := f.add("POST", "/things", fmt.Sprintf(`{"name":"n%d"}`, i), 201)
		e.Response.Header = capture.Header{{Name: "Content-Type", Value: "application/json"}}
		e.Response.Body = fmt.Appendf(nil, `{"id":"thing-%d"}`, i)
		e.Context.Session = "s"
		f.add("GET", fmt.Sprintf("/things/thing-%d", i), "", 200).Context.Session = "s"
	}
	v := learn(t, f)
	require.Len(t, v.Dependencies(), 1)
	d := v.Dependencies()[0]
	assert.Equal(t, "POST /things", d.From)
	assert.EqualValues(t, "path id", d.ToPlace)
}

func TestTheSameRecordingGivesTheSame(t *testing.T) {
	f := &traffic{}
	for i := range 300 {
		f.add("POST", "/things", fmt.Sprintf(`{"name":"n%d","a%d":{"b%d":[1]}}`, i, i%7, i%5), 201)
	}
	assert.Equal(t, learn(t, f).Requests("POST /things"), learn(t, f).Requests("POST /things"))
}

func TestDamageIsCountedAndFailureReturned(t *testing.T) {
	n := 0
	src := capture.SourceFunc(func(context.Context, *capture.Exchange) error {
		if n++; n == 1 {
			return &capture.RecordError{Reason: "crc", Lost: 3, Err: io.ErrUnexpectedEOF}
		}
		return errors.New("the disk is gone")
	})
	heard := 0
	v, err := Learn(t.Context(), src, load(t, []byte(document)), func(*capture.RecordError) { heard++ })
	require.ErrorContains(t, err, "the disk is gone")
	assert.Equal(t, 1, heard)
	assert.EqualValues(t, 3, v.Account()[0].Dropped["crc"])
	require.NoError(t, v.Account().Balance())
	_, err = Learn(t.Context(), src, nil, nil)
	require.Error(t, err)
}

func TestWhatIsTakenOfTheShopKeepsToItsDocument(t *testing.T) {
	doc := load(t, shop.OpenAPI)
	schemas := schema.New(doc)
	c := conform.New(doc, schemas, message.New(doc, schemas))
	f := &traffic{}
	for i := range 200 {
		f.add("GET", fmt.Sprintf("/products?limit=%d", i), "", 200)
		f.add("GET", fmt.Sprintf("/search?q=%c", 'a'+i%26), "", 200)
	}
	v, err := Learn(t.Context(), f.source(), doc, nil)
	require.NoError(t, err)
	some := 0
	for _, op := range doc.Operations {
		for _, r := range v.Requests(op.Name) {
			some++
			assert.Empty(t, c.Request(op, &r))
		}
	}
	assert.Positive(t, some)
}

func BenchmarkLearn(b *testing.B) {
	f := &traffic{}
	for i := range 20_000 {
		f.add("GET", fmt.Sprintf("/things?limit=%d", 1+i%100), "", 200)
		f.add("POST", "/things", fmt.Sprintf(`{"name":"n%d"}`, i), 201)
	}
	doc := load(b, []byte(document))
	for b.Loop() {
		_, err := Learn(b.Context(), f.source(), doc, nil)
		require.NoError(b, err)
	}
	b.ReportMetric(float64(len(f.all))*float64(b.N)/b.Elapsed().Seconds(), "exchanges/s")
}

package rewrite_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
	"twinspect.dev/replay/rewrite"
	"twinspect.dev/replay/send"
)

const wireRules = `
version: 1
rewrite:
  - {body: $.customer, set: "Grace Hopper", operation: "POST /v1/orders"}
  - {path: {match: ^/v1/, replace: /v2/}}
  - {host: {set: shop.internal}}
  - {query: {name: env, set: test}}
auth:
  - command: {run: [echo, fresh]}
dates: {shift: 24h}
`

func TestTheChangedRequestIsWhatTheServerReceives(t *testing.T) {
	var refused atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		fmt.Fprint(w, r.Method, " ", r.Host, r.RequestURI, " ", r.Header.Get("Authorization"), " ", r.ContentLength, " ", string(body))
		refused.Store(r.Header.Get("Authorization") != "Bearer fresh")
	}))
	defer server.Close()
	u, err := url.Parse(server.URL)
	require.NoError(t, err)
	rules, err := rewrite.Parse("replay.yaml", []byte(wireRules), nil)
	require.NoError(t, err)
	require.NoError(t, rules.Prepare(t.Context(), replay.To))
	client, err := send.New(send.Config{URL: u, KeepHost: rules.SetsHost(replay.To)})
	require.NoError(t, err)
	defer client.Close()

	body := `{"customer": "Ada", "at":"2026-11-01T10:00:00Z"}`
	e := &capture.Exchange{Request: capture.Request{Method: "POST", Target: "/v1/orders?env=live", Proto: "HTTP/1.1", Message: capture.Message{
		Header: capture.Header{{Name: "Host", Value: "shop"}, {Name: "Content-Length", Value: fmt.Sprint(len(body))}, {Name: "Authorization", Value: "Bearer stale"}},
		Body:   []byte(body), BodySize: int64(len(body)), Start: time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC),
	}}}
	answer := rules.Side(replay.To, client).Send(t.Context(), &replay.Ask{Recorded: e, Request: e.Request})
	require.True(t, answer.OK(), answer.Err)
	want := `{"customer": "Grace Hopper", "at":"2026-11-02T10:00:00Z"}`
	assert.Equal(t, fmt.Sprint("POST shop.internal/v2/orders?env=test Bearer fresh ", len(want), " ", want), string(answer.Response.Body))
	assert.Equal(t, "Bearer [set by replay.yaml:9]", answer.Request.Header.Get("Authorization"))
	assert.False(t, refused.Load())
}

func ExampleParse() {
	rules, err := rewrite.Parse("replay.yaml", []byte(`
version: 1
rewrite:
  - body: $.customer.id
    set: many
    operation: POST orders
`), nil)
	fmt.Println(rules == nil, err)
	// Output:
	// true replay.yaml:6:16: operation is a method and a path such as GET /products/{id} or * /admin/*, not "POST orders"
}

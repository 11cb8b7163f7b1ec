package check

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/conform"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

func checker(t testing.TB, o Options) *Checker {
	t.Helper()
	doc, err := openapi.Load("testdata/shop.yaml")
	require.NoError(t, err)
	require.Empty(t, doc.Problems)
	schemas := schema.New(doc)
	return New(conform.New(doc, schemas, message.New(doc, schemas)), doc, o)
}

func tree(t testing.TB, text string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	require.NoError(t, d.Decode(&v))
	return v
}

// answer is an observation of a step: its body is JSON unless the header says else.
func answer(step, status int, body string, header ...string) contract.Observation {
	o := contract.Observation{Step: step, Latency: time.Millisecond}
	o.Exchange.Request.Method = "GET"
	res := &o.Exchange.Response
	res.Status = status
	for _, field := range header {
		name, value, _ := strings.Cut(field, ": ")
		res.Header = append(res.Header, capture.Field{Name: name, Value: value})
	}
	if body != "" && !res.Header.Has("Content-Type") {
		res.Header = append(res.Header, capture.Field{Name: "Content-Type", Value: "application/json"})
	}
	res.Body, res.BodySize = []byte(body), int64(len(body))
	return o
}

func faulty(o contract.Observation, fault string) contract.Observation {
	o.Fault, o.Err = fault, "read tcp: "+fault
	return o
}

// single is a case of one request.
func single(kind contract.Kind, rule contract.Rule, operation string, at contract.Place, use ...contract.Use) *contract.Case {
	return &contract.Case{ID: "c", Kind: kind, Rule: rule, Operation: operation, At: at,
		Steps: []contract.Step{{Name: "s", Operation: operation, Use: use}}}
}

// causes returns the causes of one check, and how often it was made.
func causes(c contract.Check, broken []contract.Broken, made []contract.Check) (list []string, n int) {
	for _, b := range broken {
		if b.Check == c {
			list = append(list, b.Cause)
		}
	}
	for _, m := range made {
		if m == c {
			n++
		}
	}
	return list, n
}

const (
	many   = "GET /products"
	create = "POST /products"
	one    = "GET /products/{id}"
	put    = "PUT /products/{id}"
	del    = "DELETE /products/{id}"
)

func TestEveryAnswerIsChecked(t *testing.T) {
	k := checker(t, Options{Limit: 100 * time.Millisecond})
	slow := answer(0, 200, "")
	slow.Latency = time.Second
	cut := answer(0, 200, `{"items"`, "X-Total: 1")
	cut.Exchange.Response.Incomplete = capture.Reset
	cut.Fault = "reset"
	lost := contract.Observation{}
	tests := []struct {
		name  string
		check contract.Check
		seen  contract.Observation
		want  []string
		made  int
	}{
		{"answered", contract.Answered, answer(0, 200, ""), nil, 1},
		{"timeout", contract.Answered, faulty(answer(0, 0, ""), "timeout"), []string{"answered timeout"}, 1},
		{"refused", contract.Answered, faulty(answer(0, 0, ""), "refused"), []string{"answered refused"}, 1},
		{"reset within the body", contract.Answered, cut, []string{"answered reset"}, 1},
		{"no schema for a body that was cut", contract.BodyKept, cut, nil, 0},
		{"malformed", contract.Answered, faulty(answer(0, 0, ""), "malformed"), []string{"answered malformed"}, 1},
		{"too large", contract.Answered, faulty(answer(0, 200, "xx"), "too-large"), []string{"answered too-large"}, 1},
		{"no status", contract.Answered, lost, []string{"answered no-status"}, 1},
		{"canceled by the run", contract.Answered, faulty(answer(0, 0, ""), "canceled"), nil, 0},
		{"4xx is no failure of the server", contract.NoServerError, answer(0, 400, ""), nil, 1},
		{"500 is broken though declared", contract.NoServerError, answer(0, 500, ""), []string{"no-server-error 500 (empty)"}, 1},
		{"503 is declared", contract.NoServerError, answer(0, 503, ""), nil, 1},
		{"502 only as a range", contract.NoServerError, answer(0, 502, ""), []string{"no-server-error 502 (empty)"}, 1},
		{"status", contract.StatusDeclared, answer(0, 400, ""), nil, 1},
		{"status not declared", contract.StatusDeclared, answer(0, 409, ""), []string{"status-declared 409"}, 1},
		{"media type", contract.MediaTypeKept, answer(0, 200, "x", "Content-Type: text/plain", "X-Total: 1"), []string{"media-type 200 media-type text/plain"}, 1},
		{"headers", contract.HeadersKept, answer(0, 200, `{"items":[]}`), []string{"headers 200 required x-total"}, 1},
		{"body", contract.BodyKept, answer(0, 200, `{"items":[{"price":"1"}]}`, "X-Total: 1"), []string{"body-schema 200 type:string /items/*/price"}, 1},
		{"in time", contract.ResponseTime, answer(0, 200, ""), nil, 1},
		{"too late", contract.ResponseTime, slow, []string{"response-time slow"}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			broken, made := k.Case(single(contract.Positive, contract.RuleOrdinary, many, ""), []contract.Observation{tt.seen})
			got, n := causes(tt.check, broken, made)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.made, n)
			for _, b := range broken {
				assert.NotEmpty(t, b.Message)
			}
		})
	}
}

func TestChecksAreMadeAsAsked(t *testing.T) {
	k := checker(t, Options{Checks: []contract.Check{contract.Answered}})
	broken, made := k.Case(single(contract.Positive, "", many, ""), []contract.Observation{answer(0, 500, "boom")})
	assert.Empty(t, broken)
	assert.Equal(t, []contract.Check{contract.Answered}, made)
	_, made = checker(t, Options{}).Case(single(contract.Positive, "", many, ""), []contract.Observation{answer(0, 200, "")})
	assert.False(t, slices.Contains(made, contract.ResponseTime), "there is no limit")
}

func TestEachPageIsChecked(t *testing.T) {
	k := checker(t, Options{})
	first, second := answer(0, 200, `{"items":[]}`, "X-Total: 1"), answer(0, 200, `{"items":[{"price":null}]}`, "X-Total: 1")
	second.Page = 1
	broken, made := k.Case(single(contract.Positive, "", many, ""), []contract.Observation{first, second})
	got, n := causes(contract.BodyKept, broken, made)
	assert.Equal(t, []string{"body-schema 200 type:null /items/*/price"}, got)
	assert.Equal(t, 2, n)
}

func TestInvalidRequestsAreRejected(t *testing.T) {
	k := checker(t, Options{})
	tests := []struct {
		status, made int
		at           contract.Place
		want         []string
	}{
		{200, 1, "body /items/0/price", []string{"invalid-rejected maximum body /items/*/price"}},
		{204, 1, "query limit", []string{"invalid-rejected maximum query limit"}},
		{400, 1, "body /price", nil}, {405, 1, "", nil}, {413, 1, "body", nil}, {422, 1, "body", nil}, {431, 1, "", nil},
		{404, 1, "path id", nil},
		{404, 0, "body /price", nil}, // there may be nothing at that path
		{401, 0, "body", nil}, {403, 0, "body", nil}, {429, 0, "body", nil}, {302, 0, "body", nil}, {500, 0, "body", nil},
	}
	for _, tt := range tests {
		broken, made := k.Case(single(contract.Negative, "maximum", put, tt.at), []contract.Observation{answer(0, tt.status, "")})
		got, n := causes(contract.Rejected, broken, made)
		assert.Equal(t, tt.want, got, tt.status)
		assert.Equal(t, tt.made, n, tt.status)
	}
	there := single(contract.Negative, "maximum", put, "body /price", contract.Use{Into: "path id"})
	_, made := k.Case(there, []contract.Observation{answer(0, 404, "")})
	assert.Contains(t, made, contract.Rejected)
}

func TestValidRequestsAreAccepted(t *testing.T) {
	k := checker(t, Options{})
	supplied := contract.Use{Step: "x", From: "body /id", Into: "path id"}
	tests := []struct {
		name   string
		status int
		use    []contract.Use
		made   int
		want   []string
	}{
		{"accepted", 200, nil, 1, nil},
		{"bad request", 400, nil, 1, []string{"valid-accepted 400 (empty)"}},
		{"unprocessable", 422, nil, 1, []string{"valid-accepted 422 (empty)"}},
		{"not allowed", 405, nil, 1, []string{"valid-accepted 405 (empty)"}},
		{"media type", 415, nil, 1, []string{"valid-accepted 415 (empty)"}},
		{"not implemented", 501, nil, 1, []string{"valid-accepted 501 (empty)"}},
		{"credentials", 401, nil, 1, []string{"valid-accepted 401 (empty)"}},
		{"nothing there", 404, nil, 0, nil},
		{"nothing where there is something", 404, []contract.Use{supplied}, 1, []string{"valid-accepted 404 (empty)"}},
		{"conflict", 409, nil, 0, nil},
		{"too many", 429, nil, 0, nil},
		{"precondition", 412, nil, 0, nil},
		{"redirected", 303, nil, 1, nil},
		{"server", 500, nil, 0, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			broken, made := k.Case(single(contract.Positive, contract.RuleOrdinary, one, "", tt.use...), []contract.Observation{answer(0, tt.status, "")})
			got, n := causes(contract.Accepted, broken, made)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.made, n)
		})
	}
	broken, _ := k.Case(single(contract.Positive, "", one, ""), []contract.Observation{answer(0, 401, "")})
	require.NotEmpty(t, broken)
	assert.Contains(t, broken[0].Message, "no credentials are needed")
	broken, _ = k.Case(single(contract.Positive, "", create, ""), []contract.Observation{answer(0, 403, "")})
	assert.Contains(t, broken[0].Message, "credentials that were given")
}

func TestCredentialsAreEnforced(t *testing.T) {
	k := checker(t, Options{})
	tests := []struct {
		status, made int
		want         []string
	}{
		{401, 1, nil}, {403, 1, nil}, {404, 1, nil},
		{400, 0, nil}, {422, 0, nil}, {429, 0, nil}, {503, 0, nil},
		{200, 1, []string{"auth-enforced wrong 2XX"}}, {302, 1, []string{"auth-enforced wrong 3XX"}},
	}
	for _, tt := range tests {
		o := answer(0, tt.status, "")
		o.Request.Credentials = contract.WrongCredentials
		broken, made := k.Case(single(contract.Negative, contract.RuleCredentials, create, ""), []contract.Observation{o})
		got, n := causes(contract.AuthEnforced, broken, made)
		assert.Equal(t, tt.want, got, tt.status)
		assert.Equal(t, tt.made, n, tt.status)
		_, n = causes(contract.Rejected, broken, made)
		assert.Zero(t, n)
	}
}

func TestMethodsAreRefused(t *testing.T) {
	k := checker(t, Options{})
	supplied := []contract.Use{{Into: "path id"}}
	tests := []struct {
		name, method string
		seen         contract.Observation
		use          []contract.Use
		made         int
		want         []string
	}{
		{"refused", "PATCH", answer(0, 405, "", "Allow: GET, PUT", "allow: DELETE,HEAD"), nil, 1, nil},
		{"no Allow", "PATCH", answer(0, 405, ""), nil, 1, []string{"method-refused 405 without Allow"}},
		{"Allow lacks one", "PATCH", answer(0, 405, "", "Allow: GET, PUT"), nil, 1, []string{"method-refused Allow without DELETE"}},
		{"Allow has the refused one", "PATCH", answer(0, 405, "", "Allow: GET, PUT, DELETE, PATCH"), nil, 1, []string{"method-refused Allow has the method"}},
		{"done", "PATCH", answer(0, 200, ""), nil, 1, []string{"method-refused PATCH 2XX"}},
		{"another status", "PATCH", answer(0, 400, ""), nil, 1, []string{"method-refused 400"}},
		{"nothing there", "PATCH", answer(0, 404, ""), nil, 0, nil},
		{"nothing where there is something", "PATCH", answer(0, 404, ""), supplied, 1, []string{"method-refused 404"}},
		{"not implemented", "PATCH", answer(0, 501, ""), nil, 1, nil},
		{"not implemented though it is elsewhere", "POST", answer(0, 501, ""), nil, 0, nil},
		{"who asks comes first", "PATCH", answer(0, 401, ""), nil, 0, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.seen.Request.Method = tt.method
			broken, made := k.Case(single(contract.Negative, contract.RuleMethod, one, "", tt.use...), []contract.Observation{tt.seen})
			got, n := causes(contract.MethodRefused, broken, made)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.made, n)
			_, n = causes(contract.StatusDeclared, broken, made)
			assert.Zero(t, n, "the document says nothing of a method that it does not declare")
		})
	}
	o := answer(0, 501, "")
	o.Request.Method = "POST"
	broken, _ := k.Case(single(contract.Negative, contract.RuleMethod, one, ""), []contract.Observation{o})
	got, _ := causes(contract.NoServerError, broken, nil)
	assert.Equal(t, []string{"no-server-error 501 (empty)"}, got)
}

func TestWhatACaseNeedsIsNotWhatItIsAbout(t *testing.T) {
	k := checker(t, Options{})
	cs := single(contract.Positive, "", one, "", contract.Use{Step: "setup", Into: "path id"})
	cs.Steps = append([]contract.Step{{Name: "setup", Operation: create}}, cs.Steps...)
	_, made := k.Case(cs, []contract.Observation{answer(0, 400, ""), answer(1, 400, "")})
	assert.NotContains(t, made, contract.Accepted)
	broken, made := k.Case(cs, []contract.Observation{answer(0, 201, `{}`), answer(1, 400, "")})
	got, n := causes(contract.Accepted, broken, made)
	assert.Equal(t, []string{"valid-accepted 400 (empty)"}, got)
	assert.Equal(t, 1, n)
	_, made = k.Case(cs, []contract.Observation{answer(1, 400, "")})
	assert.NotContains(t, made, contract.Accepted, "the setup was not seen")
}

package traffic

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/redact"
	"twinspect.dev/contract"
	"twinspect.dev/fixtures/shop"
	"twinspect.dev/fixtures/stockroom"
)

// causes lists findings as "check operation at".
func told(r *contract.Report) (out []string) {
	for _, f := range r.Findings {
		out = append(out, fmt.Sprintf("%s %s %s", f.Check, f.Operation, f.At))
	}
	return out
}

func TestTrafficOfTheShopKeepsToItsDocument(t *testing.T) {
	r := checked(t, suite(t, shop.OpenAPI), shopping(false))
	assert.Equal(t, contract.Pass, r.Verdict, "%v", told(r))
	assert.Empty(t, r.Findings)
	assert.EqualValues(t, 160, r.Requests)
	assert.Contains(t, strings.Join(r.Reasons, "\n"), "operations of the document had no request: ")
}

func TestTrafficOfTheRegressedShopDoesNot(t *testing.T) {
	r := checked(t, suite(t, shop.OpenAPI), shopping(true))
	assert.Equal(t, contract.Fail, r.Verdict)
	require.NotEmpty(t, r.Findings)
	for _, f := range r.Findings {
		assert.Positive(t, f.Count)
		assert.NotEmpty(t, f.Cases)
		require.Len(t, f.Example.Steps, 1)
		assert.Contains(t, f.Example.Steps[0].Curl, "http://service.example/")
		assert.NotEmpty(t, f.Example.Steps[0].Request.Header)
		assert.Equal(t, f.Cases[0], f.Example.Steps[0].Exchange)
		assert.InDelta(t, 1, f.Example.Steps[0].Latency, 0.01)
	}
}

func TestDefectsOfTheStockroomAreFoundInItsTraffic(t *testing.T) {
	s := suite(t, stockroom.Document())
	walk := func(r *recorder) []capture.Exchange {
		for _, target := range []string{"/items", "/items?limit=1", "/session", "/movements?limit=1", "/search?q=a", "/health", "/orders/7c9e6679-7425-40de-944b-e07fc1f90ae7"} {
			r.ask("GET", target, "")
		}
		return r.all
	}
	clean := checked(t, s, walk(stocked(t)))
	require.Empty(t, told(clean))
	tests := []struct{ id, want string }{
		{stockroom.SessionHTML, "media-type GET /session header Content-Type"},
		{stockroom.MovementsTeapot, "status-declared GET /movements status"},
		{stockroom.SearchWithoutRate, "headers GET /search header RateLimit-Remaining"},
		{stockroom.OrderProblemJSON, "media-type GET /orders/{orderId} header Content-Type"},
	}
	for _, tt := range tests {
		t.Run(tt.id, func(t *testing.T) {
			r := checked(t, s, walk(stocked(t, tt.id)))
			assert.Equal(t, []string{tt.want}, told(r))
			assert.Equal(t, contract.Fail, r.Verdict)
		})
	}
}

func TestAcceptedRequestsThatBreakTheDocumentAreFindings(t *testing.T) {
	s := suite(t, stockroom.Document())
	bad := `{"name":"` + strings.Repeat("n", 5000) + `"}`
	r := stocked(t)
	r.ask("POST", "/suppliers", bad)
	r.ask("GET", "/movements?limit=many", "")
	report := checked(t, s, r.all)
	assert.Empty(t, told(report), "what is refused is no finding")
	for i := range r.all[1:] {
		e := &r.all[i+1]
		assert.Equal(t, 400, e.Response.Status)
	}
	// As if both had been accepted, with an answer whose body was not kept.
	for i := range r.all[1:] {
		e := &r.all[i+1]
		e.Response.Status, e.Response.Incomplete, e.Response.Body = 200, capture.BodyLimit, nil
	}
	report = checked(t, s, r.all)
	assert.Contains(t, told(report), "request-schema GET /movements query limit")
	assert.Contains(t, told(report), "request-schema POST /suppliers body /name")
	assert.NotContains(t, fmt.Sprint(report.Findings), "many is")
}

func TestUndocumentedOperationsAreNamedByTheirShape(t *testing.T) {
	var all []capture.Exchange
	add := func(method, target string, status int) {
		e := capture.Exchange{ID: capture.NewID("t", "c", testTime, uint64(len(all)))}
		e.Request.Method, e.Request.Target, e.Response.Status = method, target, status
		all = append(all, e)
	}
	for i := range 3000 {
		add("GET", fmt.Sprintf("/v2/users/u%dx/cards", i*7919%3000), 200)
		add("GET", fmt.Sprintf("/wp-admin/%d.php", i), 404)
	}
	add("DELETE", "/products", 204)
	add("POST", "/never/there", 201)
	report := checked(t, suite(t, shop.OpenAPI), all)
	require.Equal(t, []string{"documented DELETE /products target", "documented GET /v2/users/{name}/cards target", "documented POST /never/there target"}, told(report))
	assert.EqualValues(t, 3000, report.Findings[1].Count)
	assert.Len(t, report.Findings[1].Cases, 10)
	assert.Contains(t, report.Findings[0].Message, "of the path it has GET")
	assert.Contains(t, report.Findings[0].Message, "204 (1)")
	last := report.Account[len(report.Account)-1]
	assert.EqualValues(t, 3000, last.Filtered[Refused])
	assert.EqualValues(t, 3002, last.Filtered[Unknown])
}

func TestIncompleteExchangesAreCountedAndDoubted(t *testing.T) {
	all := shopping(false)[:10]
	for i := range 5 {
		all[i].Response.Incomplete = capture.Gap
	}
	all[5].Response = capture.Response{Message: capture.Message{Incomplete: capture.Unseen}}
	all[6].Request = capture.Request{Message: capture.Message{Incomplete: capture.MidConnection}}
	all[7].Request.Incomplete = capture.SnapLength
	r := checked(t, suite(t, shop.OpenAPI), all)
	assert.Equal(t, contract.Inconclusive, r.Verdict, "%v", told(r))
	last := r.Account[len(r.Account)-1]
	assert.Equal(t, map[capture.Reason]uint64{"gap": 5, "unseen": 1, "mid-connection": 1, "snap-length": 1}, last.Dropped)
	assert.EqualValues(t, 2, last.Written)
}

func TestNothingReadIsInconclusive(t *testing.T) {
	r := checked(t, suite(t, shop.OpenAPI), nil)
	assert.Equal(t, contract.Inconclusive, r.Verdict)
	assert.Equal(t, "the recording holds no exchange", r.Reasons[0])
	assert.NotEmpty(t, r.Coverage.Operations)
}

func TestDamageIsToldAndFailureReturned(t *testing.T) {
	all := shopping(false)
	n := 0
	src := capture.SourceFunc(func(_ context.Context, e *capture.Exchange) error {
		n++
		switch n {
		case 1:
			return &capture.RecordError{Reason: "crc", Lost: 7, Err: io.ErrUnexpectedEOF}
		case 2:
			*e = all[0]
			return nil
		}
		return errors.New("the disk is gone")
	})
	heard := 0
	r, err := Check(t.Context(), src, suite(t, shop.OpenAPI), Options{Damaged: func(*capture.RecordError) { heard++ }})
	require.ErrorContains(t, err, "the disk is gone")
	assert.Equal(t, 1, heard)
	require.NoError(t, r.Account.Balance())
	assert.EqualValues(t, 7, r.Account[len(r.Account)-1].Dropped["crc"])
	assert.Equal(t, contract.Inconclusive, r.Verdict)
}

func TestStoppedIsNoPass(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	all := shopping(false)
	n := 0
	src := capture.SourceFunc(func(ctx context.Context, e *capture.Exchange) error {
		if n++; n == 3 {
			cancel()
		}
		*e = all[0]
		return ctx.Err()
	})
	r, err := Check(ctx, src, suite(t, shop.OpenAPI), Options{})
	require.NoError(t, err)
	assert.Equal(t, contract.Interrupted, r.Verdict)
}

func TestSecretsAreNotShown(t *testing.T) {
	redactor, err := redact.New(redact.Defaults(), []byte("0123456789abcdef"))
	require.NoError(t, err)
	e := capture.Exchange{}
	e.Request.Method, e.Request.Target = "GET", "/nowhere/anna.smith@example.com?token=hunter2hunter2"
	e.Request.Header = capture.Header{{Name: "Authorization", Value: "Bearer hunter2hunter2"}}
	e.Response.Status = 200
	o := Options{Redact: func(e *capture.Exchange) { redactor.Redact(e) }}
	r, err := Check(t.Context(), source([]capture.Exchange{e}, 1), suite(t, shop.OpenAPI), o)
	require.NoError(t, err)
	require.Len(t, r.Findings, 1)
	text := fmt.Sprintf("%+v", r.Findings)
	assert.NotContains(t, text, "hunter2")
	assert.NotContains(t, text, "anna.smith")
}

func TestUnusedPartsOfTheDocumentAreTold(t *testing.T) {
	r := checked(t, suite(t, shop.OpenAPI), shopping(false))
	seen, never := 0, 0
	for _, o := range r.Coverage.Operations {
		for _, it := range o.Items {
			if it.Part == "response-field" && it.Positive > 0 {
				seen++
			}
			if it.Part == "status" && it.Positive == 0 && o.Asked > 0 {
				never++
				assert.Equal(t, "no recorded answer has it", it.Why)
			}
			if o.Asked == 0 {
				assert.NotEmpty(t, it.Why)
			}
		}
	}
	assert.Positive(t, seen)
	assert.Positive(t, never)
}

func BenchmarkCheck(b *testing.B) {
	s := suite(b, shop.OpenAPI)
	all := shopping(false)
	const n = 20_000
	b.ReportAllocs()
	for b.Loop() {
		r, err := Check(b.Context(), source(all, n), s, Options{})
		require.NoError(b, err)
		require.Equal(b, contract.Pass, r.Verdict)
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "exchanges/s")
}

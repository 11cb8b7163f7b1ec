package traffic

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/conform"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
	"twinspect.dev/fixtures/shop"
	"twinspect.dev/fixtures/stockroom"
)

func suite(t testing.TB, data []byte) Suite {
	t.Helper()
	doc, err := openapi.Parse("openapi.yaml", data)
	require.NoError(t, err)
	s := Suite{Document: doc, Schemas: schema.New(doc)}
	s.Codec = message.New(doc, s.Schemas)
	s.Conformer = conform.New(doc, s.Schemas, s.Codec)
	return s
}

// recorder asks a handler and keeps what was said.
type recorder struct {
	handler http.Handler
	header  map[string]string
	all     []capture.Exchange
}

func (r *recorder) ask(method, target, body string) *capture.Exchange {
	req := httptest.NewRequest(method, "http://service.example"+target, strings.NewReader(body))
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	r.handler.ServeHTTP(w, req)
	start := time.Unix(1_700_000_000, int64(len(r.all))*1e6)
	e := capture.Exchange{ID: capture.NewID("test", "c", time.Unix(0, 0), uint64(len(r.all)))}
	e.Request = capture.Request{Method: method, Target: target, Proto: "HTTP/1.1", Message: message1(req.Header, body, start)}
	e.Request.Header = append(e.Request.Header, capture.Field{Name: "Host", Value: "service.example"})
	e.Response = capture.Response{Status: w.Code, Proto: "HTTP/1.1", Message: message1(w.Result().Header, w.Body.String(), start.Add(time.Millisecond))}
	r.all = append(r.all, e)
	return &r.all[len(r.all)-1]
}

func message1(h http.Header, body string, at time.Time) capture.Message {
	m := capture.Message{Body: []byte(body), BodySize: int64(len(body)), Start: at, End: at}
	for name, values := range h {
		for _, v := range values {
			m.Header = append(m.Header, capture.Field{Name: name, Value: v})
		}
	}
	return m
}

// source gives exchanges again and again, until there were n.
func source(all []capture.Exchange, n int) capture.Source {
	i := 0
	return capture.SourceFunc(func(ctx context.Context, e *capture.Exchange) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if i >= n {
			return io.EOF
		}
		*e = all[i%len(all)]
		i++
		return nil
	})
}

func checked(t testing.TB, s Suite, all []capture.Exchange) *contract.Report {
	t.Helper()
	r, err := Check(t.Context(), source(all, len(all)), s, Options{Tool: "test", Input: "f.twin"})
	require.NoError(t, err)
	require.NoError(t, r.Account.Balance())
	return r
}

var testTime = time.Unix(0, 0)

// shopping is what a customer of the shop does.
func shopping(regressed bool) []capture.Exchange {
	cfg := shop.Config{Quiet: true}
	if regressed {
		cfg.Version = shop.Branch
	}
	r := &recorder{handler: shop.New(cfg)}
	for i := range 40 {
		r.ask("GET", fmt.Sprintf("/products?limit=%d", i%10+1), "")
		r.ask("GET", "/categories", "")
		r.ask("GET", "/search?q=red", "")
		r.ask("GET", fmt.Sprintf("/stock/%d", i), "")
	}
	return r.all
}

// stocked is a stockroom with defects, and a clerk who is logged in.
func stocked(t testing.TB, seeded ...string) *recorder {
	t.Helper()
	var defects []stockroom.Defect
	for _, d := range stockroom.Defects {
		if slices.Contains(seeded, d.ID) {
			defects = append(defects, d)
		}
	}
	r := &recorder{handler: stockroom.New(stockroom.Config{Defects: defects}), header: map[string]string{}}
	e := r.ask("POST", "/session", fmt.Sprintf(`{"username":%q,"password":%q}`, stockroom.Username, stockroom.Password))
	var session struct{ Token string }
	require.NoError(t, json.Unmarshal(e.Response.Body, &session))
	require.NotEmpty(t, session.Token)
	r.header["Authorization"] = "Bearer " + session.Token
	return r
}

package redact_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/redact"
)

var testKey = []byte("0123456789abcdef0123456789abcdef")

func redactor(t testing.TB, rules redact.Rules) *redact.Redactor {
	t.Helper()
	r, err := redact.New(rules, testKey)
	require.NoError(t, err)
	return r
}

func request(target, media, body string, fields ...capture.Field) *capture.Exchange {
	e := &capture.Exchange{Request: capture.Request{Method: "POST", Target: target, Proto: "HTTP/1.1"}}
	if media != "" {
		e.Request.Header = capture.Header{{Name: "Content-Type", Value: media}}
	}
	e.Request.Header = append(e.Request.Header, fields...)
	e.Request.Body = []byte(body)
	e.Request.BodySize = int64(len(body))
	return e
}

// body redacts a body and returns it.
func body(t testing.TB, r *redact.Redactor, media, text string) string {
	t.Helper()
	e := request("/", media, text)
	r.Redact(e)
	require.Empty(t, r.Check(e), "%s", e.Request.Body)
	return string(e.Request.Body)
}

// header redacts a field and returns its value.
func header(t testing.TB, r *redact.Redactor, name, value string) string {
	t.Helper()
	e := request("/", "", "", capture.Field{Name: name, Value: value})
	r.Redact(e)
	require.Empty(t, r.Check(e), "%v", e.Request.Header)
	return e.Request.Header.Get(name)
}

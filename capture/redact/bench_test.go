package redact_test

import (
	"strings"
	"testing"

	"twinspect.dev/capture"
	"twinspect.dev/capture/redact"
)

func benchmark(b *testing.B, e *capture.Exchange) {
	r := redactor(b, redact.Defaults())
	b.SetBytes(int64(len(e.Request.Body)))
	b.ReportAllocs()
	for b.Loop() {
		c := *e
		r.Redact(&c)
	}
}

func item() string {
	return `{"id":4711,"name":"Garden chair, green","price":{"amount":49.90,"currency":"EUR"},"at":"2026-11-21T10:11:12Z","ref":"6ba7b810-9dad-41d1-80b4-00c04fd430c8"},`
}

func exchange(extra string, fields ...capture.Field) *capture.Exchange {
	text := `{"items":[` + strings.TrimSuffix(strings.Repeat(item(), 6), ",") + `],"total":6` + extra + `}`
	fields = append(fields, capture.Field{Name: "Host", Value: "shop"}, capture.Field{Name: "Accept", Value: "*/*"},
		capture.Field{Name: "User-Agent", Value: "Mozilla/5.0 (X11; Linux x86_64; rv:128.0)"}, capture.Field{Name: "Date", Value: "Sat, 21 Nov 2026 10:11:12 GMT"})
	return request("/items?limit=6&page=2", "application/json", text, fields...)
}

func BenchmarkNothingToRedact(b *testing.B) { benchmark(b, exchange("")) }

func BenchmarkThreeSecrets(b *testing.B) {
	benchmark(b, exchange(`,"token":"`+secret+`","by":"jane@example.org"`, capture.Field{Name: "Authorization", Value: "Bearer " + secret}))
}

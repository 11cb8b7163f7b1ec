package redact_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/capture/redact"
)

func benchmark(b *testing.B, e *capture.Exchange) { measure(b, redactor(b, redact.Defaults()), e) }

func measure(b *testing.B, r *redact.Redactor, e *capture.Exchange) {
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

// plainPatterns are the same detectors and names, as most redactors have them.
var plainPatterns = []*regexp.Regexp{
	regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}`),
	regexp.MustCompile(`\b(?:\d[ -]?){12,18}\d\b`),
	regexp.MustCompile(`\beyJ[\w-]+\.[\w-]+\.[\w-]*`),
	regexp.MustCompile(`\b(?:gh[pousr]_|github_pat_|glpat-|[sr]k_(?:live|test)_|xox[bpas]-|AKIA|ASIA|AIza|SG\.|npm_|hf_)[\w-]{16,}`),
	regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----`),
	regexp.MustCompile(`(?i)[?&][\w.-]*(?:token|key|password|secret)=[^&#"]+`),
	regexp.MustCompile(`(?i)"[\w-]*(?:password|passwd|secret|token|authorization|api_?key|pin|cvv|session_id)"\s*:\s*"[^"]*"`),
}

func plainly(e *capture.Exchange) {
	for _, p := range plainPatterns {
		e.Request.Target = p.ReplaceAllString(e.Request.Target, "***")
		e.Request.Body = p.ReplaceAll(e.Request.Body, []byte("***"))
		for i := range e.Request.Header {
			e.Request.Header[i].Value = p.ReplaceAllString(e.Request.Header[i].Value, "***")
		}
	}
}

// compare measures the redactor, and in the same run the time that regular
// expressions take for the same and that a copy of the exchange takes: peer and
// floor. Both are shown as multiples of the redactor's time.
func compare(b *testing.B, e *capture.Exchange) {
	r := redactor(b, redact.Defaults())
	b.SetBytes(int64(len(e.Request.Body)))
	b.ReportAllocs()
	var own time.Duration
	for b.Loop() {
		c := *e
		began := time.Now()
		r.Redact(&c)
		own += time.Since(began)
	}
	b.StopTimer()
	rounds := max(1, b.N/20)
	each := func(f func(*capture.Exchange)) float64 {
		var sum time.Duration
		for range rounds {
			c := e.Clone()
			began := time.Now()
			f(c)
			sum += time.Since(began)
		}
		return float64(sum) / float64(rounds) / (float64(own) / float64(b.N))
	}
	b.ReportMetric(each(plainly), "regexp/own")
	b.ReportMetric(each(func(c *capture.Exchange) { c.Clone() }), "copy/own")
}

func BenchmarkNothingToRedact(b *testing.B) { compare(b, exchange("")) }

func BenchmarkThreeSecrets(b *testing.B) {
	compare(b, exchange(`,"token":"`+secret+`","by":"jane@example.org"`, capture.Field{Name: "Authorization", Value: "Bearer " + secret}))
}

func BenchmarkXML(b *testing.B) {
	text := "<items>" + strings.Repeat(`<item id="4711"><name>Garden chair, green</name><price currency="EUR">49.90</price></item>`, 10) + "</items>"
	benchmark(b, request("/items", "application/xml", text))
}

func BenchmarkRulesWithAScope(b *testing.B) {
	var rules redact.Rules
	for i := range 50 {
		rules.Rules = append(rules.Rules, redact.Rule{Operation: redact.List{"POST /items/{id}/" + strings.Repeat("x", i), "GET /*"}, Names: redact.Names{JSON: []string{"$.a"}}})
	}
	rules.Defaults = true
	measure(b, redactor(b, rules), exchange(""))
}

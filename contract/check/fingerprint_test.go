package check

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"twinspect.dev/contract"
)

const goTrace = `panic: runtime error: index out of range [5] with length 3

goroutine %[1]d [running]:
runtime/debug.Stack()
	/usr/lib/go/src/runtime/debug/stack.go:26 +0x64
shop.recover.func1()
	/src/recover.go:%[1]d +0x8c
panic({0x10%[1]d, 0x14})
	/usr/lib/go/src/runtime/panic.go:787 +0x124
runtime.goPanicIndex(0x5, 0x3)
	/usr/lib/go/src/runtime/panic.go:115 +0x74
shop.(*Orders).%[2]s(0xc000%[1]d)
	/src/orders.go:%[1]d +0x1d
net/http.HandlerFunc.ServeHTTP(0x1)
	/usr/lib/go/src/net/http/server.go:2294 +0x38
`

const javaTrace = `java.lang.RuntimeException: request %[1]d failed
	at com.shop.Filter.doFilter(Filter.java:1%[1]d)
	at com.shop.Main.run(Main.java:3)
Caused by: java.lang.NullPointerException: null
	at com.shop.Orders.%[2]s(Orders.java:%[1]d)
	at com.shop.Filter.doFilter(Filter.java:10)
	... 12 more
`

const pythonTrace = `Traceback (most recent call last):
  File "/srv/app.py", line 3%[1]d, in wsgi
    return handle(request)
  File "/srv/web.py", line 5, in handle
    return view()
  File "/srv/orders.py", line %[1]d, in %[2]s
    return rows[%[1]d]
IndexError: list index out of range
`

const scriptTrace = `TypeError: Cannot read properties of undefined (reading 'name')
    at %[2]s (/srv/orders.js:%[1]d:12)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)
`

func printOf(t *testing.T, body string, request contract.Request) fingerprint {
	k := checker(t, Options{})
	o := answer(0, 500, body)
	o.Request = request
	j := judge{Checker: k}
	return j.fingerprint(&o)
}

func TestOneErrorIsOneCauseWhateverItsValues(t *testing.T) {
	tests := []struct{ name, form string }{
		{"text", "order %d failed"},
		{"times", "2026-11-21T12:00:0%d.123Z cannot reach db"},
		{"addresses", "nil pointer at 0xc00%d1f"},
		{"hex", "no row deadbeef%dcafe"},
		{"uuid", "no row 0b7e6f0c-8a0e-4c0e-9a52-6f0f4a8c1d1%d"},
		{"quoted", `unexpected token 'a%d' near "x%[1]d"`},
		{"JSON", `{"message":"order %d failed","requestId":"a%[1]d","timestamp":"x%[1]d"}`},
		{"problem details", `{"type":"about:blank","title":"no","detail":"row %d","instance":"/orders/%[1]d"}`},
		{"HTML", "<html><head><style>a%[1]d{}</style><title>Oops %[1]d</title></head><body><h1>Failed</h1></body></html>"},
		{"lines of a stack", "boom\n    at f (/srv/a.js:%d:7)\n"},
		{"a stack in JSON", `{"message":"boom","stack":"boom\n    at f (/srv/a.js:%d:7)\n"}`},
		{"a list of frames", `{"error":"boom","trace":["at f (/srv/a.js:%d:7)"]}`},
		{"deep", `{"errors":[{"extensions":{"code":"X"},"message":"row %d"}]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b := printOf(t, fmt.Sprintf(tt.form, 1), contract.Request{}), printOf(t, fmt.Sprintf(tt.form, 7), contract.Request{})
			assert.Equal(t, a, b)
			assert.NotEmpty(t, a.cause)
		})
	}
}

func TestTwoErrorsAreTwoCauses(t *testing.T) {
	tests := []struct{ name, first, second string }{
		{"text", "order failed", "payment failed"},
		{"nothing and something", "", "failed"},
		{"what looks like a frame", "orders.place(1)", "orders.cancel(1)"},
		{"title", `{"title":"order failed"}`, `{"title":"payment failed"}`},
		{"shape", `{"title":"failed"}`, `{"title":"failed","field":"x"}`},
		{"code", `{"message":"failed","code":"E_A"}`, `{"message":"failed","code":"E_B"}`},
		{"nested", `{"error":{"message":"a is bad"}}`, `{"error":{"message":"b is bad"}}`},
		{"HTML", "<title>Error</title><h1>Order</h1>", "<title>Error</title><h1>Payment</h1>"},
		{"stack in JSON", `{"message":"boom","stack":"boom\n    at f (/srv/a.js:1:7)\n"}`, `{"message":"boom","stack":"boom\n    at g (/srv/a.js:1:7)\n"}`},
	}
	for _, form := range []string{goTrace, javaTrace, pythonTrace, scriptTrace} {
		name, _, _ := strings.Cut(form, "\n")
		tests = append(tests, struct{ name, first, second string }{name, fmt.Sprintf(form, 12, "place"), fmt.Sprintf(form, 12, "cancel")})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.NotEqual(t, printOf(t, tt.first, contract.Request{}).cause, printOf(t, tt.second, contract.Request{}).cause)
		})
	}
}

func TestTracesAreAlikeInOneFunction(t *testing.T) {
	for _, form := range []string{goTrace, javaTrace, pythonTrace, scriptTrace} {
		a, b := printOf(t, fmt.Sprintf(form, 12, "place"), contract.Request{}), printOf(t, fmt.Sprintf(form, 34, "place"), contract.Request{})
		assert.Equal(t, a.cause, b.cause)
		assert.Contains(t, a.cause, "place")
	}
}

func TestWhatTheRequestSentIsNoPartOfTheCause(t *testing.T) {
	of := func(name string) fingerprint {
		return printOf(t, "no product called "+name+" here", contract.Request{
			Query: map[string]any{"limit": "5"}, Body: &contract.Body{Value: map[string]any{"product": map[string]any{"name": name}}}})
	}
	assert.Equal(t, of("lamp"), of("green chair"))
	assert.NotContains(t, of("lamp").text, "lamp")
	assert.Equal(t, "xlampx # lamp_", replaceWord("xlampx lamp lamp_", "lamp"))
	assert.Equal(t, "#", replaceWord("lamp", "lamp"))
}

func TestTwoFailuresOfOneOperationAreTwoFindings(t *testing.T) {
	k := checker(t, Options{})
	cause := func(body string) string {
		broken, _ := k.Case(single(contract.Positive, "", one, ""), []contract.Observation{answer(0, 500, body)})
		got, _ := causes(contract.NoServerError, broken, nil)
		return got[0]
	}
	assert.NotEqual(t, cause(`{"title":"cannot divide"}`), cause(`{"title":"no such column"}`))
	assert.Equal(t, cause(`{"title":"row 1 of 7"}`), cause(`{"title":"row 2 of 9"}`))
	long := cause(strings.Repeat("very long and always alike ", 100))
	assert.Less(t, len(long), 230)
}

func TestSecretsInErrorsAreNotTold(t *testing.T) {
	for _, body := range []string{
		"cannot dial postgres://shop:hunter2@db/shop", "password=hunter2 is wrong", "api_key: hunter2",
		"refused Authorization: Bearer hunter2.hunter2", "bad token eyJhbGciOi.eyJodW50ZXIy.hunter2", `{"message":"db_password=hunter2"}`,
	} {
		got := printOf(t, body, contract.Request{})
		assert.NotContains(t, got.text+got.cause, "hunter2", body)
	}
}

func FuzzCase(f *testing.F) {
	k := checker(f, Options{Limit: 1})
	f.Add(500, []byte(goTrace), "application/json", "reset", 0, `{"name":"n"}`)
	f.Add(200, []byte(`{"items":[{"id":"1"}],"next":{"a":[1e9999]}}`), "application/json", "", 1, `{"price":1e400}`)
	f.Add(405, []byte(`<script><style><`), "text/html", "", 3, `[null]`)
	f.Add(400, []byte(pythonTrace), "text/plain", "", -1, `"x"`)
	f.Fuzz(func(t *testing.T, status int, body []byte, contentType, fault string, step int, sentBody string) {
		o := answer(step, status, string(body), "Content-Type: "+contentType, "Allow: "+contentType, "Location: "+contentType, "Link: "+contentType)
		o.Fault = fault
		if v, ok := parse([]byte(sentBody)); ok {
			o.Request.Body = &contract.Body{MediaType: "application/json", Value: v}
		}
		before := o
		before.Step, before.Fault = 0, ""
		for _, expect := range []contract.Expect{{}, {Check: contract.WriteKept, Kept: "write"}, {Check: contract.Idempotent, Same: "write"}, {Check: contract.Available, Listed: "write", Status: []string{"2XX"}}} {
			cs := lifecycle(create, many, expect)
			for _, kind := range []contract.Kind{contract.Positive, contract.Negative, contract.Sequence} {
				for _, rule := range []contract.Rule{contract.RuleMethod, contract.RuleCredentials, "maximum"} {
					cs.Kind, cs.Rule, cs.At = kind, rule, contract.Place(contentType)
					broken, _ := k.Case(cs, []contract.Observation{before, o})
					for _, b := range broken {
						if b.Message == "" || len(b.Cause) > 230 || b.Step < 0 || b.Step > 1 {
							t.Fatalf("%+v", b)
						}
					}
				}
			}
		}
	})
}

func BenchmarkCase(b *testing.B) {
	k := checker(b, Options{})
	product := `{"id":"0123456789","name":"a product with a name","price":12.50,"tags":["red","blue"],"stock":{"berlin":12},"at":"2026-11-21T12:00:00Z"}`
	body := `{"items":[` + strings.Repeat(product+",", 6) + product + `]}`
	cs := single(contract.Positive, contract.RuleOrdinary, many, "")
	seen := []contract.Observation{answer(0, 200, body, "X-Total: 7")}
	broken, _ := k.Case(cs, seen)
	if len(broken) > 0 {
		b.Fatal(broken)
	}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		k.Case(cs, seen)
	}
}

func BenchmarkServerError(b *testing.B) {
	k := checker(b, Options{})
	cs := single(contract.Positive, contract.RuleOrdinary, one, "")
	body := strings.Repeat(fmt.Sprintf(javaTrace, 12, "place"), 60)
	seen := []contract.Observation{answer(0, 500, body)}
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		k.Case(cs, seen)
	}
}

package report_test

import (
	"fmt"
	"strings"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
)

var start = time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)

func emptyReport() *contract.Report {
	return &contract.Report{Verdict: contract.Inconclusive, Started: start, Ended: start}
}

func step(operation, curl string, status int, request, response string) contract.ExampleStep {
	s := contract.ExampleStep{
		Operation: operation, Curl: curl, Status: status, Latency: 3.2, Exchange: "0123456789abcdef0123456789abcdef",
		Response: contract.Text{Header: []string{"Content-Type: application/json", "X-Request-Id: 7f3a"}, Body: response, Size: int64(len(response))},
	}
	if request != "" {
		s.Request = contract.Text{Header: []string{"Content-Type: application/json", "Authorization: [redacted]"}, Body: request, Size: int64(len(request))}
	}
	return s
}

func typicalReport() *contract.Report {
	return &contract.Report{
		Tool: "twinspect 1.4.0", Started: start, Ended: start.Add(41300 * time.Millisecond),
		Document: contract.DocumentInfo{Path: "openapi.yaml", Title: "Shop", Version: "2.3.0", OpenAPI: "3.0.3", SHA256: strings.Repeat("5e", 32)},
		Provider: "http://127.0.0.1:8080", Seed: 7, Verdict: contract.Fail,
		Reasons: []string{"the provider does not keep to the document: 3 causes in 3 operations", "1 operation could not be asked, as its setup failed"},
		Cases: []contract.KindCount{
			{Kind: contract.Positive, Made: 1204, Passed: 1181, Broken: 14, NotRun: map[capture.Reason]uint64{"setup-failed": 9}},
			{Kind: contract.Negative, Made: 2310, Passed: 2291, Broken: 19},
			{Kind: contract.Sequence, Made: 48, Passed: 40, Broken: 4, NotRun: map[capture.Reason]uint64{"budget": 3, "setup-failed": 1}},
		},
		Requests: 41211, Latency: &contract.Latency{Count: 41211, P50: 0.83, P90: 3.1, P99: 12.4, Max: 1402},
		Checks:   []contract.CheckInfo{{Check: contract.NoServerError, Made: 41211, Broken: 12}, {Check: contract.BodyKept, Made: 30122, Broken: 3}, {Check: contract.Rejected, Made: 2310}, {Check: contract.WriteKept, Made: 48, Broken: 4}},
		Findings: typicalFindings(), Coverage: typicalCoverage(),
		Problems: []contract.Problem{{Place: "openapi.yaml:212 #/paths/~1legacy/get", Operation: "GET /legacy", Message: "the reference #/components/schemas/Gone leads nowhere"}},
		Gaps: []contract.Gap{
			{Operation: "GET /products", At: "query sku", Rule: "pattern", Why: "no text matches the pattern (?=a)b"},
			{Operation: "POST /orders", At: "body /attachment", Why: "contentEncoding base32 is not supported"},
		},
		Account: capture.Account{{Name: "run", Unit: "cases", Stats: capture.Stats{Seen: 3562, Written: 3549, Dropped: map[capture.Reason]uint64{"setup-failed": 10, "budget": 3}}}},
	}
}

func typicalFindings() []contract.Finding {
	return []contract.Finding{
		{Check: contract.NoServerError, Operation: "GET /products", Cause: "status 500 with /error", Message: "answered 500 where limit and offset are both at their bounds",
			Count: 12, Cases: []string{"get-products/pairwise-3", "get-products/pairwise-9"}, Asked: 3, Seen: 3, After: 412 * time.Millisecond,
			Example: contract.Example{Case: "get-products/pairwise-3", Why: "limit at its maximum and offset at its minimum, together", Left: 4,
				Steps: []contract.ExampleStep{step("GET /products", "curl 'http://127.0.0.1:8080/products?limit=100&offset=0'", 500, "", `{"error":"slice bounds out of range [100:37]"}`)}}},
		{Check: contract.BodyKept, Operation: "GET /orders", At: "body /items/41/lines/0/quantity", Cause: "/items/*/lines/*/quantity type",
			Message: "got string, want integer", Count: 3, Cases: []string{"get-orders/pages"}, Asked: 3, Seen: 3, After: 2310 * time.Millisecond,
			Example: contract.Example{Case: "get-orders/pages", Why: "the list followed to its last page",
				Steps: []contract.ExampleStep{step("GET /orders", "curl -H \"Authorization: Bearer $TOKEN\" 'http://127.0.0.1:8080/orders?cursor=8'", 200, "", `{"items":[{"id":"o-41","lines":[{"sku":"A-1","quantity":"3"}]}],"next":null}`)}}},
		{Check: contract.WriteKept, Operation: "PUT /products/{id}", At: "body /price", Cause: "/price not kept", Message: "the update was answered 200, but body /price is read as before",
			Count: 4, Cases: []string{"put-products-id/lifecycle"}, Asked: 3, Seen: 3, After: 9 * time.Second,
			Example: contract.Example{Case: "put-products-id/lifecycle", Why: "created, read, updated, read", Left: 1, Steps: []contract.ExampleStep{
				step("POST /products", `curl -X POST -H 'Content-Type: application/json' -d '{"name":"a","price":1}' http://127.0.0.1:8080/products`, 201, `{"name":"a","price":1}`, `{"id":"p-1","name":"a","price":1}`),
				step("PUT /products/{id}", `curl -X PUT -H 'Content-Type: application/json' -d '{"name":"a","price":2}' http://127.0.0.1:8080/products/p-1`, 200, `{"name":"a","price":2}`, `{"id":"p-1","name":"a","price":2}`),
				step("GET /products/{id}", `curl http://127.0.0.1:8080/products/p-1`, 200, "", `{"id":"p-1","name":"a","price":1}`),
			}}},
		{Check: contract.Answered, Operation: "GET /health", Cause: "timeout", Message: "no answer came within 10 s", Count: 1, Cases: []string{"get-health/ordinary"},
			Flaky: true, Asked: 3, Seen: 1, After: 31 * time.Second,
			Example: contract.Example{Case: "get-health/ordinary", Steps: []contract.ExampleStep{{Operation: "GET /health", Curl: "curl http://127.0.0.1:8080/health", Fault: "timeout", Latency: 10000}}}},
	}
}

func typicalCoverage() contract.Coverage {
	return contract.Coverage{Operations: []contract.OperationCoverage{
		{Operation: "GET /health", Asked: 12, Items: []contract.CoverItem{{Part: "status", Name: "200", Positive: 11, CannotBreak: true}}},
		{Operation: "GET /products", Asked: 1211, Items: []contract.CoverItem{
			{Part: "parameter", Name: "query limit", Positive: 811, Negative: 77},
			{Part: "parameter", Name: "query sku", Positive: 0, Negative: 12, Why: "no text matches the pattern (?=a)b"},
			{Part: "keyword", Name: "query limit maximum", Positive: 40, Negative: 12},
			{Part: "keyword", Name: "query limit minimum", Positive: 40, Negative: 12},
			{Part: "status", Name: "200", Positive: 1100, CannotBreak: true},
			{Part: "status", Name: "429", CannotBreak: true, Why: "no case asks for it"},
			{Part: "response-media-type", Name: "application/json", Positive: 1100, CannotBreak: true},
		}},
		{Operation: "POST /orders", Asked: 2010, Items: []contract.CoverItem{
			{Part: "body", Name: "application/json", Positive: 900, Negative: 1110},
			{Part: "keyword", Name: "body /lines minItems", Positive: 12},
			{Part: "security", Name: "bearer", Positive: 2000, Negative: 10},
			{Part: "header", Name: "201 Location", Positive: 900, CannotBreak: true},
			{Part: "status", Name: "201", Positive: 900, CannotBreak: true},
		}},
		{Operation: "DELETE /legacy/{id}", Asked: 0, Items: []contract.CoverItem{{Part: "status", Name: "204", CannotBreak: true}}},
	}}
}

// largeReport has operations as a great public document has them.
func largeReport(operations, findings int) *contract.Report {
	r := typicalReport()
	r.Coverage.Operations, r.Findings = nil, nil
	for i := range operations {
		op := contract.OperationCoverage{Operation: fmt.Sprintf("GET /repos/{owner}/{repo}/things-%d/{id}", i), Asked: uint64(i % 97)}
		for j := range 60 {
			op.Items = append(op.Items, contract.CoverItem{Part: []string{"parameter", "keyword", "keyword", "status", "response-media-type"}[j%5],
				Name: fmt.Sprintf("body /field%d/*/deep%d maximum", j, i%13), Positive: uint64(j % 3), Negative: uint64(j % 2), Why: []string{"", "", "", "no value of the schema breaks it alone"}[j%4]})
		}
		r.Coverage.Operations = append(r.Coverage.Operations, op)
	}
	for i := range findings {
		f := typicalFindings()[i%4]
		f.Operation, f.Cause = r.Coverage.Operations[i*7%operations].Operation, fmt.Sprintf("%s %d", f.Cause, i)
		f.Example.Steps = append([]contract.ExampleStep(nil), f.Example.Steps...)
		body := fmt.Sprintf(`{"n":%d,"text":"%s"}`, i, strings.Repeat(fmt.Sprintf("lorem %x ", i*7919), 1600))
		f.Example.Steps[0].Response = contract.Text{Header: []string{"Content-Type: application/json"}, Body: body[:min(len(body), 16<<10)], Size: int64(len(body))}
		r.Findings = append(r.Findings, f)
	}
	return r
}

// traffic is a report in which every text that may come from outside is s.
func traffic(s string) *contract.Report {
	r := typicalReport()
	r.Tool, r.Input, r.Provider, r.Reasons = s, s, "x"+s, []string{s, "x" + s}
	r.Document = contract.DocumentInfo{Path: s, Title: s, Version: s, OpenAPI: s, SHA256: s}
	r.Cases = []contract.KindCount{{Kind: contract.Kind(s), Made: 1, NotRun: map[capture.Reason]uint64{capture.Reason(s): 1}}}
	r.Checks = []contract.CheckInfo{{Check: contract.Check(s), Made: 2, Broken: 1}}
	text := contract.Text{Header: []string{s}, Body: s, Size: 3}
	f := contract.Finding{Check: contract.Check(s), Operation: s, At: contract.Place(s), Cause: s, Message: s, Count: 1, Cases: []string{s}, Asked: 3, Seen: 3,
		Example: contract.Example{Case: s, Why: "w" + s, Left: 2, Steps: []contract.ExampleStep{{Operation: s, Curl: s, Exchange: s, Status: 500, Fault: "f" + s, Latency: 1, Request: text, Response: text}}}}
	unsure := f
	unsure.Flaky, unsure.Seen, unsure.Cause = true, 1, "c"+s
	r.Findings = []contract.Finding{f, unsure}
	r.Coverage = contract.Coverage{Operations: []contract.OperationCoverage{{Operation: s, Asked: 2, Items: []contract.CoverItem{{Part: "p" + s, Name: s, Positive: 1, Why: "w" + s}}}}}
	r.Problems = []contract.Problem{{Place: s, Operation: "x" + s, Message: s}}
	r.Gaps = []contract.Gap{{Operation: "x" + s, At: contract.Place("x" + s), Rule: contract.Rule("x" + s), Why: s}}
	r.Account = capture.Account{{Name: s, Unit: s, Stats: capture.Stats{Seen: 3, Written: 1, Filtered: map[capture.Reason]uint64{capture.Reason(s): 1}, Dropped: map[capture.Reason]uint64{capture.Reason(s): 1}}}}
	return r
}

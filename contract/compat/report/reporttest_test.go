package report_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/compat"
	"twinspect.dev/contract/compat/impact"
)

var start = time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)

func TestMain(m *testing.M) {
	flag.Bool("update", false, "write the golden files anew")
	flag.Parse()
	os.Exit(m.Run())
}

// golden compares got with testdata/name, or writes it there when the test is run
// with -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if flag.Lookup("update").Value.String() == "true" {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run the test with -update to write the golden file")
	require.Equal(t, string(want), string(got))
}

func emptyReport() *impact.Report {
	return &impact.Report{Verdict: contract.Inconclusive, Started: start, Ended: start}
}

func documentInfo(version string) contract.DocumentInfo {
	return contract.DocumentInfo{Path: "catalog-" + version + ".yaml", Title: "Catalog", Version: version, OpenAPI: "3.0.3", SHA256: strings.Repeat("5e", 32)}
}

func effect(l impact.Level, rule, operation, status, at string, calls, of uint64, text string) impact.Effect {
	return impact.Effect{Level: l, Rule: rule, Operation: operation, Status: status, At: contract.Place(at), Calls: calls, Of: of, Text: text,
		Old: "catalog-1.4.0.yaml:27 #/components/schemas/Product/properties/price", New: "catalog-2.0.0.yaml:25 #/components/schemas/Product"}
}

// typicalReport is a change that breaks one consumer of traffic and one of a Pact
// file, and is a risk for a third.
func typicalReport() *impact.Report {
	const get, list, write = "GET /products/{id}", "GET /products", "POST /products/{id}/reservations"
	old := documentInfo("1.4.0")
	return &impact.Report{
		Tool: "twinspect 1.4.0", Started: start, Ended: start.Add(812 * time.Millisecond), Provider: "catalog", Old: &old, New: documentInfo("2.0.0"),
		Verdict: contract.Fail,
		Reasons: []string{
			"breaks checkout: it uses body /price of GET /products/{id} in 100 % of 12,431 calls",
			"breaks mobile-app: it never sends header Idempotency-Key of POST /products/{id}/reservations, which is required now, in 4 interactions",
			"a risk for search",
		},
		Consumers: []impact.Consumer{
			{Name: "checkout", Level: impact.Breaks, Source: "traffic", Calls: 14902, Effects: []impact.Effect{
				effect(impact.Breaks, "response-property-removed", get, "200", "body /price", 12431, 12431, "uses body /price of GET /products/{id} in 100 % of 12,431 calls"),
				effect(impact.Risk, "response-enum-extended", get, "200", "body /state", 311, 12431, "uses body /state of GET /products/{id} in 2.5 % of 12,431 calls"),
				effect(impact.Notice, "response-property-removed", get, "200", "body /stock", 12431, 12431, "is given body /stock of GET /products/{id} in 100 % of 12,431 calls; nothing shows that it uses it"),
			}},
			{Name: "mobile-app", Level: impact.Breaks, Source: "pact", Calls: 9, Effects: []impact.Effect{
				effect(impact.Breaks, "request-parameter-required-added", write, "", "header Idempotency-Key", 4, 4, "never sends header Idempotency-Key of POST /products/{id}/reservations, which is required now, in 4 interactions"),
			}},
			{Name: "search", Level: impact.Risk, Source: "traffic", Calls: 230411, Effects: []impact.Effect{
				effect(impact.Risk, "response-enum-extended", list, "200", "body /items/*/state", 4608220, 230411, "uses body /items/*/state of GET /products in 100 % of 230,411 calls"),
			}},
			{Name: "backoffice", Level: impact.Safe, Source: "traffic", Calls: 77, Effects: []impact.Effect{
				effect(impact.Notice, "response-property-removed", get, "200", "body /stock", 70, 77, "is given body /stock of GET /products/{id} in 91 % of 77 calls; nothing shows that it uses it"),
			}},
			{Name: "storefront", Level: impact.Safe, Source: "traffic", Calls: 1203411, Effects: []impact.Effect{}},
		},
		Changes: []impact.Change{
			{ID: "response-property-removed", Level: compat.Breaking, Direction: compat.InResponse, Operation: get, Status: "200", MediaType: "application/json", At: "body /price",
				Text: "price is not declared any longer", Old: "catalog-1.4.0.yaml:27 #/components/schemas/Product/properties/price", New: "catalog-2.0.0.yaml:25 #/components/schemas/Product",
				Breaks: []string{"checkout"}, Weight: "breaks checkout (uses body /price of GET /products/{id} in 100 % of 12,431 calls), nobody else"},
			{ID: "request-parameter-required-added", Level: compat.Breaking, Direction: compat.InRequest, Operation: write, At: "header Idempotency-Key",
				Text: "a required header Idempotency-Key was added", New: "catalog-2.0.0.yaml:91", Breaks: []string{"mobile-app"},
				Weight: "breaks mobile-app (never sends header Idempotency-Key of POST /products/{id}/reservations, which is required now, in 4 interactions), nobody else"},
			{ID: "response-property-removed", Level: compat.Breaking, Direction: compat.InResponse, Operation: get, Status: "200", MediaType: "application/json", At: "body /stock",
				Text: "stock is not declared any longer", Old: "catalog-1.4.0.yaml:31", Notices: []string{"backoffice", "checkout"},
				Weight: "breaks nobody, seen by backoffice and checkout without a use"},
			{ID: "operation-removed", Level: compat.Breaking, Direction: compat.Operation, Operation: "DELETE /products/{id}",
				Text: "the operation was removed", Old: "catalog-1.4.0.yaml:120", Weight: "breaks nobody"},
			{ID: "response-enum-extended", Level: compat.Risky, Direction: compat.InResponse, Operation: get, Status: "200", MediaType: "application/json", At: "body /state",
				Text: `the enumeration has "retired" now`, Old: "catalog-1.4.0.yaml:33", New: "catalog-2.0.0.yaml:30", Risks: []string{"checkout"}, Weight: "breaks nobody, a risk for checkout"},
			{ID: "response-enum-extended", Level: compat.Risky, Direction: compat.InResponse, Operation: list, Status: "200", MediaType: "application/json", At: "body /items/*/state",
				Text: `the enumeration has "retired" now`, Old: "catalog-1.4.0.yaml:33", New: "catalog-2.0.0.yaml:30", Risks: []string{"search"}, Weight: "breaks nobody, a risk for search"},
			{ID: "response-property-added", Level: compat.Safe, Direction: compat.InResponse, Operation: get, Status: "200", At: "body /cost", Text: "cost was added", New: "catalog-2.0.0.yaml:28"},
			{ID: "operation-added", Level: compat.Safe, Direction: compat.Operation, Operation: "GET /suppliers", Text: "the operation was added", New: "catalog-2.0.0.yaml:140"},
		},
		Problems: []contract.Problem{{Place: "catalog-2.0.0.yaml:212 #/paths/~1legacy/get", Operation: "GET /legacy", Message: "the reference #/components/schemas/Gone leads nowhere"}},
	}
}

// passingReport holds two consumers against one document.
func passingReport() *impact.Report {
	return &impact.Report{
		Tool: "twinspect 1.4.0", Started: start, Ended: start.Add(40 * time.Millisecond), Provider: "catalog", New: documentInfo("1.4.0"), Verdict: contract.Pass,
		Reasons: []string{"the document promises all that 2 consumers rely on"},
		Consumers: []impact.Consumer{
			{Name: "checkout", Level: impact.Safe, Source: "traffic", Calls: 14902, Effects: []impact.Effect{}},
			{Name: "search", Level: impact.Safe, Source: "traffic", Calls: 1, Effects: []impact.Effect{
				effect(impact.Notice, "field-optional", "GET /products", "200", "body /total", 1, 1, "uses body /total of GET /products in 1 call, which was always there and is promised as optional"),
			}},
		},
	}
}

// aloneReport is a change that no consumers were given for.
func aloneReport() *impact.Report {
	r := typicalReport()
	r.Provider, r.Consumers, r.Reasons = "", nil, []string{"4 breaking changes, and no consumers were given to weigh them by"}
	for i := range r.Changes {
		c := &r.Changes[i]
		c.Breaks, c.Risks, c.Notices, c.Weight = nil, nil, nil, ""
	}
	return r
}

func reports() map[string]*impact.Report {
	return map[string]*impact.Report{"typical": typicalReport(), "passing": passingReport(), "alone": aloneReport(), "empty": emptyReport()}
}

// largeReport is a change of a great public document, with many consumers.
func largeReport(changes, consumers int) *impact.Report {
	r := typicalReport()
	r.Changes, r.Consumers, r.Reasons, r.Problems = nil, nil, nil, nil
	sample := typicalReport().Changes
	for i := range changes {
		c := sample[i*len(sample)/changes] // in the order of their levels
		c.Operation = fmt.Sprintf("GET /repos/{owner}/{repo}/things-%d/{id}", i)
		r.Changes = append(r.Changes, c)
	}
	people := typicalReport().Consumers
	for i := range consumers {
		k := people[i*len(people)/consumers]
		k.Name = fmt.Sprintf("%s-%d", k.Name, i)
		effects := k.Effects
		k.Effects = []impact.Effect{}
		for j := range min(len(effects)*40, changes) {
			e := effects[j*len(effects)/(len(effects)*40)]
			e.Operation = r.Changes[j].Operation
			k.Effects = append(k.Effects, e)
		}
		r.Consumers = append(r.Consumers, k)
		if k.Level == impact.Breaks {
			r.Reasons = append(r.Reasons, fmt.Sprintf("breaks %s: it %s", k.Name, k.Effects[0].Text))
		}
	}
	for i := range 1000 {
		r.Problems = append(r.Problems, contract.Problem{Place: fmt.Sprintf("new.yaml:%d", i), Message: "leads nowhere"})
	}
	return r
}

// traffic is a report in which every text that may come from outside is s.
func traffic(s string) *impact.Report {
	at := contract.Place(s)
	e := impact.Effect{Level: impact.Breaks, Rule: s, Operation: s, Status: s, At: at, Calls: 1, Of: 2, Text: s, Old: "o" + s, New: "n" + s}
	risk, notice := e, e
	risk.Level, notice.Level = impact.Risk, impact.Notice
	info := contract.DocumentInfo{Path: "p" + s, Title: s, Version: s, OpenAPI: "v" + s, SHA256: "h" + s}
	c := impact.Change{ID: s, Level: compat.Breaking, Direction: compat.InResponse, Operation: s, Status: s, MediaType: s, At: at, Text: s, Old: "o" + s, New: "n" + s,
		Breaks: []string{"c" + s}, Risks: []string{"d" + s}, Weight: "w" + s}
	risky, alone := c, c
	risky.Level, risky.Breaks = compat.Risky, nil
	alone.Breaks, alone.Risks = nil, nil
	return &impact.Report{
		Tool: s, Started: start, Ended: start, Provider: "x" + s, Old: &info, New: info, Verdict: contract.Fail, Reasons: []string{s, "x" + s},
		Consumers: []impact.Consumer{
			{Name: "c" + s, Level: impact.Breaks, Source: s, Calls: 2, Effects: []impact.Effect{e, risk, notice}},
			{Name: "d" + s, Level: impact.Risk, Source: "pact", Calls: 2, Effects: []impact.Effect{risk}},
			{Name: "e" + s, Level: impact.Safe, Source: "traffic", Calls: 2},
		},
		Changes:  []impact.Change{c, alone, risky},
		Problems: []contract.Problem{{Place: s, Operation: "x" + s, Message: s}},
		Account:  capture.Account{{Name: s, Unit: s, Stats: capture.Stats{Seen: 3, Written: 1, Filtered: map[capture.Reason]uint64{capture.Reason(s): 1}, Dropped: map[capture.Reason]uint64{capture.Reason(s): 1}}}},
	}
}

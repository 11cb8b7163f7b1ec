package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/pact"
	"twinspect.dev/contract/pact/report"
	"twinspect.dev/contract/pact/verify"
	"twinspect.dev/diff/report/page"
)

var update = flag.Bool("update", false, "write the golden files")

var begun = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func pactOf(consumer string, v contract.Verdict, results ...verify.Result) report.Pact {
	p := report.Pact{Source: "pacts/" + consumer + ".json"}
	p.Consumer, p.Provider, p.Verdict, p.Results, p.Counts = consumer, "catalog", v, results, map[verify.Outcome]int{}
	stage := capture.Stage{Name: "pact", Unit: "interactions"}
	for i := range results {
		results[i].Kind = pact.HTTP
		p.Counts[results[i].Outcome]++
		stage.Seen++
		switch {
		case results[i].Outcome != verify.NotRun:
			stage.Written++
		case results[i].Reason == verify.NotSelected:
			stage.Filter(results[i].Reason, 1)
		default:
			stage.Drop(results[i].Reason, 1)
		}
	}
	p.Account = capture.Account{stage}
	return p
}

func passed(description string) verify.Result {
	return verify.Result{Description: description, Outcome: verify.Passed, Request: "GET /products", Status: 200, LatencyMS: 1.5}
}

func failed(description string) verify.Result {
	return verify.Result{
		Description: description, Outcome: verify.Failed, Request: "GET /products/7", Status: 200, LatencyMS: 2.25, States: []string{"product 7 exists"},
		Mismatches: []verify.Mismatch{
			{At: "body /price", Message: "it is missing", Expected: "12.5"},
			{At: "header ETag", Message: "another value is expected", Expected: `"a"`, Actual: `"b"`},
		},
		Curl: "curl -X GET http://127.0.0.1:8080/products/7 -H 'Authorization: '\"$H_AUTHORIZATION\"", Notes: []string{"the first of 2 answers was compared"},
	}
}

func judged(pacts ...report.Pact) *report.Evidence {
	e := &report.Evidence{Tool: "twinspect test", Started: begun, Ended: begun.Add(3 * time.Second), Provider: "http://127.0.0.1:8080", Pacts: pacts}
	e.Judge()
	return e
}

func typical() *report.Evidence {
	away := verify.Result{Description: "an order that is new", Outcome: verify.NotRun, Reason: verify.StateFailed, Detail: `setup of the state "an order": 404`}
	left := verify.Result{Description: "not asked for", Outcome: verify.NotRun, Reason: verify.NotSelected}
	young := failed("a product with a rating")
	young.Outcome, young.Pending = verify.Pending, true
	storefront := pactOf("storefront", contract.Fail, passed("all products"), failed("one product"), away, left)
	storefront.Reasons = []string{"1 of 4 interactions are not as storefront expects"}
	checkout := pactOf("checkout", contract.Pass, young)
	checkout.Pending, checkout.Notices = true, []string{"This pact is pending"}
	e := judged(storefront, checkout)
	e.Broker, e.ProviderVersion = "https://broker.example", "7"
	return e
}

const evil = "\x1b[31m</script><b>@team | `x` \u202e\n]]>"

func hostile() *report.Evidence {
	r := failed(evil)
	r.States, r.Detail, r.Request, r.Curl, r.Notes = []string{evil}, evil, "GET /"+evil, evil, []string{evil}
	r.Mismatches = []verify.Mismatch{{At: contract.Place("body /" + evil), Message: evil, Expected: evil, Actual: evil}}
	p := pactOf(evil, contract.Fail, r)
	p.Provider, p.Source, p.Notices, p.Reasons = evil, evil, []string{evil}, []string{evil}
	e := judged(p)
	e.Tool, e.Provider, e.Broker = evil, evil, evil
	return e
}

func wide(pacts, interactions int) *report.Evidence {
	var list []report.Pact
	for range pacts {
		var results []verify.Result
		for range interactions {
			results = append(results, failed(strings.Repeat("long ", 100)))
		}
		list = append(list, pactOf("consumer", contract.Fail, results...))
	}
	return judged(list...)
}

var evidences = map[string]func() *report.Evidence{"typical": typical, "hostile": hostile, "empty": func() *report.Evidence { return judged() }}

func rendered(t *testing.T, e *report.Evidence) map[string]string {
	t.Helper()
	out := map[string]string{}
	add := func(name string, err error, b *bytes.Buffer) {
		require.NoError(t, err, name)
		out[name] = b.String()
	}
	var text, narrow, color, doc, junit, comment, htm bytes.Buffer
	add("terminal.txt", report.Terminal(&text, e, report.TerminalOptions{}), &text)
	add("narrow.txt", report.Terminal(&narrow, e, report.TerminalOptions{Width: 40, Verbose: true}), &narrow)
	add("color.txt", report.Terminal(&color, e, report.TerminalOptions{Color: true}), &color)
	add("evidence.json", report.JSON(&doc, e), &doc)
	add("junit.xml", report.JUnit(&junit, e), &junit)
	add("comment.md", report.Markdown(&comment, e), &comment)
	add("page.html", report.HTML(&htm, e), &htm)
	return out
}

func TestReportsMatchTheGoldenFiles(t *testing.T) {
	for name, make := range evidences {
		for form, got := range rendered(t, make()) {
			if form == "page.html" {
				_, body, _ := strings.Cut(got, "<body>")
				got, _, _ = strings.Cut(body, "<script>")
			}
			path := filepath.Join("testdata", name+"-"+form)
			if *update {
				require.NoError(t, os.MkdirAll("testdata", 0o755))
				require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, string(want), got, path)
		}
	}
}

func TestTheVerdictWeighsPendingAndWhatWasNotRun(t *testing.T) {
	skipped := func(reason capture.Reason) verify.Result {
		return verify.Result{Outcome: verify.NotRun, Reason: reason}
	}
	pending := func(p report.Pact) report.Pact { p.Pending = true; return p }
	for name, tc := range map[string]struct {
		pacts []report.Pact
		want  contract.Verdict
	}{
		"nothing":                      {nil, contract.Inconclusive},
		"passed":                       {[]report.Pact{pactOf("a", contract.Pass, passed("x"))}, contract.Pass},
		"one of two fails":             {[]report.Pact{pactOf("a", contract.Pass, passed("x")), pactOf("b", contract.Fail, failed("x"))}, contract.Fail},
		"one not run":                  {[]report.Pact{pactOf("a", contract.Inconclusive, passed("x"), skipped(verify.StateFailed))}, contract.Inconclusive},
		"fails, and another not run":   {[]report.Pact{pactOf("a", contract.Fail, failed("x"), skipped(verify.StateFailed))}, contract.Fail},
		"a part was asked for":         {[]report.Pact{pactOf("a", contract.Pass, passed("x"), skipped(verify.NotSelected)), pactOf("b", contract.Inconclusive, skipped(verify.NotSelected))}, contract.Pass},
		"nothing was asked for":        {[]report.Pact{pactOf("a", contract.Inconclusive, skipped(verify.NotSelected))}, contract.Inconclusive},
		"a pending one was not set up": {[]report.Pact{pactOf("a", contract.Pass, passed("x")), pending(pactOf("b", contract.Inconclusive, skipped(verify.StateFailed)))}, contract.Pass},
		"the provider went away":       {[]report.Pact{pactOf("a", contract.Pass, passed("x")), pending(pactOf("b", contract.Inconclusive, skipped(verify.ProviderGone)))}, contract.Inconclusive},
		"interrupted":                  {[]report.Pact{pactOf("a", contract.Interrupted, failed("x"), skipped(verify.Stopped))}, contract.Interrupted},
	} {
		e := judged(tc.pacts...)
		assert.Equal(t, tc.want, e.Verdict, name)
		assert.NoError(t, e.Account.Balance(), name)
		if tc.want != contract.Pass && tc.want != contract.Interrupted {
			assert.NotEmpty(t, e.Reasons, name)
		}
	}
}

func TestEvidenceKeepsToItsSchemaAndReadsBack(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(report.Schema()))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("schema.json", doc))
	schema, err := c.Compile("schema.json")
	require.NoError(t, err)
	for name, make := range evidences {
		e := make()
		text := rendered(t, e)["evidence.json"]
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		require.NoError(t, err)
		require.NoError(t, schema.Validate(v), name)
		back, err := report.Read(strings.NewReader(text))
		require.NoError(t, err, name)
		assert.Equal(t, text, rendered(t, back)["evidence.json"], name)
	}
}

func TestEvidenceThatWouldBeMisreadIsRefused(t *testing.T) {
	text := rendered(t, typical())["evidence.json"]
	for _, tc := range [][2]string{
		{`"version": "1.0"`, `"version": "2.0"`}, {`evidence/pact"`, `evidence/other"`}, {`"verdict": "fail"`, `"verdict": "fine"`},
		{`"outcome": "passed"`, `"outcome": "failed"`}, {`"outcome": "failed"`, `"outcome": "lost"`}, {`{`, `[`},
	} {
		_, err := report.Read(strings.NewReader(strings.Replace(text, tc[0], tc[1], 1)))
		assert.Error(t, err, tc[1])
	}
	_, err := report.Read(strings.NewReader(strings.Replace(text, `"tool"`, `"later": 1, "tool"`, 1)))
	assert.NoError(t, err, "a later minor version adds fields")
}

func TestJUnitTurnsRedForWhatCountsAlone(t *testing.T) {
	var suites struct {
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Skipped  int `xml:"skipped,attr"`
		Tests    int `xml:"tests,attr"`
	}
	require.NoError(t, xml.Unmarshal([]byte(rendered(t, typical())["junit.xml"]), &suites))
	assert.Equal(t, 6, suites.Tests)
	assert.Equal(t, 2, suites.Failures, "the verdict, and what failed")
	assert.Equal(t, 1, suites.Errors, "the state that could not be set up")
	assert.Equal(t, 2, suites.Skipped, "what is pending, and what was not asked for")
}

func TestTextFromOutsideIsNeverTrusted(t *testing.T) {
	for form, text := range rendered(t, hostile()) {
		assert.NotContains(t, text, "\x1b[31m<", form)
		if form != "evidence.json" {
			assert.NotContains(t, text, "\u202e", form)
		}
		if form == "page.html" {
			assert.NotContains(t, text, "<b>@team")
		}
		if form == "comment.md" {
			assert.NotContains(t, text, "@team |")
		}
	}
	var tree map[string]any
	require.NoError(t, json.Unmarshal([]byte(rendered(t, hostile())["evidence.json"]), &tree))
}

func TestThePageLoadsNothingAndStaysSmall(t *testing.T) {
	for name, e := range map[string]*report.Evidence{"typical": typical(), "hostile": hostile(), "wide": wide(20, 250)} {
		var text, comment bytes.Buffer
		require.NoError(t, report.HTML(&text, e))
		require.NoError(t, report.Markdown(&comment, e))
		assert.Less(t, text.Len(), 5<<20, name)
		assert.LessOrEqual(t, comment.Len(), 60_000, name)
		assert.Equal(t, name == "wide", strings.Contains(text.String(), "the JSON evidence has them"), name)
		doc, err := html.Parse(&text)
		require.NoError(t, err)
		for n := range doc.Descendants() {
			for _, a := range n.Attr {
				switch a.Key {
				case "href":
					assert.True(t, strings.HasPrefix(a.Val, "#") || strings.HasPrefix(a.Val, "data:"), a.Val)
				case "src", "style", "onclick", "onload", "onerror":
					assert.Fail(t, "an attribute that the policy forbids", "%s: %s=%s", name, a.Key, a.Val)
				}
			}
		}
	}
}

func TestTheCheckedInBundlesAreFresh(t *testing.T) {
	files, err := page.Bundle("page")
	require.NoError(t, err)
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("page", filepath.FromSlash(name)))
		require.NoError(t, err)
		require.True(t, string(want) == string(got), "%s is stale: run go generate in this folder", name)
	}
}

func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	if err := report.JSON(&b, typical()); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := report.Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		rendered(t, e)
	})
}

package coverage

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/cases"
	"twinspect.dev/contract/conform"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
	"twinspect.dev/contract/values"
	"twinspect.dev/fixtures/stockroom"
)

// kit is a document and all that works by it.
type kit struct {
	doc       *openapi.Document
	schemas   *schema.Set
	codec     *message.Codec
	conformer *conform.Conformer
}

func parse(t testing.TB, name string, data []byte) kit {
	t.Helper()
	doc, err := openapi.Parse(name, data)
	require.NoError(t, err)
	k := kit{doc: doc, schemas: schema.New(doc)}
	k.codec = message.New(doc, k.schemas)
	k.conformer = conform.New(doc, k.schemas, k.codec)
	return k
}

func small(t testing.TB) kit {
	t.Helper()
	data, err := os.ReadFile("testdata/orders.yaml")
	require.NoError(t, err)
	k := parse(t, "orders.yaml", data)
	require.Empty(t, k.doc.Problems)
	return k
}

func (k kit) meter() *Meter { return New(k.doc, k.schemas, k.conformer) }

func parsed(t testing.TB, text string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	require.NoError(t, d.Decode(&v))
	return v
}

func jsonBody(t testing.TB, text string) *contract.Body {
	t.Helper()
	return &contract.Body{MediaType: "application/json", Value: parsed(t, text)}
}

// asked makes a case of one request and what it gave.
func asked(operation string, kind contract.Kind, r contract.Request, status int, header ...capture.Field) (*contract.Case, []contract.Observation) {
	cs := &contract.Case{Operation: operation, Kind: kind, Steps: []contract.Step{{Name: "a", Operation: operation, Request: r}}}
	o := contract.Observation{Request: r}
	o.Exchange.Response.Status, o.Exchange.Response.Header = status, header
	return cs, []contract.Observation{o}
}

// find returns an item, which must be there.
func find(t testing.TB, c contract.Coverage, operation, part, name string) contract.CoverItem {
	t.Helper()
	var names []string
	for _, o := range c.Operations {
		for _, it := range o.Items {
			if o.Operation != operation {
				continue
			}
			if it.Part == part && it.Name == name {
				return it
			}
			names = append(names, it.Part+": "+it.Name)
		}
	}
	require.Failf(t, "no such item", "%s %s; there are %q", part, name, names)
	return contract.CoverItem{}
}

const post, list = "POST /orders", "GET /orders"

const valid = `{"lines":[{"sku":"ab","quantity":1}],"payment":{"card":"x"}}`

func TestRequestsCoverEachKeywordBothWays(t *testing.T) {
	k := small(t)
	tests := []struct {
		name, operation, part, item, kept, broke string // bodies
	}{
		{"body", post, partBody, "application/json", valid, `{}`},
		{"required", post, partKeyword, "body /lines required", valid, `{"payment":{"card":"x"}}`},
		{"minimum in a list", post, partKeyword, "body /lines/*/quantity minimum", valid,
			`{"lines":[{"sku":"ab","quantity":1},{"sku":"ab","quantity":0}],"payment":{"card":"x"}}`},
		{"exclusive bound of whole numbers", post, partKeyword, "body /lines/*/quantity exclusiveMaximum",
			strings.Replace(valid, ":1}", ":99}", 1), strings.Replace(valid, ":1}", ":100}", 1)},
		{"minLength", post, partKeyword, "body /lines/*/sku minLength", valid, strings.Replace(valid, `"ab"`, `"a"`, 1)},
		{"maxItems", post, partKeyword, "body /lines maxItems",
			`{"lines":[{"sku":"ab","quantity":1},{"sku":"ab","quantity":1}],"payment":{"card":"x"}}`,
			`{"lines":[{"sku":"ab","quantity":1},{"sku":"ab","quantity":1},{"sku":"ab","quantity":1}],"payment":{"card":"x"}}`},
		{"closed object", post, partKeyword, "body additionalProperties", valid, strings.Replace(valid, `{"lines"`, `{"more":1,"lines"`, 1)},
		{"type", post, partKeyword, "body /lines/*/quantity type", valid, strings.Replace(valid, ":1}", `:"1"}`, 1)},
		{"entries of a map", post, partKeyword, "body /labels/* maxLength",
			strings.Replace(valid, `{"lines"`, `{"labels":{"a":"123"},"lines"`, 1), strings.Replace(valid, `{"lines"`, `{"labels":{"a":"1234"},"lines"`, 1)},
		{"in a branch", post, partKeyword, "body /payment/iban maxLength",
			strings.Replace(valid, `{"card":"x"}`, `{"iban":"1234"}`, 1), strings.Replace(valid, `{"card":"x"}`, `{"iban":"12345"}`, 1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := k.meter()
			m.See(asked(tt.operation, contract.Positive, contract.Request{Body: jsonBody(t, tt.kept)}, 201))
			it := find(t, m.Coverage(nil), tt.operation, tt.part, tt.item)
			assert.EqualValues(t, 1, it.Positive)
			assert.Zero(t, it.Negative)
			m.See(asked(tt.operation, contract.Negative, contract.Request{Body: jsonBody(t, tt.broke)}, 400))
			it = find(t, m.Coverage(nil), tt.operation, tt.part, tt.item)
			assert.EqualValues(t, 1, it.Negative)
			assert.True(t, it.Covered())
		})
	}
}

func TestParametersCoverEachKeywordBothWays(t *testing.T) {
	k := small(t)
	m := k.meter()
	at := func(v any) contract.Request { return contract.Request{Query: map[string]any{"limit": v}} }
	m.See(asked(list, contract.Positive, at(json.Number("5")), 200))
	c := m.Coverage(nil)
	assert.True(t, find(t, c, list, partKeyword, "query limit required").Positive == 1)
	assert.Zero(t, find(t, c, list, partKeyword, "query limit maximum").Positive, "5 is not at the bound")
	m.See(asked(list, contract.Positive, at(json.Number("100")), 200))
	m.See(asked(list, contract.Negative, at(json.Number("101")), 400))
	m.See(asked(list, contract.Negative, at("many"), 400))
	m.See(asked(list, contract.Negative, contract.Request{}, 400))
	c = m.Coverage(nil)
	for _, name := range []string{"query limit required", "query limit maximum", "query limit type"} {
		it := find(t, c, list, partKeyword, name)
		assert.True(t, it.Covered(), name)
	}
	p := find(t, c, list, partParameter, "query limit")
	assert.EqualValues(t, 2, p.Positive)
	assert.EqualValues(t, 3, p.Negative)
	assert.True(t, find(t, c, list, partKeyword, "query sort type").CannotBreak, "any text is a string")
	assert.EqualValues(t, 5, c.Operations[0].Asked)
}

func TestBranchesAndValuesOfEnumerationsAreItems(t *testing.T) {
	k := small(t)
	m := k.meter()
	m.See(asked(post, contract.Positive, contract.Request{Body: jsonBody(t, valid)}, 201))
	c := m.Coverage(nil)
	assert.EqualValues(t, 1, find(t, c, post, partBranch, "body /payment oneOf 0").Positive)
	assert.Zero(t, find(t, c, post, partBranch, "body /payment oneOf 1").Positive)
	m.See(asked(list, contract.Positive, contract.Request{Query: map[string]any{"limit": json.Number("5"), "sort": "name"}}, 200))
	c = m.Coverage(nil)
	assert.EqualValues(t, 1, find(t, c, list, partValue, `query sort = "name"`).Positive)
	assert.Zero(t, find(t, c, list, partValue, `query sort = "price"`).Positive)
	assert.EqualValues(t, 1, find(t, c, list, partKeyword, "query sort enum").Positive)
}

func TestAnswersCoverWhatIsDeclared(t *testing.T) {
	k := small(t)
	m := k.meter()
	m.See(asked(post, contract.Positive, contract.Request{Body: jsonBody(t, valid)}, 201,
		capture.Field{Name: "Content-Type", Value: "application/json; charset=utf-8"}, capture.Field{Name: "location", Value: "/orders/1"}))
	m.See(asked(post, contract.Positive, contract.Request{Body: jsonBody(t, valid)}, 418))
	c := m.Coverage(nil)
	assert.EqualValues(t, 1, find(t, c, post, partStatus, "201").Positive)
	assert.EqualValues(t, 1, find(t, c, post, partMedia, "201 application/json").Positive)
	assert.EqualValues(t, 1, find(t, c, post, partHeader, "201 Location").Positive)
	assert.EqualValues(t, 1, find(t, c, post, partStatus, "4XX").Positive)
	assert.Equal(t, "the provider never answered it", find(t, c, post, partMedia, "4XX application/problem+json").Why)
}

func TestCredentialsAreCountedAndSayNothingOfTheRest(t *testing.T) {
	k := small(t)
	m := k.meter()
	send := func(which contract.Credentials, status int) {
		m.See(asked(post, contract.Negative, contract.Request{Body: jsonBody(t, valid), Credentials: which}, status))
	}
	send(contract.NoCredentials, 401)
	send(contract.WrongCredentials, 401)
	c := m.Coverage(nil)
	assert.EqualValues(t, 1, find(t, c, post, partSecurity, "missing credentials").Negative)
	assert.EqualValues(t, 1, find(t, c, post, partSecurity, "wrong credentials").Negative)
	assert.Zero(t, find(t, c, post, partBody, "application/json").Positive)
	send("", 201)
	it := find(t, m.Coverage(nil), post, partSecurity, "wrong credentials")
	assert.True(t, it.Covered())
}

func TestWhyIsWhatTheGapsSay(t *testing.T) {
	k := small(t)
	m := k.meter()
	c := m.Coverage([]contract.Gap{
		{Operation: list, Why: "left out by --operation"},
		{Operation: post, At: "body /lines/0/quantity", Rule: "minimum", Why: "of the bound"},
		{Operation: post, At: "body /lines/0", Why: "of the line"},
	})
	assert.Equal(t, "left out by --operation", find(t, c, list, partStatus, "200").Why)
	assert.Equal(t, "of the bound", find(t, c, post, partKeyword, "body /lines/*/quantity minimum").Why)
	assert.Equal(t, "of the line", find(t, c, post, partKeyword, "body /lines/*/quantity type").Why)
	assert.Equal(t, "the operation was not asked", find(t, c, post, partKeyword, "body /payment required").Why)
	assert.Equal(t, c, m.Coverage([]contract.Gap{
		{Operation: list, Why: "left out by --operation"},
		{Operation: post, At: "body /lines/0/quantity", Rule: "minimum", Why: "of the bound"},
		{Operation: post, At: "body /lines/0", Why: "of the line"},
	}), "the same twice")
}

func TestWhatWasNotSentIsNotCounted(t *testing.T) {
	k := small(t)
	m := k.meter()
	cs, seen := asked(list, contract.Positive, contract.Request{Query: map[string]any{"limit": json.Number("5")}}, 0)
	seen[0].Fault = "refused"
	m.See(cs, seen)
	seen[0].Request.Method, seen[0].Fault = "TRACE", ""
	m.See(cs, seen)
	assert.Zero(t, m.Coverage(nil).Operations[0].Asked)
}

func TestLinksAreFollowed(t *testing.T) {
	k := small(t)
	m := k.meter()
	cs := &contract.Case{Operation: post, Kind: contract.Sequence, Rule: contract.RuleLink, Source: contract.FromLink,
		Why:   "the link read of the answer 201 to POST /orders leads to GET /orders/{id}",
		Steps: []contract.Step{{Operation: post}, {Operation: "GET /orders/{id}"}}}
	m.See(cs, []contract.Observation{{Step: 0}, {Step: 1}})
	assert.EqualValues(t, 1, find(t, m.Coverage(nil), post, partLink, "201 read").Positive)
}

// sent has a meter see the cases of an operation as if each was answered.
func sent(m *Meter, all []contract.Case) {
	for i := range all {
		cs := &all[i]
		o := contract.Observation{Step: len(cs.Steps) - 1, Request: cs.Steps[len(cs.Steps)-1].Request}
		o.Exchange.Response.Status = 200
		if cs.Kind == contract.Negative {
			o.Exchange.Response.Status = 400
		}
		m.See(cs, []contract.Observation{o})
	}
}

func (k kit) cases() *cases.Generator {
	return &cases.Generator{Document: k.doc, Schemas: k.schemas, Codec: k.codec, Conformer: k.conformer, Values: values.New(1), Seed: 1}
}

func TestCasesOfTheStockroomReachNearlyAllKeywords(t *testing.T) {
	k := parse(t, "openapi.yaml", stockroom.Document())
	m := k.meter()
	var gaps []contract.Gap
	for _, op := range k.doc.Operations {
		all, more := k.cases().Operation(op)
		sent(m, all)
		gaps = append(gaps, more...)
	}
	keywords, covered := 0, 0
	for _, o := range m.Coverage(gaps).Operations {
		for _, it := range o.Items {
			switch it.Part {
			case partKeyword, partParameter, partBody, partBranch, partValue:
				keywords++
				if it.Covered() {
					covered++
				} else {
					t.Logf("%s: %s %s +%d -%d %v %s", o.Operation, it.Part, it.Name, it.Positive, it.Negative, it.CannotBreak, it.Why)
				}
			}
		}
	}
	t.Logf("%d of %d", covered, keywords)
	assert.Greater(t, float64(covered), 0.9*float64(keywords))
}

func TestSeeNeverPanics(t *testing.T) {
	k := small(t)
	m := k.meter()
	texts := rapid.SampledFrom([]string{"", "limit", "body", "body /lines/0", "query limit", list, post, "GET /orders/{id}", "x", "application/json"})
	value := rapid.SampledFrom([]any{nil, true, "x", json.Number("1e999999999"), json.Number("-"), json.Number("100"),
		map[string]any{"lines": []any{map[string]any{"quantity": json.Number("0")}, nil}, "payment": map[string]any{}}, []any{[]any{}}})
	rapid.Check(t, func(rt *rapid.T) {
		values := func() map[string]any {
			return rapid.MapOf(rapid.SampledFrom([]string{"limit", "sort", "id"}), value).Draw(rt, "values")
		}
		r := contract.Request{Path: values(), Query: values(), Header: values(), Cookie: values(),
			Target: texts.Draw(rt, "target"), Credentials: contract.Credentials(texts.Draw(rt, "credentials"))}
		if rapid.Bool().Draw(rt, "has body") {
			r.Body = &contract.Body{MediaType: texts.Draw(rt, "type"), Value: value.Draw(rt, "value")}
		}
		cs := &contract.Case{Operation: texts.Draw(rt, "operation"), Kind: contract.Kind(rapid.SampledFrom([]string{"positive", "negative", "sequence"}).Draw(rt, "kind")),
			Rule: contract.Rule(texts.Draw(rt, "rule")), At: contract.Place(texts.Draw(rt, "at")),
			Steps: []contract.Step{{Operation: texts.Draw(rt, "step"), Request: r}}}
		o := contract.Observation{Step: rapid.IntRange(-1, 2).Draw(rt, "index"), Request: r}
		o.Exchange.Response.Status = rapid.IntRange(-1, 1000).Draw(rt, "status")
		m.See(cs, []contract.Observation{o})
		m.Recorded(k.doc.Operation(cs.Operation), &r, []conform.Violation{{At: cs.At, Keyword: string(cs.Rule)}}, &o.Exchange)
		for _, op := range m.Coverage([]contract.Gap{{Operation: cs.Operation, At: cs.At, Rule: cs.Rule, Why: "w"}}).Operations {
			for _, it := range op.Items {
				if it.Part == partKeyword && (it.Positive > 1 || it.Negative > 1) || it.Positive > op.Asked+1 {
					rt.Fatalf("%+v of %d", it, op.Asked)
				}
			}
		}
	})
}

func TestGitHubIsMeasuredInTime(t *testing.T) {
	path := filepath.Join(cmp.Or(os.Getenv("TWINSPECT_CORPORA"), "../../../shared/corpora"), "openapi", "api.github.com.json")
	doc, err := openapi.Load(path)
	if err != nil {
		t.Skip("the document is not there")
	}
	k := kit{doc: doc, schemas: schema.New(doc)}
	k.codec = message.New(doc, k.schemas)
	k.conformer = conform.New(doc, k.schemas, k.codec)
	start := time.Now()
	m := k.meter()
	assert.Less(t, time.Since(start), 10*time.Millisecond)
	c := m.Coverage(nil)
	items := 0
	most := 0
	for _, o := range c.Operations {
		items += len(o.Items)
		most = max(most, len(o.Items))
		for _, it := range o.Items {
			if it.Name == "(more)" {
				t.Logf("more in %s", o.Operation)
			}
		}
	}
	t.Logf("%d operations, %d items, %d at most, %v", len(c.Operations), items, most, time.Since(start))
}

func BenchmarkSee(b *testing.B) {
	k := parse(b, "openapi.yaml", stockroom.Document())
	var all []contract.Case
	for _, op := range k.doc.Operations {
		more, _ := k.cases().Operation(op)
		all = append(all, more...)
	}
	m := k.meter()
	sent(m, all)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		sent(m, all[n:n+1])
		n = (n + 1) % len(all)
	}
}

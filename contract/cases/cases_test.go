package cases

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
	"twinspect.dev/contract/conform"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
	"twinspect.dev/contract/values"
)

func generator(doc *openapi.Document, seed uint64) *Generator {
	schemas := schema.New(doc)
	codec := message.New(doc, schemas)
	return &Generator{
		Document: doc, Schemas: schemas, Codec: codec, Conformer: conform.New(doc, schemas, codec),
		Values: values.New(seed), Seed: seed,
	}
}

func parts(t *testing.T) *Generator {
	t.Helper()
	doc, err := openapi.Load(filepath.Join("testdata", "parts.yaml"))
	require.NoError(t, err)
	require.Empty(t, doc.Problems)
	return generator(doc, 1)
}

func made(t *testing.T, g *Generator, operation string) (map[string]contract.Case, []contract.Gap) {
	t.Helper()
	op := g.Document.Operation(operation)
	require.NotNil(t, op, operation)
	all, gaps := g.Operation(op)
	byID := map[string]contract.Case{}
	for _, c := range all {
		_, name, ok := strings.Cut(c.ID, "/")
		require.True(t, ok, c.ID)
		require.Zero(t, byID[name].ID)
		byID[name] = c
	}
	return byID, gaps
}

func hasGap(gaps []contract.Gap, at contract.Place, rule contract.Rule, why string) bool {
	return slices.ContainsFunc(gaps, func(g contract.Gap) bool { return g.At == at && g.Rule == rule && strings.Contains(g.Why, why) })
}

// request returns the only request of a case.
func request(t *testing.T, c contract.Case) contract.Request {
	t.Helper()
	require.Len(t, c.Steps, 1, c.ID)
	return c.Steps[0].Request
}

func TestEachPartIsTestedAtEachOfItsRules(t *testing.T) {
	g := parts(t)
	byID, gaps := made(t, g, "GET /things")
	for _, id := range []string{
		"ordinary", "maximal", "query-limit-example-few", "query-limit-minimum", "query-limit-maximum",
		"query-limit-breaks-minimum", "query-limit-breaks-type", "query-sort-enum", "query-sort-breaks-enum",
		"query-q-max-length", "query-q-breaks-max-length", "query-q-oversized", "header-x-trace-missing",
		"header-x-note-oversized", "credentials-none", "credentials-wrong", "method-put", "method-patch", "pairwise-2",
	} {
		assert.Contains(t, slices.Sorted(maps.Keys(byID)), id)
	}
	for id := range byID {
		assert.NotContains(t, id, "accept", "the header Accept is no parameter")
	}
	assert.NotContains(t, slices.Sorted(maps.Keys(byID)), "method-post", "it is declared")
	assert.NotContains(t, slices.Sorted(maps.Keys(byID)), "query-limit-example-wrong")
	assert.True(t, hasGap(gaps, "query limit", contract.RuleExample, `example "wrong" breaks its own schema`), "%v", gaps)

	c := byID["query-limit-maximum"]
	assert.Equal(t, "get-things/query-limit-maximum", c.ID)
	assert.Equal(t, contract.Positive, c.Kind)
	assert.Equal(t, contract.Rule("maximum"), c.Rule)
	assert.Equal(t, contract.Place("query limit"), c.At)
	assert.Equal(t, json.Number("100"), request(t, c).Query["limit"])
	assert.Equal(t, contract.NoCredentials, request(t, byID["credentials-none"]).Credentials)
	assert.Equal(t, "PUT", request(t, byID["method-put"]).Method)
	assert.NotContains(t, request(t, byID["header-x-trace-missing"]).Header, "X-Trace")
}

func TestBodiesAreBrokenInTheirSchemaAndInTheirGrammar(t *testing.T) {
	byID, gaps := made(t, parts(t), "POST /things")
	for _, id := range []string{
		"body-example-chair", "body-price-minimum", "body-name-breaks-missing", "body-missing", "body-media-type",
		"body-malformed-truncated", "body-malformed-trailing-comma", "body-malformed-empty", "body-unicode-not-utf-8",
		"body-application-xml", "body-multipart-form-data", "body-application-x-www-form-urlencoded",
		"body-application-xml-malformed-truncated", "body-multipart-form-data-malformed-boundary", "body-name-oversized",
	} {
		assert.Contains(t, slices.Sorted(maps.Keys(byID)), id)
	}
	assert.NotContains(t, slices.Sorted(maps.Keys(byID)), "credentials-none", "an alternative needs none")
	assert.NotContains(t, slices.Sorted(maps.Keys(byID)), "method-put", "the first operation of the path has it")
	assert.True(t, hasGap(gaps, "body", contract.RuleExample, `example "broken" breaks its own schema`), "%v", gaps)
	assert.Equal(t, "text/plain", request(t, byID["body-media-type"]).Body.MediaType)
}

func TestWhatTheSetupSuppliesIsLeftOutOfOtherCases(t *testing.T) {
	g := parts(t)
	g.Supplied = map[string][]contract.Place{
		"DELETE /things/{id}": {"path id", "header If-Match"},
		"POST /things":        {"body /name"},
	}
	byID, gaps := made(t, g, "DELETE /things/{id}")
	for id, c := range byID {
		r := request(t, c)
		assert.Equal(t, c.At == "path id", r.Path["id"] != nil, id)
		assert.Equal(t, c.At == "header If-Match", r.Header["If-Match"] != nil, id)
	}
	assert.Contains(t, slices.Sorted(maps.Keys(byID)), "path-id-minimum")
	assert.Contains(t, slices.Sorted(maps.Keys(byID)), "path-id-breaks-minimum")
	assert.True(t, hasGap(gaps, "header If-Match", contract.RuleMissing, "the setup supplies it"))
	byID, _ = made(t, g, "POST /things")
	assert.NotContains(t, request(t, byID["ordinary"]).Body.Value, "name")
	assert.Contains(t, request(t, byID["body-name-max-length"]).Body.Value, "name")
	r, ok := g.Ordinary(g.Document.Operation("DELETE /things/{id}"))
	assert.True(t, ok)
	assert.Contains(t, r.Path, "id", "the ordinary request is whole")
}

func TestRecordedRequestsThatKeepToTheDocumentBecomeCases(t *testing.T) {
	g := parts(t)
	g.Recorded = func(string) []contract.Request {
		return []contract.Request{
			{Path: map[string]any{"id": json.Number("17")}, Header: map[string]any{"If-Match": "a"}},
			{Path: map[string]any{"id": json.Number("-3")}, Header: map[string]any{"If-Match": "a"}},
		}
	}
	byID, gaps := made(t, g, "DELETE /things/{id}")
	require.NotZero(t, byID["recorded-1"].ID)
	assert.Equal(t, contract.FromRecorded, byID["recorded-1"].Source)
	assert.NotContains(t, slices.Sorted(maps.Keys(byID)), "recorded-2")
	assert.True(t, hasGap(gaps, "path id", contract.RuleRecorded, "does not keep to the document"), "%v", gaps)
}

func TestTheMostTellingCasesAreKeptWhereThereAreTooMany(t *testing.T) {
	g := parts(t)
	all, _ := made(t, g, "GET /things")
	g.Max = 40
	some, gaps := made(t, g, "GET /things")
	assert.Len(t, some, 40)
	assert.Less(t, len(some), len(all))
	assert.Contains(t, slices.Sorted(maps.Keys(some)), "ordinary")
	assert.Contains(t, slices.Sorted(maps.Keys(some)), "credentials-none")
	for id, c := range some {
		assert.Equal(t, all[id], c)
	}
	assert.True(t, hasGap(gaps, "", "", "40 at most"), "%v", gaps)
}

func TestTheSameDocumentGivesTheSameCases(t *testing.T) {
	first, second := parts(t), parts(t)
	other := generator(first.Document, 99)
	for _, op := range first.Document.Operations {
		a, gapsA := first.Operation(op)
		b, gapsB := second.Operation(second.Document.Operation(op.Name))
		assert.Equal(t, a, b)
		assert.Equal(t, gapsA, gapsB)
		c, _ := other.Operation(op)
		sameIDs(t, a, c)
	}
}

// sameIDs proves that IDs mean the same whatever the seed is. Where a drawn value
// happens to be the same as another, one of both has fewer.
func sameIDs(t *testing.T, a, b []contract.Case) {
	t.Helper()
	meaning := map[string]contract.Case{}
	for _, c := range a {
		meaning[c.ID] = c
	}
	common := 0
	for _, c := range b {
		if m, ok := meaning[c.ID]; ok {
			common++
			assert.Equal(t, []any{m.Kind, m.Rule, m.At, m.Source}, []any{c.Kind, c.Rule, c.At, c.Source}, c.ID)
		}
	}
	assert.GreaterOrEqual(t, 20*common, 19*min(len(a), len(b)), "19 of 20 are there with each seed")
}

func TestRandomCasesKeepToTheDocument(t *testing.T) {
	g := parts(t)
	for _, op := range g.Document.Operations {
		rng, again := rand.New(rand.NewPCG(1, 2)), rand.New(rand.NewPCG(1, 2))
		seen := map[string]bool{}
		for range 50 {
			c, ok := g.Random(op, rng)
			same, _ := g.Random(op, again)
			require.Equal(t, c, same)
			if ok {
				seen[c.ID] = true
				holds(t, g, op, &c)
			}
		}
		if op.Name == "GET /things" || op.Name == "POST /things" {
			assert.Greater(t, len(seen), 10, op.Name)
		}
	}
}

// holds proves that a case is what it is meant to be. Tests only look at requests
// that are whole.
func holds(t *testing.T, g *Generator, op *openapi.Operation, c *contract.Case) bool {
	t.Helper()
	r := &c.Steps[0].Request
	if c.Rule == contract.RuleMethod || c.Rule == contract.RuleCredentials {
		return true
	}
	req, err := g.Codec.Encode(op, r)
	if !assert.NoError(t, err, c.ID) {
		return false
	}
	broken := g.Conformer.Sent(op, &req)
	if c.Kind == contract.Positive {
		return assert.Empty(t, broken, c.ID)
	}
	return assert.NotEmpty(t, broken, c.ID)
}

func TestPositivesKeepToTheDocumentAndNegativesDoNot(t *testing.T) {
	g := parts(t)
	for _, op := range g.Document.Operations {
		all, _ := g.Operation(op)
		require.NotEmpty(t, all)
		for _, c := range all {
			holds(t, g, op, &c)
			assert.NotEmpty(t, c.Why)
			assert.True(t, strings.HasSuffix(c.Why, "."), c.Why)
		}
	}
}

func TestEveryTwoValuesStandTogether(t *testing.T) {
	g := parts(t)
	s := g.plan(g.Document.Operation("GET /things")).space()
	rows, lost := s.rows()
	assert.Zero(t, lost)
	for a := range s.dimensions {
		for b := range a {
			for i := range s.dimensions[a].levels {
				for j := range s.dimensions[b].levels {
					assert.True(t, stand(rows, a, b, i, j), fmt.Sprint(a, b, i, j))
				}
			}
		}
	}
}

func TestOperationsAreMadeSideBySide(t *testing.T) {
	g := parts(t)
	var wg sync.WaitGroup
	for i := range 4 {
		for _, op := range g.Document.Operations {
			wg.Go(func() {
				g.Operation(op)
				g.Ordinary(op)
				g.Random(op, rand.New(rand.NewPCG(uint64(i), 1)))
			})
		}
	}
	wg.Wait()
}

func TestAViolationBelongsToThePartItIsIn(t *testing.T) {
	for _, c := range []struct {
		violation, part contract.Place
		want            bool
	}{
		{"query limit", "query limit", true},
		{"query limit", "query sort", false},
		{"header x-trace", "header X-Trace", true},
		{"query a", "header a", false},
		{"body", "body /items/0", true},
		{"body /items/0", "body", true},
		{"body /items/0/name", "body /items/0", true},
		{"body /items", "body /items/0/name", true},
		{"body /note", "body /name", false},
		{"body /no", "body /note", false},
	} {
		assert.Equal(t, c.want, within(c.violation, c.part), "%s of %s", c.violation, c.part)
	}
}

func TestMalformedJSONIsNoJSON(t *testing.T) {
	for _, raw := range []string{`{"a":1}`, `{}`, `[]`, `[1]`, `"text"`, `5`, `12`, `true`, ` {"a":{}} `} {
		for _, m := range malformedJSON([]byte(raw)) {
			if m.rule == contract.RuleUnicode && m.name != "control" {
				assert.False(t, bytes.Equal(bytes.ToValidUTF8(m.raw, nil), m.raw), m.name)
				continue
			}
			assert.False(t, json.Valid(m.raw), "%s: %s", m.name, m.raw)
		}
	}
}

func TestOperationsAreNamedApart(t *testing.T) {
	named := slugs([]*openapi.Operation{{Name: "GET /a/{b}"}, {Name: "GET /a/b"}, {Name: "GET /orderItems/{itemId}:run"}})
	assert.Equal(t, "get-order-items-item-id-run", named["GET /orderItems/{itemId}:run"])
	assert.NotEqual(t, named["GET /a/{b}"], named["GET /a/b"])
	assert.Contains(t, named["GET /a/b"], "get-a-b-")
}

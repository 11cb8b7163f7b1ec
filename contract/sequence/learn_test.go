package sequence

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

func load(t testing.TB, text string) *openapi.Document {
	t.Helper()
	doc, err := openapi.Parse("openapi.yaml", []byte(text))
	require.NoError(t, err)
	return doc
}

func exchange(session, method, target, request string, status int, answer string) *capture.Exchange {
	var e capture.Exchange
	e.Context.Session = session
	e.Request.Method, e.Request.Target = method, target
	json := capture.Header{{Name: "Content-Type", Value: "application/json"}}
	if request != "" {
		e.Request.Header, e.Request.Body = json, []byte(request)
	}
	e.Response.Status = status
	if answer != "" {
		e.Response.Header, e.Response.Body = json, []byte(answer)
	}
	return &e
}

func learned(t *testing.T, exchanges ...*capture.Exchange) []Dependency {
	t.Helper()
	doc := load(t, shop)
	l := NewLearner(doc, message.New(doc, schema.New(doc)))
	for _, e := range exchanges {
		l.Add(e)
	}
	return l.Dependencies()
}

func TestLearnsWhereAValueComesFrom(t *testing.T) {
	var seen []*capture.Exchange
	for i := range 3 {
		s, id := fmt.Sprint("s", i), fmt.Sprint(4000+i)
		seen = append(seen,
			exchange(s, "GET", "/products", "", 200, `{"items":[{"id":17,"name":"other"},{"id":`+id+`,"name":"tea"}]}`),
			exchange(s, "GET", "/products/"+id, "", 200, `{"id":`+id+`}`),
			exchange(s, "GET", "/reviews?product_id="+id, "", 200, ""))
	}
	assert.Equal(t, []Dependency{
		{"GET /products", "body /items/0/id", "GET /products/{id}", "path id", 3},
		{"GET /products", "body /items/0/id", "GET /reviews", "query product_id", 3},
	}, learned(t, seen...))
}

func TestDoesNotLearnFromChance(t *testing.T) {
	assert.Empty(t, learned(t,
		exchange("a", "GET", "/products", "", 200, `{"items":[{"id":4000}]}`),
		exchange("a", "GET", "/products/4000", "", 200, ``)), "once")
	assert.Empty(t, learned(t,
		exchange("a", "GET", "/reviews?product_id=4000", "", 200, ``),
		exchange("a", "GET", "/products", "", 200, `{"items":[{"id":4000}]}`),
		exchange("a", "GET", "/products/4000", "", 200, ``),
		exchange("a", "GET", "/products/4000", "", 200, ``)), "the client had it before")
}

func TestRecordedDependencyChoosesTheProducer(t *testing.T) {
	p := &Planner{Document: load(t, shop), Ordinary: read(t, shop).ordinary,
		Recorded: []Dependency{{"POST /orders", "body /id", "GET /countries/{code}", "path code", 9}}}
	assert.Equal(t, []string{"POST /orders", "= GET /countries/{code} [path code <- post-orders body /id]"},
		setupOf(t, p, "GET /countries/{code}"))
}

// The loader and the tests' own model are read alike.
func TestPlansByTheLoader(t *testing.T) {
	for name, text := range map[string]string{"shop": shop, "petstore": petstore, "hub": hub} {
		m := read(t, text)
		p := &Planner{Document: load(t, text), Ordinary: m.ordinary, Vary: m.vary}
		assert.Equal(t, m.planner().Setups(), p.Setups(), name)
		cases, gaps := p.Cases()
		wantCases, wantGaps := m.planner().Cases()
		assert.Equal(t, wantCases, cases, name)
		assert.Equal(t, wantGaps, gaps, name)
	}
}

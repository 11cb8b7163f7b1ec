package consumer_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/format"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/pact"
	"twinspect.dev/contract/pact/consumer"
	"twinspect.dev/contract/pact/match"
)

func n(s string) json.Number { return json.Number(s) }

// part is a field of 100 samples, used where use says so.
func part(at contract.Place, use bool, kinds ...string) contract.Field {
	f := contract.Field{At: at, Seen: 100, Of: 100, Types: map[string]uint64{}, Many: true, Usage: contract.Usage{State: contract.Seen}}
	for _, kind := range kinds {
		f.Types[kind] = 100 / uint64(len(kinds))
	}
	if use {
		f.Usage.State = contract.Used
	}
	return f
}

func with(f contract.Field, change func(*contract.Field)) contract.Field {
	change(&f)
	return f
}

func shop() *contract.Contract {
	id := with(part("path id", false, "string"), func(f *contract.Field) { f.Class = "uuid" })
	optional := func(f *contract.Field) { f.Seen = 60 }
	return &contract.Contract{Consumer: "checkout", Provider: "catalog", Interactions: []contract.Interaction{{
		Operation: "GET /products/{id}", Calls: 110,
		Request: []contract.Field{id, part("header Accept", false, "string"), part("header X-Tenant", false, "string"),
			with(part("query lang", false, "string"), func(f *contract.Field) { f.Many, f.Values = false, map[string]uint64{"de": 50, "en": 50} })},
		Responses: []contract.Answer{
			{Status: 200, Calls: 100, MediaType: "application/json", Fields: []contract.Field{
				part("body", false, "object"),
				with(part("body /id", true, "string"), func(f *contract.Field) { f.Class = "uuid" }),
				part("body /price", true, "number", "integer"),
				part("body /stock", true, "integer"),
				part("body /note", true, "string", "null"),
				part("body /secret", false, "string"),
				with(part("body /discount", true, "number"), optional),
				with(part("body /vendor", false, "object"), optional),
				part("body /vendor/name", true, "string"),
				part("body /tags", false, "array"),
				part("body /tags/*", false, "string"),
				part("body /offers", false, "array"),
				part("body /offers/*", false, "object"),
				part("body /offers/*/sku", true, "string"),
				part("body /offers/*/rank", false, "integer"),
				part("body /prices", false, "object"),
				part("body /prices/*", true, "number"),
				part("body /odd", true, "string", "boolean"),
				with(part("body /state", true, "string"), func(f *contract.Field) { f.Many, f.Values = false, map[string]uint64{"new": 40, "old": 60} }),
				part("header ETag", true, "string"),
				part("header Server", false, "string"),
			},
				Example: &contract.Sample{
					Target:         "/products/5f0c1c9a-3d1f-4d7e-9f6b-2a8c4e6d1b30?lang=de",
					RequestHeader:  map[string]string{"Accept": "application/json", "Authorization": "Bearer s3cret", "User-Agent": "x", "X-Tenant": "t1"},
					ResponseHeader: map[string]string{"ETag": `"1"`},
					Response: map[string]any{
						"id": "5f0c1c9a-3d1f-4d7e-9f6b-2a8c4e6d1b30", "price": n("9.50"), "stock": n("3"), "note": nil, "secret": "x", "discount": n("1.5"),
						"vendor": map[string]any{"name": "v"}, "tags": []any{"a"}, "state": "new", "odd": "x",
						"offers": []any{map[string]any{"sku": "s1", "rank": n("1")}, map[string]any{"sku": "s2", "rank": n("2")}},
						"prices": map[string]any{"eur": n("9.5"), "usd": n("10.5")},
					},
				},
			},
			{Status: 404, Calls: 10},
		},
	}}}
}

func TestOnlyWhatIsUsedIsExpected(t *testing.T) {
	p, told := consumer.FromContract(shop(), pact.V4)
	require.Len(t, p.Interactions, 2)
	it := p.Interactions[0]
	assert.Equal(t, "GET /products/{id} answers 200", it.Description)
	assert.Equal(t, []pact.State{{Name: "GET /products/{id} answered 200", Params: map[string]any{"id": "5f0c1c9a-3d1f-4d7e-9f6b-2a8c4e6d1b30", "lang": "de"}}}, it.States)
	assert.Equal(t, map[string]any{
		"id": "5f0c1c9a-3d1f-4d7e-9f6b-2a8c4e6d1b30", "price": n("9.50"), "stock": n("3"), "note": "x", "state": "new",
		"offers": []any{map[string]any{"sku": "s1"}}, "prices": map[string]any{"eur": n("9.5")},
	}, it.Response.Body.Value)
	rules := it.Response.Rules[pact.InBody]
	assert.Equal(t, "number", rules["$.price"].Rules[0].Match)
	assert.Equal(t, "integer", rules["$.stock"].Rules[0].Match)
	assert.Equal(t, "^(new|old)$", rules["$.state"].Rules[0].Text("regex"))
	assert.Equal(t, "regex", rules["$.id"].Rules[0].Match)
	assert.Equal(t, map[string]any{"min": n("1")}, rules["$.offers"].Rules[0].Options)
	assert.Equal(t, "type", rules["$.offers[*].sku"].Rules[0].Match)
	assert.Equal(t, "values", rules["$.prices"].Rules[0].Match)
	assert.True(t, rules["$.note"].Any)
	assert.Equal(t, "null", rules["$.note"].Rules[1].Match)
	assert.Equal(t, []string{`"1"`}, it.Response.Header["ETag"])
	assert.NotContains(t, it.Response.Header, "Server")

	assert.Equal(t, "/products/5f0c1c9a-3d1f-4d7e-9f6b-2a8c4e6d1b30", it.Request.Path)
	assert.Regexp(t, `^\^/products/\(`, it.Request.Rules[pact.InPath][""].Rules[0].Text("regex"))
	assert.Equal(t, map[string][]string{"lang": {"de"}}, it.Request.Query)
	assert.Equal(t, map[string][]string{"Accept": {"application/json"}, "X-Tenant": {"t1"}}, it.Request.Header)
	assert.Equal(t, "/products/${id}", it.Request.Generators[pact.InPath][""].Options["expression"])

	text := strings.Join(told, "\n")
	for _, want := range []string{
		"body /discount is used and left out: it is not always there", "body /vendor/name is used and left out: body /vendor is why: it is not always there",
		"body /odd is used and left out: it has values of several types", "header Authorization is left out", "the request is that of another answer",
	} {
		assert.Contains(t, text, want)
	}
	assert.NotContains(t, text+fmt.Sprint(p), "s3cret")
	assert.Equal(t, pact.Missing, p.Interactions[1].Response.Body.Presence)
	assert.Equal(t, "GET /products/{id} answered 404", p.Interactions[1].States[0].Name)
}

func TestVersionsSayWhatTheyCan(t *testing.T) {
	p, told := consumer.FromContract(shop(), pact.V2)
	body := p.Interactions[0].Response.Body.Value.(map[string]any)
	assert.NotContains(t, body, "note")
	assert.NotContains(t, body, "prices")
	assert.Contains(t, strings.Join(told, "\n"), "cannot say that it may be null")
	assert.Nil(t, p.Interactions[0].Request.Generators)

	p, told = consumer.FromContract(shop(), pact.V1)
	assert.Nil(t, p.Interactions[0].Response.Rules)
	assert.Contains(t, told[0], "has no matching rules")
}

// answer is a provider's answer with a change of its body.
func answer(t *testing.T, change func(map[string]any)) *capture.Response {
	t.Helper()
	body := map[string]any{
		"id": "00000000-0000-4000-8000-000000000000", "price": 10, "stock": 0, "note": "x", "state": "old", "more": true,
		"offers": []any{map[string]any{"sku": "a"}, map[string]any{"sku": "b"}}, "prices": map[string]any{"gbp": 1.5},
	}
	change(body)
	text, err := json.Marshal(body)
	require.NoError(t, err)
	return &capture.Response{Status: 200, Message: capture.Message{Body: text,
		Header: capture.Header{{Name: "Content-Type", Value: "application/json; charset=utf-8"}, {Name: "ETag", Value: `"2"`}}}}
}

func TestThePactHoldsOthersValuesAndBreaksByWhatIsUsed(t *testing.T) {
	for _, v := range []pact.Version{pact.V3, pact.V4} {
		p, _ := consumer.FromContract(shop(), v)
		expected := p.Interactions[0].Response
		for name, c := range map[string]struct {
			change func(map[string]any)
			at     contract.Place
		}{
			"others":         {func(map[string]any) {}, ""},
			"null":           {func(b map[string]any) { b["note"] = nil }, ""},
			"unused dropped": {func(b map[string]any) { delete(b, "more") }, ""},
			"used dropped":   {func(b map[string]any) { delete(b, "price") }, "body /price"},
			"type":           {func(b map[string]any) { b["stock"] = "3" }, "body /stock"},
			"fraction":       {func(b map[string]any) { b["stock"] = 1.5 }, "body /stock"},
			"class":          {func(b map[string]any) { b["id"] = "7" }, "body /id"},
			"enumeration":    {func(b map[string]any) { b["state"] = "gone" }, "body /state"},
			"in an item":     {func(b map[string]any) { b["offers"].([]any)[1] = map[string]any{} }, "body /offers/1/sku"},
			"no items":       {func(b map[string]any) { b["offers"] = []any{} }, "body /offers"},
			"null or text":   {func(b map[string]any) { b["note"] = 5 }, "body /note"},
			"a map's value":  {func(b map[string]any) { b["prices"] = map[string]any{"x": "y"} }, "body /prices/x"},
		} {
			found := match.Response(expected, answer(t, c.change))
			if c.at == "" {
				assert.Empty(t, found, "%s %s", v, name)
			} else if assert.NotEmpty(t, found, "%s %s", v, name) {
				assert.Equal(t, c.at, found[0].At, "%s %s", v, name)
			}
		}
	}
}

func TestTheRequestMatchesItself(t *testing.T) {
	p, _ := consumer.FromContract(shop(), pact.V4)
	r := p.Interactions[0].Request
	got := &capture.Request{Method: "GET", Target: r.Path + "?lang=en",
		Message: capture.Message{Header: capture.Header{{Name: "Accept", Value: "application/json"}, {Name: "X-Tenant", Value: "t9"}}}}
	assert.Empty(t, match.Request(r, got))
	got.Target = "/products/7?lang=fr"
	assert.Len(t, match.Request(r, got), 2)
}

func TestWithoutAnExampleValuesAreMadeUp(t *testing.T) {
	c := shop()
	c.Interactions[0].Responses[0].Example = nil
	first, told := consumer.FromContract(c, pact.V4)
	assert.Contains(t, strings.Join(told, "\n"), "its values are made up")
	body := first.Interactions[0].Response.Body.Value.(map[string]any)
	assert.Equal(t, "old", body["state"], "the most frequent")
	assert.NotContains(t, first.Interactions[0].Request.Path, "{")
	for range 20 {
		again, _ := consumer.FromContract(c, pact.V4)
		require.Equal(t, first, again)
	}
}

func goTest(t *testing.T) []byte {
	t.Helper()
	c := shop()
	c.Interactions = append(c.Interactions, contract.Interaction{
		Operation: "POST /orders", Calls: 3, Responses: []contract.Answer{{Status: 201, Calls: 3,
			Example: &contract.Sample{Target: "/orders", Request: map[string]any{"sku": "a`b\n", "n": n("2")}}}},
	})
	p, _ := consumer.FromContract(c, pact.V4)
	p.Interactions[1].Description += "\n*/ \u2028 func init() { panic(1) }"
	var b bytes.Buffer
	require.NoError(t, consumer.GoTest(&b, c, p, "shop_test"))
	return b.Bytes()
}

// exported finds what the compiler knows of the packages that the test imports.
func exported(t *testing.T) importer.Lookup {
	t.Helper()
	out, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", //nolint:noctx // it is short
		"encoding/json", "fmt", "io", "net/http", "net/http/httptest", "regexp", "testing").Output()
	require.NoError(t, err)
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		files[path] = file
	}
	return func(path string) (io.ReadCloser, error) { return os.Open(files[path]) }
}

func TestTheGoTestIsFormattedAndOfTheRightTypes(t *testing.T) {
	source := goTest(t)
	formatted, err := format.Source(source)
	require.NoError(t, err)
	assert.Equal(t, string(formatted), string(source))
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "x_test.go", source, parser.SkipObjectResolution)
	require.NoError(t, err)
	checker := types.Config{Importer: importer.ForCompiler(files, "gc", exported(t))}
	_, err = checker.Check("shop_test", files, []*ast.File{file}, nil)
	require.NoError(t, err)
	assert.Contains(t, string(source), "It was seen in 100 of 110 calls.")
	assert.NotContains(t, string(source), "s3cret")
}

// client is what a developer adds to the test that was written.
const client = `package shop_test

import (
	"fmt"
	"net/http"
	"strings"
)

func get(path string) func(string) error {
	return func(base string) error {
		resp, err := http.Get(base + path)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != 200 {
			return fmt.Errorf("status %d", resp.StatusCode)
		}
		return nil
	}
}

var _ = strings.NewReader

func init() {
	callPactGetProductsIdAnswers200 = get("/products/00000000-0000-4000-8000-000000000000?lang=en")
	callPactPostOrdersAnswers201 = func(base string) error {
		_, err := http.Post(base+"/orders", "application/json", strings.NewReader(` + "`{\"sku\":\"x\"}`" + `))
		return err
	}
}
`

func TestTheGoTestRunsAClient(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds a test")
	}
	dir := t.TempDir()
	for file, text := range map[string][]byte{
		"go.mod": []byte("module shop\n\ngo 1.26\n"), "pact_test.go": goTest(t), "client_test.go": []byte(client),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), text, 0o600))
	}
	cmd := exec.Command("go", "test", "-v", "./...") //nolint:noctx // go test bounds it
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(out), "PASS: TestPactGetProductsIdAnswers200")
	assert.Contains(t, string(out), "SKIP: TestPactGetProductsIdAnswers404")
	assert.Contains(t, string(out), "body $.n is missing")
}

func TestAPackageNeedsAName(t *testing.T) {
	assert.ErrorContains(t, consumer.GoTest(&bytes.Buffer{}, nil, &pact.Pact{}, "a b"), "no name of a package")
}

func TestEachVersionCanBeWrittenAndReadBack(t *testing.T) {
	for _, v := range []pact.Version{pact.V1, pact.V11, pact.V2, pact.V3, pact.V4} {
		p, _ := consumer.FromContract(shop(), v)
		var first, again bytes.Buffer
		require.NoError(t, pact.Write(&first, p), v)
		read, err := pact.Read(bytes.NewReader(first.Bytes()), "shop.json")
		require.NoError(t, err, v)
		if v != pact.V1 && v != pact.V11 {
			assert.Empty(t, match.Response(read.Interactions[0].Response, answer(t, func(map[string]any) {})), v)
		}
		require.NoError(t, pact.Write(&again, read), v)
		assert.Equal(t, first.String(), again.String(), v)
	}
}

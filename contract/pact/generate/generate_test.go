package generate_test

import (
	"encoding/json"
	"math/rand/v2"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/pact"
	"twinspect.dev/contract/pact/generate"
)

var noon = time.Date(2026, 3, 7, 13, 4, 5, 123_456_789, time.FixedZone("CET", 3600))

func random() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

func request(g pact.Generators, body any) *pact.Interaction {
	return &pact.Interaction{Request: &pact.Request{
		Method: "GET", Path: "/old", Query: map[string][]string{"q": {"a", "b"}}, Header: map[string][]string{"X-Id": {"old"}},
		Body: pact.Body{Presence: pact.Present, IsJSON: true, Value: body}, Generators: g,
	}}
}

// one makes one value of a body.
func one(t *testing.T, kind string, options, state map[string]any) (any, error) {
	t.Helper()
	it := request(pact.Generators{"body": {"$.a": {Type: kind, Options: options}}}, map[string]any{"a": "old"})
	out, err := generate.Apply(it, state, random(), noon)
	return out.Request.Body.Value.(map[string]any)["a"], err
}

func TestEachGeneratorMakesWhatItSays(t *testing.T) {
	for _, c := range []struct {
		kind    string
		options map[string]any
		want    string
	}{
		{"RandomInt", map[string]any{"min": json.Number("5"), "max": json.Number("7")}, `^[567]$`},
		{"RandomInt", nil, `^\d{1,10}$`},
		{"RandomInt", map[string]any{"min": json.Number("-9223372036854775808"), "max": json.Number("9223372036854775807")}, `^-?\d{1,19}$`},
		{"RandomDecimal", map[string]any{"digits": json.Number("6")}, `^[\d.]{7}$`},
		{"RandomDecimal", map[string]any{"digits": json.Number("1")}, `^\d\.\d$`},
		{"RandomHexadecimal", map[string]any{"digits": json.Number("8")}, `^"[0-9a-f]{8}"$`},
		{"RandomString", map[string]any{"size": json.Number("20")}, `^"[A-Za-z0-9]{20}"$`},
		{"Regex", map[string]any{"regex": `\d{3}-[a-c]+`}, `^"\d{3}-[a-c]+"$`},
		{"Uuid", nil, `^"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"$`},
		{"Uuid", map[string]any{"format": "simple"}, `^"[0-9a-f]{32}"$`},
		{"Uuid", map[string]any{"format": "upper-case-hyphenated"}, `^"[0-9A-F-]{36}"$`},
		{"Uuid", map[string]any{"format": "URN"}, `^"urn:uuid:[0-9a-f-]{36}"$`},
		{"RandomBoolean", nil, `^(true|false)$`},
		{"Date", nil, `^"2026-03-07"$`},
		{"Date", map[string]any{"expression": "+1 month - 2 days", "format": "dd/MM/yy"}, `^"05/04/26"$`},
		{"Time", map[string]any{"expression": "noon +30 minutes"}, `^"12:30:00"$`},
		{"DateTime", nil, `^"2026-03-07T13:04:05"$`},
		{"DateTime", map[string]any{"format": "EEE, d MMM yyyy hh:mm:ss.SSS a 'o''clock' XXX"}, `^"Sat, 7 Mar 2026 01:04:05\.123 PM o'clock \+01:00"$`},
	} {
		v, err := one(t, c.kind, c.options, nil)
		require.NoError(t, err)
		text, err := json.Marshal(v)
		require.NoError(t, err)
		assert.Regexp(t, regexp.MustCompile(c.want), string(text), "%s %v", c.kind, c.options)
	}
}

func TestProviderStatesFillExpressions(t *testing.T) {
	state := map[string]any{"id": json.Number("7"), "name": "pen", "n": "12"}
	for _, c := range []struct {
		expression, kind string
		want             any
	}{
		{"id", "", json.Number("7")},
		{"${id}", "", json.Number("7")},
		{"${id}", "STRING", "7"},
		{"/p/${id}/${ name }", "", "/p/7/pen"},
		{"n", "INTEGER", json.Number("12")},
		{"/p/${missing}", "", "old"},
		{"a ${id} ${b", "", "a 7 ${b"},
	} {
		v, err := one(t, "ProviderState", map[string]any{"expression": c.expression, "dataType": c.kind}, state)
		require.NoError(t, err)
		assert.Equal(t, c.want, v, c.expression)
	}
	it := request(pact.Generators{"path": {"": {Type: "ProviderState", Options: map[string]any{"expression": "/${a}/${id}"}}}}, nil)
	assert.Equal(t, []string{"a"}, generate.Missing(it, state))
	_, err := one(t, "ProviderState", map[string]any{"expression": "name", "dataType": "INTEGER"}, state)
	assert.ErrorContains(t, err, "no integer")
	assert.NotContains(t, err.Error(), "pen")
}

func TestTheMockServersURLReplacesTheExamples(t *testing.T) {
	options := map[string]any{"regex": `.*(\/orders\/\d+)$`, "example": "http://localhost:1/orders/5"}
	v, err := one(t, "MockServerURL", options, map[string]any{"mockServer": map[string]any{"href": "http://127.0.0.1:9/"}})
	require.NoError(t, err)
	assert.Equal(t, "http://127.0.0.1:9/orders/5", v)
	v, err = one(t, "MockServerURL", options, nil)
	require.NoError(t, err)
	assert.Equal(t, "old", v)
}

func TestEveryPartIsReachedAndTheOriginalStays(t *testing.T) {
	to := func(s string) pact.Generator {
		return pact.Generator{Type: "ProviderState", Options: map[string]any{"expression": s}}
	}
	body := map[string]any{"a b": []any{map[string]any{"x": "1"}, map[string]any{"x": "2"}}}
	it := request(pact.Generators{
		"path": {"": to("v")}, "query": {"q[1]": to("v")}, "header": {"x-id": to("v")}, "body": {"$['a b'][*].x": to("v"), "$.no": to("v")},
	}, body)
	it.Response = &pact.Response{Status: 200, Generators: pact.Generators{"status": {"": to("s")}}}
	it.Messages = []pact.Message{{Metadata: map[string]any{"k": "old"}, Generators: pact.Generators{"metadata": {"k": to("v")}}}}
	out, err := generate.Apply(it, map[string]any{"v": "new", "s": json.Number("201")}, random(), noon)
	require.NoError(t, err)
	assert.Equal(t, "new", out.Request.Path)
	assert.Equal(t, []string{"a", "new"}, out.Request.Query["q"])
	assert.Equal(t, []string{"new"}, out.Request.Header["X-Id"])
	assert.Equal(t, map[string]any{"a b": []any{map[string]any{"x": "new"}, map[string]any{"x": "new"}}}, out.Request.Body.Value)
	assert.Equal(t, 201, out.Response.Status)
	assert.Equal(t, "new", out.Messages[0].Metadata["k"])

	assert.Equal(t, "/old", it.Request.Path)
	assert.Equal(t, []string{"a", "b"}, it.Request.Query["q"])
	assert.Equal(t, map[string]any{"a b": []any{map[string]any{"x": "1"}, map[string]any{"x": "2"}}}, body)
	assert.Equal(t, "old", it.Messages[0].Metadata["k"])
}

func TestFormsAndTextsAreMadeToo(t *testing.T) {
	it := request(pact.Generators{"body": {"$.a": {Type: "Date"}}}, nil)
	it.Request.Body = pact.Body{Presence: pact.Present, ContentType: "application/x-www-form-urlencoded", Text: []byte("a=1&b=2")}
	out, err := generate.Apply(it, nil, random(), noon)
	require.NoError(t, err)
	assert.Equal(t, "a=2026-03-07&b=2", string(out.Request.Body.Text))

	it.Request.Body = pact.Body{Presence: pact.Present, ContentType: "text/plain", Text: []byte("x")}
	_, err = generate.Apply(it, nil, random(), noon)
	assert.ErrorContains(t, err, "no JSON")
}

func TestTheSameChanceMakesTheSame(t *testing.T) {
	it := request(pact.Generators{"body": {"$.a": {Type: "Uuid"}, "$.b": {Type: "RandomString"}, "$.c": {Type: "RandomInt"}}},
		map[string]any{"a": "", "b": "", "c": ""})
	first, err := generate.Apply(it, nil, random(), noon)
	require.NoError(t, err)
	for range 5 {
		again, err := generate.Apply(it, nil, random(), noon)
		require.NoError(t, err)
		assert.Equal(t, first, again)
	}
}

func TestWhatCannotBeMadeIsAnErrorAndTheExampleStays(t *testing.T) {
	for kind, options := range map[string]map[string]any{
		"Unheard":       nil,
		"Regex":         {"regex": "("},
		"Date":          {"format": "jj"},
		"Time":          {"expression": "3 moons"},
		"ProviderState": nil,
	} {
		v, err := one(t, kind, options, nil)
		require.ErrorContains(t, err, kind)
		assert.Equal(t, "old", v)
	}
	_, err := one(t, "RandomString", map[string]any{"size": json.Number("99999999999")}, nil)
	assert.ErrorContains(t, err, "size")
}

func FuzzApply(f *testing.F) {
	f.Add("$.a[0]", "Date", "yyyy-'x", "+1 day", "a")
	f.Add("$['a']", "DateTime", "SSSSSSSSSSSSSSSS XXXXX ''", "now", "${a}")
	f.Add("a", "ProviderState", "STRING", "${a", "${")
	f.Add("$[*]", "Regex", "a{3,}", "1e9", "99")
	f.Fuzz(func(t *testing.T, path, kind, format, expression, size string) {
		options := map[string]any{"format": format, "expression": expression, "regex": format, "example": size,
			"dataType": format, "size": json.Number(size), "digits": json.Number(size), "min": json.Number(size), "max": json.Number(expression)}
		it := request(pact.Generators{"body": {path: {Type: kind, Options: options}}, "query": {path: {Type: kind, Options: options}}},
			map[string]any{"a": []any{json.Number("1")}})
		first, _ := generate.Apply(it, map[string]any{"a": "b"}, random(), noon)
		again, _ := generate.Apply(it, map[string]any{"a": "b"}, random(), noon)
		assert.Equal(t, first, again)
	})
}

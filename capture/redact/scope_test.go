package redact_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/operation"
	"twinspect.dev/capture/redact"
)

func TestARuleHoldsInItsScope(t *testing.T) {
	for _, c := range []struct {
		service, operation, method, target string
		holds                              bool
	}{
		{"", "POST /users/{id}", "POST", "/users/17", true},
		{"", "POST /users/{id}", "POST", "/users/17?x=/y", true},
		{"", "POST /users/{id}", "POST", "http://shop/users/17", true},
		{"", "POST /users/{id}", "POST", "//users//17;v=1/", true},
		{"", "POST /users/{id}", "POST", "/%75sers/a%2Fb", true},
		{"", "POST /users/{id}", "GET", "/users/17", false},
		{"", "POST /users/{id}", "POST", "/users", false},
		{"", "POST /users/{id}", "POST", "/users/", false},
		{"", "POST /users/{id}", "POST", "/users/17/cards", false},
		{"", "POST /users/{id}", "POST", "/v2/users/17", false},
		{"", "GET /a/{id}/b/{name}.json", "GET", "/a/1/b/x.y.json", true},
		{"", "GET /a/{id}/b/{name}.json", "GET", "/a/1/b/.json", false},
		{"", "* /users/*", "PUT", "/users/1/cards/2", true},
		{"", "GET /a/{...}", "GET", "/a/b/c", true},
		{"", "GET /", "GET", "/?a=b", true},
		{"", "GET /", "GET", "http://shop", true},
		{"", "OPTIONS *", "OPTIONS", "*", true},
		{"", "CONNECT {authority}", "CONNECT", "shop:443", true},
		{"", "GET /{a}-{b}/x", "GET", "/1-2-3/x", true},
		{"", "GET /{a}-{b}/x", "GET", "/1-/x", false},
		{"shop", "", "GET", "/", true},
		{"sho", "", "GET", "/", false},
		{"s*", "GET /", "GET", "/", true},
		{"s*", "GET /", "POST", "/", false},
	} {
		t.Run(c.operation+" "+c.method+" "+c.target, func(t *testing.T) {
			rule := redact.Rule{Names: redact.Names{JSON: []string{"$.name"}}}
			if c.service != "" {
				rule.Service = redact.List{"billing", c.service}
			}
			if c.operation != "" {
				rule.Operation = redact.List{"PATCH /never", c.operation}
			}
			r := redactor(t, redact.Rules{Rules: []redact.Rule{rule}})
			e := request(c.target, "application/json", `{"name":"bob"}`)
			e.Request.Method, e.Context.Service = c.method, "shop"
			assert.Equal(t, c.holds, r.Redact(e) == 1)
		})
	}
}

func TestOperationsNamedFromTrafficScopeTheirOwnRequests(t *testing.T) {
	names := operation.NewLearner()
	targets := []string{"/", "/users/17/cards/4f1c9a2be7704f1c9a2be770", "/a%20b/c(d)", "/files/10023.json?x", "/%7Ejane/x", "/x/" + strings.Repeat("a/", 40)}
	for _, target := range targets {
		names.Observe("PUT", target)
	}
	for _, target := range targets {
		name := names.Name("PUT", target)
		r := redactor(t, redact.Rules{Rules: []redact.Rule{{Operation: redact.List{name}, Names: redact.Names{JSON: []string{"$"}}}}})
		e := request(target, "application/json", `"bob"`)
		e.Request.Method = "PUT"
		assert.Equal(t, 1, r.Redact(e), "%s is %s", target, name)
	}
}

func TestRulesWithAScopeAddToThoseForAll(t *testing.T) {
	r := redactor(t, redact.Rules{
		Defaults: true, Names: redact.Names{JSON: []string{"$.a"}},
		Rules: []redact.Rule{
			{Operation: redact.List{"* /one*"}, Names: redact.Names{JSON: []string{"$.b"}, Headers: []string{"X-One"}}, Keep: redact.Names{JSON: []string{"$.password"}}},
			{Operation: redact.List{"* /*two"}, Names: redact.Names{
				JSON: []string{"$.c"}, Query: []string{"q"}, Cookies: []string{"c"}, Form: []string{"f"}, XML: []string{"x"},
			}},
		},
	})
	for target, want := range map[string]string{"/": "", "/one": "b", "/two": "c", "/onetwo": "bc"} {
		e := request(target+"?q=abc", "application/json", `{"a":"abc","b":"abc","c":"abc","password":"abc"}`, capture.Field{Name: "X-One", Value: "abc"})
		r.Redact(e)
		out := string(e.Request.Body)
		assert.NotContains(t, out, `"a":"abc"`, target)
		for _, name := range []string{"b", "c"} {
			assert.Equal(t, !strings.Contains(want, name), strings.Contains(out, `"`+name+`":"abc"`), "%s: %s", target, out)
		}
		one, two := strings.Contains(target, "one"), strings.Contains(target, "two")
		assert.Equal(t, one, strings.Contains(out, `"password":"abc"`), target)
		assert.Equal(t, one, e.Request.Header.Get("X-One") != "abc", target)
		assert.Equal(t, two, !strings.Contains(e.Request.Target, "q=abc"), target)
	}
}

func TestManyScopesAreServedInTurn(t *testing.T) {
	var rules redact.Rules
	for i := range 200 {
		rules.Rules = append(rules.Rules, redact.Rule{Operation: redact.List{fmt.Sprintf("* /%d/*", i)}, Names: redact.Names{JSON: []string{fmt.Sprintf("$.m%d", i)}}})
	}
	r := redactor(t, rules)
	for range 2 {
		for i := range 200 {
			e := request(fmt.Sprintf("/%d/x", i), "application/json", fmt.Sprintf(`{"m%d":"abc","m":"abc"}`, i))
			require.Equal(t, 1, r.Redact(e))
		}
	}
}

func TestScopesAreReadFromYAML(t *testing.T) {
	rules, err := redact.ParseRules("f", []byte(`
descriptors: set.binpb
rules:
- operation: POST /users/{id}
  json: [$.name]
- service: [shop, billing]
  operation:
  - GET /a
  - GET /b
  headers: [X-A]
  xml: [Name]
  grpc: [a.B.c]
  keep: {json: [$.id], grpc: [a.B.d], xml: [Id]}
`))
	require.NoError(t, err)
	assert.Equal(t, []redact.Rule{
		{Operation: redact.List{"POST /users/{id}"}, Names: redact.Names{JSON: []string{"$.name"}}},
		{
			Service: redact.List{"shop", "billing"}, Operation: redact.List{"GET /a", "GET /b"},
			Names: redact.Names{Headers: []string{"X-A"}, XML: []string{"Name"}, GRPC: []string{"a.B.c"}}, Keep: redact.Names{JSON: []string{"$.id"}, GRPC: []string{"a.B.d"}, XML: []string{"Id"}},
		},
	}, rules.Rules)
}

func TestMistakesInScopesHaveAPosition(t *testing.T) {
	for text, want := range map[string]string{
		"rules:\n- json: [$.a]\n":                                            "f:2:7: a rule has a service or an operation",
		"rules:\n- operation: /users\n":                                      `f:2:14: "/users": "/users" is not a method and a path`,
		"rules:\n- operation: [GET /a, b]\n":                                 `f:2:23: "b": "b" is not a method and a path`,
		"rules:\n- operation: GET /a\n  json: [$.a, '$[']\n":                 `f:3:15: "$[": jsonpath: `,
		"rules:\n- operation: GET /a\n  keep: {json: ['$[?@.a]']}\n":         `f:3:17: "$[?@.a]": jsonpath: `,
		"rules:\n- operation: GET /a\n  jsn: []\n":                           `f:3:3: unknown field "jsn"`,
		"rules:\n- operation: {a: b}\n":                                      `f:2:`,
		"rules:\n" + strings.Repeat("- service: a\n", 257):                   "257 rules are more than 256",
		"rules:\n- service: '" + strings.Repeat("a", 1025) + "'\n  json: []": "has not 1 to 1024 bytes",
	} {
		_, err := redact.ParseRules("f", []byte(text))
		var mistake *redact.RulesError
		if assert.ErrorAs(t, err, &mistake, "%q", text) {
			assert.Contains(t, err.Error(), want)
		}
	}
}

func TestRulesComeFromAFileOrAreTheDefaults(t *testing.T) {
	rules, err := redact.RulesFromFile("")
	require.NoError(t, err)
	assert.Equal(t, redact.Defaults(), rules)

	path := filepath.Join(t.TempDir(), "redact.yaml")
	_, err = redact.RulesFromFile(path)
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.ErrorContains(t, err, "read the rules of redaction")

	require.NoError(t, os.WriteFile(path, []byte("defaults: true\ndescriptors: set.binpb\n"), 0o600))
	rules, err = redact.RulesFromFile(path)
	require.NoError(t, err)
	assert.Equal(t, redact.Rules{Defaults: true, Descriptors: filepath.Join(filepath.Dir(path), "set.binpb")}, rules)

	require.NoError(t, os.WriteFile(path, []byte("defaults: true\nheader: [a]\n"), 0o600))
	_, err = redact.RulesFromFile(path)
	var mistake *redact.RulesError
	require.ErrorAs(t, err, &mistake)
	assert.Equal(t, redact.RulesError{File: path, Line: 2, Column: 1, Msg: `unknown field "header"`}, *mistake)

	require.NoError(t, os.WriteFile(path, make([]byte, 2<<20), 0o600))
	_, err = redact.RulesFromFile(path)
	assert.ErrorContains(t, err, "larger than")
	_, err = redact.RulesFromFile(t.TempDir())
	assert.ErrorContains(t, err, "is a directory")
}

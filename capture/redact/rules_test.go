package redact_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/redact"
)

func TestRulesAreReadFromYAML(t *testing.T) {
	rules, err := redact.ParseRules("etc/redact.yaml", []byte(`
defaults: true
detectors: [card, email]
headers: [X-Customer-Id]
query: [q]
form: [f]
cookies: [c]
json: ["$.user.name", "$..phone"]
descriptors: set.binpb
grpc: [shop.v1.Card.number]
keep:
  headers: [Authorization]
  json: ["$.token"]
`))
	require.NoError(t, err)
	assert.Equal(t, redact.Rules{
		Defaults: true, Detectors: []string{"card", "email"},
		Names: redact.Names{
			Headers: []string{"X-Customer-Id"}, Query: []string{"q"}, Form: []string{"f"}, Cookies: []string{"c"},
			JSON: []string{"$.user.name", "$..phone"}, GRPC: []string{"shop.v1.Card.number"},
		},
		Descriptors: filepath.Join("etc", "set.binpb"),
		Keep:        redact.Names{Headers: []string{"Authorization"}, JSON: []string{"$.token"}},
	}, rules)
}

func TestMistakesInRulesHaveAPosition(t *testing.T) {
	for text, want := range map[string]string{
		"defaults: true\nheader: [a]\n":          `f:2:1: unknown field "header"`,
		"keep:\n  jsn: []\n":                     `f:2:3: unknown field "jsn"`,
		"detectors:\n- card\n- crad\n":           `f:3:3: "crad": unknown detector "crad"; there are card, email, jwt, key`,
		"json: [\"$.a\", \"$.b[\"]\n":            `f:1:15: "$.b[": jsonpath:`,
		"keep:\n  json:\n  - \"$[?@.a]\"\n":      `f:3:5: "$[?@.a]": jsonpath: ?@["a"] needs the whole document`,
		"json: [\"$[-1]\"]\n":                    `f:1:8: "$[-1]": jsonpath: -1 needs the whole document`,
		"defaults: perhaps\n":                    `f:1:11: `,
		"a: &x [1]\nb: *x\n":                     `f:1:4: anchor is not supported in a rule file`,
		"defaults: true\n---\ndefaults: false\n": `f:1:1: rules are one YAML document; this has more`,
		"keep: {grpc: [a.B.c]}\n":                `f:1:15: "a.B.c": fields need descriptors`,
		"headers: [a\n":                          `f:1:10: `,
	} {
		_, err := redact.ParseRules("f", []byte(text))
		var mistake *redact.RulesError
		if assert.ErrorAs(t, err, &mistake, "%q", text) {
			assert.Contains(t, err.Error(), want)
		}
	}
}

func TestNothingIsRedactedWithoutRules(t *testing.T) {
	r := redactor(t, redact.Rules{Detectors: []string{}})
	e := request("/?token=a", "application/json", `{"token":"a@b.org"}`, capture.Field{Name: "Cookie", Value: "a=b"})
	before := e.Clone()
	assert.Zero(t, r.Redact(e))
	assert.Equal(t, before, e)
}

func TestFindingsShowPlaceAndShapeOnly(t *testing.T) {
	r := redactor(t, redact.Defaults())
	e := request("/", "application/json", `{"user":{"email":"Jane1@x.org","tags":["a","{\"pin\":\"1234\"}"]}}`, capture.Field{Name: "Authorization", Value: "Bearer abc"})
	assert.Equal(t, []redact.Finding{
		{Where: "request.header[Authorization]", Kind: "field-name", Sample: "xxx"},
		{Where: "request.body $.user.email", Kind: "email", Sample: "Xxxx9@x.xxx"},
		{Where: "request.body $.user.tags[1] $.pin", Kind: "field-name", Sample: "9999"},
	}, r.Check(e))
}

func FuzzParseRules(f *testing.F) {
	f.Add([]byte("defaults: true\njson: [\"$.a\"]\nkeep: {headers: [a]}\n"))
	f.Add([]byte("detectors:\n- crad\n"))
	f.Add([]byte("rules:\n- service: a\n  operation: [GET /a/{id}, '*']\n  json: [$..a]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rules, err := redact.ParseRules("f", data)
		if err != nil {
			var mistake *redact.RulesError
			require.ErrorAs(t, err, &mistake)
			return
		}
		if rules.Descriptors != "" {
			return // names a file
		}
		_, err = redact.New(rules, testKey)
		require.NoError(t, err)
	})
}

func TestDefaultsHoldUnlessTheFileSaysOtherwise(t *testing.T) {
	for text, want := range map[string]bool{
		"":                                  true,
		"# nothing yet\n":                   true,
		"headers: [X-Mine]\n":               true,
		"defaults: true\n":                  true,
		"defaults: false\njson: [$.mine]\n": false,
	} {
		rules, err := redact.ParseRules("f", []byte(text))
		require.NoError(t, err)
		assert.Equal(t, want, rules.Defaults, "%q", text)
	}
}

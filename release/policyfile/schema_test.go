package policyfile

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func compiled(t testing.TB) *jsonschema.Schema {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(Schema()))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("policy.json", doc))
	s, err := c.Compile("policy.json")
	require.NoError(t, err)
	return s
}

// inSchema says what the schema has against a document.
func inSchema(t testing.TB, s *jsonschema.Schema, doc any) error {
	data, err := json.Marshal(doc)
	require.NoError(t, err)
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(data)))
	require.NoError(t, err)
	return s.Validate(v)
}

// head is a whole policy; what follows is added to it.
const head = "version: 1\nname: a\nservices: [a]\nrequire: {diff: {}}\n"

// watched is a whole policy up to the metrics.
const watched = "version: 1\nname: a\nservices: [a]\nrequire: {canary: {}}\ncanary:\n  sides: {baseline: 'a=\"b\"', canary: 'a=\"c\"'}\n"

func required(text string) string {
	return "version: 1\nname: a\nservices: [a]\nrequire: " + text + "\n"
}

func metrics(text string) string { return watched + "  metrics: [" + text + "]\n" }

func TestSchemaAndParserRefuseTheSame(t *testing.T) {
	s := compiled(t)
	good := []string{
		head, head + "skew: 0s", head + "skew: 1h", required("{diff: {optional: true}, provider: {}}"),
		required("{provider: {max_age: any}}"), required("{diff: {self_check: false}}"), required("{diff: {self_check: {max_missed: 0.1}}}"),
		required("{diff: {max_lost: 5 %}}"), required("{diff: {max_lost: 0}}"), required("{diff: {signers: ci}}"), required("{diff: {signed: false}}"),
		required("{diff: {operations: [{match: GET /, required: true}]}}"), required("{diff: {operations: [{match: GET /, min_samples: 0}]}}"),
		required("{diff: {operations: [{match: GET /, max_regressions: 1, reason: a, until: 2026-12-24T12:00:00Z}]}}"),
		head + "budget: {}", head + "budget: {false_rollback: 1e-3}", head + "freeze: []", head + "freeze:", head + "overrides: {by: alice}",
		head + "freeze: [{name: a, cron: '0 16 * * FRI', for: 62h}]", head + "freeze: [{name: a, from: 2026-12-20, to: 2026-12-20 18:00}]",
		metrics("{name: a, counter: a, bad: 'a=\"b\"', allow: 1%}"), metrics("{name: a, histogram: a, above: 1s, allow: 1%}"),
		metrics("{name: a, histogram: a, unit: ms, quantile: 99.9%, allow: 150%}"),
		metrics("{name: a, allow: 1%}") + "  preset: istio", metrics("{name: a, above: 1s, allow: 1%}") + "  preset: prometheus",
		metrics("{name: a, bad: 'a=\"b\"', allow: 1%}") + "  preset: opentelemetry\n  capacity: {usage: a}",
	}
	bad := []string{
		"version: 1", "version: 2\nname: a\nservices: [a]\nrequire: {diff: {}}", head + "other: 1", "version: 1\nname: 1\nservices: [a]\nrequire: {diff: {}}",
		"version: 1\nname: ' '\nservices: [a]\nrequire: {diff: {}}", "version: 1\nname: a\nservices: []\nrequire: {diff: {}}",
		"version: 1\nname: a\nservices: [a, a]\nrequire: {diff: {}}", "version: 1\nname: a\nservices: [a b]\nrequire: {diff: {}}",
		head + "skew: 60", head + "skew: 1y", head + "skew: -1s", required("{}"), required("{diff: {optional: true}}"), required("{diff: }"),
		required("{other: {}}"), required("{canary: {}}"), required("{provider: {self_check: true}}"), required("{diff: {max_age: 5}}"),
		required("{diff: {max_lost: 5 percent}}"), required("{diff: {max_lost: -1}}"), required("{diff: {min_samples: 1.5}}"), required("{diff: {min_samples: '5'}}"),
		required("{diff: {signed: false, signers: a}}"), required("{diff: {signed: 'yes'}}"), required("{diff: {self_check: 5%}}"),
		required("{diff: {operations: {}}}"), required("{diff: {operations: [{match: a}]}}"), required("{diff: {operations: [{required: true}]}}"),
		required("{diff: {operations: [{match: a, max_regressions: 1}]}}"), required("{diff: {operations: [{match: a, required: true, until: soon}]}}"),
		head + "budget: {max_cost: 1}", head + "freeze: {}", head + "freeze: [{name: a}]", head + "freeze: [{cron: '* * * * *', for: 1h}]",
		head + "freeze: [{name: a, cron: '* * * * *'}]", head + "freeze: [{name: a, cron: '* * * *', for: 1h}]", head + "freeze: [{name: a, cron: '@daily', for: 1h}]",
		head + "freeze: [{name: a, from: 2026-12-20}]", head + "freeze: [{name: a, from: 2026-12-20, to: 2026-12-21, for: 1h}]",
		head + "overrides: {}", head + "overrides: {by: []}", head + "overrides: {by: [a, a]}",
		watched, watched + "  metrics: []", head + "canary: {sides: {canary: 'a=\"b\"'}, metrics: [{name: a, counter: a, bad: 'a=\"b\"', allow: 1%}]}",
		metrics("{name: a, allow: 1%}"), metrics("{name: a, counter: a, allow: 1%}"), metrics("{name: a, bad: 'a=\"b\"', allow: 1%}"),
		metrics("{name: a, histogram: a, allow: 1%}"), metrics("{name: a, above: 1s, allow: 1%}"), metrics("{name: a, histogram: a, above: 1s, quantile: 0.9, allow: 1%}"),
		metrics("{name: a, counter: a, bad: 'a=\"b\"', histogram: a, above: 1s, allow: 1%}"), metrics("{name: a, counter: a, bad: 'a=\"b\"'}"),
		metrics("{name: a, histogram: a_bucket, above: 1s, allow: 1%}"), metrics("{name: a, histogram: 'a{}', above: 1s, allow: 1%}"),
		metrics("{name: a, histogram: a, unit: min, above: 1s, allow: 1%}"), metrics("{name: a b, histogram: a, above: 1s, allow: 1%}"),
		metrics("{name: a, counter: a, bad: 'a==\"b\"', allow: 1%}"), metrics("{name: a, allow: 1%}") + "  preset: linkerd",
		metrics("{name: a, counter: a, bad: 'a=\"b\"', allow: 1%}") + "  capacity: {usage: a}", metrics("{name: a, counter: a, bad: 'a=\"b\"', allow: 1%}") + "  every: 30",
	}
	for want, docs := range map[bool][]string{true: good, false: bad} {
		for _, text := range docs {
			var doc any
			require.NoError(t, yaml.Unmarshal([]byte(text), &doc), text)
			_, err := Parse("f", []byte(text))
			assert.Equal(t, want, err == nil, "the parser of %s: %v", text, err)
			err = inSchema(t, s, doc)
			assert.Equal(t, want, err == nil, "the schema of %s: %v", text, err)
		}
	}
}

func TestTheExampleIsOfTheSchema(t *testing.T) {
	data, err := os.ReadFile("testdata/shop.yaml")
	require.NoError(t, err)
	var doc any
	require.NoError(t, yaml.Unmarshal(data, &doc))
	require.NoError(t, inSchema(t, compiled(t), doc))
}

// TestNoSingleChangeIsRefusedByTheSchemaAlone puts each of some values at each place of
// the example, and leaves each place out.
func TestNoSingleChangeIsRefusedByTheSchemaAlone(t *testing.T) {
	data, err := os.ReadFile("testdata/shop.yaml")
	require.NoError(t, err)
	s := compiled(t)
	var both, parser int
	for _, value := range []any{missing{}, nil, "x", "5%", -1, 0.5, true, []any{"x"}, map[string]any{}} {
		for n := 0; ; n++ {
			var doc any
			require.NoError(t, yaml.Unmarshal(data, &doc))
			left := n
			doc, done := replace(doc, value, &left)
			if !done {
				break
			}
			text, err := yaml.Marshal(doc)
			require.NoError(t, err)
			_, err = Parse("f", text)
			refused := inSchema(t, s, doc)
			switch {
			case err != nil && refused != nil:
				both++
			case err != nil:
				parser++
			case refused != nil:
				t.Errorf("the schema alone refuses %v: %v", value, refused)
			}
		}
	}
	assert.Greater(t, both, 10*parser, "only what a schema cannot say is left to the parser")
}

type missing struct{}

// replace puts a value at the n-th place of a document.
func replace(doc, value any, n *int) (any, bool) {
	if *n == 0 {
		return value, true
	}
	*n--
	switch d := doc.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(d)) {
			v, done := replace(d[k], value, n)
			if !done {
				continue
			}
			if d[k] = v; v == any(missing{}) {
				delete(d, k)
			}
			return d, true
		}
	case []any:
		for i := range d {
			v, done := replace(d[i], value, n)
			if !done {
				continue
			}
			if d[i] = v; v == any(missing{}) {
				return append(d[:i:i], d[i+1:]...), true
			}
			return d, true
		}
	}
	return doc, false
}

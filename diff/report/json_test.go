package report_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/diff/report"
	"twinspect.dev/diff/report/evidence"
)

func written(t testing.TB, r *diff.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, report.JSON(&b, r))
	return b.Bytes()
}

func TestDecodeReturnsWhatJSONWrote(t *testing.T) {
	for name, r := range map[string]*diff.Report{"typical": typicalReport(), "full": fullReport(), "large": largeReport(1000)} {
		t.Run(name, func(t *testing.T) {
			got, err := report.Decode(bytes.NewReader(written(t, r)))
			require.NoError(t, err)
			require.Equal(t, r, got)
		})
	}
}

func TestJSONIsStableAndWritesEmptyListsAsSuch(t *testing.T) {
	r := emptyReport()
	r.Schema, r.Version = "", ""
	first := written(t, r)
	assert.Equal(t, first, written(t, r))
	assert.NotContains(t, string(first), "null")
	assert.Contains(t, string(first), `"schema": "twinspect.dev/evidence/diff"`)
	assert.Empty(t, r.Schema, "the report is not changed")
}

func TestJSONWritesAnEValueBeyondMeasureAsTheGreatestNumber(t *testing.T) {
	r := typicalReport()
	r.Differences[0].EValue = math.Inf(1)
	got, err := report.Decode(bytes.NewReader(written(t, r)))
	require.NoError(t, err)
	assert.Equal(t, math.MaxFloat64, got.Differences[0].EValue)
	assert.True(t, math.IsInf(r.Differences[0].EValue, 1), "the report is not changed")
}

func TestJSONNamesThePlaceOfANumberThatJSONCannotHold(t *testing.T) {
	tests := map[string]func(*diff.Report){
		"error_rate":              func(r *diff.Report) { r.ErrorRate = math.NaN() },
		"differences[2].e_value":  func(r *diff.Report) { r.Differences[2].EValue = math.NaN() },
		"self_check.max_missed":   func(r *diff.Report) { r.SelfCheck = &diff.SelfCheck{MaxMissed: math.NaN()} },
		`operations[0].latency`:   func(r *diff.Report) { r.Operations[0].Latency["base"] = diff.LatencyInfo{P50: math.Inf(1)} },
		`operations[1].latency["`: func(r *diff.Report) { r.Operations[1].Latency["base"].Buckets[0].UpTo = math.NaN() },
	}
	for want, damage := range tests {
		t.Run(want, func(t *testing.T) {
			r := typicalReport()
			damage(r)
			require.ErrorContains(t, report.JSON(&bytes.Buffer{}, r), want)
			require.ErrorContains(t, report.HTML(&bytes.Buffer{}, r), want)
		})
	}
}

func TestDecodeRefusesWhatItDoesNotUnderstand(t *testing.T) {
	good := string(written(t, typicalReport()))
	tests := []struct{ name, old, with, want string }{
		{"another schema", "evidence/diff", "evidence/contract", "no evidence of a comparison"},
		{"a greater major version", `"version": "1.2"`, `"version": "2.0"`, `version is "2.0"`},
		{"a version without form", `"version": "1.2"`, `"version": "new"`, `version is "new"`},
		{"an unknown verdict", `"verdict": "fail"`, `"verdict": "maybe"`, `verdict "maybe" is unknown`},
		{"an unknown judgement", `"judgement": "suspect"`, `"judgement": "odd"`, `differences[10]: judgement "odd" is unknown`},
		{"another type", `"line": 4`, `"line": "4"`, "line 43,"},
		{"no number of things", `"asked": 5184`, `"asked": -1`, "line "},
		{"an account that does not balance", `"seen": 6001`, `"seen": 6002`, "stage sample: account does not balance"},
		{"no JSON", `"verdict"`, `verdict`, "line "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.Contains(t, good, test.old)
			got, err := report.Decode(strings.NewReader(strings.Replace(good, test.old, test.with, 1)))
			require.ErrorContains(t, err, test.want)
			require.Nil(t, got)
		})
	}
}

func TestDecodeRefusesWhatContradictsItself(t *testing.T) {
	good := string(written(t, fullReport()))
	tests := []struct{ name, old, with, want string }{
		{"an unknown category", `"category": "environment"`, `"category": "weather"`, `category "weather" is unknown`},
		{"an unknown remedy", `"remedy": "escalate"`, `"remedy": "pray"`, `differences[0]: remedy "pray" is unknown`},
		{"an acceptance by nobody", `"accepted": {`, `"accepted_once": {`, "accepted by nobody"},
		{"a location more often than there are traces", `"same": 77`, `"same": 78`, "the same in 78 of 77"},
		{"mutations that nobody counted", `"suspected": 66`, `"suspected": 65`, "1 of 1440 mutations are unaccounted for"},
		{"more mutations than were made", `"proven": 1290`, `"proven": 18446744073709551615`, "more than its 1440 mutations"},
		{"no share", `"max_missed": 0.1`, `"max_missed": 1.5`, "max_missed is 1.5"},
		{"a place missed more often than tried", `"tried": 48`, `"tried": 47`, "blind[0]: missed 48 of 47"},
		{"more suspects left than there were", `"left": 1`, `"left": 18`, "18 of 17 suspects are left"},
		{"a number beyond measure", `"max_missed": 0.1`, `"max_missed": 1e999`, "read evidence: line"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.Contains(t, good, test.old)
			_, err := report.Decode(strings.NewReader(strings.Replace(good, test.old, test.with, 1)))
			require.ErrorContains(t, err, test.want)
		})
	}
}

// TestDecodeReadsWhatEarlierMinorVersionsWrote reads evidence as it was before
// the fields of 1.2, which the schema still holds for.
func TestDecodeReadsWhatEarlierMinorVersionsWrote(t *testing.T) {
	for _, version := range []string{"1.0", "1.1"} {
		data, err := os.ReadFile("testdata/evidence-" + version + ".json")
		require.NoError(t, err)
		r, err := report.Decode(bytes.NewReader(data))
		require.NoError(t, err)
		require.Equal(t, version, r.Version)
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		require.NoError(t, err)
		require.NoError(t, compiledSchema(t).Validate(doc))
	}
}

func TestDecodeReadsALaterMinorVersion(t *testing.T) {
	later := strings.Replace(string(written(t, typicalReport())), `"version": "1.2"`, `"version": "1.7", "added_later": {"a": 1}`, 1)
	got, err := report.Decode(strings.NewReader(later))
	require.NoError(t, err)
	require.Equal(t, "1.7", got.Version)
}

func TestDecodeSaysThatAVersionIsTooNew(t *testing.T) {
	_, err := report.Decode(strings.NewReader(`{"schema": "twinspect.dev/evidence/diff", "version": "3.1"}`))
	var version *evidence.VersionError
	require.ErrorAs(t, err, &version)
	require.Equal(t, "3.1", version.Version)
}

func TestDecodeReturnsTheErrorOfItsReader(t *testing.T) {
	broken := errors.New("disk on fire")
	_, err := report.Decode(errorReader{broken})
	require.ErrorIs(t, err, broken)
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

func FuzzDecode(f *testing.F) {
	f.Add(written(f, typicalReport()))
	f.Add(written(f, fullReport()))
	f.Add(written(f, emptyReport()))
	f.Add([]byte(`{"schema":"twinspect.dev/evidence/diff","version":"1.0","verdict":"pass","differences":[{"judgement":"noise","e_value":1e999}]}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := report.Decode(bytes.NewReader(data))
		if err != nil {
			return
		}
		again, err := report.Decode(bytes.NewReader(written(t, r)))
		require.NoError(t, err)
		require.Equal(t, written(t, r), written(t, again))
	})
}

func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(report.Schema()))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource("evidence.json", doc))
	s, err := c.Compile("evidence.json")
	require.NoError(t, err)
	return s
}

func TestEvidenceIsValidByThePublishedSchema(t *testing.T) {
	schema := compiledSchema(t)
	for name, r := range map[string]*diff.Report{"empty": emptyReport(), "typical": typicalReport(), "full": fullReport(), "large": largeReport(500)} {
		t.Run(name, func(t *testing.T) {
			doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(written(t, r)))
			require.NoError(t, err)
			require.NoError(t, schema.Validate(doc))
		})
	}
}

func TestTheSchemaIsStrict(t *testing.T) {
	schema := compiledSchema(t)
	good := string(written(t, typicalReport()))
	for name, edit := range map[string][2]string{
		"an unknown field":       {`"verdict": "fail"`, `"verdict": "fail", "mood": "good"`},
		"an unknown inner field": {`"paired": true`, `"paired": true, "mood": "good"`},
		"an unknown verdict":     {`"verdict": "fail"`, `"verdict": "maybe"`},
		"a negative count":       {`"asked": 5184`, `"asked": -5184`},
		"a missing field":        {`"verdict": "fail",`, ``},
		"no time":                {`"started": "2026`, `"started": "in 2026`},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, good, edit[0])
			doc, err := jsonschema.UnmarshalJSON(strings.NewReader(strings.Replace(good, edit[0], edit[1], 1)))
			require.NoError(t, err)
			require.Error(t, schema.Validate(doc))
		})
	}
}

func TestTheSchemaDescribesEveryFieldOfTheReport(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(report.Schema()))
	require.NoError(t, err)
	root := doc.(map[string]any)
	defs := root["$defs"].(map[string]any)
	for name, value := range map[string]any{
		"side": diff.SideInfo{}, "rules": diff.RulesInfo{}, "rule": diff.RuleInfo{}, "operation": diff.Operation{},
		"latency": diff.LatencyInfo{}, "bucket": diff.LatencyBucket{}, "difference": diff.Difference{},
		"example": diff.Example{}, "stage": capture.Stage{}, "trouble": diff.Trouble{}, "acceptance": diff.Acceptance{},
		"location": diff.Location{}, "selfCheck": diff.SelfCheck{}, "selfCheckOperation": diff.SelfCheckOperation{},
		"blindSpot": diff.BlindSpot{}, "confirmation": diff.Confirmation{}, "profile": diff.ProfileInfo{},
	} {
		t.Run(name, func(t *testing.T) { assertDescribes(t, defs[name].(map[string]any), reflect.TypeOf(value)) })
	}
	assertDescribes(t, root, reflect.TypeOf(diff.Report{}))
}

// assertDescribes checks that the schema has the fields of the type and no
// others, requires those that are always written, and describes each.
func assertDescribes(t *testing.T, schema map[string]any, typ reflect.Type) {
	t.Helper()
	fields := map[string]bool{}
	collectFields(typ, fields)
	required := map[string]bool{}
	for _, name := range schema["required"].([]any) {
		required[name.(string)] = true
	}
	properties := schema["properties"].(map[string]any)
	for name, always := range fields {
		property, ok := properties[name].(map[string]any)
		if !assert.True(t, ok, "the schema lacks %s.%s", typ, name) {
			continue
		}
		// A field that came with a later minor version is missing from what earlier
		// ones wrote, which the schema holds for too.
		later := strings.Contains(property["description"].(string), "Since 1.")
		assert.Equal(t, always && !later, required[name], "required: %s.%s", typ, name)
		assert.NotEmpty(t, property["description"], "%s.%s is not described", typ, name)
	}
	for name := range properties {
		assert.Contains(t, fields, name, "%s has no field for it", typ)
	}
}

// collectFields maps the JSON names of a type's fields to whether they are
// always written.
func collectFields(typ reflect.Type, fields map[string]bool) {
	for i := range typ.NumField() {
		f := typ.Field(i)
		tag, tagged := f.Tag.Lookup("json")
		if f.Anonymous && !tagged {
			collectFields(f.Type, fields)
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		fields[name] = options != "omitempty"
	}
}

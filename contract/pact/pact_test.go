package pact_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/pact"
)

func read(t *testing.T, text string) *pact.Pact {
	t.Helper()
	p, err := pact.Read(strings.NewReader(text), "a.json")
	require.NoError(t, err)
	return p
}

func written(t *testing.T, p *pact.Pact) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, pact.Write(&out, p))
	return out.String()
}

// inMemory leaves out what a model remembers of the file's form.
var inMemory = cmp.Options{cmpopts.IgnoreUnexported(pact.Pact{}, pact.Body{}), cmpopts.EquateEmpty()}

func TestReadingAndWritingLosesNothingInAnyVersion(t *testing.T) {
	files, err := filepath.Glob("testdata/v*.json")
	require.NoError(t, err)
	require.Len(t, files, 5)
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			p, err := pact.ReadFile(file)
			require.NoError(t, err)
			text := written(t, p)
			again := read(t, text)
			assert.Empty(t, cmp.Diff(p, again, inMemory))
			assert.Equal(t, text, written(t, again), "equal ones give equal bytes")
			assert.Empty(t, cmp.Diff(tree(t, data), tree(t, []byte(text))))
		})
	}
}

func tree(t *testing.T, data []byte) any {
	v, err := pact.ParseJSON(data)
	require.NoError(t, err)
	return v
}

func TestTheVersionHasManyNames(t *testing.T) {
	for _, metadata := range []string{
		`{"pactSpecification": {"version": "3.0.0"}}`, `{"pact-specification": {"version": "3.0"}}`, `{"pactSpecificationVersion": "3"}`,
	} {
		p := read(t, `{"metadata": `+metadata+`}`)
		assert.Equal(t, pact.V3, p.Version)
		assert.Empty(t, p.Metadata)
	}
	assert.Equal(t, pact.V4, read(t, `{"interactions": [{"type": "Synchronous/HTTP", "request": {}, "response": {}}]}`).Version)
	assert.Equal(t, pact.V2, read(t, `{}`).Version)
}

func TestEveryVersionCanBeSaidInVersion4(t *testing.T) {
	for _, name := range []string{"v1", "v1.1", "v2", "v3"} {
		p, err := pact.ReadFile("testdata/" + name + ".json")
		require.NoError(t, err)
		p.Version = pact.V4
		again := read(t, written(t, p))
		ignore := cmp.Options{inMemory, cmpopts.IgnoreFields(pact.Interaction{}, "Place"), cmpopts.IgnoreFields(pact.Request{}, "QueryText"), cmpopts.IgnoreFields(pact.Body{}, "Encoded", "Quoted", "Text")}
		assert.Empty(t, cmp.Diff(p, again, ignore), name)
	}
}

func TestWhatAnOlderVersionCannotSayIsAnErrorWithItsPlace(t *testing.T) {
	tests := []struct {
		name, file string
		as         pact.Version
		want       string
	}{
		{"pending", "v4", pact.V3, "/interactions/0/pending: version 3.0.0 of the specification cannot say that an interaction is pending"},
		{"several states", "v3", pact.V2, "/interactions/0/providerStates: version 2.0.0 of the specification cannot say more than the name of one provider state"},
		{"rules", "v2", pact.V11, "version 1.1.0 of the specification cannot say matching rules"},
		{"an unknown version", "v2", "9", `version "9" of the specification is not known`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, err := pact.ReadFile("testdata/" + test.file + ".json")
			require.NoError(t, err)
			p.Version = test.as
			var out bytes.Buffer
			err = pact.Write(&out, p)
			require.ErrorContains(t, err, test.want)
			assert.Zero(t, out.Len())
		})
	}
}

func TestVersion4IsSaidInVersion3WhereItCanBe(t *testing.T) {
	p, err := pact.ReadFile("testdata/v4.json")
	require.NoError(t, err)
	p.Version, p.Interactions = pact.V3, p.Interactions[1:2]
	again := read(t, written(t, p))
	assert.Equal(t, "/messages/0", again.Interactions[0].Place)
	assert.Equal(t, map[string]any{"id": json.Number("1.0")}, again.Interactions[0].Messages[0].Body.Value)
}

func TestErrorsNameFileLineAndPlace(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"no JSON", "{\n\"a\": tru}", "a.json:2: "},
		{"cut", "{\n\"a\": [\n", "a.json:3: "},
		{"a member twice", "{\"a\": 1,\n\"a\": 2}", "a.json:2: "},
		{"no object", "[]", "a.json:1: an object is expected"},
		{"status", "{\"interactions\": [\n{\"request\": {}, \"response\": {\n\"status\": \"ok\"}}]}", "a.json:3: /interactions/0/response/status: a status code is expected"},
		{"no response", "{\"interactions\": [\n{\"request\": {}}]}", "/interactions/0: there is no response"},
		{"version", `{"metadata": {"pactSpecification": {"version": "7.0"}}}`, "a.json:1: /metadata/pactSpecification/version: version 1 to 4"},
		{"type", `{"interactions": [{"type": "Carrier/Pigeon"}]}`, "/interactions/0/type: "},
		{"rule path", `{"interactions": [{"response": {}, "request": {"matchingRules": {"$.body[": {"match": "type"}}}}]}`, "a path such as"},
		{"rule category", `{"interactions": [{"response": {}, "request": {"matchingRules": {"bodies": {}}}}]}`, "/interactions/0/request/matchingRules/bodies: "},
		{"base64", `{"interactions": [{"type": "Synchronous/HTTP", "response": {}, "request": {"body": {"encoded": "base64", "content": "%"}}}]}`, "base64 is expected"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := pact.Read(strings.NewReader(test.text), "a.json")
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestTooMuchIsRefused(t *testing.T) {
	_, err := pact.Read(strings.NewReader(strings.Repeat("[", 2000)), "deep")
	require.ErrorContains(t, err, "nested too deep")
	_, err = pact.ParseJSON([]byte("[" + strings.Repeat("1,", pact.MaxValues) + "1]"))
	require.ErrorContains(t, err, "too many values")
}

func TestProviderStatesHaveManyForms(t *testing.T) {
	for _, form := range []string{`"providerState": "one"`, `"provider_state": "one"`, `"providerStates": "one"`, `"providerStates": ["one"]`, `"providerStates": [{"name": "one"}]`} {
		p := read(t, `{"interactions": [{`+form+`, "request": {}, "response": {}}]}`)
		assert.Equal(t, []pact.State{{Name: "one"}}, p.Interactions[0].States, form)
	}
}

func TestTextsOfJSONAreReadAsJSONAndOthersAsStrings(t *testing.T) {
	tests := []struct {
		body string
		want any
	}{
		{`"{\"a\":1}"`, map[string]any{"a": json.Number("1")}},
		{`"plain"`, "plain"},
		{`"\"quoted\""`, "quoted"},
		{`7`, json.Number("7")},
	}
	for _, test := range tests {
		p := read(t, `{"interactions": [{"request": {}, "response": {"headers": {"content-type": "application/json"}, "body": `+test.body+`}}]}`)
		b := p.Interactions[0].Response.Body
		assert.True(t, b.IsJSON)
		assert.Equal(t, test.want, b.Value, test.body)
		again := read(t, written(t, p)).Interactions[0].Response.Body
		assert.Equal(t, test.want, again.Value, test.body)
	}
}

func TestPathsAreReadAndWritten(t *testing.T) {
	for path, want := range map[string]string{
		"$": "$", "$.a[*].b": "$.a[*].b", "$['a'][\"b c\"][3]": "$.a['b c'][3]", "$.*": "$.*", "$[*].*": "$[*].*",
		"$.a['@id']": "$.a['@id']", `$['it\'s']`: `$['it\'s']`, "$.a.#text": "$.a['#text']", "$.ns:a-b": "$['ns:a-b']",
	} {
		steps, err := pact.ParsePath(path)
		require.NoError(t, err, path)
		assert.Equal(t, want, pact.FormatPath(steps))
	}
	for _, path := range []string{"", "a", "$a", "$.", "$..a", "$[", "$[-1]", "$['a", "$['a'", "$[a]", "$.a."} {
		_, err := pact.ParsePath(path)
		assert.Error(t, err, path)
	}
}

func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/v*.json")
	require.NoError(f, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := pact.Read(bytes.NewReader(data), "fuzz")
		if err != nil {
			return
		}
		text := written(t, p)
		again := read(t, text)
		ignore := cmp.Options{inMemory, cmpopts.IgnoreFields(pact.Interaction{}, "Place"), cmpopts.IgnoreFields(pact.Request{}, "QueryText"), cmpopts.IgnoreFields(pact.Body{}, "Encoded", "Quoted", "Text")}
		require.Empty(t, cmp.Diff(p, again, ignore))
		require.Equal(t, text, written(t, again))
	})
}

package values_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
	"twinspect.dev/contract/values"
)

// library compiles a schema anew with the formats of the library, which has
// nothing of what the generator asks.
func library(t require.TestingT, s any, others loader) *jsonschema.Schema {
	data, err := json.Marshal(s)
	require.NoError(t, err)
	plain, err := jsonschema.UnmarshalJSON(strings.NewReader(string(data)))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	c.AssertContent()
	c.UseLoader(others)
	c.UseRegexpEngine(ecma)
	require.NoError(t, c.AddResource("file:///other.json", plain))
	compiled, err := c.Compile("file:///other.json")
	require.NoError(t, err, string(data))
	return compiled
}

type loader map[string]any

func (l loader) Load(url string) (any, error) {
	if f, ok := l[url]; ok {
		return f, nil
	}
	return nil, errors.New("there is no " + url)
}

// proof counts what was held against another validator.
type proof struct{ schemas, valid, invalid, gaps int }

// prove holds what is made for a schema against another one of it.
func (p *proof) prove(t assert.TestingT, name string, g *values.Generator, s *schema.Schema, other *jsonschema.Schema) {
	p.schemas++
	valid, gaps := g.Valid(s)
	for _, v := range valid {
		p.valid++
		if err := other.Validate(v.Data); err != nil {
			assert.Fail(t, "refused", "%s: %s %s %s: %s\n%v", name, v.Rule, v.At, v.Why, cut(v.Data), err)
		}
	}
	invalid, more := g.Invalid(s)
	for _, v := range invalid {
		p.invalid++
		if other.Validate(v.Data) == nil && !strings.Contains(v.Why, "nothing before the @") { // the library takes such mailboxes
			assert.Fail(t, "taken", "%s: %s %s %s: %s", name, v.Rule, v.At, v.Why, cut(v.Data))
		}
	}
	p.gaps += len(gaps) + len(more)
}

func (p *proof) log(t *testing.T) {
	t.Logf("%d schemas: %d valid and %d invalid values, %d gaps", p.schemas, p.valid, p.invalid, p.gaps)
}

func cut(v any) string {
	text := show(v)
	return text[:min(len(text), 300)]
}

// suite is the JSON-Schema-Test-Suite that golang.org/x/tools carries.
func suite(t testing.TB) string {
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	require.NoError(t, err)
	found, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(cache)), "golang.org/x/tools@*/internal/mcp/jsonschema/testdata"))
	if len(found) == 0 {
		t.Skip("no module in the cache carries the JSON-Schema-Test-Suite")
	}
	return found[len(found)-1]
}

func filesBelow(t testing.TB, folder, uri, trim string, into map[string]any) {
	require.NoError(t, filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(folder, path)
		into[uri+strings.TrimSuffix(filepath.ToSlash(rel), trim)] = tree(t, string(data))
		return err
	}))
}

// suiteSchemas calls f with each schema of the suite, and the files that it needs.
func suiteSchemas(t testing.TB, f func(name string, raw any, files map[string]any)) {
	folder := suite(t)
	all := map[string]any{}
	filesBelow(t, filepath.Join(folder, "remotes"), "http://localhost:1234/", "", all)
	filesBelow(t, filepath.Join(folder, "..", "meta-schemas", "draft2020-12"), "https://json-schema.org/draft/2020-12/", ".json", all)
	paths, err := filepath.Glob(filepath.Join(folder, "draft2020-12", "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		var groups []struct {
			Description string
			Schema      json.RawMessage
		}
		require.NoError(t, json.Unmarshal(data, &groups))
		for _, g := range groups {
			files := map[string]any{"file:///suite.json": tree(t, string(g.Schema))}
			for uri, file := range all {
				host, _, _ := strings.Cut(uri, "/draft")
				if strings.Contains(string(g.Schema), host+"/") && (!strings.HasPrefix(uri, "https:") || strings.Contains(string(g.Schema), `"$ref": "https:`)) {
					files[uri] = file
				}
			}
			f(strings.TrimSuffix(filepath.Base(path), ".json")+"/"+g.Description, files["file:///suite.json"], files)
		}
	}
}

func TestValuesOfTheSuiteHoldUnderAnotherValidator(t *testing.T) {
	if raceEnabled {
		t.Skip("it takes minutes under the race detector, and has one goroutine")
	}
	var p proof
	g := values.New(1)
	suiteSchemas(t, func(name string, raw any, files map[string]any) {
		s, err := schema.Of("3.1.0", files).Schema(openapi.Place("file:///suite.json#"), schema.Request)
		if strings.HasPrefix(name, "refRemote/") && err != nil {
			return // of a file that only a server has
		}
		require.NoError(t, err, name)
		p.prove(t, name, g, s, library(t, raw, files))
	})
	p.log(t)
	assert.Greater(t, p.valid, 1000)
}

// documents are those that kin-openapi carries for its own tests.
func documents(t testing.TB) map[string]any {
	module, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/getkin/kin-openapi").Output()
	require.NoError(t, err)
	files := map[string]any{}
	require.NoError(t, filepath.WalkDir(strings.TrimSpace(string(module)), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, "testdata") || !slices.Contains([]string{".json", ".yml", ".yaml"}, filepath.Ext(path)) {
			return err
		}
		data, err := os.ReadFile(path)
		if text, err := yaml.YAMLToJSON(data); err == nil && filepath.Ext(path) != ".json" {
			data = text
		}
		if json.Valid(data) {
			files["file://"+filepath.ToSlash(path)] = tree(t, string(data))
		}
		return err
	}))
	return files
}

// schemasIn lists the places of the schemas of a document.
func schemasIn(node any, at string, into *[]openapi.Place) {
	switch node := node.(type) {
	case map[string]any:
		for key, child := range node {
			here := at + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
			if _, ok := child.(map[string]any); ok && (key == "schema" || strings.HasSuffix(at, "/components/schemas")) {
				*into = append(*into, openapi.Place(here))
			}
			schemasIn(child, here, into)
		}
	case []any:
		for i, child := range node {
			schemasIn(child, fmt.Sprintf("%s/%d", at, i), into)
		}
	}
}

func placesOf(files map[string]any) []openapi.Place {
	var places []openapi.Place
	for uri, file := range files {
		schemasIn(file, uri+"#", &places)
	}
	slices.Sort(places)
	return places
}

func TestValuesOfManyDocumentsHoldUnderAnotherValidator(t *testing.T) {
	if raceEnabled {
		t.Skip("it takes minutes under the race detector, and has one goroutine")
	}
	files := documents(t)
	set := schema.Of("3.0.3", files)
	var p proof
	seen := map[string]bool{} // the documents have much in common
	g := values.New(1)
	for _, place := range placesOf(files) {
		if strings.Contains(string(place), "/issue796.yml#") {
			continue // the library takes minutes for its unions, which nest in each other
		}
		s, err := set.Schema(place, schema.Request)
		if err != nil {
			continue // contract/schema tells why
		}
		dumped := dump(s.Compiled)
		if text := show(dumped); !seen[text] {
			seen[text] = true
			p.prove(t, string(place), g, s, library(t, dumped, nil))
		}
	}
	p.log(t)
	assert.Greater(t, p.valid, 5000)
}

func TestValuesOfRandomSchemasHoldUnderAnotherValidator(t *testing.T) {
	var p proof
	rapid.Check(t, func(t *rapid.T) {
		raw := drawSchema(t, 3)
		data, err := json.Marshal(raw)
		require.NoError(t, err)
		set := schema.Of("3.1.0", map[string]any{"file:///a.json": map[string]any{"x": tree(t, string(data))}})
		s, err := set.Schema("file:///a.json#/x", schema.Request)
		require.NoError(t, err)
		p.prove(t, string(data), values.New(rapid.Uint64().Draw(t, "seed")), s, library(t, raw, nil))
	})
	p.log(t)
}

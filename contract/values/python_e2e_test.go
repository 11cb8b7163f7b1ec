//go:build e2e

package values_test

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/schema"
	"twinspect.dev/contract/values"
	"twinspect.dev/fixtures/stand/kube/buildcache"
)

const pythonPackage = "jsonschema[format]==4.26.0"

//go:embed testdata/check.py
var checkScript string

// python returns the interpreter of a virtual environment that has the validator.
func python(t *testing.T) string {
	const part = "jsonschema-4.26.0"
	// An environment holds its own path, so it is made where it stays.
	folder, err := buildcache.Folder()
	require.NoError(t, err)
	home := filepath.Join(folder, part+"-venv")
	_, err = buildcache.Once(t.Context(), part, func(ctx context.Context, dir string) error {
		for _, args := range [][]string{
			{"python3", "-m", "venv", "--clear", home},
			{filepath.Join(home, "bin", "pip"), "install", "--quiet", pythonPackage},
		} {
			if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
				return fmt.Errorf("%s: %w\n%s", args, err, out)
			}
		}
		return os.WriteFile(filepath.Join(dir, "done"), nil, 0o600)
	})
	if err != nil {
		t.Skipf("no virtual environment with %s: %v", pythonPackage, err)
	}
	return filepath.Join(home, "bin", "python")
}

// sample is a value for the other validator.
type sample struct {
	Data  any    `json:"data"`
	Valid bool   `json:"valid"`
	Rule  string `json:"rule"`
	At    string `json:"at"`
	Why   string `json:"why"`
}

// samples are the first value of each rule at each place, of at most 4 KiB: that
// library checks some thousand in a second.
func samples(g *values.Generator, s *schema.Schema) []sample {
	var all []sample
	valid, _ := g.Valid(s)
	invalid, _ := g.Invalid(s)
	for i, list := range [][]values.Value{valid, invalid} {
		seen := map[string]bool{}
		for _, v := range list {
			if key := string(v.Rule) + v.At; !seen[key] && len(show(v.Data)) <= 4096 {
				seen[key] = true
				all = append(all, sample{v.Data, i == 0, string(v.Rule), v.At, v.Why})
			}
		}
	}
	return all
}

// others are the documents beside those of kin-openapi.
func others(t *testing.T, files map[string]any) {
	paths := []string{"../../fixtures/shop/openapi.yaml", "../../fixtures/stockroom/openapi.yaml"}
	if dir := os.Getenv("TWINSPECT_CORPORA"); dir != "" {
		more, _ := filepath.Glob(filepath.Join(dir, "octokit", "*.json"))
		paths = append(paths, more...)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		if filepath.Ext(path) == ".yaml" {
			data, err = yaml.YAMLToJSON(data)
			require.NoError(t, err)
		}
		files["file:///"+filepath.ToSlash(path)] = tree(t, string(data))
	}
}

// TestValuesHoldUnderJSONSchemaOfPython leaves out values of contentMediaType,
// which is an annotation there, and of the formats that its checker does not tell:
// see testdata/check.py.
func TestValuesHoldUnderJSONSchemaOfPython(t *testing.T) {
	interpreter := python(t)
	files := documents(t)
	others(t, files)
	set, g := schema.Of("3.0.3", files), values.New(1)
	path := filepath.Join(t.TempDir(), "values.jsonl")
	f, err := os.Create(path)
	require.NoError(t, err)
	w := bufio.NewWriter(f)
	e := json.NewEncoder(w)
	seen := map[string]bool{}
	for _, place := range placesOf(files) {
		if strings.Contains(string(place), "/issue796.yml#") || strings.Contains(string(place), "/issue1205/") {
			continue // its unions nest in each other: minutes for each
		}
		s, err := set.Schema(place, schema.Request)
		if err != nil {
			continue
		}
		dumped := dump(s.Compiled)
		text := show(dumped)
		if seen[text] {
			continue
		}
		seen[text] = true
		require.NoError(t, e.Encode(map[string]any{"name": place, "schema": dumped, "values": samples(g, s)}))
	}
	require.NoError(t, w.Flush())
	require.NoError(t, f.Close())
	out, err := exec.CommandContext(t.Context(), interpreter, "-c", checkScript, path).CombinedOutput()
	t.Log(string(out[max(len(out)-4000, 0):]))
	assert.NoError(t, err)
}

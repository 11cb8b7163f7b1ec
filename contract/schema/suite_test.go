package schema_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

type suiteGroup struct {
	Description string
	Schema      json.RawMessage
	Tests       []struct {
		Description string
		Data        json.RawMessage
		Valid       bool
	}
}

// suite returns the folder of the JSON-Schema-Test-Suite that golang.org/x/tools
// carries.
func suite(t *testing.T) string {
	t.Helper()
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	require.NoError(t, err)
	found, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(cache)),
		"golang.org/x/tools@*/internal/mcp/jsonschema/testdata"))
	if len(found) == 0 {
		t.Skip("no module in the cache carries the JSON-Schema-Test-Suite")
	}
	return found[len(found)-1]
}

// remotes returns the files of a folder by their URIs.
func remotes(t *testing.T, folder, uri string) map[string]any {
	t.Helper()
	files := make(map[string]any)
	require.NoError(t, filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".json") {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(folder, path)
		trim := ""
		if strings.HasPrefix(uri, "https:") {
			trim = ".json" // the meta-schemas' own URIs end without
		}
		files[uri+strings.TrimSuffix(filepath.ToSlash(rel), trim)] = tree(t, string(data))
		return err
	}))
	return files
}

func TestKeepsToTheSuiteOfDraft2020(t *testing.T) {
	folder := suite(t)
	others := remotes(t, filepath.Join(folder, "remotes"), "http://localhost:1234/")
	meta := filepath.Join(folder, "..", "meta-schemas", "draft2020-12")
	maps.Copy(others, remotes(t, meta, "https://json-schema.org/draft/2020-12/"))
	paths, err := filepath.Glob(filepath.Join(folder, "draft2020-12", "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	checked := 0
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		var groups []suiteGroup
		require.NoError(t, json.Unmarshal(data, &groups))
		for _, group := range groups {
			name := strings.TrimSuffix(filepath.Base(path), ".json") + "/" + group.Description
			t.Run(name, func(t *testing.T) { checked += runGroup(t, group, others) })
		}
	}
	t.Logf("%d values checked", checked)
}

func runGroup(t *testing.T, group suiteGroup, others map[string]any) int {
	files := map[string]any{"file:///suite.json": tree(t, string(group.Schema))}
	for uri, file := range others {
		for _, host := range []string{"http://localhost:1234/", `"$ref": "https://json-schema.org/`} {
			if strings.Contains(string(group.Schema), host) && strings.HasPrefix(uri, strings.TrimPrefix(host, `"$ref": "`)) {
				files[uri] = file
			}
		}
	}
	s, err := schema.Of("3.1.0", files).Schema(openapi.Place("file:///suite.json#"), schema.Request)
	require.NoError(t, err)
	for _, test := range group.Tests {
		v := tree(t, string(test.Data))
		assert.Equal(t, test.Valid, s.Valid(v), test.Description)
		assert.Equal(t, test.Valid, len(s.Validate(v)) == 0, test.Description)
	}
	return len(group.Tests)
}

package schema_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

// schemasIn lists the places of all schemas of a document.
func schemasIn(node any, at string, into *[]openapi.Place) {
	switch node := node.(type) {
	case map[string]any:
		for key, child := range node {
			here := at + "/" + escaped(key)
			if _, ok := child.(map[string]any); ok && (key == "schema" || strings.HasSuffix(at, "/components/schemas")) {
				*into = append(*into, openapi.Place(here))
			}
			schemasIn(child, here, into)
		}
	case []any:
		for i, child := range node {
			schemasIn(child, at+"/"+string(rune('0'+i%10)), into)
		}
	}
}

// TestEverySchemaOfManyDocumentsIsUsedOrTold reads the documents that kin-openapi
// carries for its own tests. The references between them are followed by their
// paths.
func TestEverySchemaOfManyDocumentsIsUsedOrTold(t *testing.T) {
	module, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/getkin/kin-openapi").Output()
	require.NoError(t, err)
	files := make(map[string]any)
	require.NoError(t, filepath.WalkDir(strings.TrimSpace(string(module)), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, "testdata") {
			return err
		}
		if document, ok := readDocument(path); ok {
			files["file://"+filepath.ToSlash(path)] = document
		}
		return nil
	}))
	s := schema.Of("3.0.3", files)
	used, refused := 0, 0
	for uri, document := range files {
		var places []openapi.Place
		schemasIn(document, uri+"#", &places)
		for _, place := range places {
			for _, d := range []schema.Direction{schema.Request, schema.Response} {
				compiled, err := s.Schema(place, d)
				if err != nil {
					require.NotEmpty(t, err.Error())
					refused++
					continue
				}
				used++
				compiled.Validate(map[string]any{"id": json.Number("1"), "list": []any{"x", nil, true}})
			}
		}
	}
	t.Logf("%d files: %d schemas used, %d refused with their reason, %d problems told", len(files), used, refused, len(s.Problems()))
	require.Greater(t, used, 10*refused)
}

func readDocument(path string) (any, bool) {
	switch filepath.Ext(path) {
	case ".json", ".yml", ".yaml":
	default:
		return nil, false
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, false
	}
	if text, err := yaml.YAMLToJSON(data); err == nil && filepath.Ext(path) != ".json" {
		data = text
	}
	return number(data)
}

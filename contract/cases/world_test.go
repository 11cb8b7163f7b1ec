package cases

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/openapi"
)

// Every document of the library's own tests that can be loaded gives cases that
// are what they are meant to be.
func TestDocumentsOfTheLibraryGiveTrueCases(t *testing.T) {
	if racing {
		t.Skip("one goroutine makes them: there is nothing to race, and it takes a minute")
	}
	documents, total := 0, 0
	for _, g := range libraryGenerators(t) {
		documents++
		total += proveAll(t, g)
	}
	t.Log(documents, "documents,", total, "cases")
	assert.Greater(t, documents, 20)
}

// libraryGenerators returns generators of the documents of the library's own tests.
func libraryGenerators(t *testing.T) (all []*Generator) {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/getkin/kin-openapi").Output()
	if err != nil || len(out) == 0 {
		t.Skip("the module of kin-openapi is not at hand")
	}
	_ = filepath.WalkDir(strings.TrimSpace(string(out)), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !isDocument(path) {
			return nil
		}
		if doc, err := openapi.Load(path); err == nil && len(doc.Operations) > 0 {
			all = append(all, generator(doc, 7))
		}
		return nil
	})
	return all
}

func isDocument(path string) bool {
	switch filepath.Ext(path) {
	case ".json", ".yml", ".yaml":
		return strings.Contains(path, "testdata")
	}
	return false
}

func proveAll(t *testing.T, g *Generator) int {
	t.Helper()
	seen := map[string]bool{}
	n := 0
	for _, op := range g.Document.Operations {
		all, _ := g.Operation(op)
		n += len(all)
		for _, c := range all {
			assert.False(t, seen[c.ID], c.ID)
			seen[c.ID] = true
			if !holds(t, g, op, &c) {
				t.Log(g.Document.Path)
			}
		}
	}
	return n
}

// The greatest document that is published: 1,223 operations in 13 MB. TWINSPECT_LARGE
// names it.
func TestAGreatDocumentGivesItsCasesInSeconds(t *testing.T) {
	path := os.Getenv("TWINSPECT_LARGE")
	if path == "" {
		t.Skip("TWINSPECT_LARGE names no document")
	}
	doc, err := openapi.Load(path)
	require.NoError(t, err)
	g := generator(doc, 1)
	start := time.Now()
	cases, gaps := 0, 0
	for _, op := range doc.Operations {
		all, left := g.Operation(op)
		cases, gaps = cases+len(all), gaps+len(left)
	}
	t.Logf("%d operations, %d cases, %d gaps, %v", len(doc.Operations), cases, gaps, time.Since(start))
}

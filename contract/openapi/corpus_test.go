package openapi

import (
	"bytes"
	"cmp"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEveryDocumentOfTheLibraryIsReadOrRefusedWithAReason(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/getkin/kin-openapi").Output()
	dir := strings.TrimSpace(string(out))
	if err != nil || dir == "" {
		t.Skip("the library's module is not there")
	}
	read, refused := 0, 0
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.Contains(path, "testdata") || !strings.HasSuffix(path, "ml") && !strings.HasSuffix(path, ".json") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(data, []byte("openapi")) && !bytes.Contains(data, []byte("swagger")) {
			return err
		}
		d, err := Load(path)
		if err != nil {
			refused++
			assert.Contains(t, err.Error(), path)
			assert.Contains(t, err.Error(), "it has neither openapi nor swagger", "the others are documents")
			return nil
		}
		read++
		for _, p := range d.Problems {
			assert.NotEmpty(t, p.Place, path)
			assert.NotEmpty(t, p.Message, path)
			assert.NotContains(t, p.Message, "runtime error", path)
		}
		for _, op := range d.Operations {
			assert.NotEmpty(t, d.Where(op.Place))
		}
		return nil
	}))
	assert.Greater(t, read, 80)
	t.Logf("%d read, %d refused", read, refused)
}

// github is the greatest public document: 13 MB, 1,223 operations.
func github(tb testing.TB) string {
	tb.Helper()
	path := filepath.Join(cmp.Or(os.Getenv("TWINSPECT_CORPORA"), "../../../shared/corpora"), "openapi", "api.github.com.json")
	if _, err := os.Stat(path); err != nil {
		tb.Skip("the document of GitHub is not among the corpora")
	}
	return path
}

func TestTheGreatestPublicDocument(t *testing.T) {
	d, err := Load(github(t))
	require.NoError(t, err)
	assert.Greater(t, len(d.Operations), 1000)
	began := time.Now()
	d.Where(d.Operations[0].Place)
	for _, op := range d.Operations {
		d.Where(op.Responses[0].Place)
	}
	assert.Less(t, time.Since(began), 10*time.Second, "a line is found without reading all")
}

func BenchmarkLoadGitHub(b *testing.B) {
	path := github(b)
	for b.Loop() {
		_, err := Load(path)
		require.NoError(b, err)
	}
}

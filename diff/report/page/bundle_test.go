package page_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"twinspect.dev/diff/report/page"
)

func TestTheCheckedInBundlesAreFresh(t *testing.T) {
	files, err := page.Bundle(".")
	require.NoError(t, err)
	require.Len(t, files, 2)
	for name, want := range files {
		got, err := os.ReadFile(filepath.FromSlash(name))
		require.NoError(t, err)
		require.True(t, string(want) == string(got), "%s is stale: run go generate in the folder above", name)
	}
}

func TestBundleNamesThePlaceOfAnError(t *testing.T) {
	dir := t.TempDir()
	for name, source := range map[string]string{"script/main.ts": "\nconst = 1;", "style/main.css": "a{}"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(source), 0o644))
	}
	_, err := page.Bundle(dir)
	require.ErrorContains(t, err, "script/main.ts:2:6")
}

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEntriesAreAddedAndAllElseStays(t *testing.T) {
	const entry = "path: $.a\nkey:\n  - b\n"
	for name, c := range map[string]struct{ before, after string }{
		"at the end":       {"version: 1\nrules:\n  - path: x # why\n    a: b\n", "version: 1\nrules:\n  - path: x # why\n    a: b\n  - path: $.a\n    key:\n      - b\n"},
		"its indentation":  {"rules:\n- path: x\n", "rules:\n- path: x\n- path: $.a\n  key:\n    - b\n"},
		"no last newline":  {"rules:\n- path: x", "rules:\n- path: x\n- path: $.a\n  key:\n    - b\n"},
		"comments at end":  {"rules:\n  - path: x\n\n# the end\n", "rules:\n  - path: x\n\n# the end\n  - path: $.a\n    key:\n      - b\n"},
		"before a key":     {"rules:\n  - path: x\n\n# whose\nservice: s\n", "rules:\n  - path: x\n  - path: $.a\n    key:\n      - b\n\n# whose\nservice: s\n"},
		"no list":          {"version: 1 # first\n", "version: 1 # first\nrules:\n  - path: $.a\n    key:\n      - b\n"},
		"an empty list":    {"rules: [] # none yet\nversion: 1\n", "rules: # none yet\n  - path: $.a\n    key:\n      - b\nversion: 1\n"},
		"nothing":          {"version: 1\nrules:\n# later\n", "version: 1\nrules:\n# later\n  - path: $.a\n    key:\n      - b\n"},
		"carriage returns": {"version: 1\r\nrules:\r\n  - path: x\r\n", "version: 1\r\nrules:\r\n  - path: x\r\n  - path: $.a\r\n    key:\r\n      - b\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := appendEntries([]byte(c.before), "rules", []string{entry})
			require.NoError(t, err)
			assert.Equal(t, c.after, string(got))
		})
	}
	for name, text := range map[string]string{
		"a flow file": "{version: 1, rules: []}\n", "a flow list": "version: 1\nrules: [{a: b}]\n", "empty": "", "a list": "- a\n", "no YAML": "a: [\n",
		"a flow list over lines": "rules: [\n]\n",
	} {
		_, err := appendEntries([]byte(text), "rules", []string{entry})
		assert.Error(t, err, name)
	}
}

func TestFilesAreReplacedAsAWhole(t *testing.T) {
	dir := t.TempDir()
	name, link := filepath.Join(dir, "a.yaml"), filepath.Join(dir, "link.yaml")
	require.NoError(t, os.WriteFile(name, []byte("old"), 0o600))
	require.NoError(t, os.Symlink("a.yaml", link))
	require.NoError(t, replaceFile(link, []byte("new")))
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Equal(t, "new", string(data))
	info, err := os.Stat(name)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	assert.Error(t, replaceFile(filepath.Join(dir, "none", "a.yaml"), nil))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, left, 2, "nothing is left behind")
}

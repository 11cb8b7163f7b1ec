package deploy

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// files lists the files of the folder that end so.
func files(t *testing.T, endings ...string) []string {
	t.Helper()
	var found []string
	require.NoError(t, filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		for _, e := range endings {
			if strings.HasSuffix(path, e) {
				found = append(found, path)
			}
		}
		return err
	}))
	require.NotEmpty(t, found)
	return found
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path) //nolint:gosec // of this folder
	require.NoError(t, err)
	return string(text)
}

type object = map[string]any

// documents reads the documents of a YAML file; a key that stands twice is an error.
func documents(t *testing.T, path string) []object {
	t.Helper()
	var all []object
	for dec := yaml.NewDecoder(strings.NewReader(read(t, path)), yaml.Strict()); ; {
		var o object
		err := dec.Decode(&o)
		if errors.Is(err, io.EOF) {
			require.NotEmpty(t, all, path)
			return all
		}
		require.NoError(t, err, path)
		if o != nil {
			all = append(all, o)
		}
	}
}

// at returns what is at the end of a path of keys and indexes.
func at(t *testing.T, v any, path ...any) any {
	t.Helper()
	for _, step := range path {
		switch step := step.(type) {
		case string:
			o, ok := v.(object)
			require.True(t, ok && o[step] != nil, "there is no %v in %v", step, v)
			v = o[step]
		case int:
			list, ok := v.([]any)
			require.True(t, ok && step < len(list), "there is no %v in %v", step, v)
			v = list[step]
		}
	}
	return v
}

// named returns the element of a list with a name.
func named(t *testing.T, list any, name string) object {
	t.Helper()
	for _, v := range list.([]any) {
		if o := v.(object); o["name"] == name {
			return o
		}
	}
	require.Fail(t, "there is no "+name)
	return nil
}

// ofKind returns the object of a file with a kind and a name; "" is any.
func ofKind(t *testing.T, path, kind, name string) object {
	t.Helper()
	for _, o := range documents(t, path) {
		if o["kind"] == kind && (name == "" || at(t, o, "metadata", "name") == name) {
			return o
		}
	}
	require.Fail(t, path+" has no "+kind+" "+name)
	return nil
}

func TestEveryFileParses(t *testing.T) {
	for _, path := range files(t, ".yaml", ".yml") {
		documents(t, path)
	}
	for _, path := range files(t, ".json") {
		assert.True(t, json.Valid([]byte(read(t, path))), path)
	}
}

func TestScriptsParse(t *testing.T) {
	for _, path := range []string{"step/twinspect-step", "step/twinspect-install"} {
		for _, shell := range []string{"sh", "bash"} {
			out, err := exec.Command(shell, "-n", path).CombinedOutput() //nolint:gosec // of this folder
			assert.NoError(t, err, "%s: %s", path, out)
		}
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.NotZero(t, info.Mode()&0o111, "%s is not executable", path)
	}
}

func TestNoFileNamesASecretOrARealHost(t *testing.T) {
	for _, path := range files(t, ".yaml", ".yml", ".json", ".groovy", "Jenkinsfile", ".md") {
		for line := range strings.Lines(read(t, path)) {
			_, rest, ok := strings.Cut(line, "://")
			if !ok || strings.Contains(line, "postgres://USER:PASSWORD@HOST") {
				continue
			}
			host := rest[:len(rest)-len(strings.TrimLeft(rest, "abcdefghijklmnopqrstuvwxyz0123456789.-"))]
			if _, after, ok := strings.Cut(rest, "@"); ok && strings.HasPrefix(rest, "flagger:") {
				host = after[:len(after)-len(strings.TrimLeft(after, "abcdefghijklmnopqrstuvwxyz0123456789.-"))]
			}
			known := strings.HasSuffix(host, ".example") || strings.HasSuffix(host, ".svc") || strings.HasPrefix(host, "127.0.0.1") ||
				host == "" || host == "grafana" || host == "prometheus"
			assert.True(t, known, "%s: %s", path, line)
		}
	}
	assert.NotContains(t, read(t, "gate/secrets.example.yaml"), `token: "t`)
	for _, o := range documents(t, "gate/secrets.example.yaml") {
		for name, value := range at(t, o, "stringData").(object) {
			assert.Empty(t, value, name)
		}
	}
}

// replaced is a text with something else in a place that has to be there.
func replaced(t *testing.T, text, old, with string) string {
	t.Helper()
	require.Contains(t, text, old)
	return strings.ReplaceAll(text, old, with)
}

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDocumentsAreComparedAsAnswersAre(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	base := file("base.json", `{"id": 1, "price": 2.50, "at": "2026-11-21", "tags": ["a", "b"]}`)
	same := file("same.json", `{"tags":["a","b"],"price":2.5,"at":"2026-11-21","id":1}`)
	other := file("other.json", `{"id":"1","price":2.5,"at":"2026-11-22","tags":["a","b","c"]}`)
	bad := file("bad.json", `{"id":1`)
	rules := file("rules.yaml", `{version: 1, rules: [{path: $.id, ignore: true, reason: r}, {path: $.at, class: date, reason: r}, {path: "$.tags[*]", ignore: true, reason: r}]}`)
	for _, tc := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"equal", []string{base, same}, 0, ""},
		{"unequal", []string{base, other}, 1, "$.id retyped: 1 -> \"1\"\n$.at changed: \"2026-11-21\" -> \"2026-11-22\"\n$.tags[2] added: (absent) -> \"c\"\n"},
		{"with rules", []string{base, other, "--rules", rules}, 0, ""},
		{"as JSON", []string{base, other, "--json"}, 1, `{"path":"$.tags[2]","kind":"added","other":"c"}`},
		{"as a patch", []string{base, other, "--patch"}, 1, `[{"op":"replace"`},
		{"no patch", []string{base, same, "--patch"}, 0, "[]\n"},
		{"no JSON", []string{base, bad}, 2, "bad.json"},
		{"no file", []string{base, "nowhere.json"}, 2, "nowhere.json"},
		{"nothing twice", []string{"-", "-"}, 2, "not both"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := twinspect(t.Context(), append([]string{"json"}, tc.args...)...)
			assert.Equal(t, tc.code, r.code, r.stdout+r.stderr)
			assert.Contains(t, r.stdout+r.stderr, tc.says)
		})
	}
}

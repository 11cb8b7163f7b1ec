package rules

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/diff"
)

var today = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestEveryMistakeIsReportedAtOnceWithItsPlace(t *testing.T) {
	data, err := os.ReadFile("testdata/broken.yaml")
	require.NoError(t, err)
	_, err = Parse("twinspect.yaml", data, today)
	require.Error(t, err)
	golden := "testdata/broken.txt"
	if update() {
		require.NoError(t, os.WriteFile(golden, []byte(err.Error()+"\n"), 0o644))
	}
	want, readErr := os.ReadFile(golden)
	require.NoError(t, readErr)
	assert.Equal(t, string(want), err.Error()+"\n")
}

// update reports whether go test was called with -args update.
func update() bool {
	for _, arg := range flag.Args() {
		if arg == "update" {
			return true
		}
	}
	return false
}

func TestFilesThatAreNoRuleFile(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty":           {"", "f:1:1: the file is empty; it begins with version: 1"},
		"only a comment":  {"# nothing\n", "f:1:1: the file is empty; it begins with version: 1"},
		"a list":          {"- a\n", "f:1:1: the rule file is a mapping with the keys version, service or rules; this is a list"},
		"no version":      {"rules: []\n", "f:1:1: version is missing; this program reads version: 1"},
		"rules a mapping": {"version: 1\nrules: {a: b}\n", "f:2:9: rules is a list, not a mapping"},
		"two documents":   {"version: 1\n---\nversion: 1\n", "f:2:1: a rule file is one YAML document; this begins a second one"},
		"an anchor":       {"version: 1\nservice: &a shop\n", "f:2:10: anchor is not supported in a rule file"},
		"an alias":        {"version: 1\nservice: *a\n", "f:2:10: alias is not supported in a rule file"},
		"a tag":           {"version: !!int 1\n", "f:1:10: tag is not supported in a rule file"},
		"deep":            {"version: " + strings.Repeat("[", 100000), "f:1:26: nested deeper than 16 levels"},
		"many dashes":     {strings.Repeat("- ", 100000), "f:1:33: nested deeper than 16 levels"},
		"no YAML":         {"version: 1\nrules: [a\n", "f:2:8: not YAML: "},
	} {
		_, err := Parse("f", []byte(c.text), today)
		require.Error(t, err, name)
		assert.True(t, strings.HasPrefix(err.Error(), c.want), "%s: %s", name, err)
	}
	_, err := Parse("f", make([]byte, rulefile.MaxSize+1), today)
	require.EqualError(t, err, "f:1:1: the file is larger than 1048576 bytes")
}

func TestErrorsCanBeTakenApart(t *testing.T) {
	_, err := Parse("f", []byte("version: 1\nrules:\n  - {}\n"), today)
	var one *Error
	require.True(t, errors.As(err, &one))
	assert.Equal(t, 3, one.Line)
	var all Errors
	require.True(t, errors.As(err, &all))
	assert.Len(t, all, 3)
}

func TestInfoDescribesEveryRule(t *testing.T) {
	set := parse(t, `
version: 1
service: shop
rules:
  - path: $.items[*].updatedAt
    operation: GET /products/{id}
    status: [2xx, 404]
    class: time
    reason: set by the clock
  - header: X-Trace-*
    ignore: true
    operation: [GET *, HEAD *]
    reason: differs by request
    expires: 2026-11-21
  - {path: $.price, tolerance: {relative: 1%}, reason: rounding, expires: 2026-11-22}
  - {path: $.tags, unordered: true, reason: a set}
  - {path: $.lines, key: [sku, size], reason: its identity}
  - {path: $.code, class: {regexp: '^o-[0-9]+$'}, reason: generated}
  - {part: latency, ignore: true, reason: shared machine}
  - {path: $.note, null-equals-missing: true, reason: new serializer}
`)
	assert.Equal(t, "shop", set.Service())
	info := set.Info()
	assert.Equal(t, "twinspect.yaml", info.File)
	var what []string
	for _, r := range info.Rules {
		what = append(what, r.What)
	}
	assert.Equal(t, []string{
		"class time at $.items[*].updatedAt in GET /products/{id} for status 2xx, 404",
		"ignore header x-trace-* in GET *, HEAD * (expired 2026-11-21, not applied)",
		"tolerance 1% at $.price",
		"unordered $.tags",
		"key sku, size of $.lines",
		"class /^o-[0-9]+$/ at $.code",
		"ignore latency",
		"null equals missing at $.note",
	}, what)
	assert.Equal(t, 5, info.Rules[0].Line)
	assert.Equal(t, "set by the clock", info.Rules[0].Reason)
}

func TestAFileWithoutRulesIsFine(t *testing.T) {
	assert.Empty(t, parse(t, "version: 1\n").Info().Rules)
	assert.Empty(t, parse(t, "version: 1\nrules:\n").Info().Rules)
	assert.Empty(t, parse(t, "version: 1\nrules: []\n").Info().Rules)
}

func TestLoadNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "twinspect.yaml")
	_, err := Load(path)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.WriteFile(path, []byte("version: 1\n"), 0o600))
	_, err = Load(path)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(path, rulefile.MaxSize+1))
	_, err = Load(path)
	require.ErrorContains(t, err, "larger than")
}

func parse(t *testing.T, text string) *Set {
	t.Helper()
	set, err := Parse("twinspect.yaml", []byte(text), today)
	require.NoError(t, err)
	return set
}

func FuzzParse(f *testing.F) {
	broken, err := os.ReadFile("testdata/broken.yaml")
	require.NoError(f, err)
	f.Add(broken)
	for _, seed := range []string{
		"version: 1\nrules:\n  - path: $..[?@.a>1]\n    ignore: true\n    reason: x\n",
		"version: 1\nrules:\n  - {path: '$.a[*].b', rename: c, reason: x}\n  - {path: $.a, ignore: true, reason: x}\n  - {path: '$..b', class: any, reason: x}\n",
		"version: |\n  1\nrules: [{path: $, key: a, reason: b}]",
		"{version: 1, rules: [{part: body, ignore: true, reason: r, status: [2xx]}]}",
		"? a\n: b", "a: b: c", "rules:\n- - -", "version: 1\nrules:\n  -\n  - ~\n", "\xff\xfe", "a: 'x\n\"", "%YAML 1.2\n---\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := Parse("f", data, today)
		var all Errors
		if err != nil {
			require.True(t, errors.As(err, &all), "%v", err)
			require.NotEmpty(t, all)
			return
		}
		for _, r := range set.Info().Rules {
			require.NotEmpty(t, r.What)
			require.NotEmpty(t, r.Reason)
		}
		set.Watch()
		set.Control(false)
		scope := set.Scope("GET /", 200)
		scope.Documents([]byte(`{"a":[1]}`), []byte(`{"a":[2]}`))
		scope.Decide(Item{Part: "body", Path: path("a", 0), Kind: "changed", Base: []byte("1"), Other: []byte("2")})
		scope.Array(path("a"))
		scope.Rename(path("a", 0), "b")
		d := diff.Difference{Cell: diff.Cell{Operation: "GET /", Place: diff.Place{Part: diff.Body, Path: "$.a[*]"}, Kind: diff.Changed}}
		require.Len(t, set.Explain("GET /", 200, ItemOf(&d, nil)), len(set.rules))
		Check(set, &diff.Report{Rules: set.Info(), Differences: []diff.Difference{d}})
	})
}

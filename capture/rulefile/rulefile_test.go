package rulefile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/ast"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// read reads a file of every kind of member.
func read(data []byte) (*Reader, Fields) {
	r := &Reader{File: "f"}
	root := r.Tree(data)
	if r.Mistakes() > 0 {
		return r, nil
	}
	fields := r.Root(root, "1", "name", "list", "words", "on")
	if f, ok := fields["name"]; ok {
		r.Text(f)
	}
	if f, ok := fields["list"]; ok {
		for n := range r.Entries(f) {
			r.Fields(n, "an entry", "a", "b")
		}
	}
	if f, ok := fields["words"]; ok {
		r.Words(f, "words are names")
	}
	if f, ok := fields["on"]; ok {
		r.IsTrue(f)
	}
	return r, fields
}

func TestMistakesHaveTheirPlaces(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "f:1:1: the file is empty; it begins with version: 1",
		"~\n":                              "f:1:1: the file is empty; it begins with version: 1",
		"name: a":                          "f:1:1: version is missing; this program reads version: 1",
		"version: 2":                       "f:1:10: version 2 is not known; this program reads version: 1",
		"version: 1\nnamme: a":             `f:2:1: unknown key "namme" in the rule file (did you mean "name"?); allowed are version, name, list, words or on`,
		"version: 1\nname: a\nname: b":     `f:3:1: "name" is given twice, first in line 2`,
		"version: 1\nname: []":             "f:2:7: name is a text, not a list",
		"version: 1\nlist: {a: b}":         "f:2:8: list is a list, not a mapping",
		"version: 1\nlist:\n- a":           `f:3:3: an entry is a mapping with the keys a or b; this is "a"`,
		"version: 1\nwords: []":            "f:2:8: words is an empty list; leave it out to mean all",
		"version: 1\nwords: [a, {}]":       "f:2:12: words are names, not a mapping",
		"version: 1\non: false":            `f:2:5: on is true or left out, not "false"`,
		"version: 1\n---\na: 1":            "f:2:1: a rule file is one YAML document; this begins a second one",
		"version: &a 1":                    "f:1:10: anchor is not supported in a rule file; a text that begins so needs quotation marks",
		"version: " + deep("["):            "f:1:26: nested deeper than 16 levels",
		deep("- "):                         "f:1:33: nested deeper than 16 levels",
		"version: 1\nlist: [{a: /b/{id}}]": "f:2:",
	} {
		r, _ := read([]byte(text))
		require.Error(t, r.Err(), text)
		assert.True(t, strings.HasPrefix(r.Err().Error(), want), "%.40q gave %.200s", text, r.Err())
	}
}

func deep(s string) string { return strings.Repeat(s, 100_000) }

func TestABraceThatIsNotQuotedIsHintedAt(t *testing.T) {
	r, _ := read([]byte("version: 1\nlist: [{a: /b/{id}}]\n"))
	assert.ErrorContains(t, r.Err(), `inside of {...} a path with a brace needs quotation marks`)
	r, _ = read([]byte("version: 1\nlist: [{a: ${NAME}}]\n"))
	assert.ErrorContains(t, r.Err(), `inside of {...} a variable needs quotation marks: "${NAME}"`)
}

func TestMistakesCanBeTakenApart(t *testing.T) {
	r, _ := read([]byte("name: []\non: 1\nlist: 2\n"))
	var one *Error
	require.ErrorAs(t, r.Err(), &one)
	var all Errors
	require.ErrorAs(t, r.Err(), &all)
	assert.Len(t, all, 4)
	assert.IsNonDecreasing(t, []int{all[0].Line, all[1].Line, all[2].Line, all[3].Line})
	assert.Equal(t, "f:1:1: version is missing; this program reads version: 1", r.First().Error())
	assert.NoError(t, new(Reader).Err())
}

func TestReportsEndBeforeNobodyReadsThem(t *testing.T) {
	r, _ := read([]byte("version: 1\nlist:\n" + strings.Repeat("- x\n", 1000)))
	assert.Equal(t, maxErrors, r.Mistakes())
	r, _ = read([]byte(strings.Repeat("a: &x 1\n", 1000)))
	assert.Equal(t, maxErrors, r.Mistakes())
}

func TestHiddenValuesStandInNoMessage(t *testing.T) {
	r := &Reader{File: "f", Hidden: true}
	fields := r.Fields(r.Tree([]byte("on: s3cret")), "the file", "on")
	r.IsTrue(fields["on"])
	require.EqualError(t, r.Err(), "f:1:5: on is true or left out, not a text")
}

func TestGivenKeysStandInTheOrderAsked(t *testing.T) {
	_, fields := read([]byte("version: 1\non: true\nname: a\n"))
	assert.Equal(t, []string{"name", "on"}, fields.Given([]string{"name", "list", "on"}))
	assert.Empty(t, fields.Given([]string{"list"}))
}

func TestTheNearestWordIsMeant(t *testing.T) {
	known := []string{"reason", "class", "tolerance"}
	for word, want := range map[string]string{
		"raeson": "reason", "Class": "class", "klass": "class", "toleranze": "tolerance",
		"x": "", "something": "", strings.Repeat("reason", 100): "",
	} {
		if want != "" {
			want = ` (did you mean "` + want + `"?)`
		}
		assert.Equal(t, want, DidYouMean(word, known), word)
	}
}

func TestNoMoreOfAFileIsReadThanFits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rules.yaml")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	require.NoError(t, os.Truncate(path, 8*MaxSize))
	data, err := Read(path)
	require.NoError(t, err)
	assert.Len(t, data, MaxSize+1)
	r, _ := read(data)
	require.EqualError(t, r.Err(), "f:1:1: the file is larger than 1048576 bytes")
	_, err = Read(path + "x")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		"name: a\nlist:\n- {a: 1, b: 2}\n- a: |\n    x\nwords: [a, b]\non: true\n", "list: [{a: [", "words: ? a", "name: *x", "on: !!str", "{", "- - -", "name: \"\\x\"",
	} {
		f.Add([]byte("version: 1\n" + seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, fields := read(data)
		err := r.Err()
		if err == nil {
			require.Contains(t, fields, "version")
			require.GreaterOrEqual(t, Line(fields["version"].Value), 1)
			return
		}
		var all Errors
		require.True(t, errors.As(err, &all))
		for _, e := range all {
			require.Positive(t, e.Line)
		}
		var none ast.Node
		require.Equal(t, "empty", r.Describe(none))
	})
}

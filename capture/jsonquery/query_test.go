package jsonquery

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/theory/jsonpath"
	"github.com/theory/jsonpath/spec"
	"pgregory.net/rapid"
)

// selected walks the document and returns the paths of the values that the query
// selects. Without document the steps carry none.
func selected(q *Query, root any, document bool) []string {
	var got []string
	var walk func(node any, states uint64, path spec.NormalizedPath)
	down := func(node, child any, name string, index int, states uint64, path spec.NormalizedPath, walk func(any, uint64, spec.NormalizedPath)) {
		at := Step[string]{Name: name, Index: index}
		if document {
			at.Parent, at.Node, at.Root = node, child, root
		}
		selector := spec.NormalSelector(spec.Name(name))
		if index >= 0 {
			selector = spec.Index(index)
		}
		walk(child, at.Advance(q, states), append(slices.Clone(path), selector))
	}
	walk = func(node any, states uint64, path spec.NormalizedPath) {
		if states&q.End() != 0 {
			got = append(got, path.String())
		}
		switch node := node.(type) {
		case map[string]any:
			for name, child := range node {
				down(node, child, name, Member, states, path, walk)
			}
		case []any:
			for i, child := range node {
				down(node, child, "", i, states, path, walk)
			}
		}
	}
	walk(root, Start, nil)
	slices.Sort(got)
	return got
}

func wanted(t require.TestingT, text string, root any) []string {
	path, err := jsonpath.Parse(text)
	require.NoError(t, err)
	var want []string
	for _, n := range path.SelectLocated(root) {
		want = append(want, n.Path.String())
	}
	slices.Sort(want)
	return slices.Compact(want)
}

func sample(t *rapid.T, depth int) any {
	switch rapid.IntRange(0, 3).Draw(t, "type") + 10*min(depth, 1) {
	case 11, 12:
		object := map[string]any{}
		for _, name := range []string{"a", "b", "c"} {
			if rapid.Bool().Draw(t, name) {
				object[name] = sample(t, depth-1)
			}
		}
		return object
	case 13:
		var array []any
		for range rapid.IntRange(0, 4).Draw(t, "elements") {
			array = append(array, sample(t, depth-1))
		}
		return array
	}
	return json.Number(fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "number")))
}

func TestStepsSelectWhatJSONPathSelects(t *testing.T) {
	segments := []string{
		".a", ".b", ".*", "[0]", "[2]", "[-1]", "[-2]", "[1:3]", "[::2]", "[-2:]", "[:-1]", "[::-1]", "[2:0:-1]", "[::0]", "['a','b',1]",
		"..a", "..*", "..[0]", "..[-1]", "[?@.a]", "..[?@.b == 1]", "[?@ > 1]", "[?count($..*) > 4]", "[?@.a, 0]",
	}
	rapid.Check(t, func(t *rapid.T) {
		text := "$"
		for range rapid.IntRange(0, 4).Draw(t, "length") {
			text += rapid.SampledFrom(segments).Draw(t, "segment")
		}
		root := sample(t, 3)
		q, err := Parse(text)
		require.NoError(t, err)
		want := wanted(t, text, root)
		require.Equal(t, want, selected(q, root, true), "%s", text)
		if q.Located() == nil {
			require.Equal(t, want, selected(q, root, false), "%s", text)
		}
	})
}

func TestSelectorsThatNeedTheDocumentAreTold(t *testing.T) {
	for text, want := range map[string]string{
		"$": "", "$.a[0][1:3]..*['a','b']": "", "$[-1]": "-1", "$.a[:-1]": ":-1", "$[::-1]": "::-1", "$[::0]": "::0", "$.a[?@.b][-1]": `?@["b"]`,
	} {
		q, err := Parse(text)
		require.NoError(t, err)
		got := ""
		if selector := q.Located(); selector != nil {
			got = selector.String()
		}
		assert.Equal(t, want, got, text)
		assert.Equal(t, text == "$", q.IsRoot())
	}
}

func TestMembersWithoutANameAreSelectedByNoName(t *testing.T) {
	for text, want := range map[string]bool{"$['']": false, "$.*": true, "$[0]": false, "$[:]": false} {
		q, err := Parse(text)
		require.NoError(t, err)
		at := Step[[]byte]{Index: Unnamed}
		assert.Equal(t, want, at.Advance(q, Start)&q.End() != 0, text)
	}
}

func TestManySegmentsAreRefused(t *testing.T) {
	long := "$" + strings.Repeat("..a", MaxSegments)
	_, err := Parse(long)
	require.NoError(t, err)
	_, err = Parse(long + "..a")
	require.EqualError(t, err, "jsonpath: 64 segments are more than 63")
	_, err = Parse("$[")
	require.ErrorIs(t, err, jsonpath.ErrPathParse)
}

func TestStepsByNameAllocateNothing(t *testing.T) {
	q, err := Parse("$..a['a rather long name, longer than what fits on a stack'].*")
	require.NoError(t, err)
	name := []byte("a rather long name, longer than what fits on a stack")
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		at := Step[[]byte]{Name: name, Index: Member}
		at.Advance(q, 7)
	}))
}

func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"$.a[0]", "$..b[?@.c > 1]", "$[-1:]", "$[::0]", "$['a',\"b\",*]"} {
		f.Add(seed, []byte(`{"a":[1,{"b":2}],"b":{"a":[3,4,null]}}`))
	}
	f.Fuzz(func(t *testing.T, text string, data []byte) {
		var root any
		q, err := Parse(text)
		if err != nil || json.Unmarshal(data, &root) != nil {
			return
		}
		require.Equal(t, wanted(t, text, root), selected(q, root, true), "%s in %s", text, data)
	})
}

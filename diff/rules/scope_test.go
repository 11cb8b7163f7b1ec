package rules

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/theory/jsonpath"
	"github.com/theory/jsonpath/spec"
	"pgregory.net/rapid"

	"twinspect.dev/capture/jsonquery"
	"twinspect.dev/diff"
	"twinspect.dev/diff/jsondiff"
)

// path makes a path of names and indexes.
func path(steps ...any) jsondiff.Path {
	var p jsondiff.Path
	for _, s := range steps {
		switch s := s.(type) {
		case string:
			p = append(p, jsondiff.Step{Name: s, Index: -1})
		case int:
			p = append(p, jsondiff.Step{Index: s})
		}
	}
	return p
}

func body(kind diff.Kind, p jsondiff.Path, base, other string) Item {
	return Item{Part: diff.Body, Path: p, Kind: kind, Base: []byte(base), Other: []byte(other)}
}

// one returns the scope of a file with one rule of the flow form.
func one(t *testing.T, rule string) *Scope {
	t.Helper()
	return parse(t, "version: 1\nrules:\n  - {"+rule+", reason: test}\n").Scope("GET /a", 200)
}

func TestNilSetAndScopeKeepEverything(t *testing.T) {
	var set *Set
	assert.Nil(t, set.Info())
	assert.Empty(t, set.Service())
	scope := set.Scope("GET /", 200)
	require.Nil(t, scope)
	scope.Documents([]byte("{}"), []byte("{}"))
	assert.Equal(t, Keep, scope.Decide(body(diff.Changed, nil, "1", "2")))
	assert.Zero(t, scope.Array(path("a")))
	assert.Nil(t, parse(t, "version: 1\n").Scope("GET /", 200), "no rule applies")
}

func TestIgnoreCoversTheSubtree(t *testing.T) {
	scope := one(t, "path: '$.meta', ignore: true")
	for _, kind := range []diff.Kind{diff.Changed, diff.Retyped, diff.Removed, diff.Added, diff.Reordered} {
		assert.Equal(t, Hide, scope.Decide(body(kind, path("meta"), "1", "2")))
		assert.Equal(t, Hide, scope.Decide(body(kind, path("meta", "a", 3), "1", "2")))
	}
	assert.Equal(t, Keep, scope.Decide(body(diff.Changed, path("metadata"), "1", "2")))
	assert.Equal(t, Keep, scope.Decide(body(diff.Changed, nil, "1", "2")))
	assert.Equal(t, Keep, scope.Decide(Item{Part: diff.Header, Name: "meta", Kind: diff.Changed}))
	assert.Equal(t, Hide, one(t, "path: $, ignore: true").Decide(body(diff.Changed, path("a", 1), "1", "2")))
}

func TestClassHidesItsOwnAndBreaksOnOthers(t *testing.T) {
	uuid := `"7f1c2e6a-0f5b-4a53-9d0e-1a2b3c4d5e6f"`
	scope := one(t, "path: '$.items[*].id', class: uuid")
	at := path("items", 4, "id")
	assert.Equal(t, Hide, scope.Decide(body(diff.Changed, at, `"x"`, uuid)))
	assert.Equal(t, Broken, scope.Decide(body(diff.Changed, at, uuid, `"x"`)))
	for _, kind := range []diff.Kind{diff.Retyped, diff.Removed, diff.Added} {
		assert.Equal(t, Keep, scope.Decide(body(kind, at, uuid, "null")), "%s stays", kind)
	}
	assert.Equal(t, Keep, scope.Decide(body(diff.Changed, path("items", 4, "id", "a"), uuid, `"x"`)))

	scope = one(t, "path: $.code, class: {regexp: '^o-[0-9]+$'}")
	assert.Equal(t, Hide, scope.Decide(body(diff.Changed, path("code"), `"o-1"`, `"o-2"`)))
	assert.Equal(t, Broken, scope.Decide(body(diff.Changed, path("code"), `"o-1"`, `"p-2"`)))
}

func TestToleranceIsExact(t *testing.T) {
	for _, c := range []struct {
		rule, base, other string
		want              Decision
	}{
		{"{absolute: 0.1}", "0.3", "0.2", Hide},
		{"{absolute: 0.1}", "0.3", "0.4", Hide},
		{"{absolute: 0.1}", "0.3", "0.4000000000000000000001", Keep},
		{"{absolute: 1}", "9007199254740993", "9007199254740995", Keep},
		{"{absolute: 1}", "1e999999999", "1e999999999", Keep},
		{"{absolute: 1}", `"1"`, `"1.5"`, Keep},
		{"{relative: 1%}", "200", "202", Hide},
		{"{relative: 1%}", "-200", "-202", Hide},
		{"{relative: 1%}", "200", "202.01", Keep},
		{"{relative: 0.01}", "0", "0.0001", Keep},
		{"{time: 2s}", `"2026-11-21T10:00:00Z"`, `"2026-11-21T12:00:02+02:00"`, Hide},
		{"{time: 2s}", `"2026-11-21T10:00:00Z"`, `"2026-11-21T10:00:02.001Z"`, Keep},
		{"{time: 2s}", "1700000000", "1700000002", Hide},
		{"{time: 2s}", "1700000000000", "1700000002001", Keep},
		{"{time: 2s}", `"soon"`, `"later"`, Keep},
	} {
		scope := one(t, "path: $.v, tolerance: "+c.rule)
		got := scope.Decide(body(diff.Changed, path("v"), c.base, c.other))
		assert.Equal(t, c.want, got, "%s: %s, %s", c.rule, c.base, c.other)
		assert.Equal(t, Keep, scope.Decide(body(diff.Retyped, path("v"), c.base, c.base)))
	}
}

func TestHeadersByNameAndPattern(t *testing.T) {
	scope := parse(t, `
version: 1
rules:
  - {header: ETag, class: token, reason: a}
  - {header: X-*-Id, ignore: true, reason: b}
  - {trailer: grpc-message, ignore: true, reason: c}
  - {header: Date, tolerance: {time: 5s}, reason: d}
`).Scope("GET /", 200)
	header := func(part diff.Part, name, base, other string) Decision {
		return scope.Decide(Item{Part: part, Name: name, Kind: diff.Changed, Base: []byte(base), Other: []byte(other)})
	}
	assert.Equal(t, Hide, header(diff.Header, "etag", `"a"`, `W/"b"`))
	assert.Equal(t, Broken, header(diff.Header, "ETAG", `"a"`, `no tag`))
	assert.Equal(t, Hide, header(diff.Header, "X-Request-Id", "1", "2"))
	assert.Equal(t, Keep, header(diff.Header, "X-Request-Id2", "1", "2"))
	assert.Equal(t, Keep, header(diff.Header, "grpc-message", "1", "2"))
	assert.Equal(t, Hide, header(diff.Trailer, "Grpc-Message", "1", "2"))
	assert.Equal(t, Hide, header(diff.Header, "Date", "Sat, 21 Nov 2026 10:00:04 GMT", "Sat, 21 Nov 2026 10:00:09 GMT"))
	assert.Equal(t, Keep, header(diff.Header, "Date", "Sat, 21 Nov 2026 10:00:04 GMT", "Sat, 21 Nov 2026 10:00:10 GMT"))
}

func TestScopeByOperationAndStatus(t *testing.T) {
	set := parse(t, `
version: 1
rules:
  - {part: body, ignore: true, operation: "GET /products/{id}", status: 2xx, reason: a}
  - {part: header, ignore: true, operation: "* /admin/*", reason: b}
`)
	assert.NotNil(t, set.Scope("GET /products/{id}", 204))
	assert.Nil(t, set.Scope("GET /products/{id}", 404))
	assert.Nil(t, set.Scope("GET /products/{id}/x", 200))
	assert.NotNil(t, set.Scope("DELETE /admin/a/b", 500))
	assert.Same(t, set.Scope("DELETE /admin/a/b", 500), set.Scope("DELETE /admin/a/b", 500))
	for i := range 2 * maxScopes {
		set.Scope(fmt.Sprint("GET /", i), 200)
	}
	assert.Len(t, set.scopes, maxScopes)
}

func TestFirstRuleThatSettlesDecidesAndEachCounts(t *testing.T) {
	set := parse(t, `
version: 1
rules:
  - {path: $.v, tolerance: {absolute: 1}, reason: a}
  - {path: $.v, class: integer, reason: b}
  - {path: $..v, ignore: true, reason: c}
  - {path: $.w, ignore: true, reason: nothing}
`)
	scope := set.Scope("GET /", 200)
	assert.Equal(t, Hide, scope.Decide(body(diff.Changed, path("v"), "1", "2")))
	assert.Equal(t, Hide, scope.Decide(body(diff.Changed, path("v"), "1", "9")))
	assert.Equal(t, Broken, scope.Decide(body(diff.Changed, path("v"), "1", "9.5")))
	assert.Equal(t, Hide, scope.Decide(body(diff.Removed, path("v"), "1", "")))
	var matched []uint64
	for _, r := range set.Info().Rules {
		matched = append(matched, r.Matched)
	}
	assert.Equal(t, []uint64{4, 3, 1, 0}, matched)
}

func TestNullEqualsMissing(t *testing.T) {
	scope := one(t, "path: $.note, null-equals-missing: true")
	assert.Equal(t, Hide, scope.Decide(body(diff.Removed, path("note"), "null", "")))
	assert.Equal(t, Hide, scope.Decide(body(diff.Added, path("note"), "", " null ")))
	assert.Equal(t, Keep, scope.Decide(body(diff.Removed, path("note"), `"a"`, "")))
	assert.Equal(t, Keep, scope.Decide(body(diff.Retyped, path("note"), "null", `"a"`)))
}

func TestArrayRulesAddUp(t *testing.T) {
	scope := parse(t, `
version: 1
rules:
  - {path: $.items, key: [sku, size], reason: a}
  - {path: "$.*", unordered: true, reason: b}
  - {path: $.tags, ignore: true, reason: c}
`).Scope("GET /", 200)
	assert.Equal(t, jsondiff.ArrayRule{Unordered: true, Key: []string{"sku", "size"}}, scope.Array(path("items")))
	assert.Equal(t, jsondiff.ArrayRule{Unordered: true}, scope.Array(path("tags")))
	assert.Zero(t, scope.Array(path("items", 0)))
}

func TestFiltersLookAtTheDocumentOfTheirIndexes(t *testing.T) {
	scope := one(t, "path: '$.items[?@.kind == \"clock\"].value', ignore: true")
	item := body(diff.Changed, path("items", 1, "value"), "1", "2")
	assert.Equal(t, Keep, scope.Decide(item), "without documents nothing is selected")
	base := []byte(`{"items":[{"kind":"price","value":1},{"kind":"clock","value":1}]}`)
	other := []byte(`{"items":[{"kind":"clock","value":2},{"kind":"price","value":2}]}`)
	scope.Documents(base, other)
	assert.Equal(t, Hide, scope.Decide(item))
	item.Path = path("items", 0, "value")
	assert.Equal(t, Keep, scope.Decide(item))
	item.Kind = diff.Added
	assert.Equal(t, Hide, scope.Decide(item), "the path of what was added is other's")
	scope.Documents([]byte(`{"items":`), other)
	item.Kind = diff.Changed
	assert.Equal(t, Keep, scope.Decide(item), "base is not JSON")
}

// TestPatternsSelectWhatJSONPathSelects compares the automaton with the
// evaluation of the query over every value of a document.
func TestPatternsSelectWhatJSONPathSelects(t *testing.T) {
	segments := []string{
		".a", ".b", ".*", "[0]", "[2]", "[-1]", "[-2]", "[1:3]", "[::2]", "[-2:]", "[:-1]", "[::-1]", "[2:0:-1]", "[::0]", "['a','b',1]",
		"..a", "..*", "..[0]", "..[-1]", "[?@.a]", "..[?@.b == 1]", "[?@ > 1]", "[?count($..*) > 4]", "[?@.a, 0]",
	}
	rapid.Check(t, func(t *rapid.T) {
		query := "$"
		for range rapid.IntRange(0, 4).Draw(t, "length") {
			query += rapid.SampledFrom(segments).Draw(t, "segment")
		}
		root := sample(t, 3)
		p, err := newPattern(query)
		require.NoError(t, err)
		var want []string
		for _, n := range jsonpath.MustParse(query).SelectLocated(root) {
			want = append(want, n.Path.String())
		}
		var got []string
		each(root, nil, func(at jsondiff.Path) {
			if p.match(at, root, false) {
				got = append(got, normalized(at))
			}
		})
		slices.Sort(want)
		slices.Sort(got)
		require.Equal(t, slices.Compact(want), got, "%s", query)
	})
}

func normalized(p jsondiff.Path) string {
	var n spec.NormalizedPath
	for _, s := range p {
		if s.Index >= 0 {
			n = append(n, spec.Index(s.Index))
		} else {
			n = append(n, spec.Name(s.Name))
		}
	}
	return n.String()
}

func each(v any, at jsondiff.Path, visit func(jsondiff.Path)) {
	visit(at)
	switch v := v.(type) {
	case map[string]any:
		for name, child := range v {
			each(child, append(slices.Clone(at), jsondiff.Step{Name: name, Index: -1}), visit)
		}
	case []any:
		for i, child := range v {
			each(child, append(slices.Clone(at), jsondiff.Step{Index: i}), visit)
		}
	}
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

func TestManySegmentsAreRefusedAndManyDescendantsAreFast(t *testing.T) {
	long := "$"
	for range jsonquery.MaxSegments {
		long += "..a"
	}
	p, err := newPattern(long)
	require.NoError(t, err)
	deep := make(jsondiff.Path, 400)
	for i := range deep {
		deep[i] = jsondiff.Step{Name: "a", Index: -1}
	}
	assert.True(t, p.match(deep, nil, false))
	assert.False(t, p.match(deep[:jsonquery.MaxSegments-1], nil, false))
	_, err = newPattern(long + "..a")
	require.ErrorContains(t, err, "64 segments are more than 63")
}

func TestDecisionsHaveNames(t *testing.T) {
	assert.Equal(t, "keep hide broken", fmt.Sprint(Keep, " ", Hide, " ", Broken))
}

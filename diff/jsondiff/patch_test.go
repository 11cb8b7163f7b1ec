package jsondiff

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// patched applies a patch to a decoded document.
func patched(t require.TestingT, doc any, patch []byte) any {
	var list []json.RawMessage
	require.NoError(t, json.Unmarshal(patch, &list), "%s", patch)
	for _, raw := range list {
		fields := decode(t, raw).(map[string]any)
		path, from := fmt.Sprint(fields["path"]), fmt.Sprint(fields["from"])
		switch fields["op"] {
		case "add":
			doc = put(t, doc, tokens(path), fields["value"], true)
		case "replace":
			doc = put(t, doc, tokens(path), fields["value"], false)
		case "remove":
			doc, _ = take(t, doc, tokens(path))
		case "move":
			var v any
			doc, v = take(t, doc, tokens(from))
			doc = put(t, doc, tokens(path), v, true)
		default:
			require.Fail(t, "unknown operation", "%s", raw)
		}
	}
	return doc
}

func tokens(pointer string) []string {
	if pointer == "" {
		return nil
	}
	list := strings.Split(pointer[1:], "/")
	for i, s := range list {
		list[i] = strings.ReplaceAll(strings.ReplaceAll(s, "~1", "/"), "~0", "~")
	}
	return list
}

func put(t require.TestingT, doc any, path []string, v any, add bool) any {
	if len(path) == 0 {
		return v
	}
	switch doc := doc.(type) {
	case map[string]any:
		if _, known := doc[path[0]]; len(path) > 1 || !add {
			require.True(t, known, path)
		}
		doc[path[0]] = put(t, doc[path[0]], path[1:], v, add)
		return doc
	case []any:
		i, err := strconv.Atoi(path[0])
		require.NoError(t, err)
		if len(path) == 1 && add {
			return slices.Insert(doc, i, v)
		}
		doc[i] = put(t, doc[i], path[1:], v, add)
		return doc
	}
	require.Fail(t, "no container", "%v %v", doc, path)
	return nil
}

func take(t require.TestingT, doc any, path []string) (rest, taken any) {
	switch doc := doc.(type) {
	case map[string]any:
		v, known := doc[path[0]]
		require.True(t, known, path)
		if len(path) == 1 {
			delete(doc, path[0])
			return doc, v
		}
		doc[path[0]], taken = take(t, v, path[1:])
		return doc, taken
	case []any:
		i, err := strconv.Atoi(path[0])
		require.NoError(t, err)
		if len(path) == 1 {
			v := doc[i]
			return slices.Delete(doc, i, i+1), v
		}
		doc[i], taken = take(t, doc[i], path[1:])
		return doc, taken
	}
	require.Fail(t, "no container", "%v %v", doc, path)
	return nil, nil
}

func TestPatchGivesOther(t *testing.T) {
	var d Differ
	rapid.Check(t, func(t *rapid.T) {
		base, other := drawPair(t)
		patch, err := d.Patch(base, other, Options{})
		require.NoError(t, err)
		got := patched(t, decode(t, base), patch)
		require.Equal(t, canonical(decode(t, other)), canonical(got), "%s\n%s\n%s", base, other, patch)
	})
}

func TestPatchOfLongLists(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(0, 40).Draw(t, "size")
		var a []any
		for i := range size {
			a = append(a, json.Number(strconv.Itoa(i)))
		}
		b := slices.Clone(a)
		for range rapid.IntRange(0, 12).Draw(t, "moves") {
			if len(b) > 0 {
				from := rapid.IntRange(0, len(b)-1).Draw(t, "from")
				v := b[from]
				b = slices.Delete(b, from, from+1)
				b = slices.Insert(b, rapid.IntRange(0, len(b)).Draw(t, "to"), v)
			}
		}
		base, other := write(nil, a), write(nil, b)
		patch, err := Patch(base, other, Options{})
		require.NoError(t, err)
		require.Equal(t, canonical(decode(t, other)), canonical(patched(t, decode(t, base), patch)), "%s\n%s\n%s", base, other, patch)
	})
}

func TestPatchesAreSmall(t *testing.T) {
	long := `"a long text that is longer than a patch"`
	tests := []struct{ base, other, want string }{
		{`1`, `1.0`, `[]`},
		{`1`, `2`, `[{"op":"replace","path":"","value":2}]`},
		{`{"a":` + long + `,"b":1}`, `{"a":` + long + `,"c":1}`, `[{"op":"remove","path":"/b"},{"op":"add","path":"/c","value":1}]`},
		{`{"a/b~\"\n":1,"x":` + long + `}`, `{"a/b~\"\n":2,"x":` + long + `}`, `[{"op":"replace","path":"/a~1b~0\"\u000a","value":2}]`},
		{`[1,2,3,4,5,6,7,` + long + `]`, `[2,3,4,5,6,1,7,` + long + `]`, `[{"op":"move","path":"/5","from":"/0"}]`},
		{`[1,2,3,4,5,6,7,` + long + `]`, `[1,6,2,3,4,5,7,` + long + `]`, `[{"op":"move","path":"/1","from":"/5"}]`},
		{`[` + long + `,` + long + `,1,1]`, `[` + long + `,` + long + `,1]`, `[{"op":"remove","path":"/3"}]`},
		{`[{"id":1,"x":` + long + `},{"id":2,"v":1}]`, `[{"id":1,"x":` + long + `},{"id":2,"v":2}]`, `[{"op":"replace","path":"/1/v","value":2}]`},
		{`{"a":[1,2,3],"x":` + long + `}`, `{"a":[7,8,9],"x":` + long + `}`, `[{"op":"replace","path":"/a","value":[7,8,9]}]`},
	}
	for _, tt := range tests {
		got, err := Patch([]byte(tt.base), []byte(tt.other), Options{})
		require.NoError(t, err)
		want, err := json.Marshal(decode(t, []byte(tt.want)))
		require.NoError(t, err)
		have, err := json.Marshal(decode(t, got))
		require.NoError(t, err)
		assert.Equal(t, string(want), string(have), "%s %s", tt.base, tt.other)
	}
}

func TestPatchRefusesWhatItCannotSay(t *testing.T) {
	_, err := Patch([]byte(`{"a":1}`), []byte(`[{"b":1,"c":2,"\u0062":3}]`), Options{})
	var duplicate *DuplicateError
	require.ErrorAs(t, err, &duplicate)
	assert.Equal(t, DuplicateError{Side: Other, Offset: 14, Name: "b"}, *duplicate)
	assert.EqualError(t, err, `other has two members called "b" in one object, the second at offset 14`)
	_, err = Patch([]byte(`{`), []byte(`{`), Options{})
	require.ErrorAs(t, err, new(*SyntaxError))
	_, err = Patch([]byte(`[[1]]`), []byte(`[[1]]`), Options{MaxDepth: 1})
	require.ErrorAs(t, err, new(*LimitError))
}

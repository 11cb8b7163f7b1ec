package pointer

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func tree(t testing.TB, text string) any {
	var v any
	require.NoError(t, json.Unmarshal([]byte(text), &v))
	return v
}

func text(t testing.TB, v any) string {
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

const document = `{"":0,"a/b":1,"m~n":2,"list":[{"id":1},{"id":2}]}`

func TestGetFollowsNamesAndIndexes(t *testing.T) {
	for p, want := range map[string]string{
		"": document, "/": "0", "/a~1b": "1", "/m~0n": "2", "/list/1/id": "2", "list/0/id": "1",
		"/none": "", "/list/2": "", "/list/01": "", "/list/-": "", "/list/+1": "", "/a~1b/x": "", "/list/": "",
	} {
		v, ok := Get(tree(t, document), p)
		assert.Equal(t, want != "", ok, p)
		if ok {
			assert.JSONEq(t, want, text(t, v), p)
		}
	}
}

func TestWhatIsChangedIsACopy(t *testing.T) {
	old := tree(t, document)
	set, ok := Set(old, "/list/1/id", "x")
	require.True(t, ok)
	assert.JSONEq(t, `{"":0,"a/b":1,"m~n":2,"list":[{"id":1},{"id":"x"}]}`, text(t, set))
	set, ok = Set(nil, "/new/deep", true)
	require.True(t, ok)
	assert.JSONEq(t, `{"new":{"deep":true}}`, text(t, set))
	gone, ok := Delete(old, "/list/0")
	require.True(t, ok)
	assert.JSONEq(t, `{"":0,"a/b":1,"m~n":2,"list":[{"id":2}]}`, text(t, gone))
	gone, ok = Delete(old, "/list/0/id")
	require.True(t, ok)
	assert.JSONEq(t, `{"":0,"a/b":1,"m~n":2,"list":[{},{"id":2}]}`, text(t, gone))
	assert.JSONEq(t, document, text(t, old))
}

func TestWhatCannotBeReachedIsLeftAlone(t *testing.T) {
	for _, p := range []string{"/list/2", "/list/x/y", "/a~1b/c"} {
		_, ok := Set(tree(t, document), p, 1)
		assert.False(t, ok, p)
		_, ok = Delete(tree(t, document), p)
		assert.False(t, ok, p)
	}
}

func FuzzSetIsWhatGetFinds(f *testing.F) {
	f.Add(document, "/list/0/id")
	f.Add(`[1,[2]]`, "/1/0")
	f.Fuzz(func(t *testing.T, doc, p string) {
		var v any
		if json.Unmarshal([]byte(doc), &v) != nil {
			return
		}
		before := text(t, v)
		if set, ok := Set(v, p, "new"); ok {
			got, found := Get(set, p)
			assert.True(t, found)
			assert.Equal(t, "new", got)
		}
		Delete(v, p)
		assert.Equal(t, before, text(t, v))
	})
}

package rules

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
)

const countedRules = `version: 1
rules:
  - {path: $.v, tolerance: {absolute: 1}, reason: a}
  - {path: $.items, key: sku, reason: b}
  - {path: '$.items[*].price', rename: amount, reason: c}
`

func TestWhatRulesHideIsCountedByPair(t *testing.T) {
	set := parse(t, countedRules)
	scope := set.Scope("GET /", 200)
	near, far := body(diff.Changed, path("v"), "1", "2"), body(diff.Changed, path("v"), "1", "9")
	scope.Decide(near)
	assert.Equal(t, RuleCounts{Matched: 1}, set.Counts()[0], "nobody said which pair it is")
	set.Control(false)
	scope.Decide(near)
	scope.Decide(far)
	scope.Array(path("items"))
	scope.Rename(path("items", 3), "price")
	set.Control(true)
	scope.Decide(near)
	scope.Array(path("items"))
	want := []RuleCounts{{Matched: 4, Branch: 1, Control: 1}, {Matched: 2, Branch: 1, Control: 1}, {Matched: 1, Branch: 1}}
	assert.Equal(t, want, set.Counts())
	info := set.Info().Rules[0]
	assert.Equal(t, []uint64{4, 1, 1}, []uint64{info.Matched, info.Branch, info.Control})
}

func TestCountsOfOtherSetsAddUp(t *testing.T) {
	set, other := parse(t, countedRules), parse(t, countedRules)
	for _, s := range []*Set{set, other} {
		s.Control(false)
		s.Scope("GET /", 200).Decide(body(diff.Changed, path("v"), "1", "2"))
	}
	require.NoError(t, set.Add(other.Counts()))
	assert.Equal(t, RuleCounts{Matched: 2, Branch: 2}, set.Counts()[0])
	require.EqualError(t, set.Add(nil), "counts of 0 rules, and there are 3")
	var none *Set
	none.Control(true)
	none.Watch()
	require.NoError(t, none.Add(none.Counts()))
	require.Error(t, none.Add(set.Counts()))
}

func TestRenameIsForBranchAndForTheMemberItsPathEndsIn(t *testing.T) {
	set := parse(t, `version: 1
rules:
  - {path: '$.items[*].price', rename: amount, status: 200, reason: a}
  - {path: '$..price', rename: cost, reason: b}
  - {path: '$.list[?@.old].a', rename: b, reason: c}
`)
	scope := set.Scope("GET /", 200)
	for _, c := range []struct {
		path []any
		name string
		want string
	}{
		{[]any{"items", 3}, "price", "amount"}, {[]any{"items"}, "price", "cost"}, {nil, "price", "cost"}, {[]any{"items", 3}, "name", ""},
		{[]any{"list", 0}, "a", "b"}, {[]any{"list", 1}, "a", ""},
	} {
		scope.Documents([]byte(`{"list":[{"old":1,"a":1},{"a":1}]}`), nil)
		other, ok := scope.Rename(path(c.path...), c.name)
		assert.Equal(t, c.want, other, "%v", c)
		assert.Equal(t, c.want != "", ok)
	}
	assert.Equal(t, Keep, scope.Decide(body(diff.Removed, path("price"), "1", "")), "it settles no difference")
	set.Control(true)
	_, ok := scope.Rename(path("items", 3), "price")
	assert.False(t, ok, "control is base")
	_, ok = (*Scope)(nil).Rename(nil, "price")
	assert.False(t, ok)
}

package shrink

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/contract"
)

// smallest follows the proposals for which fails holds to their end.
func smallest(t require.TestingT, cs contract.Case, fails func(*contract.Case) bool) contract.Case {
	for range 10_000 {
		found := false
		for smaller := range Smaller(&cs) {
			if fails(&smaller) {
				cs, found = smaller, true
				break
			}
		}
		if !found {
			return cs
		}
	}
	require.Fail(t, "the proposals do not end")
	return cs
}

func one(r contract.Request) contract.Case {
	return contract.Case{Steps: []contract.Step{{Name: "a", Request: r}}}
}

func TestOnlyWhatTheFailureNeedsIsLeft(t *testing.T) {
	cs := one(contract.Request{
		Query:  map[string]any{"page": json.Number("17"), "size": json.Number("100"), "sort": "name"},
		Header: map[string]any{"X-Tenant": "a"},
		Body: &contract.Body{MediaType: "application/json", Value: map[string]any{
			"name": "Oak table", "tags": []any{"a", "b", "bad", "c"}, "box": map[string]any{"w": json.Number("12"), "h": json.Number("5")},
		}},
	})
	got := smallest(t, cs, func(cs *contract.Case) bool {
		r := cs.Steps[0].Request
		if r.Query["size"] != json.Number("100") || r.Body == nil {
			return false
		}
		body, _ := r.Body.Value.(map[string]any)
		tags, _ := body["tags"].([]any)
		return len(tags) > 0 && tags[len(tags)-1] == "bad" || len(tags) > 1 && tags[0] == "bad" || len(tags) > 2
	})
	want := one(contract.Request{
		Query: map[string]any{"size": json.Number("100")}, Header: map[string]any{},
		Body: &contract.Body{MediaType: "application/json", Value: map[string]any{"tags": []any{"bad"}}},
	})
	assert.Empty(t, cmp.Diff(want.Steps[0].Request.Query, got.Steps[0].Request.Query))
	assert.Empty(t, cmp.Diff(want.Steps[0].Request.Body, got.Steps[0].Request.Body))
	assert.Empty(t, got.Steps[0].Request.Header)
}

func TestAStepThatALaterOneUsesStays(t *testing.T) {
	cs := contract.Case{Steps: []contract.Step{
		{Name: "create"}, {Name: "look"},
		{Name: "read", Use: []contract.Use{{Step: "create", From: "body /id", Into: "path id"}}},
	}}
	got := smallest(t, cs, func(*contract.Case) bool { return true })
	require.Len(t, got.Steps, 2)
	assert.Equal(t, "create", got.Steps[0].Name)
	assert.Equal(t, "read", got.Steps[1].Name)
}

func TestFollowingProposalsEndsAndChangesNothing(t *testing.T) {
	var value func(depth int) *rapid.Generator[any]
	value = func(depth int) *rapid.Generator[any] {
		return rapid.Custom(func(t *rapid.T) any {
			kinds := 3
			if depth > 0 {
				kinds = 5
			}
			switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
			case 0:
				return rapid.StringN(0, 6, 12).Draw(t, "text")
			case 1:
				return json.Number(rapid.StringMatching(`-?[1-9][0-9]{0,4}`).Draw(t, "number"))
			case 2:
				return nil
			case 3:
				return rapid.SliceOfN(value(depth-1), 0, 4).Draw(t, "list")
			}
			return rapid.MapOfN(rapid.StringN(0, 2, 4), value(depth-1), 0, 4).Draw(t, "object")
		})
	}
	rapid.Check(t, func(rt *rapid.T) {
		v := value(3).Draw(rt, "body")
		cs := one(contract.Request{
			Query: map[string]any{"q": value(1).Draw(rt, "q")},
			Body:  &contract.Body{MediaType: "application/json", Value: v},
		})
		before, err := json.Marshal(cs)
		require.NoError(rt, err)
		smallest(rt, cs, func(*contract.Case) bool { return rapid.Bool().Draw(rt, "fails") })
		after, err := json.Marshal(cs)
		require.NoError(rt, err)
		require.Equal(rt, string(before), string(after))
	})
}

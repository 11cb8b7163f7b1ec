package jsondiff

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
)

// told renders the changes of a comparison, one a line.
func told(t testing.TB, base, other string, opt Options) []string {
	t.Helper()
	list := []string{}
	var d Differ
	err := d.Compare([]byte(base), []byte(other), opt, func(c Change) {
		line := fmt.Sprintf("%s %s %s -> %s", c.Kind, c.Path, c.Base, c.Other)
		if c.Kind == diff.Moved {
			line += fmt.Sprint(" to ", c.To)
		}
		list = append(list, line)
	})
	require.NoError(t, err)
	return list
}

func TestComparesValues(t *testing.T) {
	tests := []struct{ name, base, other, want string }{
		{"another number", `1`, `2`, "changed $ 1 -> 2"},
		{"another bool", `true`, `false`, "changed $ true -> false"},
		{"null for a string", `{"a":"x"}`, `{"a":null}`, `retyped $.a "x" -> null`},
		{"object for array", `{"a":[]}`, `{"a":{}}`, `retyped $.a [] -> {}`},
		{"member missing", `{"a":1,"b":2}`, `{"b":2}`, `removed $.a 1 -> `},
		{"member more", `{"b":2}`, `{"a":1,"b":2}`, `added $.a  -> 1`},
		{"members in another order", `{"a":1,"b":2,"c":3}`, `{"c":3,"b":2,"a":1}`, ""},
		{"renamed", `{"a":1}`, `{"b":1}`, "removed $.a 1 -> \nadded $.b  -> 1"},
		{"escaped names", `{"\u0061":1,"z":0}`, `{"z":0,"a":1}`, ""},
		{"empty name", `{"":1}`, `{"":2}`, `changed $[''] 1 -> 2`},
		{"duplicate names by occurrence", `{"a":1,"a":2}`, `{"a":2,"a":1}`, "changed $.a 1 -> 2\nchanged $.a 2 -> 1"},
		{"one duplicate less", `{"a":1,"b":0,"a":2}`, `{"b":0,"a":1}`, "removed $.a 2 -> "},
		{"several levels", `{"a":{"b":{"c":1}},"d":1}`, `{"a":{"b":{"c":2}},"d":2}`, "changed $.a.b.c 1 -> 2\nchanged $.d 1 -> 2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, strings.Join(told(t, tt.base, tt.other, Options{}), "\n"))
		})
	}
}

func TestComparesArrays(t *testing.T) {
	tests := []struct{ name, base, other, want string }{
		{"one element", `[1,2,3]`, `[1,9,3]`, "changed $[1] 2 -> 9"},
		{"insertion at the front", `[1,2,3]`, `[0,1,2,3]`, "added $[0]  -> 0"},
		{"removal in the middle", `[1,2,3,4]`, `[1,2,4]`, "removed $[2] 3 -> "},
		{"insertion and change", `[1,2,3,4,5]`, `[0,1,2,9,4,5]`, "changed $[2] 3 -> 9\nadded $[0]  -> 0"},
		{"insertion and change far apart", `[10,1,2,3,4,5]`, `[0,10,1,2,9,4,6,7]`, "changed $[3] 3 -> 9\nchanged $[5] 5 -> 6\nadded $[0]  -> 0\nadded $[7]  -> 7"},
		{"another order", `[1,2,3]`, `[3,1,2.0]`, "reordered $ [1,2,3] -> [3,1,2.0]"},
		{"another order with duplicates", `[1,2,1]`, `[1,1,2]`, "reordered $ [1,2,1] -> [1,1,2]"},
		{"another number of duplicates", `[1,1,2]`, `[1,2,2]`, "changed $[1] 1 -> 2"},
		{"removal beside an addition", `[null,true]`, `[true,[]]`, "removed $[0] null -> \nadded $[1]  -> []"},
		{"emptied", `{"a":[1]}`, `{"a":[]}`, "removed $.a[0] 1 -> "},
		{"filled", `{"a":[]}`, `{"a":[1,2]}`, "added $.a[0]  -> 1\nadded $.a[1]  -> 2"},
		{"key: in place", `[{"id":1,"v":1},{"id":2,"v":2}]`, `[{"id":1,"v":1},{"id":2,"v":3}]`, "changed $[1].v 2 -> 3"},
		{
			"key: moved and changed", `[{"id":1,"v":1},{"id":2,"v":2},{"id":3}]`, `[{"id":2,"v":3},{"id":1,"v":1},{"id":3}]`,
			`reordered $ [{"id":1,"v":1},{"id":2,"v":2},{"id":3}] -> [{"id":2,"v":3},{"id":1,"v":1},{"id":3}]` + "\nchanged $[1].v 2 -> 3",
		},
		{"key: replaced", `[{"id":1},{"id":2},{"id":3}]`, `[{"id":1},{"id":4},{"id":3}]`, `removed $[1] {"id":2} -> ` + "\n" + `added $[1]  -> {"id":4}`},
		{"key: all new", `[{"id":"a","v":1}]`, `[{"id":"b","v":1}]`, `changed $[0].id "a" -> "b"`},
		{"key: not unique", `[{"id":1,"v":1},{"id":1,"v":2}]`, `[{"id":1,"v":1},{"id":1,"v":3}]`, `changed $[1].v 2 -> 3`},
		{"key: a foreign one", `[{"order_id":"a","v":1},{"order_id":"b","v":2}]`, `[{"order_id":"b","v":3},{"order_id":"c","v":2}]`, "removed $[0] {\"order_id\":\"a\",\"v\":1} -> \nchanged $[1].v 2 -> 3\nadded $[1]  -> {\"order_id\":\"c\",\"v\":2}"},
		{"one element moved", `[1,2,3,4,5,6]`, `[1,5,2,3,4,6]`, "moved $[4] 5 -> 5 to 1"},
		{"one moved and one added", `[1,2,3,4,5,6]`, `[2,3,4,5,1,6,7]`, "moved $[0] 1 -> 1 to 4\nadded $[6]  -> 7"},
		{"two of seven moved", `["a","b","c","d","e","f","g"]`, `["c","a","b","d","g","e","f"]`, "moved $[2] \"c\" -> \"c\" to 0\nmoved $[6] \"g\" -> \"g\" to 4"},
		{"too many moved", `[1,2,3,4,5,6]`, `[6,5,4,3,2,1]`, "reordered $ [1,2,3,4,5,6] -> [6,5,4,3,2,1]"},
		{
			"key: one moved and changed", `[{"id":1},{"id":2},{"id":3},{"id":4},{"id":5},{"id":6,"v":1}]`, `[{"id":6,"v":2},{"id":1},{"id":2},{"id":3},{"id":4},{"id":5}]`,
			`moved $[5] {"id":6,"v":1} -> {"id":6,"v":2} to 0` + "\nchanged $[5].v 1 -> 2",
		},
		{
			"key of two members", `[{"code":"a","size":"s","v":1},{"code":"a","size":"m","v":1},{"code":"b","size":"s","v":1},{"code":"b","size":"m","v":1}]`,
			`[{"code":"a","size":"m","v":2},{"code":"a","size":"s","v":1},{"code":"b","size":"s","v":2},{"code":"b","size":"m","v":1}]`,
			`reordered $ [{"code":"a","size":"s","v":1},{"code":"a","size":"m","v":1},{"code":"b","size":"s","v":1},{"code":"b","size":"m","v":1}] -> ` +
				`[{"code":"a","size":"m","v":2},{"code":"a","size":"s","v":1},{"code":"b","size":"s","v":2},{"code":"b","size":"m","v":1}]` +
				"\nchanged $[1].v 1 -> 2\nchanged $[2].v 1 -> 2",
		},
		{
			"key: renumbered", `[{"id":"a","v":1},{"id":"b","v":2},{"id":"c","v":3}]`, `[{"id":"z","v":2},{"id":"y","v":4},{"id":"x","v":1}]`,
			`reordered $ [{"id":"a","v":1},{"id":"b","v":2},{"id":"c","v":3}] -> [{"id":"z","v":2},{"id":"y","v":4},{"id":"x","v":1}]` +
				"\nchanged $[0].id \"a\" -> \"x\"\nchanged $[1].id \"b\" -> \"z\"\nchanged $[2].id \"c\" -> \"y\"\nchanged $[2].v 3 -> 4",
		},
		{"array in array", `[[1,2],[3,4]]`, `[[1,2],[3,5]]`, "changed $[1][1] 4 -> 5"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, strings.Join(told(t, tt.base, tt.other, Options{}), "\n"))
		})
	}
}

func TestObeysArrayRules(t *testing.T) {
	unordered := ArrayRule{Unordered: true}
	byKey := ArrayRule{Key: []string{"a", "b"}}
	both := ArrayRule{Unordered: true, Key: []string{"a"}}
	tests := []struct {
		name        string
		rule        ArrayRule
		base, other string
		want        string
	}{
		{"unordered: permuted", unordered, `[1,2,3]`, `[3,2,1]`, ""},
		{"unordered: leftovers paired", unordered, `[1,2,3]`, `[3,9,1,7]`, "changed $[1] 2 -> 9\nadded $[3]  -> 7"},
		{"unordered: leftovers by key found", unordered, `[{"id":1,"v":1},{"id":2,"v":1}]`, `[{"id":2,"v":2},{"id":1,"v":2}]`, "changed $[0].v 1 -> 2\nchanged $[1].v 1 -> 2"},
		{"composite key", byKey, `[{"a":1,"b":1,"v":0},{"a":1,"b":2,"v":0}]`, `[{"b":2.0,"a":1,"v":1}]`, "removed $[0] {\"a\":1,\"b\":1,\"v\":0} -> \nchanged $[1].v 0 -> 1"},
		{"key that is missing", byKey, `[1,{"a":1,"v":2}]`, `[2,3,{"v":3,"a":1}]`, "changed $[0] 1 -> 2\nchanged $[1].v 2 -> 3\nadded $[1]  -> 3"},
		{"unordered by key", both, `[{"a":1,"v":1},{"a":2,"v":1}]`, `[{"a":2,"v":1},{"a":1,"v":2}]`, "changed $[0].v 1 -> 2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			opt := Options{Array: func(p Path) ArrayRule {
				assert.Equal(t, "$", p.String())
				return tt.rule
			}}
			assert.Equal(t, tt.want, strings.Join(told(t, tt.base, tt.other, opt), "\n"))
		})
	}
}

func TestAsksForRulesOnlyWhereArraysDiffer(t *testing.T) {
	var asked []string
	opt := Options{Array: func(p Path) ArrayRule {
		asked = append(asked, p.String())
		return ArrayRule{}
	}}
	told(t, `{"a":[1,{"x":[1,2]}],"b":[1.0],"c":[2]}`, `{"a":[1,{"x":[1,3]}],"b":[1],"c":[2]}`, opt)
	assert.ElementsMatch(t, []string{"$.a", "$.a[1].x"}, asked)
}

func TestGivesUpLongAlignments(t *testing.T) {
	var base, other strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&base, "%d,", i)
		fmt.Fprintf(&other, "%d,", 2999-i)
	}
	got := told(t, "[0,"+base.String()+"1]", "["+other.String()+"7]", Options{})
	assert.NotEmpty(t, got)
}

func TestNestedDocumentsEndInAClearError(t *testing.T) {
	deep := func(n int) []byte { return []byte(strings.Repeat("[", n) + strings.Repeat("]", n)) }
	var d Differ
	err := d.Compare(deep(512), append(deep(512), ' '), Options{}, nil)
	require.NoError(t, err)
	var limit *LimitError
	err = d.Compare(deep(512), deep(513), Options{}, nil)
	require.ErrorAs(t, err, &limit)
	assert.Equal(t, LimitError{Side: Other, Offset: 512, Limit: 512, Unit: "levels"}, *limit)
	assert.EqualError(t, err, "other has more than 512 levels of JSON at offset 512")
	require.NoError(t, d.Compare(deep(9999), append(deep(9999), ' '), Options{MaxDepth: 10000}, nil))
	require.Error(t, d.Compare(deep(1e6), deep(1e6+1), Options{}, nil))
}

func TestFollowsRenumberedIDs(t *testing.T) {
	tests := []struct{ name, base, other, want string }{
		{
			"references", `{"items":[{"id":7,"n":"a"},{"id":8,"n":"b"}],"first_id":7,"count":7,"all_ids":[8,7]}`,
			`{"items":[{"id":17,"n":"a"},{"id":18,"n":"b"}],"first_id":17,"count":17,"all_ids":[18,17]}`,
			"changed $.items[0].id 7 -> 17\nchanged $.items[1].id 8 -> 18\nchanged $.count 7 -> 17",
		},
		{
			"a reference to another one", `{"items":[{"id":7,"n":"a"},{"id":8,"n":"b"}],"first_id":7}`,
			`{"items":[{"id":17,"n":"a"},{"id":18,"n":"b"}],"first_id":18}`,
			"changed $.items[0].id 7 -> 17\nchanged $.items[1].id 8 -> 18\nchanged $.first_id 7 -> 18",
		},
		{
			"a reference ahead, in text", `{"see":"0f5e-1111","items":[{"id":"0f5e-1111","n":"a"}]}`, `{"see":"77aa-2222","items":[{"id":"77aa-2222","n":"a"}]}`,
			`changed $.items[0].id "0f5e-1111" -> "77aa-2222"`,
		},
		{
			"elements that refer to each other", `[{"id":1,"parent_id":null,"n":"a"},{"id":2,"parent_id":1,"n":"b"}]`,
			`[{"id":12,"parent_id":11,"n":"b"},{"id":11,"parent_id":null,"n":"a"}]`,
			`reordered $ [{"id":1,"parent_id":null,"n":"a"},{"id":2,"parent_id":1,"n":"b"}] -> [{"id":12,"parent_id":11,"n":"b"},{"id":11,"parent_id":null,"n":"a"}]` +
				"\nchanged $[0].id 1 -> 11\nchanged $[1].id 2 -> 12",
		},
		{
			"alike: none is followed", `{"items":[{"id":1},{"id":2}],"x_id":1}`, `{"items":[{"id":3},{"id":4}],"x_id":3}`,
			"changed $.items[0].id 1 -> 3\nchanged $.items[1].id 2 -> 4\nchanged $.x_id 1 -> 3",
		},
		{
			"a name is none", `{"a":[{"name":"long name 1","n":1}],"b":"long name 1"}`, `{"a":[{"name":"long name 2","n":1}],"b":"long name 2"}`,
			`changed $.a[0].name "long name 1" -> "long name 2"` + "\n" + `changed $.b "long name 1" -> "long name 2"`,
		},
		{
			"told once", `{"a":[{"id":"aaaa","n":1}],"b":[{"id":"aaaa","n":1}]}`, `{"a":[{"id":"bbbb","n":1}],"b":[{"id":"bbbb","n":1}]}`,
			`changed $.a[0].id "aaaa" -> "bbbb"`,
		},
		{
			"two became one", `{"a":[{"id":"a","n":1}],"b":[{"id":"b","n":1}]}`, `{"a":[{"id":"c","n":1}],"b":[{"id":"c","n":1}]}`,
			`changed $.a[0].id "a" -> "c"` + "\n" + `changed $.b[0].id "b" -> "c"`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, strings.Join(told(t, tt.base, tt.other, Options{}), "\n"))
		})
	}
}

func TestFoldsKeysOfMaps(t *testing.T) {
	many := func(v int) string {
		var b strings.Builder
		for i := range 51 {
			fmt.Fprintf(&b, `"m%d":%d,`, i, v)
		}
		return `{"wide":{` + strings.TrimSuffix(b.String(), ",") + `}}`
	}
	for _, d := range []*Differ{{}, {onTape: true}} {
		var folded []string
		see := func(c Change) { folded = append(folded, c.Path.Fold()) }
		require.NoError(t, d.Compare([]byte(many(1)), []byte(many(2)), Options{}, see))
		assert.Len(t, folded, 51)
		assert.Equal(t, "$.wide[*]", folded[50])
		for name, odd := range map[string]bool{
			"6f1c0a9e-0d7b-4f0e-9f0a-0f3c1d2e4b5a": true, "01ARZ3NDEKTSV4RRFFQ69G5FAV": true, "507f1f77bcf86cd799439011": true,
			"10234": true, "2026-11-21": true, "2026-11": true, "2026-11-21T10:00:00Z": true, "a.b@example.com": true,
			"2026": false, "404": false, "price": false, "@type": false, "a@b": false, "defaced-facade-decade-defaced": false, "x-2026-11-21": false,
		} {
			folded = nil
			require.NoError(t, d.Compare([]byte(`{"a":{"`+name+`":{"b":1}}}`), []byte(`{"a":{"`+name+`":{"b":2}}}`), Options{}, see))
			assert.Equal(t, odd, folded[0] == "$.a[*].b", folded[0])
		}
	}
}

func TestRenamesMembers(t *testing.T) {
	names := map[string]string{"$ old": "new", "$.o old": "new", "$[0] a": "b", "$[1] a": "b"}
	opt := Options{Rename: func(p Path, name string) (string, bool) {
		other, ok := names[p.String()+" "+name]
		return other, ok
	}}
	tests := []struct{ name, base, other, want string }{
		{"equal", `{"old":1,"x":2}`, `{"x":2,"new":1}`, ""},
		{"changed", `{"old":{"v":1}}`, `{"new":{"v":2}}`, "changed $.old.v 1 -> 2"},
		{"inside", `{"o":{"old":1}}`, `{"o":{"new":1}}`, ""},
		{"other has the name still", `{"old":1}`, `{"old":2,"new":1}`, "changed $.old 1 -> 2\nadded $.new  -> 1"},
		{"base has the new name too", `{"old":1,"new":2}`, `{"new":2}`, "removed $.old 1 -> "},
		{"neither", `{"old":1}`, `{}`, "removed $.old 1 -> "},
		{"another path", `{"p":{"old":1}}`, `{"p":{"new":1}}`, "removed $.p.old 1 -> \nadded $.p.new  -> 1"},
		{"in elements", `[{"a":1},{"a":2}]`, `[{"b":1},{"b":3}]`, "changed $[1].a 2 -> 3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, strings.Join(told(t, tt.base, tt.other, opt), "\n"))
		})
	}
}

package jsondiff

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestComparesShuffledMembers(t *testing.T) {
	many := func(n int) (string, string) {
		names := make([]string, n)
		for i := range names {
			names[i] = fmt.Sprintf(`"member %d":%d`, i, i)
		}
		base := strings.Join(names, ",")
		slices.Reverse(names)
		return "{" + base + "}", "{" + strings.Join(names, ",") + "}"
	}
	base16, other16 := many(fewMembers)
	base17, other17 := many(fewMembers + 1)
	tests := []struct {
		name, base, other string
		want              []string
	}{
		{"a number that another begins with", `{"a":12,"b":0}`, `{"b":0,"a":12.5}`, []string{"changed $.a"}},
		{"one that it begins with", `{"a":12e1,"b":0}`, `{"b":0,"a":12}`, []string{"changed $.a"}},
		{"missing on one side", `{"a":1,"b":2,"c":3}`, `{"c":3,"a":1}`, []string{"removed $.b"}},
		{"missing on the other", `{"c":3,"a":1}`, `{"a":1,"b":2,"c":3,"d":4}`, []string{"added $.b", "added $.d"}},
		{"all missing", `{}`, `{"a":1,"b":2}`, []string{"added $.a", "added $.b"}},
		{"none left", `{"a":1,"b":2,"c":3}`, `{"a":1}`, []string{"removed $.b", "removed $.c"}},
		{"in the order of base", `{"a":1,"b":2,"c":3}`, `{"d":5,"c":4,"a":2}`, []string{"changed $.a", "removed $.b", "changed $.c", "added $.d"}},
		{"a name twice in other", `{"a":1,"b":2}`, `{"b":2,"a":1,"b":3}`, []string{"added $.b"}},
		{"a name twice in base", `{"a":1,"b":2,"b":3}`, `{"b":2,"a":1}`, []string{"removed $.b"}},
		{"a name twice in both", `{"a":1,"b":2,"b":3}`, `{"b":2,"a":1,"b":3}`, nil},
		{"escaped in base", `{"a":1,"\u0062":2}`, `{"b":2,"a":1}`, nil},
		{"escaped in other", `{"a":1,"b":2}`, `{"\u0062":3,"a":1}`, []string{"changed $.b"}},
		{"names of the same ends", `{"abcdefgh_1_stuvwxyz":1,"abcdefgh_2_stuvwxyz":2}`, `{"abcdefgh_2_stuvwxyz":1,"abcdefgh_1_stuvwxyz":1}`, []string{"changed $.abcdefgh_2_stuvwxyz"}},
		{"another shape follows", `[{"a":1,"b":2},{"a":1,"c":2},{"c":2},{"a":3,"b":2}]`, `[{"b":2,"a":1},{"c":2,"a":1},{"c":2},{"b":2,"a":3}]`, nil},
		{"another order follows", `[{"a":1,"b":2,"c":3},{"b":2,"a":1,"c":3}]`, `[{"c":3,"a":1,"b":2},{"c":3,"a":1,"b":2}]`, nil},
		{"other spacing follows", `[{"a":1,"b":2},{"a":1,"b":2}]`, `[{"b":2,"a":1},{ "b" : 2 , "a" : 1 } ]`, nil},
		{"nested beyond the shelves", strings.Repeat(`{"z":0,"a":`, maxShelves+2) + "1" + strings.Repeat("}", maxShelves+2),
			strings.Repeat(`{"a":`, maxShelves+2) + "2" + strings.Repeat(`,"z":0}`, maxShelves+2),
			[]string{"changed $" + strings.Repeat(".a", maxShelves+2)}},
		{"as many as there is room for", base16, other16, nil},
		{"one more", base17, other17, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, d := range []*Differ{{}, {onTape: true}} {
				var got []string
				require.NoError(t, d.Compare([]byte(tt.base), []byte(tt.other), Options{}, func(c Change) {
					got = append(got, fmt.Sprintf("%s %s", c.Kind, c.Path))
				}))
				assert.Equal(t, tt.want, got, "on tape: %t", d.onTape)
			}
		})
	}
}

func TestSpecialFindsWhatEndsPlainCharacters(t *testing.T) {
	for c := range 256 {
		for place := range 8 {
			word := []byte("aaaaaaaa")
			word[place] = byte(c)
			want := 8
			if c < 0x20 || c == '"' || c == '\\' {
				want = place
			}
			got := bits.TrailingZeros64(special(binary.LittleEndian.Uint64(word))) / 8
			require.Equal(t, want, got, "%q", word)
		}
	}
}

// TestShelvesForgetTheDocumentBefore compares lists of objects of few shapes with
// one Differ, which must tell what a fresh one tells from tapes.
func TestShelvesForgetTheDocumentBefore(t *testing.T) {
	names := []string{`"a"`, `"b"`, `"id"`, `"\u0062"`, `"abcdefgh_1_stuvwxyz"`, `"abcdefgh_2_stuvwxyz"`, `""`}
	shapes := rapid.SliceOfN(rapid.SliceOfN(rapid.SampledFrom(names), 0, 5), 1, 2)
	var object func(t *rapid.T, shape []string, depth int) string
	object = func(t *rapid.T, shape []string, depth int) string {
		var b strings.Builder
		for i, name := range shape {
			value := rapid.SampledFrom([]string{"1", "1.0", "12", `"x"`, "null", "{}", `[{"a":1,"b":2}]`, `[{"b":2,"a":1}]`}).Draw(t, "value")
			if depth > 0 && rapid.Bool().Draw(t, "nested") {
				value = object(t, rapid.Permutation(shape).Draw(t, "order"), depth-1)
			}
			b.WriteString([]string{"{", ",", ", "}[min(i, 1)*rapid.IntRange(1, 2).Draw(t, "space")])
			b.WriteString(name + ":" + value)
		}
		return strings.TrimPrefix(b.String()+"}", "}")
	}
	d := &Differ{}
	rapid.Check(t, func(t *rapid.T) {
		list := func() []byte {
			var all []string
			for _, shape := range shapes.Draw(t, "shapes") {
				for range rapid.IntRange(1, 3).Draw(t, "count") {
					if o := object(t, rapid.Permutation(shape).Draw(t, "order"), 2); o != "" {
						all = append(all, o)
					}
				}
			}
			return []byte("[" + strings.Join(all, ",") + "]")
		}
		base, other := list(), list()
		require.Equal(t, collect(t, &Differ{onTape: true}, base, other), collect(t, d, base, other), "%s\n%s", base, other)
	})
}

func TestCutDocumentsAreRefused(t *testing.T) {
	tests := [][2]string{
		{`[{"credentials":{"user":"a","keys":[1,{"k":-1.5e3}]},"b":[]}]`, `[{"b":[],"credentials":{"keys":[1,{"k":-15e2}],"user":"\u0061"}}]`},
		{`{"a":{"b":true,"c":null},"d":""}`, `{ "d" : "" , "a" : { "c" : null , "b" : true } } `},
		{`[{"a":1,"b":2},{"a":3,"b":4},{}]`, `[{"b":2,"a":1},{"b":4,"a":3},{}]`},
		{`{"a":[[1,2],[3]],"b":false}`, `{"b":false,"x":{},"a":[[3],[1,2]]}`},
	}
	var d Differ
	for _, tt := range tests {
		base, other := []byte(tt[0]), []byte(tt[1])
		for i := range len(base) + 1 {
			for j := range len(other) + 1 {
				x, y := bytes.Clone(base[:i:i]), bytes.Clone(other[:j:j])
				err := d.Compare(x, y, Options{}, func(Change) {})
				whole := valid(x) && valid(y) || bytes.Equal(x, y)
				require.Equal(t, whole, err == nil, "%s\n%s\n%v", x, y, err)
				err = d.Compare(y, x, Options{}, func(Change) {})
				require.Equal(t, whole, err == nil, "%s\n%s\n%v", y, x, err)
			}
		}
	}
}

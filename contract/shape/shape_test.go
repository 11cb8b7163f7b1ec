package shape

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/contract"
)

func decode(t testing.TB, text string) any {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	require.NoError(t, dec.Decode(&v), text)
	return v
}

func learn(t testing.TB, bodies ...string) *Builder {
	t.Helper()
	b := NewBuilder()
	for _, body := range bodies {
		b.Begin()
		if body != "" {
			b.Value("body", decode(t, body))
		}
	}
	return b
}

func at(t testing.TB, list []contract.Field, place contract.Place) contract.Field {
	t.Helper()
	for _, f := range list {
		if f.At == place {
			return f
		}
	}
	require.Fail(t, "no such field", "%s in %v", place, places(list))
	return contract.Field{}
}

func places(list []contract.Field) (out []string) {
	for _, f := range list {
		out = append(out, string(f.At))
	}
	return out
}

func TestAFieldIsOptionalWhereItsHolderIsWithoutIt(t *testing.T) {
	list := learn(t, `{"items":[{"price":1.50,"note":null},{"price":20}]}`, `{"items":[]}`, ``).Fields()
	assert.Equal(t, []string{"body", "body /items", "body /items/*", "body /items/*/note", "body /items/*/price"}, places(list))
	count := func(p contract.Place) [2]uint64 { f := at(t, list, p); return [2]uint64{f.Seen, f.Of} }
	assert.Equal(t, [2]uint64{2, 3}, count("body"))
	assert.Equal(t, [2]uint64{2, 2}, count("body /items"))
	assert.Equal(t, [2]uint64{2, 2}, count("body /items/*"))
	assert.Equal(t, [2]uint64{1, 2}, count("body /items/*/note"))
	price := at(t, list, "body /items/*/price")
	assert.Equal(t, contract.Field{At: "body /items/*/price", Seen: 2, Of: 2, Types: map[string]uint64{"number": 1, "integer": 1}, Min: "1.50", Max: "20"}, price)
	items := at(t, list, "body /items")
	assert.Equal(t, [2]int{0, 2}, [2]int{items.MinLen, items.MaxLen})
}

func TestBoundsAreExactDecimals(t *testing.T) {
	list := learn(t, `[9007199254740993, 9007199254740992.5, -0.0010, -1e-3, 1e400, 1E+2, 100]`).Fields()
	f := at(t, list, "body /*")
	assert.Equal(t, "-1e-3", f.Min, "of two that are equal the shorter one")
	assert.Equal(t, "1e400", f.Max)
	assert.Equal(t, map[string]uint64{"integer": 4, "number": 3}, f.Types)
	b := NewBuilder()
	b.Value("body", json.Number(strings.Repeat("9", 300)))
	b.Begin()
	b.Value("body", json.Number("1e99999999999999999999"))
	assert.Equal(t, map[string]uint64{"integer": 1, "number": 1}, b.Fields()[0].Types)
	assert.EqualValues(t, 2, b.Lost()[LongNumber])
}

func TestDecimalsAreOrderedAsRationals(t *testing.T) {
	ordered := []string{"-1e10", "-12.5", "-12", "-0.5", "0", "1e-5", "0.001", "0.01", "0.5", "1", "1.05", "1.5", "9.99", "10", "10.01", "1e2", "123", "1e10"}
	for i, a := range ordered {
		for j, b := range ordered {
			x, ok := parseDecimal(a)
			require.True(t, ok)
			y, _ := parseDecimal(b)
			assert.Equal(t, sign(i-j), x.compare(&y), "%s %s", a, b)
		}
	}
}

func sign(i int) int { return min(max(i, -1), 1) }

func TestAClassIsTheFormThatAllTextsShare(t *testing.T) {
	for _, c := range []struct {
		want  string
		texts []string
	}{
		{"uuid", []string{"3f2b8c1e-5d4a-4e6f-9a7b-0123456789ab", "3F2B8C1E-5D4A-4E6F-9A7B-0123456789AB"}},
		{"ulid", []string{"01ARZ3NDEKTSV4RRFFQ69G5FAV"}},
		{"jwt", []string{"eyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2ln"}},
		{"date-time", []string{"2026-11-20T10:00:00Z", "2026-11-20T10:00:00.123456+01:00", "2026-11-20T10:00:00+0100"}},
		{"local-date-time", []string{"2026-11-20T10:00:00", "2026-11-20 10:00:00"}},
		{"date", []string{"2026-11-20"}},
		{"", []string{"2026-13-20", "2026-11-20"}},
		{"time", []string{"10:00:00", "23:59:59Z", "10:00"}},
		{"http-date", []string{"Sun, 06 Nov 1994 08:49:37 GMT"}},
		{"email", []string{"ada@example.com"}},
		{"uri", []string{"https://example.com/a?b=c", "grpc://host"}},
		{"ipv4", []string{"192.0.2.1"}},
		{"ipv6", []string{"2001:db8::1"}},
		{"ip", []string{"192.0.2.1", "2001:db8::1"}},
		{"digits", []string{"12345678", "87654321"}},
		{"integer", []string{"12345678", "-7"}},
		{"decimal", []string{"12345678", "-7", "1.50"}},
		{"hex", []string{"12345678", "deadbeef"}},
		{"base64", []string{"c2VjcmV0IHRleHQ0Zm9yIHlvdQ=="}},
		{"locale", []string{"en-US", "de_DE"}},
		{"code", []string{"EUR", "ON_HOLD", "A1"}},
		{"", []string{"EUR", "eur"}},
		{"", []string{"EUR", ""}},
		{"", []string{"Straße"}},
		{"", []string{"decade", "facade"}},
	} {
		b := NewBuilder()
		for _, text := range c.texts {
			b.Begin()
			b.Value("body", text)
		}
		assert.Equal(t, c.want, b.Fields()[0].Class, "%q", c.texts)
	}
}

func TestFormsThatTwoClassesShareAreThoseOfAClass(t *testing.T) {
	for f := none + 1; f < forms; f++ {
		for g := none + 1; g < forms; g++ {
			if common := holds[f] & holds[g]; common != 0 {
				assert.NotEqual(t, none, common.most(), "%s %s", Classes[f-1], Classes[g-1])
			}
		}
	}
	assert.Len(t, Classes, int(forms)-1)
}

func TestWordsOfAnEnumerationAreCounted(t *testing.T) {
	f := at(t, learn(t, `["active","on-hold","active","EUR","2024","v2","application/json"]`).Fields(), "body /*")
	assert.Equal(t, map[string]uint64{"active": 2, "on-hold": 1, "EUR": 1, "2024": 1, "v2": 1, "application/json": 1}, f.Values)
	assert.False(t, f.Many)
	var words []string
	for i := range 17 {
		words = append(words, fmt.Sprintf(`"w%c"`, 'a'+i))
	}
	assert.Len(t, at(t, learn(t, "["+strings.Join(words[:16], ",")+"]").Fields(), "body /*").Values, 16)
	f = at(t, learn(t, "["+strings.Join(words, ",")+"]").Fields(), "body /*")
	assert.True(t, f.Many)
	assert.Nil(t, f.Values)
}

func TestNothingPersonalOrSecretIsKeptAsAValue(t *testing.T) {
	for _, text := range []string{
		"ada@example.com", "3f2b8c1e-5d4a-4e6f-9a7b-0123456789ab", "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2ln", "deadbeef01",
		"+49 170 1234567", "+491701234567", "0170-1234567", "Ada Lovelace", "a sentence", "12345", "4111111111111111", "4111-1111-1111-1111",
		"sk_live_4eC39HqLyjWDarjtT1zdp7dc", "AKIAIOSFODNN7EXAMPLE1234", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "192.0.2.1",
		"https://example.com/u/ada", "2026-11-20", "12.50", "line\nbreak", "Straße", "\xff", strings.Repeat("a", 65),
	} {
		b := NewBuilder()
		b.Value("body", text)
		f := b.Fields()[0]
		assert.True(t, f.Many, "%q", text)
		assert.Nil(t, f.Values, "%q", text)
	}
	for _, name := range []string{"name", "firstName", "last_name", "E-Mail", "street", "comment", "password", "apiKey", "pin"} {
		b := NewBuilder()
		b.Value("body", map[string]any{name: map[string]any{"first": "ada"}})
		b.Value("query "+contract.Place(name), "ada")
		for _, f := range b.Fields() {
			assert.Empty(t, f.Values, "%s", f.At)
		}
	}
}

func TestKeysThatAreDataBecomeAStar(t *testing.T) {
	object := func(format string, from, to int) string {
		var members []string
		for i := from; i < to; i++ {
			members = append(members, fmt.Sprintf(`"`+format+`":{"a":%d}`, i, i))
		}
		return "{" + strings.Join(members, ",") + "}"
	}
	folded := []string{"body", "body /*", "body /*/a"}
	assert.Equal(t, folded, places(learn(t, object("%d", 1, 3)).Fields()), "numbers")
	assert.Equal(t, folded, places(learn(t, object("2026-01-%02d", 1, 3)).Fields()), "dates")
	assert.Equal(t, folded, places(learn(t, object("user%d@example.com", 1, 3)).Fields()), "addresses")
	assert.Equal(t, folded, places(learn(t, object("/path/%d", 1, 3)).Fields()), "paths")
	assert.Equal(t, folded, places(learn(t, object("k%d", 0, 257)).Fields()), "more than names are")
	assert.Len(t, learn(t, object("k%d", 0, 256)).Fields(), 513)
	assert.Equal(t, folded, places(learn(t, object("k%d", 0, 17), object("k%d", 17, 34)).Fields()), "optional ones of one kind")
	assert.Len(t, learn(t, object("k%d", 0, 16), object("k%d", 16, 32)).Fields(), 65)
	assert.Equal(t, []string{"body", "body /*", "body /*/a"}, places(learn(t, `{"a":{"a":1}}`, `[{"a":1}]`).Fields()), "beside an array")
	f := at(t, learn(t, object("%d", 1, 4)).Fields(), "body /*")
	assert.Equal(t, [2]uint64{3, 3}, [2]uint64{f.Seen, f.Of})
}

func TestMemoryIsBoundedAndWhatIsBeyondIsCounted(t *testing.T) {
	b := NewBuilder()
	deep := any("end")
	for range 1000 {
		deep = []any{deep}
	}
	b.Begin()
	b.Value("body", deep)
	assert.Len(t, b.Fields(), MaxDepth+1)
	assert.EqualValues(t, 1, b.Lost()[TooDeep])

	b = NewBuilder()
	b.Begin()
	wide := map[string]any{}
	for i := range 200 {
		inner := map[string]any{}
		for j := range 200 {
			inner["k"+string(rune('A'+j%26))+string(rune('A'+j/26))] = nil
		}
		wide["k"+string(rune('A'+i%26))+string(rune('A'+i/26))] = inner
	}
	b.Value("body", wide)
	assert.LessOrEqual(t, len(b.Fields()), MaxFields)
	assert.Equal(t, uint64(200*200+200+1-MaxFields), b.Lost()[TooMany]+skipped(b, wide))

	b = NewBuilder()
	b.Begin()
	b.Value("body", 1.5)
	b.Value("query a", "x")
	b.Value("query a", "y")
	b.Value("body", map[string]any{"\xff": "x"})
	assert.EqualValues(t, 1, b.Lost()[NoJSON])
	assert.EqualValues(t, 2, b.Lost()[Repeated])
}

// skipped counts the members of those objects that were left out as a whole.
func skipped(b *Builder, wide map[string]any) (n uint64) {
	for key, v := range wide {
		if b.roots["body"].kids[key] == nil {
			n += uint64(len(v.(map[string]any)))
		}
	}
	return n
}

// anyValue draws trees whose keys and texts meet every rule.
func anyValue(depth int) *rapid.Generator[any] {
	keys := rapid.SampledFrom([]string{"a", "b", "name", "id", "17", "*", "x/y", "", "k~", "email", "3f2b8c1e-5d4a-4e6f-9a7b-0123456789ab"})
	plain := rapid.OneOf(
		rapid.SampledFrom([]any{nil, true, "EUR", "eur", "", "12345678", "-3", "deadbeef", "192.0.2.1", "::1", "ada@example.com", "x1", "a b", "1.5", "2026-11-20"}),
		rapid.Map(rapid.SampledFrom([]string{"1", "1.0", "1e0", "-2.50", "100", "1e2", "0", "-0", "1e99999999999"}), func(s string) any { return json.Number(s) }),
		rapid.Map(rapid.StringMatching("[a-c]{1,2}"), func(s string) any { return s }),
	)
	if depth == 0 {
		return plain
	}
	below := anyValue(depth - 1)
	return rapid.OneOf(plain,
		rapid.Map(rapid.SliceOfN(below, 0, 3), func(v []any) any { return v }),
		rapid.Map(rapid.MapOfN(keys, below, 0, 3), func(v map[string]any) any { return v }),
		rapid.Map(rapid.MapOfN(rapid.StringMatching("w[a-z]{1,2}"), below, 0, 24), func(v map[string]any) any { return v }))
}

type part struct {
	at contract.Place
	v  any
}

func anyMessage() *rapid.Generator[[]part] {
	value := anyValue(2)
	return rapid.Custom(func(t *rapid.T) []part {
		var parts []part
		for _, p := range []contract.Place{"body", "query limit", "query a/b", "header ETag"} {
			if rapid.Bool().Draw(t, "has") {
				parts = append(parts, part{p, value.Draw(t, "value")})
			}
		}
		return parts
	})
}

func build(messages [][]part) []contract.Field {
	b := NewBuilder()
	for _, m := range messages {
		b.Begin()
		for _, p := range m {
			b.Value(p.at, p.v)
		}
	}
	return b.Fields()
}

func TestMergingIsBuildingOfAllSamples(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		messages := rapid.SliceOfN(anyMessage(), 0, 7).Draw(t, "messages")
		whole := build(messages)
		shuffled := rapid.Permutation(messages).Draw(t, "shuffled")
		i := rapid.IntRange(0, len(messages)).Draw(t, "i")
		j := rapid.IntRange(i, len(messages)).Draw(t, "j")
		a, b, c := build(shuffled[:i]), build(shuffled[i:j]), build(shuffled[j:])
		na, nb, nc := uint64(i), uint64(j-i), uint64(len(messages)-j)
		for name, got := range map[string][]contract.Field{
			"order": build(shuffled),
			"left":  MergeOf(MergeOf(a, na, b, nb), na+nb, c, nc),
			"right": MergeOf(a, na, MergeOf(b, nb, c, nc), nb+nc),
			"swap":  MergeOf(MergeOf(c, nc, a, na), na+nc, b, nb),
			"alone": MergeOf(whole, uint64(len(messages)), nil, 0),
		} {
			if d := cmp.Diff(whole, got); d != "" {
				t.Fatalf("%s: %s", name, d)
			}
		}
	})
}

func TestEveryListOfFieldsIsConsistent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for _, f := range build(rapid.SliceOfN(anyMessage(), 0, 9).Draw(t, "messages")) {
			var types, values uint64
			for _, n := range f.Types {
				types += n
			}
			for _, n := range f.Values {
				values += n
			}
			assert.LessOrEqual(t, f.Seen, f.Of, "%s", f.At)
			assert.Equal(t, f.Seen, types, "%s", f.At)
			if !f.Many {
				assert.Equal(t, f.Types["string"], values, "%s", f.At)
			}
		}
	})
}

func TestUsageIsSummed(t *testing.T) {
	field := func(state contract.State, confidence float64, evidence ...contract.Evidence) []contract.Field {
		return []contract.Field{{At: "body", Seen: 1, Of: 1, Types: map[string]uint64{"integer": 1}, Min: "1", Max: "1",
			Usage: contract.Usage{State: state, Calls: 1, Of: 2, Confidence: confidence, Evidence: evidence}}}
	}
	a := field(contract.Seen, 0.2, contract.Evidence{How: contract.Exact, Into: "answer GET /cart body", Matched: 1, Samples: 2})
	b := field(contract.Used, 0.9, contract.Evidence{How: contract.Exact, Into: "answer GET /cart body", Matched: 2, Samples: 2},
		contract.Evidence{How: contract.Substring, Into: "x", Matched: 9, Samples: 9})
	want := contract.Usage{State: contract.Used, Calls: 2, Of: 4, Confidence: 0.9, Evidence: []contract.Evidence{
		{How: contract.Substring, Into: "x", Matched: 9, Samples: 9},
		{How: contract.Exact, Into: "answer GET /cart body", Matched: 3, Samples: 4},
	}}
	assert.Equal(t, want, Merge(a, b)[0].Usage)
	assert.Equal(t, Merge(a, b), Merge(b, a))
	assert.Len(t, b[0].Usage.Evidence, 2, "lists are not changed")
	declared := []contract.Field{{At: "body /x/y", Of: 7, Usage: contract.Usage{State: contract.Never}}}
	object := learn(t, `{"x":{}}`).Fields()
	assert.Equal(t, []string{"body", "body /x", "body /x/y"}, places(Merge(declared, object)))
	assert.Equal(t, Merge(declared, object), Merge(object, declared))
	assert.EqualValues(t, 1, at(t, Merge(declared, object), "body").Of, "what is declared alone was in no message")
	never := []contract.Field{{At: "body", Usage: contract.Usage{State: contract.Never}}, {At: "body /x", Usage: contract.Usage{State: contract.Never}}}
	merged := Merge(never, a)
	assert.Equal(t, contract.Seen, merged[0].Usage.State)
	assert.Equal(t, contract.Never, merged[1].Usage.State)
}

func TestAPlaceInAMessageIsFound(t *testing.T) {
	list := learn(t, `{"items":[{"a~b":1}],"by":{"17":{"x":1}}}`).Fields()
	for place, want := range map[contract.Place]contract.Place{
		"body /items/3/a~0b": "body /items/*/a~0b", "body /by/99/x": "body /by/*/x", "body": "body", "body /items/*": "body /items/*",
		"body /none": "", "query a": "",
	} {
		got, ok := Locate(list, place)
		assert.Equal(t, want != "", ok, "%s", place)
		if ok {
			assert.Equal(t, want, got)
		}
	}
}

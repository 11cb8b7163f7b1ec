package strict_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release/statement/strict"
)

func TestWhatHasOneReadingIsTaken(t *testing.T) {
	for _, text := range []string{
		`{}`, ` [1, "a", null, {"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}] ` + "\n", `"x"`, `0`,
		`{"a": "b", "b": "a"}`, strings.Repeat("[", strict.MaxDepth) + strings.Repeat("]", strict.MaxDepth),
	} {
		assert.NoError(t, strict.Check([]byte(text)), text)
	}
}

func TestWhatMayBeReadInTwoWaysIsRefusedWithItsPlace(t *testing.T) {
	for text, says := range map[string]string{
		"{\"verdict\":\"fail\",\n\"verdict\":\"pass\"}":  `line 2, offset 28: the member "verdict" is there twice`,
		`{"verdict": "fail", "Verdict": "pass"}`:         "in case alone",
		`{"schema": "a", "ſchema": "b"}`:                 "in case alone",
		`{"a": 1, "\u0061": 2}`:                          "twice",
		`{"x": [{"kind": 1, "` + "\u212a" + `ind": 2}]}`: "in case alone",
		"{\"a\": 1}\n{}":                                 "line 2",
		`{"a": 1} x`:                                     "line 1",
		"":                                               "it is empty",
		" \n":                                            "it is empty",
		"{\"a\":\n[1, 2":                                 "line 2, offset 11: it ends before its JSON does",
		`{"a": "` + "\xff" + `"}`:                        "UTF-8",
		`{"a": "\ud800"}`:                                "surrogate",
		`{'a': 1}`:                                       "invalid character",
		strings.Repeat("[", 100):                         "more than 64 levels",
		strings.Repeat(`{"a":`, 1000_000):                "more than 64 levels",
	} {
		err := strict.Check([]byte(text))
		require.ErrorContains(t, err, says, "%.60q", text)
		assert.Less(t, len(err.Error()), 300)
	}
}

func TestWhatWouldTakeMuchMemoryIsRefused(t *testing.T) {
	members := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"%d":0`, i)
		}
		return "{" + b.String()[1:] + "}"
	}
	list := func(of string, n int) string { return "[" + strings.Repeat(of+",", n-1) + of + "]" }
	require.NoError(t, strict.Check([]byte(members(strict.MaxMembers))))
	require.NoError(t, strict.Check([]byte(list(`{"up_to_ms":1.2,"count":3}`, strict.MaxObjects))))
	require.NoError(t, strict.Check([]byte(list("{}", 1000))))
	require.NoError(t, strict.Check([]byte(list(`""`, strict.MaxValues-1))))
	for _, text := range []string{members(strict.MaxMembers + 1), list(`{"up_to_ms":1.2,"count":3}`, strict.MaxObjects+1), list("{}", 2000), list(`""`, strict.MaxValues)} {
		require.ErrorIs(t, strict.Check([]byte(text)), strict.ErrTooMuch)
	}
}

func FuzzCheck(f *testing.F) {
	for _, text := range []string{`{"a": [1, {"b": null}]}`, `{"a": 1, "A": 2}`, `[`, `"\ud800"`, ""} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if strict.Check(data) == nil {
			require.True(t, json.Valid(data))
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	one := `{"operation": "GET /products/{id}", "part": "body", "path": "$.items[*].price", "n": 200, "judgement": "regression", "e_value": 1e9, "examples": [{"exchange": "0011", "base": "1", "branch": "2"}]}`
	data := []byte("[" + strings.Repeat(one+",", 50_000) + one + "]")
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, strict.Check(data))
	}
}

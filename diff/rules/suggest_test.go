package rules

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/diff"
	"twinspect.dev/diff/class"
)

// noisy is a difference that base shows by itself.
func noisy(operation string, part diff.Part, path string, kind diff.Kind, learned string, control uint64, examples ...diff.Example) diff.Difference {
	return diff.Difference{
		Cell:      diff.Cell{Operation: operation, Place: diff.Place{Part: part, Path: path}, Kind: kind},
		Counts:    diff.Counts{N: 240, Branch: control, Control: control, Paired: true},
		Judgement: diff.Noise, Learned: learned, Examples: examples,
	}
}

func near(base, control, branch string) diff.Example {
	return diff.Example{Base: base, Control: control, Branch: branch}
}

func suggestions() *diff.Report {
	regression := noisy("GET /a", diff.Body, "$.price", diff.Changed, "number", 100)
	regression.Judgement = diff.Regression
	branchOnly := noisy("GET /a", diff.Body, "$.learnedBefore", diff.Changed, "uuid", 0)
	unpaired := noisy("GET /a", diff.Body, "$.unpaired", diff.Changed, "uuid", 100)
	unpaired.Paired = false
	lines := diff.Example{Base: `[{"sku":"b","id":1,"n":1},{"sku":"a","id":2,"n":1}]`, Branch: `[]`}
	return &diff.Report{Differences: []diff.Difference{
		regression, branchOnly, unpaired,
		noisy("GET /a", diff.Body, "$.items[*].updatedAt", diff.Changed, "time", 118),
		noisy("GET /b", diff.Body, "$.items[*].updatedAt", diff.Changed, "time", 20),
		noisy("GET /a", diff.Header, "x-request-id", diff.Changed, "uuid", 240),
		noisy("GET /a", diff.Trailer, "grpc-message", diff.Changed, "token", 30),
		noisy("GET /a", diff.Body, "$['it''s: # odd']", diff.Changed, "integer", 30),
		noisy("GET /a", diff.Body, `$['a"b: # \'c']`, diff.Changed, "integer", 30),
		noisy("GET /a", diff.Body, "$.score", diff.Changed, "number", 50, near("100", "100.1", "99.9"), near("10", "10.01", "10"), near("1", "1.001", "1.0005")),
		noisy("GET /a", diff.Body, "$.count", diff.Changed, "integer", 50, near("100", "200", "99"), near("10", "30", "10"), near("1", "7", "9")),
		noisy("GET /a", diff.Body, "$.lines", diff.Reordered, "", 40, lines, lines),
		noisy("GET /a", diff.Body, "$.tags", diff.Reordered, "", 40, diff.Example{Base: `["a","b"]`}),
		noisy("GET /a", diff.Body, "$.rare", diff.Changed, "time", 19),
		noisy("GET /a", diff.Body, "$.free", diff.Changed, "any", 90),
		noisy("GET /a", diff.Body, "$.none", diff.Changed, "", 90),
		noisy("GET /a", diff.Body, "$", diff.Changed, "string", 90),
		noisy("GET /a", diff.Body, "$[*]", diff.Changed, "string", 90),
		noisy("GET /a", diff.Body, "text", diff.Changed, "string", 90),
		noisy("GET /a", diff.Body, "$.note", diff.Removed, "", 90),
		noisy("GET /a", diff.Body, "$.note", diff.Added, "", 90),
		noisy("GET /a", diff.Body, "$.note", diff.Retyped, "", 90),
		noisy("GET /a", diff.Body, "", diff.Malformed, "", 90),
		noisy("GET /a", diff.Status, "", diff.Changed, "integer", 90),
		noisy("GET /a", diff.Header, "set-cookie sid", diff.Changed, "token", 90),
		noisy("(other operations)", diff.Body, "$.x", diff.Changed, "uuid", 90),
		noisy("GET /a\n# b", diff.Body, "$.x", diff.Added, "", 90),
	}}
}

func TestSuggestedRulesAreTheNarrowestAndTellTheirSupport(t *testing.T) {
	got := Suggest(suggestions(), nil, SuggestOptions{Now: today}).File()
	golden := "testdata/suggested.yaml"
	if update() {
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
	set, err := Parse(golden, []byte(got), today)
	require.NoError(t, err)
	assert.Empty(t, Check(set, nil), "what is suggested has no problem")
	again := Suggest(suggestions(), set, SuggestOptions{Now: today})
	assert.Empty(t, again.Rules)
	assert.NotEmpty(t, again.Known)
}

func TestExpiredRulesAreSuggestedAnew(t *testing.T) {
	report := &diff.Report{Differences: []diff.Difference{noisy("GET /a", diff.Body, "$.id", diff.Changed, "uuid", 50)}}
	old := parse(t, "version: 1\nrules:\n  - {path: $.id, class: uuid, reason: r, expires: 2026-01-01}\n")
	assert.Len(t, Suggest(report, old, SuggestOptions{Now: today}).Rules, 1)
	wider := parse(t, "version: 1\nrules:\n  - {path: $.id, class: uuid, reason: r}\n")
	assert.Empty(t, Suggest(report, wider, SuggestOptions{Now: today}).Rules)
	assert.Empty(t, Suggest(report, nil, SuggestOptions{Now: today, MinSupport: 51}).Rules)
	rules := Suggest(report, nil, SuggestOptions{Now: today, Lifetime: 24 * time.Hour}).Rules
	assert.Contains(t, rules[0].YAML, "2026-11-22")
}

// TestWhateverIsSuggestedIsARuleFile feeds names as the traffic may have them.
func TestWhateverIsSuggestedIsARuleFile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		report := &diff.Report{}
		for range rapid.IntRange(0, 3).Draw(t, "differences") {
			part := rapid.SampledFrom([]diff.Part{diff.Body, diff.Header, diff.Trailer, diff.Status}).Draw(t, "part")
			name := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z:#'"{}\[\]&*!|> -]{1,9}`)).Draw(t, "name")
			if part == diff.Body {
				name = path("a", 0, name).Fold()
			}
			report.Differences = append(report.Differences, noisy(rapid.String().Draw(t, "operation"), part, name,
				diff.Changed, rapid.SampledFrom(class.Names()).Draw(t, "class"), 50))
		}
		s := Suggest(report, nil, SuggestOptions{Now: today})
		set, err := Parse("f", []byte(s.File()), today)
		require.NoError(t, err, s.File())
		require.Len(t, set.rules, len(s.Rules), s.File())
		require.Len(t, report.Differences, len(s.Refused)+operations(set), "none is lost without a word")
	})
}

func operations(set *Set) int {
	n := 0
	for _, r := range set.rules {
		n += len(r.scope.operations)
	}
	return n
}

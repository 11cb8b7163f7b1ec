package noise

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/diff"
)

func same(name string) string { return name }

// values are of many classes, so that sets of classes overlap without being
// nested.
var values = rapid.SampledFrom([]string{
	"1", "2.5", "1700000000", "1700000000123", `"soon"`, `"in a while"`, `"deadbeef"`, `"12345678"`, `"0123456789abcdef"`,
	`"2026-11-21T10:00:00Z"`, `"2026-11-21"`, `"7f1c2e6a-0f5b-4a53-9d0e-1a2b3c4d5e6f"`, `"abc… (2000 bytes)"`,
})

// changes draws the differences of one side: of single values, of elements of
// an array, and of other kinds.
func changes(t *rapid.T, side string) (list []diff.Change) {
	for i := range rapid.IntRange(0, 4).Draw(t, side) {
		path := rapid.SampledFrom([]string{"$.a", "$.b", "$.items[*].n", "text"}).Draw(t, "path")
		kind := rapid.SampledFrom([]diff.Kind{diff.Changed, diff.Changed, diff.Changed, diff.Removed, diff.Added, diff.Retyped, diff.Class}).Draw(t, "kind")
		ch := change(path, kind, values.Draw(t, "base"), values.Draw(t, "other"))
		ch.At = strings.Replace(path, "*", fmt.Sprint(i), 1)
		list = append(list, ch)
	}
	return list
}

var observations = rapid.Custom(func(t *rapid.T) Observation {
	o := Observation{
		Operation: rapid.SampledFrom([]string{"GET /a", "GET /b", "GET /\xff"}).Draw(t, "operation"),
		Exchange:  fmt.Sprintf("%032x", rapid.IntRange(0, 30).Draw(t, "exchange")),
		Session:   rapid.SampledFrom([]string{"", "s", "t", "u", "v"}).Draw(t, "session"),
		Method:    "GET", Target: rapid.SampledFrom([]string{"/a?x", "/\xfe", strings.Repeat("ä", maxText)}).Draw(t, "target"),
		Branch: changes(t, "branch"),
		Paired: rapid.IntRange(0, 9).Draw(t, "paired") > 0,
	}
	if o.Paired {
		o.Control = changes(t, "control")
	}
	return o
})

// several draws outcomes, some of them several times: of no more kinds than a
// cell has room for classes, so that no limit is reached.
var several = rapid.Custom(func(t *rapid.T) (list []Observation) {
	for range rapid.IntRange(0, maxLessons).Draw(t, "kinds") {
		o := observations.Draw(t, "outcome")
		for range rapid.SampledFrom([]int{1, 1, 2, 5}).Draw(t, "times") {
			list = append(list, o)
		}
	}
	return list
})

// judged is all that a ledger says.
func judged(l *Ledger) []any {
	list, differing := verdicts(l)
	return []any{list, differing, l.Account()}
}

// stored returns the partial as it is read after it was written.
func stored(t require.TestingT, p *Partial) *Partial {
	read := new(Partial)
	for r := range p.Records() {
		data, err := json.Marshal(r)
		require.NoError(t, err)
		var again Record
		require.NoError(t, json.Unmarshal(data, &again))
		require.NoError(t, read.Add(again), "%s", data)
	}
	require.NoError(t, read.Complete())
	return read
}

// split observes the outcomes with as many ledgers as there are parts, and merges
// them in any order and in any groups.
func split(t *rapid.T, all []Observation) *Ledger {
	parts := make([]*Ledger, rapid.IntRange(1, 5).Draw(t, "parts"))
	for i := range parts {
		parts[i] = New(Limits{})
	}
	for _, o := range rapid.Permutation(all).Draw(t, "order") {
		parts[rapid.IntRange(0, len(parts)-1).Draw(t, "part")].Observe(o)
	}
	for len(parts) > 1 {
		a := rapid.IntRange(0, len(parts)-1).Draw(t, "merged")
		p := stored(t, parts[a].Partial())
		parts = slices.Delete(parts, a, a+1)
		parts[rapid.IntRange(0, len(parts)-1).Draw(t, "into")].Merge(p, same)
	}
	return parts[0]
}

func TestPartsMergedInAnyOrderJudgeAsTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := several.Draw(t, "outcomes")
		whole := New(Limits{})
		for _, o := range all {
			whole.Observe(o)
		}
		merged := split(t, all)
		if d := cmp.Diff(judged(whole), judged(merged)); d != "" {
			t.Fatalf("merged differs from the whole: %s", d)
		}
	})
}

func TestMergedLedgerGoesOnAsTheWholeDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.Permutation(several.Draw(t, "outcomes")).Draw(t, "order")
		at := rapid.IntRange(0, len(all)).Draw(t, "at")
		before, after := all[:at], all[at:]
		whole, merged := New(Limits{}), split(t, before)
		for _, o := range before {
			whole.Observe(o)
		}
		for _, o := range after {
			whole.Observe(o)
			merged.Observe(o)
		}
		if d := cmp.Diff(judged(whole), judged(merged)); d != "" {
			t.Fatalf("merged differs from the whole: %s", d)
		}
	})
}

func TestMergingBeyondLimitsIsAccountedFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := Limits{
			Operations: rapid.IntRange(1, 3).Draw(t, "operations"), Cells: rapid.IntRange(1, 8).Draw(t, "cells"),
			References: rapid.IntRange(1, 60).Draw(t, "references"), ExampleBytes: rapid.IntRange(1, 500).Draw(t, "bytes"),
		}
		all := rapid.SliceOfN(observations, 0, 60).Draw(t, "outcomes")
		var seen, differences uint64
		into := New(limits)
		for len(all) > 0 {
			part := New(rapid.SampledFrom([]Limits{limits, {}}).Draw(t, "limits"))
			n := rapid.IntRange(1, len(all)).Draw(t, "n")
			for _, o := range all[:n] {
				part.Observe(o)
				seen++
				differences += uint64(len(o.Branch) + len(o.Control))
			}
			all = all[n:]
			into.Merge(stored(t, part.Partial()), same)
			stored(t, into.Partial())
		}
		account := into.Account()
		require.NoError(t, account.Balance())
		require.Equal(t, differences, account[0].Seen)
		require.Equal(t, seen, account[1].Seen)
		list, differing := verdicts(into)
		for _, d := range list {
			require.LessOrEqual(t, d.Branch, d.N)
		}
		for op, n := range differing {
			require.LessOrEqual(t, n, into.operations[op].paired+into.operations[op].unpaired)
		}
	})
}

func TestOutcomesOfALostCellCountAsDifferingWhenMerged(t *testing.T) {
	part, into := New(Limits{}), New(Limits{Cells: 1})
	part.Observe(paired(only(change("$.b", diff.Changed, "1", "2")), nil))
	part.Observe(paired(only(change("$.a", diff.Changed, "1", "2")), nil))
	into.Observe(paired(only(change("$.a", diff.Changed, "1", "2")), nil))
	into.Merge(part.Partial(), same)
	account := into.Account()
	require.NoError(t, account.Balance())
	assert.EqualValues(t, 1, account[0].Dropped[CellLimit])
	assert.EqualValues(t, 1, account[1].Filtered[SummedUp])
	_, differing := verdicts(into)
	assert.EqualValues(t, 3, differing["GET /a"])
}

func TestExamplesAreThoseOfTheLowestRank(t *testing.T) {
	ids := identities(50)
	l := New(Limits{})
	for _, id := range ids {
		o := paired(only(change("$.a", diff.Removed, "1", "")), nil)
		o.Exchange = id
		l.Observe(o)
	}
	slices.SortFunc(ids, func(a, b string) int {
		return CompareExamples(&diff.Example{Exchange: a}, &diff.Example{Exchange: b})
	})
	list, _ := verdicts(l)
	var got []string
	for _, e := range list[0].Examples {
		got = append(got, e.Exchange)
	}
	assert.Equal(t, ids[:maxExamples], got)
}

// TestClassOfSidesThatAreAlikeKeepsItsEValueFair draws branch's and control's
// values alike: most of one class, and some out of it. The e-value of the class
// is then 1 at most in the mean, on which the error rate rests.
func TestClassOfSidesThatAreAlikeKeepsItsEValueFair(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 13))
	ids := identities(64)
	for _, rare := range []float64{0.02, 0.05, 0.2} {
		const runs = 1500
		sum, flagged := 0.0, 0
		for range runs {
			l := New(Limits{})
			value := func() string {
				if rng.Float64() < rare {
					return `"soon"`
				}
				return `"2026-11-21T10:00:00Z"`
			}
			for _, id := range ids[:16+rng.IntN(48)] {
				o := paired(only(change("$.at", diff.Changed, `"2026-11-21T11:00:00Z"`, value())), only(change("$.at", diff.Changed, `"2026-11-21T11:00:00Z"`, value())))
				o.Exchange = id
				l.Observe(o)
			}
			for _, c := range l.candidates() {
				if c.class {
					sum += c.EValue - 1
					if c.EValue >= 1/alpha {
						flagged++
					}
				}
			}
		}
		assert.LessOrEqual(t, 1+sum/runs, 1.0, "a mean of at most 1 at %g", rare)
		assert.LessOrEqual(t, float64(flagged)/runs, alpha)
	}
}

package capture

import (
	"cmp"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func stageOf(name, unit string, seen uint64, dropped map[Reason]uint64) Stage {
	s := Stage{Name: name, Unit: unit, Stats: Stats{Seen: seen, Dropped: dropped}}
	s.Written = seen - s.Lost()
	return s
}

func TestMergedAccountsAddWhatTheSameStageDid(t *testing.T) {
	a := Account{stageOf("read", "records", 10, map[Reason]uint64{"gap": 1}), stageOf("replay", "exchanges", 9, nil)}
	b := Account{stageOf("kafka", "records", 5, nil), stageOf("read", "records", 5, map[Reason]uint64{"gap": 2, "late": 1}), stageOf("read", "frames", 7, nil)}
	assert.Equal(t, Account{
		stageOf("read", "records", 15, map[Reason]uint64{"gap": 3, "late": 1}),
		stageOf("replay", "exchanges", 9, nil),
		stageOf("kafka", "records", 5, nil),
		stageOf("read", "frames", 7, nil),
	}, a.Merge(b))
	assert.EqualValues(t, 10, a[0].Seen, "what was merged stays as it was")
}

func TestStagesOfTheSameNameInOneAccountStayApart(t *testing.T) {
	a := Account{stageOf("read", "records", 10, nil), stageOf("read", "records", 3, nil)}
	assert.Equal(t, a, Account(nil).Merge(a))
	assert.Equal(t, Account{stageOf("read", "records", 20, nil), stageOf("read", "records", 6, nil)}, a.Merge(a))
}

func TestMergingSharesNoMemory(t *testing.T) {
	a, b := Account{stageOf("x", "y", 2, map[Reason]uint64{"gap": 1})}, Account{stageOf("z", "y", 2, map[Reason]uint64{"gap": 1})}
	merged := a.Merge(b)
	merged[0].Drop("gap", 1)
	merged[1].Drop("gap", 1)
	assert.EqualValues(t, 1, a[0].Dropped["gap"])
	assert.EqualValues(t, 1, b[0].Dropped["gap"])
}

func TestMergingIsTheSameInAnyOrderButForTheOrderOfStages(t *testing.T) {
	account := rapid.Custom(func(t *rapid.T) (a Account) {
		for range rapid.IntRange(0, 4).Draw(t, "stages") {
			lost := rapid.Uint64Range(1, 9).Draw(t, "lost")
			reason := Reason(rapid.SampledFrom([]string{"gap", "late"}).Draw(t, "reason"))
			a = append(a, stageOf(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "name"), "x", 10, map[Reason]uint64{reason: lost}))
		}
		return a
	})
	sorted := func(a Account) Account {
		slices.SortStableFunc(a, func(x, y Stage) int { return cmp.Compare(x.Name, y.Name) })
		return a
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := account.Draw(t, "a"), account.Draw(t, "b"), account.Draw(t, "c")
		require.Equal(t, sorted(a.Merge(b)), sorted(b.Merge(a)))
		require.Equal(t, a.Merge(b).Merge(c), a.Merge(b.Merge(c)))
		require.NoError(t, a.Merge(b).Balance())
	})
}

package pairwise

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// uncovered counts the pairs that stand in no row.
func uncovered(levels []int, rows [][]int) int {
	missing := 0
	for a := range levels {
		for b := range a {
			seen := map[[2]int]bool{}
			for _, row := range rows {
				seen[[2]int{row[a], row[b]}] = true
			}
			missing += max(levels[a], 1)*max(levels[b], 1) - len(seen)
		}
	}
	return missing
}

func TestEveryTwoLevelsOfEveryTwoDimensionsStandTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		levels := rapid.SliceOfN(rapid.IntRange(-1, 6), 1, 14).Draw(t, "levels")
		rows := Cover(levels)
		require.NotEmpty(t, rows)
		assert.Equal(t, make([]int, len(levels)), rows[0], "the first row is the ordinary one")
		for _, row := range rows {
			require.Len(t, row, len(levels))
			for d, l := range row {
				require.True(t, l >= 0 && l < max(levels[d], 1), "level %d of %d", l, levels[d])
			}
		}
		assert.Zero(t, uncovered(levels, rows))
		widest := slices.Sorted(slices.Values(levels))
		slices.Reverse(widest)
		if len(levels) == 1 {
			assert.Len(t, rows, max(levels[0], 1))
		} else {
			assert.GreaterOrEqual(t, len(rows), max(widest[0], 1)*max(widest[1], 1))
		}
		assert.Equal(t, rows, Cover(levels), "the same levels give the same rows")
	})
}

func TestOfNothingThereIsNothingToCover(t *testing.T) {
	assert.Nil(t, Cover(nil))
	assert.Equal(t, [][]int{{0, 0}}, Cover([]int{1, 0}))
	assert.Equal(t, [][]int{{0}, {1}, {2}}, Cover([]int{3}))
}

// Published sizes of other programs (pairwise.org/efficiency.html; Forbes et al.
// 2008 for IPOG of NIST's ACTS), where one is listed:
//
//	                 AETG  IPO  TConfig  Jenny  DDA  PICT  here
//	3^4                9    9      9      11     -    9     9
//	3^13              15   17     15      18    18   18    17
//	4^15 3^17 2^29    41   34     40      38    35   37    33
//	4 3^39 2^35       28   26     30      28    27   27    27
//	2^100             10   15     14      16    15   15    12
//	10^20            180  212    231     193   201  210   202
func TestSizesAreNearTheLeastThatIsKnown(t *testing.T) {
	for name, c := range map[string]struct {
		levels []int
		most   int
	}{
		"3^4":            {repeat(4, 3), 9},
		"3^13":           {repeat(13, 3), 17},
		"4^10":           {repeat(10, 4), 28},
		"3^61":           {repeat(61, 3), 26},
		"2^100":          {repeat(100, 2), 12},
		"6^100":          {repeat(100, 6), 117},
		"10^20":          {repeat(20, 10), 202},
		"4^15 3^17 2^29": {slices.Concat(repeat(15, 4), repeat(17, 3), repeat(29, 2)), 33},
		"4 3^39 2^35":    {slices.Concat(repeat(1, 4), repeat(39, 3), repeat(35, 2)), 27},
	} {
		t.Run(name, func(t *testing.T) {
			rows := Cover(c.levels)
			assert.Zero(t, uncovered(c.levels, rows))
			t.Log(len(rows), "rows")
			assert.LessOrEqual(t, len(rows), c.most)
		})
	}
}

func repeat(n, level int) []int { return slices.Repeat([]int{level}, n) }

func BenchmarkCover(b *testing.B) {
	for name, levels := range map[string][]int{"4^10": repeat(10, 4), "3^61": repeat(61, 3), "6^100": repeat(100, 6)} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				Cover(levels)
			}
		})
	}
}

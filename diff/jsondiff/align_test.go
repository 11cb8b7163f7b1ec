package jsondiff

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// longestCommon is the textbook's table for the longest common subsequence.
func longestCommon(a, b []int32) int {
	table := make([]int, len(b)+1)
	for i := range a {
		diagonal := 0
		for j := range b {
			above := table[j+1]
			if a[i] == b[j] {
				table[j+1] = diagonal + 1
			} else {
				table[j+1] = max(table[j+1], table[j])
			}
			diagonal = above
		}
	}
	return table[len(b)]
}

func TestAlignKeepsAsMuchAsCanBe(t *testing.T) {
	var s Aligner
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Int32Range(0, 6), 0, 40)
		a, b := list.Draw(t, "a"), list.Draw(t, "b")
		kept, lastI, lastJ := 0, len(a), len(b)
		s.Align(a, b, 7, func(i, j int) {
			require.Equal(t, a[i], b[j])
			require.True(t, i < lastI && j < lastJ, "descending")
			kept, lastI, lastJ = kept+1, i, j
		})
		require.Equal(t, longestCommon(a, b), kept)
	})
}

func TestAlignGivesUpLongScripts(t *testing.T) {
	a := make([]int32, 4000)
	for i := range a {
		a[i] = int32(i)
	}
	b := slices.Clone(a)
	slices.Reverse(b)
	b[7] = 7
	var s Aligner
	var kept []int
	s.Align(a, b, len(a), func(i, _ int) { kept = append(kept, i) })
	assert.Equal(t, []int{7}, kept)
	assert.LessOrEqual(t, cap(s.fars), maxEdits*maxEdits, "memory is bounded")
}

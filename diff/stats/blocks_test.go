package stats

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// given is what one outcome of a unit gave.
type given struct {
	hash uint32
	net  int64
	mask uint32
}

// drawGiven draws outcomes of few units or of many, some of whose hashes share
// their first bits.
func drawGiven(t *rapid.T, label string) []given {
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, label), 1))
	units := rapid.SampledFrom([]int{1, 5, 300, MaxBlocks, MaxBlocks + 1, 3000}).Draw(t, label+" units")
	spread := rapid.SampledFrom([]uint32{1 << 8, 1 << 20, 1<<32 - 1}).Draw(t, label+" spread")
	hashes := make([]uint32, units)
	for i := range hashes {
		hashes[i] = rng.Uint32N(spread)
	}
	list := make([]given, rng.IntN(2*units)+1)
	for i := range list {
		list[i] = given{hashes[rng.IntN(units)], int64(rng.IntN(3)) - 1, rng.Uint32() | 1}
	}
	return list
}

func blocksOf(list []given) Blocks {
	var b Blocks
	for _, g := range list {
		b.Add(g.hash, g.net, g.mask)
	}
	return b
}

func TestBlocksDoNotDependOnTheOrderNorOnTheParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := drawGiven(t, "outcomes")
		whole := blocksOf(list)
		at := rapid.IntRange(0, len(list)).Draw(t, "at")
		first, second := blocksOf(list[at:]), blocksOf(list[:at])
		first.Merge(&second)
		require.Equal(t, whole.Shift(), first.Shift())
		require.Equal(t, whole.List(), first.List())
	})
}

func TestBlocksAreNoMoreThanTheirBoundAndLoseNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := drawGiven(t, "outcomes")
		b := blocksOf(list)
		var want, got int64
		mask, units := ^uint32(0), make(map[uint32]bool)
		for _, g := range list {
			want += g.net
			mask &= g.mask
			units[g.hash] = true
		}
		common, last := ^uint32(0), int64(-1)
		for _, k := range b.List() {
			require.Greater(t, int64(k.ID), last)
			last = int64(k.ID)
			got += k.Net
			common &= k.Mask
		}
		require.Equal(t, want, got)
		require.Equal(t, mask, common)
		require.LessOrEqual(t, len(b.List()), MaxBlocks)
		if len(units) <= MaxBlocks {
			require.Len(t, b.List(), len(units), "each unit has its own")
		}
	})
}

func TestAVoteIsOneWhateverHappensWithinTheUnit(t *testing.T) {
	var b Blocks
	for range 100 {
		b.Add(7, 1, 1)
	}
	b.Add(9, -1, 1)
	b.Add(11, 1, 1)
	b.Add(11, -1, 1)
	branch, control := b.Votes()
	assert.EqualValues(t, 1, branch)
	assert.EqualValues(t, 1, control, "a tie votes for nobody")
}

func TestExchangedSidesExchangeTheVotes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := drawGiven(t, "outcomes")
		b := blocksOf(list)
		for i := range list {
			list[i].net = -list[i].net
		}
		exchanged := blocksOf(list)
		x, y := b.Votes()
		u, v := exchanged.Votes()
		require.Equal(t, [2]uint64{x, y}, [2]uint64{v, u})
		less := b.Minus(&exchanged)
		twice := b.Minus(&Blocks{})
		twice.Merge(&b)
		require.Equal(t, twice.List(), less.List(), "less the opposite is twice the same")
	})
}

func TestShrunkBlocksAreFewerUntilThereIsOne(t *testing.T) {
	b := blocksOf([]given{{1, 1, 3}, {2, 1, 1}, {1 << 31, -1, 1}})
	for want := 2; want > 0; want-- {
		b.Shrink()
		assert.LessOrEqual(t, len(b.List()), want)
	}
	b.Shrink()
	require.Len(t, b.List(), 1)
	assert.Equal(t, Block{0, 1, 1}, b.List()[0])
	(&Blocks{}).Shrink()
}

func BenchmarkBlocksAdd(b *testing.B) {
	var k Blocks
	rng := rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		k.Add(rng.Uint32(), 1, 1)
	}
}

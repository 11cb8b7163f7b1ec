package stats

import (
	"math"
	"sort"
)

// maxSamples is how far [MoreSamples] looks ahead. A difference that would take
// longer is not decided by sampling.
const maxSamples = 1 << 32

// MoreSamples returns how many more samples bring the e-value to the threshold
// if the discordant pairs keep the rates that they had in the first n. It
// returns 0 where the threshold is reached already, and where these rates do
// not reach it within 2^32 samples.
func MoreSamples(n, branchOnly, controlOnly uint64, threshold float64) uint64 {
	after := func(more uint64) bool {
		scale := float64(n+more) / float64(n)
		// Rounded against branch, so that it is rather too many than too few.
		x := math.Floor(float64(branchOnly)*scale + rounding)
		y := math.Ceil(float64(controlOnly)*scale - rounding)
		return EValue(uint64(x), uint64(y)) >= threshold
	}
	if n == 0 || branchOnly <= controlOnly || after(0) {
		return 0
	}
	high := uint64(1)
	for !after(high) {
		if high *= 2; high > maxSamples {
			return 0
		}
	}
	low := high/2 + 1
	return low + uint64(sort.Search(int(high-low), func(i int) bool { return after(low + uint64(i)) }))
}

// rounding keeps a product that is whole, such as 3·(5/3), from being rounded
// away.
const rounding = 1e-9

package stats

import (
	"cmp"
	"math"
	"slices"
)

// EBH tells which of the hypotheses are rejected by the e-BH procedure (Wang
// and Ramdas, False discovery rate control with e-values, arXiv:2009.02824): of
// K e-values the k greatest are rejected, for the greatest k for which the k-th
// is at least K/(k·alpha). The expected share of false rejections among all is
// at most alpha, however the e-values depend on each other.
func EBH(evalues []float64, alpha float64) []bool {
	return rejected(evalues, alpha)
}

// WeightedEBH is [EBH] of the e-values times their weights. The weights must not
// depend on the data of the hypotheses and have a mean of at most 1: then the
// expected products of the true ones sum up to no more than their number, which
// is all that e-BH asks for.
func WeightedEBH(evalues, weights []float64, alpha float64) []bool {
	products := make([]float64, len(evalues))
	for i, e := range evalues {
		products[i] = e * weights[i]
	}
	return rejected(products, alpha)
}

func rejected(evalues []float64, alpha float64) []bool {
	order := make([]int, len(evalues))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(evalues[b], evalues[a]) })
	yes := make([]bool, len(evalues))
	for k := len(order); k > 0; k-- {
		if evalues[order[k-1]] >= Threshold(len(evalues), k, alpha) {
			for _, i := range order[:k] {
				yes[i] = true
			}
			break
		}
	}
	return yes
}

// Threshold is the e-value that the k-th greatest of n must reach in [EBH].
// It is infinite where k is not positive.
func Threshold(n, k int, alpha float64) float64 {
	if k <= 0 {
		return math.Inf(1)
	}
	return float64(n) / (float64(k) * alpha)
}

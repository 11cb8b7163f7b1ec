// Package pairwise finds few rows in which every two levels of every two
// dimensions come together: a covering array of strength 2.
//
// Most failures that need more than one value need two (Kuhn, Wallace, Gallo:
// Software Fault Interactions, IEEE TSE 30(6), 2004), and an array of strength 2
// grows with the logarithm of the number of dimensions, not with their product.
package pairwise

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// Cover returns rows of one level for each dimension, where levels tells how many
// levels the dimensions have. Every two levels of every two dimensions stand
// together in at least one row, and every level of every dimension in one. The
// first row is all zeros. A dimension with fewer than two levels is 0 everywhere.
//
// The same levels always give the same rows. There are not many more of them than
// the least that is known, which is never below the product of the two greatest
// numbers of levels. The time grows with the square of rows and of dimensions:
// 100 dimensions of 6 levels take about 30 ms.
func Cover(levels []int) [][]int {
	if len(levels) == 0 {
		return nil
	}
	order := wide(levels)
	sorted := make([]int, len(order))
	for i, d := range order {
		sorted[i] = levels[d]
	}
	return restore(best(sorted), order, len(levels))
}

// wide returns the dimensions that have a choice, those with most levels first:
// they decide how many rows are needed, and the others then fit in.
func wide(levels []int) []int {
	var order []int
	for d, n := range levels {
		if n > 1 {
			order = append(order, d)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(levels[b], levels[a]) })
	return order
}

// Several arrays are built that differ in how ties are broken, and the smallest
// is kept. Beyond 24 tries the rows hardly become fewer. The work bounds the
// time at some 3 ms, but for the first array. Of eight streams of chance, all of
// which give sizes within one or two of each other, this one gave fewest rows.
const (
	maxTries = 24
	maxWork  = 500_000
	stream   = 4
)

// best returns the smallest of several arrays. None is smaller than the product of
// the two greatest numbers of levels.
func best(levels []int) [][]int {
	var least [][]int
	bound := 1
	for _, n := range levels[:min(len(levels), 2)] {
		bound *= n
	}
	for try, work := uint64(0), 0; try < maxTries && work < maxWork; try++ {
		b := &builder{levels: levels, rng: rand.New(rand.NewPCG(try, stream))}
		rows := b.build()
		if least == nil || len(rows) < len(least) {
			least = rows
		}
		if len(least) == bound {
			break
		}
		work += 1 + b.work
	}
	return least
}

// restore puts the columns back into the order of the caller. Open places become
// the first level.
func restore(rows [][]int, order []int, width int) [][]int {
	out := make([][]int, len(rows))
	for r, row := range rows {
		out[r] = make([]int, width)
		for i, d := range order {
			out[r][d] = max(row[i], 0)
		}
	}
	return out
}

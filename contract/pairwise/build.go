package pairwise

import "math/rand/v2"

// open marks a place of a row whose level does not matter so far.
const open = -1

// builder builds one array by the method IPOG-F: an array for the first
// dimensions is extended by one dimension after the other, each time at the row
// and level that cover most pairs, and then by rows for the pairs that are left
// (Forbes, Lawrence, Lei, Kacker, Kuhn: Refining the In-Parameter-Order Strategy
// for Constructing Covering Arrays, J. Res. NIST 113(5), 2008).
type builder struct {
	levels []int
	rng    *rand.Rand
	rows   [][]int
	work   int

	// Of the column that is being added: first[c]+v numbers the level v of an
	// earlier column c, missing tells by that number and the new level which pairs
	// are not covered yet, left how many.
	first   []int
	missing [][]bool
	left    int
}

func (b *builder) build() [][]int {
	b.rows = [][]int{make([]int, 0, len(b.levels))}
	for column := range b.levels {
		b.begin(column)
		b.widen(column)
		b.lengthen(column)
	}
	return b.rows
}

// begin makes all pairs with the new column missing.
func (b *builder) begin(column int) {
	if column == 0 {
		b.first = []int{0}
	} else {
		b.first = append(b.first, b.first[column-1]+b.levels[column-1])
	}
	b.missing = make([][]bool, b.first[column])
	for i := range b.missing {
		b.missing[i] = make([]bool, b.levels[column])
		for l := range b.missing[i] {
			b.missing[i][l] = true
		}
	}
	b.left = len(b.missing) * b.levels[column]
}

// widen gives every row its level of the new column, the row that gains most
// first. The first row keeps zeros.
func (b *builder) widen(column int) {
	gains := make([][]int, len(b.rows))
	for r := range b.rows {
		gains[r] = make([]int, b.levels[column])
		for l := range gains[r] {
			gains[r][l] = b.gain(b.rows[r], l)
		}
		b.rows[r] = append(b.rows[r], open)
	}
	b.set(gains, column, 0, 0)
	for b.left > 0 {
		r, l := b.choose(gains)
		if r < 0 {
			return
		}
		b.set(gains, column, r, l)
	}
}

// gain counts the pairs that a row would cover with a level of the new column.
func (b *builder) gain(row []int, level int) int {
	b.work += len(row)
	n := 0
	for c, v := range row {
		if v != open && b.missing[b.first[c]+v][level] {
			n++
		}
	}
	return n
}

// choose returns the row and level with the greatest gain, one of them by chance
// where several are alike, and -1 where nothing gains.
func (b *builder) choose(gains [][]int) (row, level int) {
	b.work += len(gains) * len(gains[0])
	row, best, alike := -1, 0, 0
	for r, of := range gains {
		for l, n := range of {
			switch {
			case n == 0 || n < best:
				continue
			case n > best:
				best, alike = n, 0
			}
			if alike++; alike == 1 || b.rng.IntN(alike) == 0 {
				row, level = r, l
			}
		}
	}
	return row, level
}

// set gives a row its level, and takes what it covers from the gains of the
// others.
func (b *builder) set(gains [][]int, column, row, level int) {
	clear(gains[row])
	b.rows[row][column] = level
	for c, v := range b.rows[row][:column] {
		if v == open || !b.missing[b.first[c]+v][level] {
			continue
		}
		b.missing[b.first[c]+v][level] = false
		b.left--
		b.work += len(b.rows)
		for r, other := range b.rows {
			if other[c] == v && gains[r][level] > 0 {
				gains[r][level]--
			}
		}
	}
}

// lengthen covers the pairs that are left: at open places of rows, else in new
// rows.
func (b *builder) lengthen(column int) {
	for c := range column {
		for v := range b.levels[c] {
			for l, missing := range b.missing[b.first[c]+v] {
				if missing {
					b.place(column, c, v, l)
				}
			}
		}
	}
	if column == 0 { // no pairs: a row for each level
		for l := 1; l < b.levels[0]; l++ {
			b.rows = append(b.rows, []int{l})
		}
	}
}

// place puts one pair into the first row that has room for it.
func (b *builder) place(column, c, v, level int) {
	b.work += len(b.rows)
	for _, row := range b.rows {
		if (row[c] == open || row[c] == v) && (row[column] == open || row[column] == level) {
			row[c], row[column] = v, level
			return
		}
	}
	row := make([]int, column+1, len(b.levels))
	for i := range row {
		row[i] = open
	}
	row[c], row[column] = v, level
	b.rows = append(b.rows, row)
}

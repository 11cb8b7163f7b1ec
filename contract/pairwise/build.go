package pairwise

import (
	"math/rand/v2"
	"slices"
)

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
	// first[c]+v numbers the level v of a column c; with holds the rows that have it.
	first []int
	with  [][]int

	// Of the column that is being added, of which wide levels are: missing tells by
	// the number of an earlier level and the new one which pairs are not covered yet,
	// left how many. gains is what a row would cover with a level, most the greatest
	// of a row that has none yet.
	wide    int
	missing []bool
	left    int
	gains   []int
	most    []int
	alike   []int
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
	b.first, b.wide = append(b.first, len(b.with)), b.levels[column]
	b.left = len(b.with) * b.wide
	b.missing = slices.Grow(b.missing[:0], b.left)[:b.left]
	for i := range b.missing {
		b.missing[i] = true
	}
	b.with = append(b.with, make([][]int, b.wide)...)
}

// widen gives every row its level of the new column, the row that gains most
// first. The first row keeps zeros.
func (b *builder) widen(column int) {
	b.gains, b.most = b.gains[:0], b.most[:0]
	for r, row := range b.rows {
		filled := 0 // all pairs are missing
		for _, v := range row {
			if v != open {
				filled++
			}
		}
		b.most = append(b.most, filled)
		for range b.wide {
			b.gains = append(b.gains, filled)
		}
		b.rows[r] = append(row, open)
	}
	b.work += len(b.rows) * (column + b.wide)
	b.set(column, 0, 0)
	for b.left > 0 {
		r, l := b.choose()
		if r < 0 {
			return
		}
		b.set(column, r, l)
	}
}

// choose returns the row and level with the greatest gain, one of them by chance
// where several are alike, and -1 where nothing gains.
func (b *builder) choose() (row, level int) {
	b.work += len(b.most)
	most := slices.Max(b.most)
	if most == 0 {
		return -1, 0
	}
	b.alike = b.alike[:0]
	for r, n := range b.most {
		if n < most {
			continue
		}
		for l, gain := range b.gains[r*b.wide : (r+1)*b.wide] {
			if gain == most {
				b.alike = append(b.alike, r*b.wide+l)
			}
		}
	}
	b.work += len(b.alike)
	i := b.alike[b.rng.IntN(len(b.alike))]
	return i / b.wide, i % b.wide
}

// set gives a row its level, and takes what it covers from the gains of the
// others.
func (b *builder) set(column, row, level int) {
	b.most[row] = 0
	b.put(row, column, level)
	for c, v := range b.rows[row][:column] {
		if v == open {
			continue
		}
		pair := (b.first[c]+v)*b.wide + level
		if !b.missing[pair] {
			continue
		}
		b.missing[pair] = false
		b.left--
		b.lose(b.with[b.first[c]+v], level)
	}
}

// lose takes a pair that is covered from the gains of the rows that would cover it
// too.
func (b *builder) lose(rows []int, level int) {
	b.work += len(rows)
	for _, r := range rows {
		if b.most[r] == 0 {
			continue
		}
		of := b.gains[r*b.wide : (r+1)*b.wide]
		of[level]--
		if of[level]+1 == b.most[r] {
			b.most[r] = slices.Max(of)
		}
	}
}

// put puts a level into an open place of a row.
func (b *builder) put(row, column, level int) {
	if b.rows[row][column] == open {
		b.rows[row][column] = level
		b.with[b.first[column]+level] = append(b.with[b.first[column]+level], row)
	}
}

// lengthen covers the pairs that are left: at open places of rows, else in new
// rows.
func (b *builder) lengthen(column int) {
	for c := range column {
		for v := range b.levels[c] {
			for l := range b.wide {
				if b.missing[(b.first[c]+v)*b.wide+l] {
					b.place(column, c, v, l)
				}
			}
		}
	}
	if column == 0 { // no pairs: a row for each level
		for l := 1; l < b.levels[0]; l++ {
			b.add(1)
			b.put(l, 0, l)
		}
	}
}

// place puts one pair into the first row that has room for it.
func (b *builder) place(column, c, v, level int) {
	b.work += len(b.rows)
	at := slices.IndexFunc(b.rows, func(row []int) bool {
		return (row[c] == open || row[c] == v) && (row[column] == open || row[column] == level)
	})
	if at < 0 {
		at = b.add(column + 1)
	}
	b.put(at, c, v)
	b.put(at, column, level)
}

// add adds an open row and returns where it stands.
func (b *builder) add(width int) int {
	row := make([]int, width, len(b.levels))
	for i := range row {
		row[i] = open
	}
	b.rows = append(b.rows, row)
	return len(b.rows) - 1
}

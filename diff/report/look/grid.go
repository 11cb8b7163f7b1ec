package look

// Cell is one entry of a grid, visible already.
type Cell struct {
	text  string
	right bool
}

// Left is a cell of text, made visible.
func Left(s string) Cell { return Cell{text: Visible(s)} }

// Right is a cell aligned to the right, such as a number.
func Right(s string) Cell { return Cell{text: s, right: true} }

// Grid is a table: rows with the same number of cells.
type Grid [][]Cell

// widths returns the width of each column such that a row fits into width:
// the widest text column gives way first.
func (g Grid) widths(width int) []int {
	var w []int
	for _, row := range g {
		for i, c := range row {
			if i == len(w) {
				w = append(w, 0)
			}
			w[i] = max(w[i], Width(c.text))
		}
	}
	over := -width
	for _, n := range w {
		over += n + 2
	}
	for ; over > 0; over-- {
		i := g.widest(w)
		if i < 0 {
			break
		}
		w[i]--
	}
	return w
}

// widest returns the text column that is widest and wider than MinColumn, or -1.
func (g Grid) widest(w []int) int {
	widest := -1
	for i, c := range g[0] {
		if !c.right && w[i] > MinColumn && (widest < 0 || w[i] > w[widest]) {
			widest = i
		}
	}
	return widest
}

// MinColumn is what a text column keeps at least.
const MinColumn = 8

// Aligned returns the rows as lines of at most width columns.
func (g Grid) Aligned(width int) []string {
	w := g.widths(width)
	lines := make([]string, len(g))
	for n, row := range g {
		line := ""
		for i, c := range row {
			s := Truncate(c.text, w[i])
			if c.right {
				s = PadLeft(s, w[i])
			} else {
				s = Pad(s, w[i])
			}
			line += "  " + s
		}
		lines[n] = Truncate(line, width)
	}
	return lines
}

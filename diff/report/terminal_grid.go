package report

import (
	"fmt"

	"twinspect.dev/capture"
)

// cell is one entry of a grid, visible already.
type cell struct {
	text  string
	right bool
}

func text(s string) cell   { return cell{text: visible(s)} }
func number(s string) cell { return cell{text: s, right: true} }

// grid is a table: rows with the same number of cells.
type grid [][]cell

// widths returns the width of each column such that a row fits into width:
// the widest text column gives way first.
func (g grid) widths(width int) []int {
	var w []int
	for _, row := range g {
		for i, c := range row {
			if i == len(w) {
				w = append(w, 0)
			}
			w[i] = max(w[i], stringWidth(c.text))
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

// widest returns the text column that is widest and wider than minColumn, or -1.
func (g grid) widest(w []int) int {
	widest := -1
	for i, c := range g[0] {
		if !c.right && w[i] > minColumn && (widest < 0 || w[i] > w[widest]) {
			widest = i
		}
	}
	return widest
}

// minColumn is what a text column keeps at least.
const minColumn = 8

// aligned returns the rows as lines of at most width columns.
func (g grid) aligned(width int) []string {
	w := g.widths(width)
	lines := make([]string, len(g))
	for n, row := range g {
		line := ""
		for i, c := range row {
			s := truncate(c.text, w[i])
			if c.right {
				s = padLeft(s, w[i])
			} else {
				s = pad(s, w[i])
			}
			line += "  " + s
		}
		lines[n] = truncate(line, width)
	}
	return lines
}

func (t *terminal) grid(g grid) {
	for _, line := range g.aligned(t.opt.Width) {
		t.line(line)
	}
}

// account writes the stages as a table, and the reasons of a stage below it.
func (t *terminal) account() {
	if len(t.r.Account) == 0 {
		return
	}
	t.heading(bold, "ACCOUNT", "from capture to verdict: seen = written + filtered + dropped + open")
	shown := t.cut(len(t.r.Account), maxStages)
	if t.opt.Width < accountColumns {
		t.accountLines(t.r.Account[:shown])
	} else {
		t.accountTable(t.r.Account[:shown])
	}
	t.left(len(t.r.Account)-shown, " stages")
}

// accountColumns is the width below which numbers would be cut from the table.
const accountColumns = 76

func (t *terminal) accountLines(stages capture.Account) {
	for i := range stages {
		s := &stages[i]
		t.line("  ", t.paint(bold, fit(s.Name, t.opt.Width-2)))
		lines := wrap(stageLine(s, t.cut(max(len(s.Filtered), len(s.Dropped)), maxCounts)), t.opt.Width-4)
		shown := t.cut(len(lines), maxStageLines)
		for _, line := range lines[:shown] {
			t.line("    ", line)
		}
		t.left(len(lines)-shown, " lines")
		if wrong := imbalance(s); wrong != "" {
			t.line("    ", t.paint(red, fit(wrong, t.opt.Width-4)))
		}
	}
}

func (t *terminal) accountTable(stages capture.Account) {
	g := grid{{text("stage"), text("unit"), number("seen"), number("written"), number("filtered"), number("dropped"), number("open")}}
	notes := [][]string{nil}
	for i := range stages {
		s := &stages[i]
		g = append(g, []cell{text(s.Name), text(s.Unit), number(grouped(s.Seen)), number(grouped(s.Written)),
			number(grouped(s.Skipped())), number(grouped(s.Lost())), number(grouped(s.Open))})
		notes = append(notes, t.stageNotes(s))
	}
	for i, row := range g.aligned(t.opt.Width) {
		t.line(row)
		for _, note := range notes[i] {
			t.line(note)
		}
	}
}

func (t *terminal) stageNotes(s *capture.Stage) []string {
	var notes []string
	add := func(st style, what, list string) {
		if list != "" {
			notes = append(notes, t.paint(st, fmt.Sprintf("      %-8s  ", what))+fit(list, t.opt.Width-16))
		}
	}
	add(faint, "filtered", listed(s.Filtered, t.cut(len(s.Filtered), maxCounts)))
	add(yellow, "dropped", listed(s.Dropped, t.cut(len(s.Dropped), maxCounts)))
	add(red, "wrong", imbalance(s))
	return notes
}

package report

import (
	"fmt"

	"twinspect.dev/capture"

	"twinspect.dev/diff/report/look"
)

// account writes the stages as a table, and the reasons of a stage below it.
func (t *terminal) account() {
	if len(t.r.Account) == 0 {
		return
	}
	t.Heading(look.Bold, "ACCOUNT", "from capture to verdict: seen = written + filtered + dropped + open")
	shown := t.Cut(len(t.r.Account), maxStages)
	if t.Width < accountColumns {
		t.accountLines(t.r.Account[:shown])
	} else {
		t.accountTable(t.r.Account[:shown])
	}
	t.Left(len(t.r.Account)-shown, " stages")
}

// accountColumns is the width below which numbers would be cut from the table.
const accountColumns = 76

func (t *terminal) accountLines(stages capture.Account) {
	for i := range stages {
		s := &stages[i]
		t.Line("  ", t.Paint(look.Bold, look.Fit(s.Name, t.Width-2)))
		lines := look.Wrap(stageLine(s, t.Cut(max(len(s.Filtered), len(s.Dropped)), maxCounts)), t.Width-4)
		shown := t.Cut(len(lines), maxStageLines)
		for _, line := range lines[:shown] {
			t.Line("    ", line)
		}
		t.Left(len(lines)-shown, " lines")
		if wrong := imbalance(s); wrong != "" {
			t.Line("    ", t.Paint(look.Red, look.Fit(wrong, t.Width-4)))
		}
	}
}

func (t *terminal) accountTable(stages capture.Account) {
	g := look.Grid{{look.Left("stage"), look.Left("unit"), look.Right("seen"), look.Right("written"), look.Right("filtered"), look.Right("dropped"), look.Right("open")}}
	notes := [][]string{nil}
	for i := range stages {
		s := &stages[i]
		g = append(g, []look.Cell{look.Left(s.Name), look.Left(s.Unit), look.Right(look.Grouped(s.Seen)), look.Right(look.Grouped(s.Written)),
			look.Right(look.Grouped(s.Skipped())), look.Right(look.Grouped(s.Lost())), look.Right(look.Grouped(s.Open))})
		notes = append(notes, t.stageNotes(s))
	}
	for i, row := range g.Aligned(t.Width) {
		t.Line(row)
		for _, note := range notes[i] {
			t.Line(note)
		}
	}
}

func (t *terminal) stageNotes(s *capture.Stage) []string {
	var notes []string
	add := func(st look.Style, what, list string) {
		if list != "" {
			notes = append(notes, t.Paint(st, fmt.Sprintf("      %-8s  ", what))+look.Fit(list, t.Width-16))
		}
	}
	add(look.Faint, "filtered", listed(s.Filtered, t.Cut(len(s.Filtered), maxCounts)))
	add(look.Yellow, "dropped", listed(s.Dropped, t.Cut(len(s.Dropped), maxCounts)))
	add(look.Red, "wrong", imbalance(s))
	return notes
}

package report

import (
	"fmt"

	"twinspect.dev/diff/report/look"
)

// coverage tells what of the document was covered, by positive and by negative
// cases.
func (t *terminal) coverage() {
	if t.tally.Operations == 0 {
		return
	}
	t.Heading(look.Bold, "COVERAGE", "of the document, by what kept to it and what broke it")
	g := look.Grid{{look.Left("part"), look.Right("covered"), look.Right(""), look.Right("kept to"), look.Right("broken")}}
	of := func(a, b uint64) look.Cell {
		if b == 0 {
			return look.Right("–")
		}
		return look.Right(look.Grouped(a) + "/" + look.Grouped(b))
	}
	g = append(g, []look.Cell{look.Left("operations"), of(t.tally.Asked, t.tally.Operations), look.Right(look.Percent(t.tally.Asked, t.tally.Operations)), look.Right(""), look.Right("")})
	for _, p := range byPart(t.r.Coverage.Operations) {
		g = append(g, []look.Cell{look.Left(partNoun(p.Title)), of(p.Covered, p.Items), look.Right(look.Percent(p.Covered, p.Items)),
			of(p.Positive, p.Items), of(p.Negative, p.Breakable)})
	}
	t.Grid(g)
}

// lacks tells what is uncovered and why.
func (t *terminal) lacks() {
	list := lacks(t.r)
	if len(list) == 0 {
		return
	}
	t.Heading(look.Yellow, "UNCOVERED", "what no case reached, or only one side of")
	shown := t.Cut(len(list), maxLacks)
	operation := ""
	for i := range list[:shown] {
		l := &list[i]
		if l.Operation != operation {
			operation = l.Operation
			t.Line("  ", look.Fit(operation, t.Width-2))
		}
		t.Hanging("    ", fmt.Sprintf("%s %s: %s", l.Part, l.Name, missing(&l.CoverItem)), lackLines)
	}
	t.Left(len(list)-shown, "")
}

func (t *terminal) gaps() {
	if len(t.r.Gaps) == 0 {
		return
	}
	t.Heading(look.Yellow, "GAPS", "what no case could be made for")
	shown := t.Cut(len(t.r.Gaps), maxGaps)
	for i := range t.r.Gaps[:shown] {
		t.Hanging("  - ", gapLine(&t.r.Gaps[i]), lackLines)
	}
	t.Left(len(t.r.Gaps)-shown, "")
}

func (t *terminal) problems() {
	if len(t.r.Problems) == 0 {
		return
	}
	t.Heading(look.Yellow, "PROBLEMS", "parts of the document that could not be used")
	shown := t.Cut(len(t.r.Problems), maxProblems)
	for _, p := range t.r.Problems[:shown] {
		t.Hanging("  - ", p.String(), lackLines)
	}
	t.Left(len(t.r.Problems)-shown, "")
}

// account writes the stages, and the reasons of a stage below it.
func (t *terminal) account() {
	if len(t.r.Account) == 0 {
		return
	}
	t.Heading(look.Bold, "ACCOUNT", "seen = written + filtered + dropped + open")
	shown := t.Cut(len(t.r.Account), maxStages)
	for i := range t.r.Account[:shown] {
		s := &t.r.Account[i]
		t.Line("  ", t.Paint(look.Bold, look.Fit(s.Name, t.Width-2)))
		t.Hanging("    ", stageLine(s, t.Cut(max(len(s.Filtered), len(s.Dropped)), maxNotRun)), messageLines)
	}
	t.Left(len(t.r.Account)-shown, " stages")
}

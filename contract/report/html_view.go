package report

import (
	"fmt"
	"html/template"

	"twinspect.dev/contract"
	"twinspect.dev/diff/report/look"
)

// The most entries of the lists of the page, each at most listColumns bytes long: 100 KB
// together, mostly.
const (
	maxListed   = 200
	maxCells    = 10 // parts of the document that are columns
	listColumns = 300
	kindColumns = 20
)

// view is what the template shows.
type view struct {
	Report                                   *contract.Report
	Meaning                                  meaning
	Tally                                    tally
	Asked, Lasted, Speed, Latency            string
	Reasons                                  []string
	Kinds                                    []kindView
	Bar                                      struct{ Covered, Half int }
	Shares                                   []partShare
	Columns                                  []string
	OperationsLeft                           uint64
	Lacks                                    []lackView
	Gaps, Problems                           []string
	LackCount, LacksLeft, GapCount, GapsLeft uint64
	ProblemCount, ProblemsLeft               uint64
	Stages                                   []stageView
	Policy                                   template.HTML
	Style                                    template.CSS
	Script                                   template.JS
	found                                    map[string]*group
}

type kindView struct {
	Title                string
	Made, Broken, NotRun uint64
}

type stageView struct{ Name, Line string }

type lackView struct{ Where, Why string }

func viewOf(r *contract.Report) *view {
	v := &view{
		Report: r, Meaning: meaningOf(r.Verdict), Tally: tallyOf(r), Asked: look.Clip(asked(r), messageColumns), Lasted: look.Lasted(r.Started, r.Ended),
		Latency: latencies(r.Latency), Shares: byPart(r.Coverage.Operations), found: map[string]*group{},
		Policy: look.Policy(pageScript, pageStyle),
		Style:  template.CSS(pageStyle), //nolint:gosec // our own bundle
		Script: template.JS(pageScript), //nolint:gosec // our own bundle
	}
	v.Shares = v.Shares[:min(len(v.Shares), maxCells)]
	for _, s := range v.Shares {
		v.Columns = append(v.Columns, brief(s.Title, nameColumns))
	}
	for _, g := range grouped(r.Findings) {
		v.found[g.Operation] = g
	}
	for _, reason := range r.Reasons[:min(len(r.Reasons), maxListed)] {
		v.Reasons = append(v.Reasons, brief(reason, messageColumns))
	}
	v.numbers()
	v.lists()
	return v
}

func (v *view) numbers() {
	t := &v.Tally
	if t.Rate > 0 && v.Report.Provider != "" {
		v.Speed = look.Grouped(uint64(t.Rate+0.5)) + " a second"
	}
	if t.Items > 0 {
		v.Bar.Covered = int(1000 * t.Covered / t.Items) //nolint:gosec // at most 1000
		v.Bar.Half = int(1000 * t.Half / t.Items)       //nolint:gosec // at most 1000
	}
	for _, k := range v.Report.Cases[:min(len(v.Report.Cases), len(kinds))] {
		v.Kinds = append(v.Kinds, kindView{kindTitle(k.Kind), k.Made, k.Broken, sum(k.NotRun)})
	}
	for i := range v.Report.Account {
		s := &v.Report.Account[i]
		v.Stages = append(v.Stages, stageView{brief(s.Name, 60), brief(stageLine(s, 0), messageColumns)})
	}
}

func kindTitle(k contract.Kind) string {
	switch k {
	case contract.Positive:
		return "Positive cases"
	case contract.Negative:
		return "Negative cases"
	case contract.Sequence:
		return "Sequences"
	}
	return brief(string(k), kindColumns)
}

// lists cuts the lists to what the page has room for.
func (v *view) lists() {
	open := lacks(v.Report)
	v.LackCount, v.LacksLeft = counts(len(open))
	for i := range open[:min(len(open), maxListed)] {
		l := &open[i]
		v.Lacks = append(v.Lacks, lackView{brief(fmt.Sprintf("%s %s %s", l.Operation, l.Part, l.Name), listColumns), brief(missing(&l.CoverItem), listColumns)})
	}
	gaps, problems := v.Report.Gaps, v.Report.Problems
	v.GapCount, v.GapsLeft = counts(len(gaps))
	for i := range gaps[:min(len(gaps), maxListed)] {
		v.Gaps = append(v.Gaps, brief(gapLine(&gaps[i]), listColumns))
	}
	v.ProblemCount, v.ProblemsLeft = counts(len(problems))
	for i := range problems[:min(len(problems), maxListed)] {
		v.Problems = append(v.Problems, brief(problems[i].String(), listColumns))
	}
}

// counts returns n, and how many of n are left out of a list.
func counts(n int) (all, left uint64) {
	return uint64(n), uint64(max(n-maxListed, 0)) //nolint:gosec // lengths
}

// operationView is a row of the matrix.
type operationView struct {
	Anchor, Operation, FirstFinding string
	N                               int
	Asked, Findings                 uint64
	Cells                           []cellView
}

// cellView is the coverage of one part of an operation. Class tells the tenths
// that were kept to and broken, as k0 to k10 and b0 to b10.
type cellView struct {
	Title, Class   string
	Items, Covered uint64
}

func (v *view) operation(i int) *operationView {
	op := &v.Report.Coverage.Operations[i]
	o := &operationView{Anchor: operationAnchor(op.Operation), Operation: look.Clip(op.Operation, messageColumns), N: i, Asked: op.Asked}
	if g := v.found[op.Operation]; g != nil {
		o.Findings, o.FirstFinding = uint64(len(g.Findings)), Anchor(g.Findings[0])
	}
	own := byPart(v.Report.Coverage.Operations[i : i+1])
	for j, s := range v.Shares {
		c := cellView{Title: v.Columns[j]}
		for _, p := range own {
			if p.Part == s.Part {
				c.Items, c.Covered, c.Class = p.Items, p.Covered, classOf(&p.share)
			}
		}
		o.Cells = append(o.Cells, c)
	}
	return o
}

// classOf never shows something as nothing, or a part as the whole.
func classOf(s *share) string {
	class := fmt.Sprintf("k%d", tenths(s.Positive, s.Items))
	if s.Breakable > 0 {
		class += fmt.Sprintf(" b%d", tenths(s.Negative, s.Breakable))
	}
	switch s.Covered {
	case s.Items:
		class += " full"
	case 0:
		class += " nothing"
	}
	return class
}

func tenths(part, whole uint64) uint64 {
	switch {
	case whole == 0 || part == 0:
		return 0
	case part >= whole:
		return 10
	}
	return min(max(10*part/whole, 1), 9)
}

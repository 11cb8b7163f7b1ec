// Package against compares one finished run with an earlier one: which findings
// are new, which are gone, and which are still there. It is pure.
package against

import (
	"cmp"
	"slices"

	"twinspect.dev/diff"
)

// State is what became of a finding.
type State string

// The states.
const (
	New   State = "new"   // the later run alone has it
	Worse State = "worse" // noise, accepted or a suspect before, and now more
	Still State = "still" // judged as before
	Less  State = "less"  // a regression before, and now a suspect, accepted or noise
	Gone  State = "gone"  // the later run compared the operation and does not have it
	// Unseen: the later run did not compare the operation, so that nobody knows.
	Unseen State = "unseen"
)

var states = []State{New, Worse, Still, Less, Unseen, Gone}

// Finding is a difference that at least one of the runs did not take for noise.
type Finding struct {
	diff.Cell
	State State `json:"state"`
	// Old and New are the difference in each run, nil where it has none.
	Old *diff.Difference `json:"old,omitempty"`
	New *diff.Difference `json:"new,omitempty"`
}

// Run names one of the runs.
type Run struct {
	Input    string       `json:"input"`
	Started  string       `json:"started"` // RFC 3339
	Tool     string       `json:"tool"`
	Verdict  diff.Verdict `json:"verdict"`
	Compared uint64       `json:"compared"` // outcomes
}

// Comparison is what two runs say together.
type Comparison struct {
	Old Run `json:"old"`
	New Run `json:"new"`
	// Findings are in the order of the states, within each in that of a report.
	Findings []Finding        `json:"findings"`
	Counts   map[State]uint64 `json:"counts"`
	// Explained is how many differences are noise in both runs.
	Explained uint64 `json:"explained"`
}

// Compare compares a run with an earlier one. The reports are not changed, and
// the comparison refers to their differences.
func Compare(old, later *diff.Report) *Comparison {
	c := &Comparison{Old: runOf(old), New: runOf(later), Findings: []Finding{}, Counts: make(map[State]uint64)}
	before, compared := byCell(old), comparedIn(later)
	for i := range later.Differences {
		d := &later.Differences[i]
		was := before[d.Cell]
		delete(before, d.Cell)
		c.add(Finding{Cell: d.Cell, State: stateOf(was, d), Old: was, New: d})
	}
	for cell, was := range before {
		state := Gone
		if !compared[cell.Operation] {
			state = Unseen
		}
		c.add(Finding{Cell: cell, State: state, Old: was})
	}
	slices.SortFunc(c.Findings, compareFindings)
	return c
}

// add counts a finding, unless it is noise wherever it occurs.
func (c *Comparison) add(f Finding) {
	if isNoise(f.Old) && isNoise(f.New) {
		c.Explained++
		return
	}
	c.Findings = append(c.Findings, f)
	c.Counts[f.State]++
}

func isNoise(d *diff.Difference) bool { return d == nil || d.Judgement == diff.Noise }

// weight orders judgements by how much attention they ask for.
func weight(d *diff.Difference) int {
	if d == nil {
		return 0
	}
	switch d.Judgement {
	case diff.Regression:
		return 3
	case diff.Suspect:
		return 2
	case diff.Accepted:
		return 1
	}
	return 0
}

func stateOf(was, is *diff.Difference) State {
	switch before, now := weight(was), weight(is); {
	case was == nil && now > 0:
		return New
	case now > before:
		return Worse
	case now < before:
		return Less
	}
	return Still
}

func compareFindings(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(slices.Index(states, a.State), slices.Index(states, b.State)),
		diff.Compare(*cmp.Or(a.New, a.Old), *cmp.Or(b.New, b.Old)),
	)
}

func byCell(r *diff.Report) map[diff.Cell]*diff.Difference {
	cells := make(map[diff.Cell]*diff.Difference, len(r.Differences))
	for i := range r.Differences {
		cells[r.Differences[i].Cell] = &r.Differences[i]
	}
	return cells
}

func comparedIn(r *diff.Report) map[string]bool {
	compared := make(map[string]bool, len(r.Operations))
	for _, op := range r.Operations {
		compared[op.Name] = op.Compared > 0
	}
	return compared
}

func runOf(r *diff.Report) Run {
	run := Run{Input: r.Input, Started: r.Started.Format("2006-01-02T15:04:05Z07:00"), Tool: r.Tool, Verdict: r.Verdict}
	for _, op := range r.Operations {
		run.Compared += op.Compared
	}
	return run
}

// Verdict is fail where a regression is new, inconclusive where the later run is or
// a suspect is new, and pass otherwise: what was there before is not held
// against the later run.
func (c *Comparison) Verdict() diff.Verdict {
	verdict := diff.Pass
	if c.New.Verdict == diff.Interrupted {
		return diff.Interrupted
	}
	if c.New.Compared == 0 || c.Counts[Unseen] > 0 {
		verdict = diff.Inconclusive
	}
	for i := range c.Findings {
		f := &c.Findings[i]
		if f.State != New && f.State != Worse {
			continue
		}
		switch f.New.Judgement {
		case diff.Regression:
			return diff.Fail
		case diff.Suspect:
			verdict = diff.Inconclusive
		}
	}
	return verdict
}

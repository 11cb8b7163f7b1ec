package report

import (
	"fmt"
	"slices"
	"strings"

	"twinspect.dev/diff"
	"twinspect.dev/diff/report/look"
)

// The most lines of the sections on what the run knows of itself. A rule takes
// its own, one of what it hid, and one for each of its first problems.
const (
	maxTroubles        = 6
	maxWorstOperations = 4
	maxBlindGroups     = 2
	blindLines         = 3
	maxProblems        = 2
)

// troubles sums the causes up by category.
func (t *terminal) troubles() {
	list := t.r.Troubles
	if !t.Verbose { // its own section tells of noise
		list = slices.DeleteFunc(slices.Clone(list), func(t diff.Trouble) bool { return t.Category == diff.CauseNoise })
	}
	if len(list) == 0 {
		return
	}
	t.Heading(look.Yellow, "TROUBLES", "by their cause, and what to do")
	shown := t.Cut(len(list), maxTroubles)
	for i := range list[:shown] {
		name := look.Pad(look.Visible(string(list[i].Category)), len(diff.CauseEnvironment))
		t.Hanging("  "+name+"  ", trouble(&list[i]), maxTroubleLines)
	}
	t.Left(len(list)-shown, "")
}

// maxTroubleLines bounds what the sentence of one category takes.
const maxTroubleLines = 3

// confirmation says what came of asking again, and of what earlier runs knew.
func (t *terminal) confirmation() {
	if c := t.r.Confirmation; c != nil {
		t.Hanging("  ", confirmed(c), maxTroubleLines)
	}
	if p := t.r.Profile; p != nil {
		t.Hanging("  ", "noise "+known(p), maxTroubleLines)
	}
}

// selfCheck says what the run would have missed, and why.
func (t *terminal) selfCheck() {
	s := t.r.SelfCheck
	if s == nil {
		return
	}
	st := look.Green
	if tooBlind(s) || s.Mutations == 0 {
		st = look.Yellow
	}
	t.Heading(st, "SELF-CHECK", "how many faults, put in on purpose, would go unnoticed")
	t.Hanging("  ", checked(s), maxTroubleLines)
	if !t.Verbose {
		t.blindGroups(s)
		return
	}
	if worst := worstOperations(s); len(worst) > 0 {
		g := look.Grid{{look.Left("worst operations"), look.Right("missed"), look.Right("of"), look.Right("")}}
		for _, op := range worst {
			g = append(g, []look.Cell{look.Left(op.Name), look.Right(look.Grouped(op.Missed)), look.Right(look.Grouped(op.Mutations)), look.Right(look.Percent(op.Missed, op.Mutations))})
		}
		t.Grid(g)
	}
	for i := range s.Blind {
		b := &s.Blind[i]
		t.Line("  ", t.Paint(st, look.Fit(b.Operation+" "+b.Place.String(), t.Width-2)))
		t.Hanging("    ", blinded(b), maxTroubleLines)
	}
	t.Left(int(min(s.MoreBlind, maxCounted)), " blind spots")
}

// blindGroups tells in a few lines what was missed, and why.
func (t *terminal) blindGroups(s *diff.SelfCheck) {
	groups := blindGroups(s)
	shown := groups[:min(len(groups), maxBlindGroups)]
	left := uint64(len(s.Blind)) + min(s.MoreBlind, maxCounted)
	for i := range shown {
		t.Hanging("  - ", shown[i].String(), blindLines)
		left -= shown[i].Places
	}
	t.Left(int(left), " blind spots") //nolint:gosec // bounded by maxCounted and by memory
}

// maxCounted keeps a count from outside within an int.
const maxCounted = 1 << 30

// worstOperations returns the operations in which something was missed, those
// with the greatest share first.
func worstOperations(s *diff.SelfCheck) []diff.SelfCheckOperation {
	list := slices.DeleteFunc(slices.Clone(s.Operations), func(op diff.SelfCheckOperation) bool { return op.Missed == 0 })
	slices.SortStableFunc(list, func(a, b diff.SelfCheckOperation) int {
		x, y := share64(a.Missed, a.Mutations), share64(b.Missed, b.Mutations)
		switch {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	return list
}

func share64(part, whole uint64) float64 { return float64(part) / float64(max(whole, 1)) }

// rules lists the rules: those with a problem, those that matched nothing, and
// how the others earned their place.
func (t *terminal) rules() {
	rules := rulesByNeed(t.r)
	if len(rules) == 0 {
		return
	}
	if !explained(rules) {
		t.Heading(look.Yellow, "RULES", "that matched nothing in this run, of "+t.r.Rules.File)
	} else {
		t.Heading(look.Bold, "RULES", "of "+t.r.Rules.File+", and how each earned its place")
	}
	shown := t.Cut(len(rules), maxRules)
	for i := range rules[:shown] {
		t.rule(&rules[i], explained(rules))
	}
	t.Left(len(rules)-shown, "")
}

func (t *terminal) rule(rule *diff.RuleInfo, explain bool) {
	t.Line(look.Fit(fmt.Sprintf("  line %d: %s (%s)", rule.Line, rule.What, rule.Reason), t.Width))
	if !explain {
		return
	}
	what := earned(rule)
	if rule.Matched == 0 && len(rule.Problems) > 0 {
		what = "" // a problem says so
	}
	if rule.Expires != "" {
		what = strings.TrimPrefix(what+", until "+look.Visible(rule.Expires), ", ")
	}
	if what != "" {
		t.Line("    ", t.Paint(look.Faint, look.Fit(what, t.Width-4)))
	}
	shown := t.Cut(len(rule.Problems), maxProblems)
	for _, p := range rule.Problems[:shown] {
		t.Line("    ", t.Paint(look.Yellow, look.Fit(p, t.Width-4)))
	}
	t.Left(len(rule.Problems)-shown, " problems")
}

// explained reports whether anything is told of the rules beyond what matched.
func explained(rules []diff.RuleInfo) bool {
	return slices.ContainsFunc(rules, func(r diff.RuleInfo) bool {
		return r.Branch > 0 || r.Control > 0 || r.Expires != "" || len(r.Problems) > 0
	})
}

// rulesByNeed returns the rules that there is something to tell of, those with
// a problem first, then those that matched nothing.
func rulesByNeed(r *diff.Report) []diff.RuleInfo {
	if r.Rules == nil {
		return nil
	}
	if !explained(r.Rules.Rules) {
		return unmatched(r)
	}
	rules := slices.Clone(r.Rules.Rules)
	need := func(r *diff.RuleInfo) int {
		switch {
		case len(r.Problems) > 0:
			return 0
		case r.Matched == 0:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(rules, func(a, b diff.RuleInfo) int { return need(&a) - need(&b) })
	return rules
}

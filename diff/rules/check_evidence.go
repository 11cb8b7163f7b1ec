package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"twinspect.dev/diff"
	"twinspect.dev/diff/stats"
)

// doubtful is the e-value from which on what a rule hides on branch's side alone
// is more than chance: as rare as one in twenty. Differences of one answer are
// counted apart though one cause may make them all, so that it is a hint and no
// proof.
const doubtful = 20

// byEvidence tells what the rules did, but for what is known to be wrong with
// them without it.
func (s *Set) byEvidence(report *diff.Report, known []Problem) []Problem {
	unreachable := make(map[int]bool)
	for _, p := range known {
		if p.Kind == Shadowed || p.Kind == Duplicate {
			unreachable[p.rule] = true
		}
	}
	infos := s.infosOf(report)
	paired := hasControl(report)
	var problems []Problem
	for i, r := range s.rules {
		if r.expired || unreachable[i] {
			continue
		}
		if p, found := s.unused(i, infos[i], report); found {
			problems = append(problems, p)
		}
		if p, found := s.oneSided(i, infos[i]); found && paired {
			problems = append(problems, p)
		}
	}
	if paired {
		problems = append(problems, s.blindOperations(report, infos)...)
	}
	return problems
}

// infosOf finds each rule in the evidence, nil where it is not there. The lines
// may have moved since.
func (s *Set) infosOf(report *diff.Report) []*diff.RuleInfo {
	infos := make([]*diff.RuleInfo, len(s.rules))
	if report.Rules == nil {
		return infos
	}
	byText := make(map[string][]*diff.RuleInfo)
	for i := range report.Rules.Rules {
		info := &report.Rules.Rules[i]
		text, _, _ := strings.Cut(info.What, expiredMark)
		byText[text] = append(byText[text], info)
	}
	for i, r := range s.rules {
		if same := byText[r.says()]; len(same) > 0 {
			infos[i], byText[r.says()] = same[0], same[1:]
		}
	}
	return infos
}

func hasControl(report *diff.Report) bool {
	return slices.ContainsFunc(report.Sides, func(s diff.SideInfo) bool { return s.Side == "control" && s.Answered > 0 })
}

func (s *Set) unused(i int, info *diff.RuleInfo, report *diff.Report) (Problem, bool) {
	r := s.rules[i]
	const do = "remove it, or correct its place: what it was meant for may be called otherwise now"
	switch {
	case info == nil && r.coversAny(report.Differences):
		return Problem{}, false
	case info == nil:
		return s.problem(i, MatchesNothing, "the rule was not there when the evidence was made, and covers none of its differences", do), true
	case info.Matched > 0:
		return Problem{}, false
	case r.robbed > 0:
		return s.problem(i, Shadowed, fmt.Sprintf("the rule was never reached: that in line %d (%s), or another one before it, settled all %d differences at its place",
			r.robber.line, r.robber.says(), r.robbed), "remove it, or move it before the other one"), true
	case !r.scope.hasAny(report.Operations):
		return s.problem(i, MatchesNothing, "the rule matched nothing: no operation of the evidence is called "+strings.Join(r.scope.operations, ", "), do), true
	}
	return s.problem(i, MatchesNothing, "the rule matched nothing in the evidence", do), true
}

func (f filter) hasAny(operations []diff.Operation) bool {
	return len(f.operations) == 0 || slices.ContainsFunc(operations, func(o diff.Operation) bool { return f.hasOperation(o.Name) })
}

// coversAny reports whether the rule would be asked about one of the
// differences. One whose path depends on values may be.
func (r *rule) coversAny(differences []diff.Difference) bool {
	for i := range differences {
		d := &differences[i]
		it := ItemOf(d, nil)
		if outcome, _ := r.explain(d.Operation, 0, &it); outcome != Elsewhere && outcome != OtherOperation {
			return true
		}
		for k := range d.Examples {
			it := ItemOf(d, &d.Examples[k])
			if outcome, _ := r.explain(d.Operation, 0, &it); outcome != Elsewhere && outcome != OtherOperation {
				return true
			}
		}
	}
	return false
}

// oneSided reports a rule that hides what base never does by itself. One that
// says how documents are matched does not hide what it is counted for.
func (s *Set) oneSided(i int, info *diff.RuleInfo) (Problem, bool) {
	if info == nil || s.rules[i].action.aligns() || info.Control > 0 || stats.EValue(info.Branch, 0) < doubtful {
		return Problem{}, false
	}
	return s.problem(i, HidesBranch,
		fmt.Sprintf("the rule hid %d differences between base and branch, and base never differs from itself there: it hides what branch does otherwise", info.Branch),
		"remove it; where the difference is intended, accept it for a time with twinspect accept"), true
}

// hidden is what was hidden of one operation, and the rule that hid most of it.
type hidden struct {
	RuleCounts
	rule int
	most uint64
}

func (h *hidden) add(rule int, c RuleCounts) {
	h.Branch += c.Branch
	h.Control += c.Control
	if c.Branch > h.most {
		h.rule, h.most = rule, c.Branch
	}
}

// blindOperations reports operations of which nothing is left to judge, though
// branch differs more often than base from itself.
func (s *Set) blindOperations(report *diff.Report, infos []*diff.RuleInfo) []Problem {
	shown := make(map[string]bool)
	for i := range report.Differences {
		shown[report.Differences[i].Operation] = true
	}
	byOperation := s.hiddenBy(infos)
	var problems []Problem
	for _, name := range slices.Sorted(maps.Keys(byOperation)) {
		h := byOperation[name]
		if shown[name] || stats.EValue(h.Branch, h.Control) < doubtful {
			continue
		}
		problems = append(problems, s.problem(h.rule, HidesOperation,
			fmt.Sprintf("every difference of %s is hidden, %d between base and branch and %d between base and itself, most of them by this rule",
				name, h.Branch, h.Control),
			"narrow the rule to what base itself changes"))
	}
	return problems
}

// hiddenBy sums up by operation what the rules hid: as they counted it
// themselves or, where they judged nothing, by the evidence of rules that are
// for one operation alone.
func (s *Set) hiddenBy(infos []*diff.RuleInfo) map[string]*hidden {
	result := make(map[string]*hidden)
	at := func(name string) *hidden {
		if result[name] == nil {
			result[name] = new(hidden)
		}
		return result[name]
	}
	index := make(map[*rule]int, len(s.rules))
	for i, r := range s.rules {
		index[r] = i
	}
	for key, scope := range s.scopes {
		for i := range scope.countable() {
			at(key.operation).add(index[scope.rules[i]], scope.hid[i])
		}
	}
	if len(result) > 0 {
		return result
	}
	for i, info := range infos {
		f := s.rules[i].scope
		if info != nil && !s.rules[i].action.aligns() && len(f.operations) == 1 && !strings.Contains(f.operations[0], "*") {
			at(f.operations[0]).add(i, RuleCounts{Branch: info.Branch, Control: info.Control})
		}
	}
	return result
}

// countable yields the rules that hide what they are counted for.
func (s *Scope) countable() func(yield func(int) bool) {
	return func(yield func(int) bool) {
		if s == nil {
			return
		}
		for i, r := range s.rules {
			if !r.action.aligns() && s.hid[i] != (RuleCounts{}) && !yield(i) {
				return
			}
		}
	}
}

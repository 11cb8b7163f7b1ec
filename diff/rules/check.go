package rules

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"twinspect.dev/diff"
	"twinspect.dev/diff/class"
)

// ProblemKind is what is wrong with a rule.
type ProblemKind string

// The kinds of problems.
const (
	ExpiredRule    ProblemKind = "expired"
	Expiring       ProblemKind = "expiring"
	Duplicate      ProblemKind = "duplicate"
	Shadowed       ProblemKind = "shadowed"
	OverBroad      ProblemKind = "over-broad"
	MatchesNothing ProblemKind = "matches-nothing"
	HidesBranch    ProblemKind = "hides-branch"
	HidesOperation ProblemKind = "hides-operation"
)

// Problem is something wrong with a rule, at its place in the file.
type Problem struct {
	File   string      `json:"file"`
	Line   int         `json:"line"`
	Column int         `json:"column"`
	Kind   ProblemKind `json:"kind"`
	// What says what is wrong, Do what to do about it.
	What string `json:"what"`
	Do   string `json:"do"`

	rule int
}

// String names the place, what is wrong, and what to do, the place first, as
// compilers do.
func (p Problem) String() string {
	return fmt.Sprintf("%s:%d:%d: %s; %s", p.File, p.Line, p.Column, p.What, p.Do)
}

// Soon is how long before its expiry a rule is reported: two weeks, in which
// somebody finds the time to look at it.
const Soon = 14 * 24 * time.Hour

// Check tells what is wrong with the rules, in the order of the file. report is
// the evidence of a run under the rules, nil for none: what is told of a rule by
// what it did is then left out. It is best a run that the set itself has judged
// while it watched (see [Set.Watch]). A rule that the evidence does not know is
// held against the differences that are left. Nothing is changed.
func Check(set *Set, report *diff.Report) []Problem {
	if set == nil {
		return nil
	}
	problems := slices.Clone(set.static())
	if report != nil {
		problems = append(problems, set.byEvidence(report, problems)...)
	}
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return problems
}

func (s *Set) problem(rule int, kind ProblemKind, what, do string) Problem {
	r := s.rules[rule]
	return Problem{File: s.file, Line: r.line, Column: r.column, Kind: kind, What: what, Do: do, rule: rule}
}

// maxSettlers bounds how many earlier rules each one is held against, so that a
// file of the greatest size, with 25,000 rules, is checked in seconds. Real
// files have less than a hundred that settle everything at their place.
const maxSettlers = 256

// static tells what can be told without evidence.
func (s *Set) static() []Problem {
	if s.checked {
		return s.problems
	}
	s.checked = true
	first := make(map[string]int)
	var settlers []int
	for i, r := range s.rules {
		if p, found := s.lifetime(i); found {
			s.problems = append(s.problems, p)
		}
		if r.expired {
			continue
		}
		if p, found := s.breadth(i); found {
			s.problems = append(s.problems, p)
		}
		if earlier, twice := first[r.says()]; twice {
			s.problems = append(s.problems, s.problem(i, Duplicate,
				fmt.Sprintf("the rule is the same as that in line %d", s.rules[earlier].line), "remove one of the two"))
			continue
		}
		first[r.says()] = i
		if p, found := s.shadow(i, settlers); found {
			s.problems = append(s.problems, p)
		} else if r.action.settles() && len(settlers) < maxSettlers {
			settlers = append(settlers, i)
		}
	}
	return s.problems
}

func (s *Set) lifetime(i int) (Problem, bool) {
	r := s.rules[i]
	switch {
	case r.expires.IsZero():
		return Problem{}, false
	case r.expired:
		return s.problem(i, ExpiredRule, "the rule expired on "+r.lastDay()+" and is not applied any more",
			"remove it, or give it a later day where its reason still holds"), true
	case r.expires.Sub(s.now) <= Soon:
		return s.problem(i, Expiring, "the rule expires on "+r.lastDay(),
			"remove it, or give it a later day where its reason still holds"), true
	}
	return Problem{}, false
}

// breadth reports rules that look at nothing.
func (s *Set) breadth(i int) (Problem, bool) {
	r := s.rules[i]
	switch {
	case !r.action.hidesAll() || !r.place.isEverything():
		return Problem{}, false
	case len(r.scope.operations) > 0:
		return s.problem(i, HidesOperation, fmt.Sprintf("the rule hides every difference of the %s%s", r.place.part, r.scope),
			"name the values that may differ, or leave the operation out of the recording"), true
	}
	return s.problem(i, OverBroad, fmt.Sprintf("the rule hides every difference of the %s%s", r.place.part, r.scope),
		"name the values that may differ, and the operations in which they may"), true
}

// hidesAll reports whether nothing that changes at the place is told.
func (a *action) hidesAll() bool {
	return a.ignore || a.class != nil && *a.class == class.Any
}

func (s *Set) shadow(i int, settlers []int) (Problem, bool) {
	later := s.rules[i]
	for _, k := range settlers {
		r := s.rules[k]
		if r.action.settlesBefore(&later.action) && r.scope.coversAll(later.scope) && r.place.coversAll(later.place, r.action.ignore) {
			return s.problem(i, Shadowed, fmt.Sprintf("the rule is never reached: that in line %d (%s) settles everything before it", r.line, r.says()),
				"remove it, or move it before the other one"), true
		}
	}
	return Problem{}, false
}

// settles reports whether there are actions that the action leaves nothing to.
func (a *action) settles() bool {
	return a.ignore || a.class != nil || a.regexp != nil || a.aligns()
}

// settlesBefore reports whether the action leaves nothing to one that comes
// after it at the same place.
func (a *action) settlesBefore(later *action) bool {
	switch {
	case a.ignore:
		return true
	case a.class != nil || a.regexp != nil: // all that is Changed is hidden or broken
		return later.class != nil || later.regexp != nil || later.absolute != nil || later.relative != nil || later.time != nil
	case a.rename != "":
		return later.rename != ""
	case a.array != nil && later.array != nil:
		return a.array.Unordered && later.array.Unordered || a.array.Key != nil && later.array.Key != nil
	}
	return false
}

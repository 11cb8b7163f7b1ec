package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/diff/report/look"
)

// meaning is what a verdict tells a pipeline.
type meaning struct {
	Verdict diff.Verdict
	Code    int
	Title   string
	Text    string // completes "exit code N: "
}

// meaningOf explains a verdict. One that this version does not know is treated
// as inconclusive: nothing unknown may look like a pass.
func meaningOf(v diff.Verdict) meaning {
	switch v {
	case diff.Pass:
		return meaning{v, v.ExitCode(), "Pass", "no regression was found, and enough was compared to say so"}
	case diff.Fail:
		return meaning{v, v.ExitCode(), "Fail", "branch does not behave like base"}
	case diff.Interrupted:
		return meaning{v, v.ExitCode(), "Interrupted", "the run was stopped; the report covers the part that was done"}
	}
	return meaning{diff.Inconclusive, v.ExitCode(), "Inconclusive", "too little was compared or too much was lost to tell"}
}

// tally holds the key numbers of a report.
type tally struct {
	Regressions, Suspects            uint64
	Accepted, Noise                  uint64
	RegressedOperations              uint64
	Operations, DifferingOperations  uint64
	Compared, NotCompared, Differing uint64
	Filtered, Dropped                uint64
	UnmatchedRules                   uint64
}

func tallyOf(r *diff.Report) tally {
	t := tally{Operations: uint64(len(r.Operations))}
	regressed, differing := map[string]bool{}, map[string]bool{}
	for i := range r.Differences {
		switch d := &r.Differences[i]; d.Judgement {
		case diff.Regression:
			t.Regressions++
			regressed[d.Operation], differing[d.Operation] = true, true
		case diff.Suspect:
			t.Suspects++
			differing[d.Operation] = true
		case diff.Accepted:
			t.Accepted++
		default:
			t.Noise++
		}
	}
	t.RegressedOperations = uint64(len(regressed))
	for i := range r.Operations {
		op := &r.Operations[i]
		t.addOperation(op)
		if op.Differing > 0 {
			differing[op.Name] = true
		}
	}
	t.DifferingOperations = uint64(len(differing))
	for i := range r.Account {
		t.Filtered += r.Account[i].Skipped()
		t.Dropped += r.Account[i].Lost()
	}
	t.UnmatchedRules = uint64(len(unmatched(r)))
	return t
}

func (t *tally) addOperation(op *diff.Operation) {
	t.Compared += op.Compared
	t.Differing += op.Differing
	for _, n := range op.NotCompared {
		t.NotCompared += n
	}
}

// Found says in a line what was found.
func (t *tally) Found() string {
	var parts []string
	if t.Regressions > 0 {
		parts = append(parts, look.Plural(t.Regressions, "regression")+" in "+look.Plural(t.RegressedOperations, "operation"))
	} else {
		parts = append(parts, "no regression found")
	}
	if t.Suspects > 0 {
		parts = append(parts, look.Plural(t.Suspects, "suspect"))
	}
	if t.Accepted > 0 {
		parts = append(parts, look.Grouped(t.Accepted)+" accepted")
	}
	return strings.Join(parts, ", ")
}

// unmatched returns the rules that matched nothing.
func unmatched(r *diff.Report) []diff.RuleInfo {
	if r.Rules == nil {
		return nil
	}
	var rules []diff.RuleInfo
	for _, rule := range r.Rules.Rules {
		if rule.Matched == 0 {
			rules = append(rules, rule)
		}
	}
	return rules
}

// judged returns the differences with the judgement j. Unlike
// [diff.Report.Judged] it loses none where they do not stand together.
func judged(r *diff.Report, j diff.Judgement) []diff.Difference {
	var found []diff.Difference
	for _, d := range r.Differences {
		if d.Judgement == j {
			found = append(found, d)
		}
	}
	return found
}

// rates writes how often each side differed from base.
func rates(c diff.Counts) string {
	branch := fmt.Sprintf("branch %s/%s", look.Grouped(c.Branch), look.Grouped(c.N))
	if !c.Paired {
		return branch + ", no control"
	}
	return branch + fmt.Sprintf(", control %s/%s", look.Grouped(c.Control), look.Grouped(c.N))
}

// What stands for a value without text: that of a side that has none, and one
// that is empty, such as a header's.
const (
	absent = "(absent)"
	empty  = "(empty)"
)

// baseValue returns the text of base's value in an example of the kind k.
func baseValue(k diff.Kind, e *diff.Example) string { return valueText(e.Base, k == diff.Added) }

// branchValue is baseValue for branch.
func branchValue(k diff.Kind, e *diff.Example) string { return valueText(e.Branch, k == diff.Removed) }

func valueText(value string, missing bool) string {
	switch {
	case value != "":
		return value
	case missing:
		return absent
	}
	return empty
}

// asked writes which request an example was, and where in its answer.
func asked(e *diff.Example) string {
	s := look.Visible(e.Method + " " + e.Target)
	if e.At == "" {
		return s
	}
	return s + " at " + look.Visible(e.At)
}

// reasonCount is one entry of a map of counts.
type reasonCount struct {
	Reason string
	N      uint64
}

// ranked returns the counts of m, the greatest first, ties by name.
func ranked[K ~string](m map[K]uint64) []reasonCount {
	list := make([]reasonCount, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		list = append(list, reasonCount{string(k), m[k]})
	}
	slices.SortStableFunc(list, func(a, b reasonCount) int { return cmp.Compare(b.N, a.N) })
	return list
}

// listed writes at most limit counts as "gap 3, reset 2" and says how many
// reasons are left; a limit of 0 writes all.
func listed[K ~string](m map[K]uint64, limit int) string {
	list := ranked(m)
	rest := uint64(0)
	if limit > 0 && len(list) > limit {
		for _, c := range list[limit:] {
			rest += c.N
		}
		list = list[:limit]
	}
	parts := make([]string, 0, len(list)+1)
	for _, c := range list {
		parts = append(parts, look.Visible(c.Reason)+" "+look.Grouped(c.N))
	}
	if more := len(m) - len(list); more > 0 {
		parts = append(parts, fmt.Sprintf("%s %s", look.Plural(uint64(more), "other reason"), look.Grouped(rest)))
	}
	return strings.Join(parts, ", ")
}

// imbalance says that a stage's numbers do not add up, or "".
func imbalance(s *capture.Stage) string {
	if err := s.Balance(); err != nil {
		return err.Error()
	}
	return ""
}

// stageLine writes a stage in one line, with at most limit reasons by name; 0
// means all.
func stageLine(s *capture.Stage, limit int) string {
	line := fmt.Sprintf("seen %s %s, written %s", look.Grouped(s.Seen), look.Visible(s.Unit), look.Grouped(s.Written))
	if n := s.Skipped(); n > 0 {
		line += fmt.Sprintf(", filtered %s (%s)", look.Grouped(n), listed(s.Filtered, limit))
	}
	if n := s.Lost(); n > 0 {
		line += fmt.Sprintf(", dropped %s (%s)", look.Grouped(n), listed(s.Dropped, limit))
	}
	if s.Open > 0 {
		line += ", open " + look.Grouped(s.Open)
	}
	return line
}

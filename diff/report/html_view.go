package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/diff/report/look"
)

// staticView is a table of differences that needs no scripts.
type staticView struct {
	Shown     []diff.Difference
	All, Left uint64
}

func staticViewOf(list []diff.Difference) staticView {
	shown := list[:min(len(list), maxStaticDifferences)]
	return staticView{Shown: shown, All: uint64(len(list)), Left: uint64(len(list) - len(shown))}
}

// selfCheckView is the self-check with its bar.
type selfCheckView struct {
	*diff.SelfCheck
	Text   string
	Blind  []blindView
	Groups []blindGroup
	Worst  []diff.SelfCheckOperation
	Bars   []bar
	Bad    bool
}

// blindView is a blind spot with the rules that hide it, by their anchor.
type blindView struct {
	diff.BlindSpot
	Anchor string
	Hidden []hiding
}

// hiding is what hides mutations; Rule is the anchor of a rule, or "".
type hiding struct{ Name, Rule string }

func selfCheckViewOf(r *diff.Report) *selfCheckView {
	s := r.SelfCheck
	if s == nil {
		return nil
	}
	v := &selfCheckView{SelfCheck: s, Text: checked(s), Groups: shownGroups(s), Worst: worstOperations(s), Bad: tooBlind(s) || s.Mutations == 0,
		Bars: barsOf(s.Mutations, []part{{"proven", s.Proven}, {"suspected", s.Suspected}, {"missed", s.Missed}})}
	for i := range s.Blind {
		b := blindView{BlindSpot: s.Blind[i], Anchor: blindAnchor(s.Blind[i])}
		for _, by := range s.Blind[i].By {
			b.Hidden = append(b.Hidden, hiding{by, ruleAnchor(r.Rules, by)})
		}
		v.Blind = append(v.Blind, b)
	}
	return v
}

// maxGroups keeps the table short; all places stand below it.
const maxGroups = 12

func shownGroups(s *diff.SelfCheck) []blindGroup {
	groups := blindGroups(s)
	return groups[:min(len(groups), maxGroups)]
}

// ruleAnchor returns the anchor of the rule that stands at the place by.
func ruleAnchor(rules *diff.RulesInfo, by string) string {
	if rules == nil {
		return ""
	}
	for i := range rules.Rules {
		if line := strconv.Itoa(rules.Rules[i].Line); by == rules.File+":"+line {
			return "rule-" + line
		}
	}
	return ""
}

// operationView is a row of the table of operations.
type operationView struct {
	diff.Operation
	Regressions, Suspects, Noise uint64
	NotComparedN                 uint64
	Reasons                      string
	Base, Branch                 *diff.LatencyInfo
}

// operationViews returns every operation, those with regressions first, then
// those with suspects, then by the share that differs.
func operationViews(r *diff.Report) []operationView {
	index := map[string]int{}
	views := make([]operationView, 0, len(r.Operations))
	for _, op := range operationsOf(r) {
		v := operationView{Operation: op.Operation, Reasons: listed(op.NotCompared, 0),
			Regressions: uint64(len(op.regressions)), Suspects: uint64(len(op.suspects))}
		for _, n := range op.NotCompared {
			v.NotComparedN += n
		}
		v.Base, v.Branch = latencyOf(op.Latency, "base"), latencyOf(op.Latency, "branch")
		index[op.Name] = len(views)
		views = append(views, v)
	}
	for i := range r.Differences {
		if r.Differences[i].Judgement == diff.Noise {
			views[index[r.Differences[i].Operation]].Noise++
		}
	}
	slices.SortStableFunc(views, func(a, b operationView) int {
		return cmp.Or(cmp.Compare(b.Regressions, a.Regressions), cmp.Compare(b.Suspects, a.Suspects),
			cmp.Compare(b.share(), a.share()))
	})
	return views
}

func (v *operationView) share() float64 {
	return float64(v.Differing) / float64(max(v.Compared, 1))
}

func latencyOf(sides map[string]diff.LatencyInfo, side string) *diff.LatencyInfo {
	if l, ok := sides[side]; ok && l.Count > 0 {
		return &l
	}
	return nil
}

// stageView is a stage of the account with its bar.
type stageView struct {
	Name, Unit                             string
	Seen, Written, Filtered, Dropped, Open uint64
	FilteredReasons, DroppedReasons        []reasonCount
	Wrong                                  string
	// NewUnit says that this stage counts other things than the one before.
	NewUnit bool
	Bars    []bar
}

// bar is a part of a stage's bar, in thousandths of its width.
type bar struct {
	Class string
	X, W  string
	Title string
}

func stagesOf(a capture.Account) []stageView {
	views := make([]stageView, len(a))
	for i := range a {
		s := &a[i]
		views[i] = stageView{Name: s.Name, Unit: s.Unit, Seen: s.Seen, Written: s.Written,
			Filtered: s.Skipped(), Dropped: s.Lost(), Open: s.Open,
			FilteredReasons: ranked(s.Filtered), DroppedReasons: ranked(s.Dropped),
			Wrong: imbalance(s), NewUnit: i > 0 && s.Unit != a[i-1].Unit, Bars: bars(s)}
	}
	return views
}

// minBar is the width of the thinnest part that is not empty: a single lost
// exchange of a million must be seen.
const minBar = 6

// part is some of a whole.
type part struct {
	class string
	n     uint64
}

// bars divides the width of a stage among what became of what it saw.
func bars(s *capture.Stage) []bar {
	return barsOf(s.Seen, []part{{"written", s.Written}, {"filtered", s.Skipped()}, {"dropped", s.Lost()}, {"open", s.Open}})
}

func barsOf(whole uint64, parts []part) []bar {
	total, sum := uint64(0), 0.0
	for _, p := range parts {
		total += p.n
	}
	width := make([]float64, len(parts))
	for i, p := range parts {
		if p.n > 0 {
			width[i] = max(1000*float64(p.n)/float64(total), minBar)
		}
		sum += width[i]
	}
	var list []bar
	x := 0.0
	for i, p := range parts {
		if p.n == 0 {
			continue
		}
		w := width[i] * 1000 / sum
		list = append(list, bar{Class: p.class, X: fmt.Sprintf("%.1f", x), W: fmt.Sprintf("%.1f", w),
			Title: fmt.Sprintf("%s: %s of %s", p.class, look.Grouped(p.n), look.Grouped(whole))})
		x += w
	}
	return list
}

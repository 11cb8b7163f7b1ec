package release

import (
	"cmp"
	"fmt"
	"slices"
)

// found is an operation with the rule that counts for it, nil for none.
type found struct {
	*Operation
	rule *OperationRule
}

// operations are those of a piece of evidence that call for a word.
type operations struct {
	regressed []found // with regressions that are not let through
	allowed   []found // with regressions that are
	suspected []found // with more suspects than may be
	thin      []found // with too few samples
	untouched []*OperationRule
}

// sort holds each operation against the first rule that matches it.
func (a *assessment) sort() {
	for i := range a.Operations {
		op := &a.Operations[i]
		a.operations.add(found{op, a.w.rule(op.Name)})
	}
	for i := range a.w.rules {
		if rule := &a.w.rules[i]; rule.Required && !slices.ContainsFunc(a.Operations, rule.touched) {
			a.untouched = append(a.untouched, rule.OperationRule)
		}
	}
	if a.Kind == Diff && a.Outcome == Fail && len(a.allowed) > 0 && len(a.regressed) == 0 {
		a.doubt()
	}
}

// touched reports whether an operation was seen that the rule is for.
func (r *activeRule) touched(op Operation) bool { return op.Samples > 0 && r.match.matches(op.Name) }

func (o *operations) add(f found) {
	switch {
	case f.Regressions > f.rule.regressions():
		o.regressed = append(o.regressed, f)
	case f.Regressions > 0:
		o.allowed = append(o.allowed, f)
	}
	if f.rule == nil {
		return
	}
	if f.rule.MaxSuspects >= 0 && f.Suspects > uint64(f.rule.MaxSuspects) {
		o.suspected = append(o.suspected, f)
	}
	if f.Samples < f.rule.MinSamples {
		o.thin = append(o.thin, f)
	}
}

// doubt finds what would have kept a comparison from passing without the regressions that are
// let through: its failure has hidden that.
func (a *assessment) doubt() {
	for i := range a.Operations {
		f := found{&a.Operations[i], a.w.rule(a.Operations[i].Name)}
		if f.Suspects > 0 && f.rule == nil {
			a.suspected = append(a.suspected, f)
		}
		if f.Samples == 0 && (f.rule == nil || f.rule.MinSamples == 0) {
			a.thin = append(a.thin, f)
		}
	}
}

// rule is the first that matches an operation, nil for none.
func (w *weighing) rule(operation string) *OperationRule {
	for i := range w.rules {
		if w.rules[i].match.matches(operation) {
			return w.rules[i].OperationRule
		}
	}
	return nil
}

// regressions is how many the rule lets through: none without a reason.
func (r *OperationRule) regressions() uint64 {
	if r == nil || r.Reason == "" {
		return 0
	}
	return r.MaxRegressions
}

// maxTold is how many operations a verdict tells of one by one for each thing that is
// wrong with them: a screen of a terminal. The others are counted.
const maxTold = 20

func (a *assessment) operationReasons() {
	proven := a.Outcome == Fail || a.Outcome == Pass
	slices.SortStableFunc(a.regressed, func(x, y found) int {
		return cmp.Or(cmp.Compare(y.Regressions, x.Regressions), cmp.Compare(x.Name, y.Name))
	})
	a.each(a.regressed, func(f found) *Reason {
		if !proven {
			return a.hold(Unproven, a.w.again(), "%s so far in %s: %s", plural(f.Regressions, "regression"), clip(f.Name), f.text())
		}
		return a.add(Failed, Rollback, fixed, "%s in %s, %d let through: %s",
			plural(f.Regressions, "regression"), clip(f.Name), f.rule.regressions(), f.text())
	})
	a.each(a.suspected, func(f found) *Reason {
		return a.hold(Thin, a.w.again()+", longer", "%s in %s with too few samples to tell: %s",
			plural(f.Suspects, "suspect"), clip(f.Name), f.text())
	})
	a.each(a.thin, func(f found) *Reason {
		return a.hold(Thin, fmt.Sprintf("%s, with at least %d %s of it", a.w.again(), f.least(), words[a.Kind].unit),
			"%s rests on %d %s of at least %d", clip(f.Name), f.Samples, words[a.Kind].unit, f.least())
	})
	for _, rule := range a.untouched {
		a.hold(Thin, a.w.again()+", with traffic that calls it", "no operation that matches %s was seen", clip(rule.Match)).Line = rule.Line
	}
}

// each tells of the operations, at most [maxTold].
func (a *assessment) each(found []found, tell func(found) *Reason) {
	a.reasons = slices.Grow(a.reasons, min(len(found), maxTold))
	var last *Reason
	for _, f := range found[:min(len(found), maxTold)] {
		last = tell(f)
		last.Operation = f.Name
		if f.rule != nil {
			last.Line = f.rule.Line
		}
	}
	if n := len(found) - maxTold; n > 0 {
		last.Text += fmt.Sprintf(" (and so %s more)", plural(uint64(n), "operation"))
	}
}

func (f found) least() uint64 {
	if f.rule == nil {
		return 1
	}
	return max(f.rule.MinSamples, 1)
}

// text is the worst that is said of the operation.
func (f found) text() string {
	if len(f.Texts) == 0 {
		return "see the evidence"
	}
	return clip(f.Texts[0])
}

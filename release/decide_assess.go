package release

import (
	"fmt"
	"slices"
	"strconv"
)

// weighing is a requirement with what of it applies to a case.
type weighing struct {
	*Requirement
	judge *judge
	rules []activeRule // those for the service that have not expired
}

// activeRule is a rule with its pattern made ready, as each operation of each run is
// held against it.
type activeRule struct {
	*OperationRule
	match pattern
}

// again says how new evidence is made.
func (w *weighing) again() string { return w.judge.again(w.Kind) }

// weighing begins with a requirement, and ends with the one before.
func (j *judge) weighing(r *Requirement) *weighing {
	w := &j.now
	w.Requirement, w.judge, w.rules = r, j, w.rules[:0]
	for i := range r.Operations {
		rule := &r.Operations[i]
		if rule.Service != "" && !glob(rule.Service, j.asked.Subject.Service) {
			continue
		}
		j.turns(rule.Until)
		if rule.Until.IsZero() || j.asked.At.Before(rule.Until) {
			w.rules = append(w.rules, activeRule{rule, patternOf(rule.Match)})
		}
	}
	return w
}

// assessment is what one piece of evidence calls for.
type assessment struct {
	*Evidence
	w       *weighing
	reasons []Reason
	operations
}

// assess holds evidence against the requirement. What is wrong with it never softens
// what it proves: regressions in what lost too much are regressions still.
func (w *weighing) assess(e *Evidence) *assessment {
	a := &assessment{Evidence: e, w: w}
	a.sort()
	a.outcome()
	if e.Kind == Canary {
		a.metrics()
	}
	a.operationReasons()
	a.amount()
	a.losses()
	if e.Kind == Diff {
		a.sight()
	}
	if len(a.reasons) == 0 {
		a.passed()
	}
	if !slices.IsSortedFunc(a.reasons, worstFirst) {
		a.reasons = ordered(a.reasons, Rollback, Hold)
	}
	return a
}

func worstFirst(a, b Reason) int { return b.Decision.Rank() - a.Decision.Rank() }

func (a *assessment) decision() Decision { return a.reasons[0].Decision }

// text is what tells assessments of one decision apart.
func (a *assessment) text() string {
	text := fmt.Sprintln(a.MaxWeight)
	for i := range a.reasons {
		text += a.reasons[i].Text + "\n"
	}
	return text
}

func (a *assessment) add(code Code, d Decision, change, format string, args ...any) *Reason {
	a.reasons = append(a.reasons, Reason{Code: code, Decision: d, Kind: a.Kind, Evidence: a.ID, Line: a.w.Line,
		Text: fmt.Sprintf(format, args...), Change: change})
	return &a.reasons[len(a.reasons)-1]
}

func (a *assessment) hold(code Code, change, format string, args ...any) *Reason {
	return a.add(code, Hold, change, format, args...)
}

// outcome weighs what the evidence says of itself. A failure counts unless its
// operations account for it and all of them are let through; where it is let through,
// it is held to what would keep it from being a pass.
func (a *assessment) outcome() {
	name := words[a.Kind].name
	switch a.Outcome {
	case Pass:
		if len(a.regressed) > 0 {
			a.hold(Unproven, a.w.again(), "%s says that it passed and lists regressions", name)
		}
	case Fail:
		if len(a.regressed) == 0 && len(a.allowed) == 0 && !a.anyWorse() {
			a.add(Failed, Rollback, fixed, "%s failed: %s", name, a.says())
		}
	case Inconclusive:
		a.hold(Unproven, a.w.again(), "%s is inconclusive: %s", name, a.says())
	case Interrupted:
		a.hold(Unproven, a.w.again(), "%s was interrupted: %s", name, a.says())
	default:
		a.hold(Unproven, a.w.again(), "%s has the outcome %q, which this program does not know", name, clip(string(a.Outcome)))
	}
	if a.ID == "" {
		a.hold(Unproven, "push the evidence's document, whose hash names it", "%s has no document", name)
	}
}

// says is the first reason that the evidence itself gives.
func (a *assessment) says() string {
	if len(a.Reasons) == 0 {
		return "it does not say why"
	}
	return clip(a.Reasons[0])
}

// amount holds what rests on too little. Nothing passes on nothing.
func (a *assessment) amount() {
	least := max(a.w.MinSamples, 1)
	if a.Samples < least {
		a.hold(Thin, fmt.Sprintf("%s, with %d more %s", a.w.again(), least-a.Samples, words[a.Kind].unit),
			"%s rests on %d %s of at least %d", words[a.Kind].name, a.Samples, words[a.Kind].unit, least)
	}
}

// losses holds what lost too much on the way, or whose account cannot be.
func (a *assessment) losses() {
	l := a.Losses
	switch {
	case l.Lost == 0:
	case l.Lost > l.Seen:
		a.hold(Lossy, a.w.again(), "the account of %s does not add up: %d lost of %d", words[a.Kind].name, l.Lost, l.Seen)
	case !(float64(l.Lost)/float64(l.Seen) <= a.w.MaxLost): // a bound that is NaN is none
		a.hold(Lossy, "give the run what it lacked, then "+a.w.again(), "%s lost %d of %d (%s, at most %s are allowed)",
			words[a.Kind].name, l.Lost, l.Seen, percent(float64(l.Lost)/float64(l.Seen)), percent(a.w.MaxLost))
	}
}

// sight holds a comparison that is blind, or may be.
func (a *assessment) sight() {
	s := a.SelfCheck
	switch {
	case s == nil || s.Mutations == 0:
		if a.w.SelfCheck {
			a.hold(Blind, "make it with its self-check on: "+a.w.again(), "the comparison was made without its self-check")
		}
	case s.Missed > s.Mutations:
		a.hold(Blind, a.w.again(), "the self-check does not add up: %d missed of %d", s.Missed, s.Mutations)
	case !(float64(s.Missed)/float64(s.Mutations) <= a.w.MaxMissed):
		a.hold(Blind, "narrow the rules that hide them, then "+a.w.again(), "the comparison would have missed %d of %d changes made on purpose (%s, at most %s are allowed)",
			s.Missed, s.Mutations, percent(float64(s.Missed)/float64(s.Mutations)), percent(a.w.MaxMissed))
	}
}

// passed is the one reason of what lets a release through.
func (a *assessment) passed() {
	text := make([]byte, 0, 128) // as most are
	text = append(append(text, words[a.Kind].name...), " passed: "...)
	text = append(append(strconv.AppendUint(text, a.Samples, 10), ' '), words[a.Kind].unit...)
	if n := len(a.Operations); n > 0 {
		text = appendPlural(append(text, " in "...), uint64(n), "operation")
	}
	if n := len(a.allowed); n > 0 {
		f := a.allowed[0]
		text = fmt.Appendf(text, "; regressions in %s are let through, the first, %s, as %s",
			plural(uint64(n), "operation"), clip(f.Name), clip(f.rule.Reason))
	}
	a.reasons = append(a.reasons, Reason{Code: Passed, Decision: Promote, Kind: a.Kind, Evidence: a.ID, Line: a.w.Line, Text: string(text)})
}

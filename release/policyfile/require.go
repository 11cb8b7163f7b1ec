package policyfile

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/release"
)

const (
	day = 24 * time.Hour
	// maxAge bounds ages and histories: what is older than ten years is no evidence.
	maxAge = 3653 * day
)

// The defaults of a requirement. defaultMaxLost and defaultMaxMissed are what a
// diff-run itself lets pass: a run that passed is held for more than that only where
// the policy says so.
const (
	defaultMaxLost   = 0.05
	defaultMaxMissed = 0.25
)

// requirementKeys has the keys of a requirement by its kind.
func requirementKeys(kind release.Kind) []string {
	keys := []string{"optional", "max_age", "min_samples", "max_lost", "signed", "signers", "any_base"}
	switch kind {
	case release.Diff:
		return append(keys, "self_check", "operations")
	case release.Canary:
		return keys
	}
	return append(keys, "operations")
}

// requirements reads what must be there, in the order of the kinds.
func (r *reader) requirements(f rulefile.Field, watched *release.CanaryPolicy) []release.Requirement {
	var names []string
	for _, k := range release.Kinds {
		names = append(names, string(k))
	}
	fields := r.Fields(f.Value, "require", names...)
	if fields == nil {
		return nil
	}
	var all []release.Requirement
	needed := false
	for _, k := range release.Kinds {
		if g, ok := fields[string(k)]; ok {
			q := r.requirement(k, g, watched)
			needed = needed || !q.Optional
			all = append(all, q)
		}
	}
	if !needed {
		r.Errorf(f.Key, "require has nothing that must be there, so it would let everything through; give at least one of %s without optional", rulefile.OneOf(names))
	}
	return all
}

func (r *reader) requirement(kind release.Kind, f rulefile.Field, watched *release.CanaryPolicy) release.Requirement {
	q := release.Requirement{Kind: kind, Line: f.Key.Position.Line, MaxAge: defaultAge(kind, watched), MinSamples: 1, MaxLost: defaultMaxLost}
	fields := r.Fields(f.Value, "require."+string(kind), requirementKeys(kind)...)
	r.boolean(fields, "optional", &q.Optional)
	r.age(fields, &q.MaxAge)
	r.count(fields, "min_samples", &q.MinSamples)
	r.share(fields, "max_lost", &q.MaxLost, anyShare)
	r.boolean(fields, "any_base", &q.AnyBase)
	q.Signers = r.list(fields, "signers")
	q.Signed = q.Signers != nil
	r.boolean(fields, "signed", &q.Signed)
	if !q.Signed && q.Signers != nil {
		r.Errorf(fields["signed"].Key, "signed is false, but signers names who must have signed")
	}
	if kind == release.Diff {
		q.SelfCheck, q.MaxMissed = true, defaultMaxMissed
		r.selfCheck(fields, &q)
	}
	if g, ok := fields["operations"]; ok {
		q.Operations = r.operations(g)
	}
	return q
}

func defaultAge(kind release.Kind, watched *release.CanaryPolicy) time.Duration {
	switch {
	case kind == release.Diff:
		return day
	case kind != release.Canary:
		return 7 * day
	case watched != nil:
		return max(10*time.Minute, 3*watched.Every)
	}
	return 10 * time.Minute
}

// age reads how old evidence may be.
func (r *reader) age(fields rulefile.Fields, into *time.Duration) {
	if f, ok := fields["max_age"]; ok {
		if text, _ := rulefile.TextOf(f.Value); text == "any" {
			*into = 0
			return
		}
	}
	r.duration(fields, "max_age", into, time.Second, maxAge)
}

// selfCheck reads whether a self-check must have been made, and what it may miss.
func (r *reader) selfCheck(fields rulefile.Fields, q *release.Requirement) {
	f, ok := fields["self_check"]
	if !ok {
		return
	}
	switch f.Value.(type) {
	case *ast.BoolNode:
		r.boolean(fields, "self_check", &q.SelfCheck)
		return
	case ast.MapNode:
	default:
		r.mistake(f.Value, "self_check is true, false or such as {max_missed: 10%}")
		return
	}
	r.share(r.Fields(f.Value, "self_check", "max_missed"), "max_missed", &q.MaxMissed, anyShare)
}

// conditionKeys are what a rule for operations may ask.
var conditionKeys = []string{"min_samples", "required", "max_regressions", "max_suspects"}

func (r *reader) operations(f rulefile.Field) []release.OperationRule {
	var rules []release.OperationRule
	for n := range r.Entries(f) {
		if len(rules) == maxList {
			r.Errorf(rulefile.Start(n), "operations has more than %d rules", maxList)
			break
		}
		rule, ok := r.operation(n)
		if !ok {
			continue
		}
		if i := slices.IndexFunc(rules, func(before release.OperationRule) bool { return covers(before, rule) }); i >= 0 {
			r.Errorf(rulefile.Start(n), "the rule is never reached: all that it matches is matched by the one in line %d", rules[i].Line)
		}
		rules = append(rules, rule)
	}
	return rules
}

// covers reports whether all that rule matches is matched by one before it, for ever.
// A star that meets a star of the other covers what that stands for.
func covers(before, rule release.OperationRule) bool {
	service := before.Service == "" || rule.Service != "" && rulefile.Glob(before.Service, rule.Service)
	return service && before.Until.IsZero() && rulefile.Glob(before.Match, rule.Match)
}

func (r *reader) operation(n ast.Node) (release.OperationRule, bool) {
	fields := r.Fields(n, "a rule for operations", append([]string{"match", "service", "reason", "until"}, conditionKeys...)...)
	if fields == nil {
		return release.OperationRule{}, false
	}
	r.needs(n, fields, "the rule", "match")
	if len(fields.Given(conditionKeys)) == 0 {
		r.Errorf(rulefile.Start(n), "the rule asks for nothing; give it %s", rulefile.OneOf(conditionKeys))
	}
	rule := release.OperationRule{Line: rulefile.Line(n), MaxSuspects: -1}
	matched := r.text(fields, "match", &rule.Match)
	if r.text(fields, "service", &rule.Service) && strings.ContainsAny(rule.Service, " \t\n,") {
		r.Errorf(rulefile.Start(fields["service"].Value), "service is the name of one service, or a pattern with *")
	}
	r.count(fields, "min_samples", &rule.MinSamples)
	r.boolean(fields, "required", &rule.Required)
	r.count(fields, "max_regressions", &rule.MaxRegressions)
	suspects := uint64(math.MaxUint64)
	if r.count(fields, "max_suspects", &suspects); suspects <= maxCount {
		rule.MaxSuspects = int64(suspects)
	}
	if !r.text(fields, "reason", &rule.Reason) && rule.MaxRegressions > 0 {
		r.Errorf(fields["max_regressions"].Key, "the rule lets regressions through without a reason; say why in reason")
	}
	if g, ok := fields["until"]; ok {
		rule.Until = r.moment(g, time.UTC, false)
	}
	return rule, matched
}

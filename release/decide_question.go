package release

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"twinspect.dev/capture/rulefile"
)

// question checks the question and the policy, and reports whether evidence can be
// weighed at all.
func (j *judge) question() bool {
	q := &j.asked.Question
	before := len(j.reasons)
	switch {
	case j.policy == nil:
		j.unknown(0, "no policy says what this release needs", "add a policy whose services match "+q.Subject.Service)
	case q.Subject.Service == "":
		j.unknown(0, "the question names no service", "ask with the name of the service")
	case !matches(j.policy.Services, q.Subject.Service):
		j.unknown(0, fmt.Sprintf("the policy %s is not for the service %s", j.policy.Name, clip(q.Subject.Service)),
			"add the service to the policy's services, or ask by the policy that is for it")
	}
	if q.Subject.Digest == "" {
		j.unknown(0, "the question names no image", "ask with the digest of the image, such as sha256:9f86…")
	}
	if q.At.IsZero() {
		j.unknown(0, "the question does not say at what time it is asked", "ask with the time of now")
	}
	sound := len(j.reasons) == before
	if !share(q.Weight) {
		j.unknown(0, fmt.Sprintf("the weight %v that is asked for is no share of the traffic", q.Weight), "ask for a weight from 0 to 1")
	}
	if sound {
		j.checkPolicy()
	}
	return sound
}

func (j *judge) unknown(line int, text, change string) {
	j.add(Reason{Code: Unknown, Decision: Hold, Line: line, Text: text, Change: change})
}

// share reports whether x is a share; NaN is none.
func share(x float64) bool { return x >= 0 && x <= 1 }

// checkPolicy finds what a policy that was not read from a file may hold.
func (j *judge) checkPolicy() {
	p := j.policy
	if len(p.Requirements) == 0 {
		j.unknown(0, "the policy requires nothing, and nothing proves nothing", "add what a release needs to the policy's requirements")
	}
	if !share(p.Budget.MaxTraffic) || p.Budget.MaxHold < 0 || p.Skew < 0 {
		j.unknown(0, "the policy's bounds are no shares and times", "correct the policy's budget and skew")
	}
	for i := range p.Requirements {
		j.checkRequirement(&p.Requirements[i])
	}
}

func (j *judge) checkRequirement(r *Requirement) {
	if !slices.Contains(Kinds, r.Kind) {
		j.unknown(r.Line, fmt.Sprintf("the policy requires evidence of the kind %q, which there is not", clip(string(r.Kind))),
			"require diff, provider, consumer or canary")
	}
	if r.MaxAge < 0 || !share(r.MaxLost) || !share(r.MaxMissed) {
		j.unknown(r.Line, fmt.Sprintf("the policy's bounds for %s are no shares and ages", r.Kind), "correct the requirement's bounds")
	}
}

// matches reports whether one of the patterns matches the service.
func matches(patterns []string, service string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return glob(p, service) })
}

// pattern is a text with * for any text.
type pattern struct {
	text   string
	prefix int // what comes before the only * at the end, -1 for other patterns
}

func patternOf(text string) pattern {
	if first := strings.IndexByte(text, '*'); first >= 0 && first == len(text)-1 {
		return pattern{text, first}
	}
	return pattern{text, -1}
}

// matches is [rulefile.Glob], which walks the text also where the pattern is but a
// prefix.
func (p pattern) matches(s string) bool {
	if p.prefix >= 0 {
		return strings.HasPrefix(s, p.text[:p.prefix])
	}
	return rulefile.Glob(p.text, s)
}

func glob(pattern, s string) bool { return patternOf(pattern).matches(s) }

// covers is matches where no pattern means every service.
func covers(patterns []string, service string) bool {
	return len(patterns) == 0 || matches(patterns, service)
}

// in reports whether at lies in [from, until); a zero until is for ever.
func in(at, from, until time.Time) bool {
	return !at.Before(from) && (until.IsZero() || at.Before(until))
}

package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"twinspect.dev/diff"
	"twinspect.dev/diff/class"
)

// What is usual for [SuggestOptions].
const (
	// DefaultMinSupport is in how many outcomes base must have differed from
	// itself. By the rule of succession, after n values that are all of a class
	// the next one is of another with a chance of 1 in n+2: below 5 % from 19 on.
	DefaultMinSupport = 20
	// DefaultLifetime is how long a suggested rule holds: a quarter, after which
	// somebody looks whether it is still needed.
	DefaultLifetime = 90 * 24 * time.Hour
)

// SuggestOptions say how rules are suggested.
type SuggestOptions struct {
	Now        time.Time
	MinSupport uint64        // 0 means [DefaultMinSupport]
	Lifetime   time.Duration // 0 means [DefaultLifetime]
}

// Proposal is a rule that the evidence supports.
type Proposal struct {
	// What describes the rule in a line, as [diff.RuleInfo] does.
	What string
	// YAML is the rule's members, a line each.
	YAML string
}

// Refusal is a difference for which no rule is suggested.
type Refusal struct {
	diff.Cell
	Why string
}

// String tells it in one line.
func (r Refusal) String() string {
	return oneLine(fmt.Sprintf("%s, %s %s: %s", r.Operation, r.Place, r.Kind, r.Why))
}

// Suggestions are the rules that the noise of a run supports, and the noise that
// no rule is suggested for.
type Suggestions struct {
	Rules   []Proposal
	Refused []Refusal
	// Known are the rules that the file has already.
	Known []string
}

// Suggest proposes for each difference that was judged noise the narrowest rule
// that explains it. Only what base did by itself counts, at least
// opt.MinSupport times. Nothing is suggested for a difference of structure (a
// member that comes or goes, another type, a broken body, a status), nor for a
// place that names nothing. Every proposal is one that [Parse] takes. existing
// may be nil.
func Suggest(report *diff.Report, existing *Set, opt SuggestOptions) *Suggestions {
	s := &suggester{SuggestOptions: opt, existing: existing, groups: make(map[string]int)}
	s.MinSupport = cmp.Or(s.MinSupport, DefaultMinSupport)
	s.expires = opt.Now.UTC().Add(cmp.Or(opt.Lifetime, DefaultLifetime)).Format(time.DateOnly)
	for i := range report.Differences {
		if d := &report.Differences[i]; d.Judgement == diff.Noise {
			s.difference(d)
		}
	}
	for _, c := range s.candidates {
		s.result.Rules = append(s.result.Rules, c.proposal(s.expires))
	}
	return &s.result
}

type suggester struct {
	SuggestOptions
	existing   *Set
	expires    string
	candidates []*candidate
	groups     map[string]int // of candidates by rule without operation
	result     Suggestions
}

func (s *suggester) difference(d *diff.Difference) {
	why := s.unfit(d)
	var list []*candidate
	if why == "" {
		list, why = candidatesFor(d)
	}
	if why != "" {
		s.refuse(d, why)
		return
	}
	for _, c := range list {
		s.add(d, c)
	}
}

func (s *suggester) refuse(d *diff.Difference, why string) {
	s.result.Refused = append(s.result.Refused, Refusal{Cell: d.Cell, Why: why})
}

// add takes a candidate, together with those that say the same of other
// operations.
func (s *suggester) add(d *diff.Difference, c *candidate) {
	parsed, err := c.parse(s.expires, s.Now)
	if err != nil {
		s.refuse(d, "the place cannot be written as a rule: "+err.Error())
		return
	}
	if s.existing.has(parsed) {
		s.result.Known = append(s.result.Known, parsed.says())
		return
	}
	parsed.scope = filter{}
	at, ok := s.groups[parsed.says()]
	if !ok {
		s.groups[parsed.says()] = len(s.candidates)
		s.candidates = append(s.candidates, c)
		return
	}
	if group := s.candidates[at]; !slices.Contains(group.operations, c.operations[0]) {
		group.operations = append(group.operations, c.operations...)
		group.control += c.control
		group.n += c.n
	}
}

// has reports whether a rule that applies says the same.
func (s *Set) has(c *rule) bool {
	return s != nil && slices.ContainsFunc(s.rules, func(r *rule) bool {
		return !r.expired && r.text == c.text && r.place.String() == c.place.String() && r.scope.coversAll(c.scope)
	})
}

// structural are the kinds that no noise excuses in advance: a client breaks on
// them.
var structural = map[diff.Kind]string{
	diff.Removed:   "a member that goes missing",
	diff.Added:     "a member that comes",
	diff.Retyped:   "another type",
	diff.Malformed: "a broken body",
	diff.Class:     "a value that left its class",
	diff.Moved:     "a value that moves",
	diff.Repeated:  "a call that is repeated",
	diff.Slower:    "an operation that gets slower",
}

// unfit says why no rule may come of a difference, "" where one may.
func (s *suggester) unfit(d *diff.Difference) string {
	what, isStructural := structural[d.Kind]
	switch {
	case isStructural:
		return what + " is never hidden by a suggested rule; find out why base does it"
	case d.Part == diff.Status:
		return "a status is never hidden by a suggested rule; find out why base does it"
	case d.Kind != diff.Changed && d.Kind != diff.Reordered:
		return "no rule is known for a difference of this kind"
	case !d.Paired || d.Control == 0:
		return "base never differed from itself there in this run"
	case d.Control < s.MinSupport:
		return fmt.Sprintf("base differed from itself in %d outcomes, and %d are asked for", d.Control, s.MinSupport)
	case strings.Contains(d.Operation, "*") || strings.HasPrefix(d.Operation, "("):
		return "a rule cannot name the operation"
	}
	return unnamed(d.Place)
}

// unnamed says why no rule can name the place narrowly enough.
func unnamed(p diff.Place) string {
	switch p.Part {
	case diff.Header, diff.Trailer:
		if p.Path == "" || strings.ContainsAny(p.Path, " *;") {
			return "a rule cannot name a part of a field, and the whole field is too much"
		}
		return ""
	case diff.Body:
		q, err := newPattern(p.Path)
		switch {
		case err != nil:
			return "a rule can only name a value in a body with a structure"
		case q.isEverything():
			return "a rule for " + p.Path + " would hide too much"
		}
		return ""
	}
	return "no rule is suggested for the " + string(p.Part)
}

// candidatesFor returns the narrowest rules that explain a difference.
func candidatesFor(d *diff.Difference) (list []*candidate, why string) {
	c := &candidate{place: d.Place, operations: []string{d.Operation}, control: d.Control, n: d.N}
	if d.Kind == diff.Reordered {
		c.unordered = true
		c.detail = "the same elements in another order"
		list = append(list, c)
		if name := keyOf(d.Examples); name != "" {
			k := *c
			k.unordered, k.key, k.detail = false, name, "elements told apart by "+name
			list = append(list, &k)
		}
		return list, ""
	}
	learned, err := class.Parse(d.Learned)
	if err != nil || learned >= class.Null && learned != class.Number && learned != class.String && learned != class.Boolean {
		return nil, "its values have no class in common, so that a rule would hide any of them"
	}
	c.class = d.Learned
	c.detail = "class " + d.Learned + " in all"
	if share, ok := nearness(d, learned); ok {
		c.class, c.relative = "", share
		c.detail = "by less than " + share + " in the examples"
	}
	return []*candidate{c}, ""
}

// oneLine makes a text fit for a comment.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 || r == 0xfeff {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

package correlate

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"twinspect.dev/capture/rulefile"
)

// Rule says that what From gives To uses.
type Rule struct {
	From End `json:"from"`
	To   End `json:"to"`
	// Ignore says that there is no link: learned rules from From, or from
	// anywhere where that is empty, to To are not applied.
	Ignore bool `json:"ignore,omitempty"`
	// Reason is why; of a learned rule what it was derived from.
	Reason string `json:"reason,omitempty"`
	// Learned is nil for a written rule.
	Learned *Support `json:"learned,omitempty"`
}

// Support is what a learned rule was derived from. It holds no values.
type Support struct {
	// Uses is how many values were seen at the place that uses, Known how many of
	// them some answer had given before, and Linked how many the rule's giver had.
	Uses   uint64 `json:"uses"`
	Known  uint64 `json:"known"`
	Linked uint64 `json:"linked"`
	// Distinct is how many different values Linked are, to about 64.
	Distinct int `json:"distinct"`
	// Names says that the names of the two places agree.
	Names bool `json:"names"`
	// Looks is "weak" for values that are often equal by chance, "medium", or
	// "opaque"; Shortest and Longest are their lengths in bytes.
	Looks    string `json:"looks"`
	Shortest int    `json:"shortest"`
	Longest  int    `json:"longest"`
}

func (s *Support) reason() string {
	names := ""
	if s.Names {
		names = ", the names agree"
	}
	return fmt.Sprintf("%d of %d values were given there before, %d different, %s, %d to %d bytes%s",
		s.Linked, s.Uses, s.Distinct, s.Looks, s.Shortest, s.Longest, names)
}

// Rules says what is correlated. It is not changed once it is in use.
type Rules struct {
	// Auto says that learned rules apply.
	Auto bool `json:"auto"`
	// Cookies says that each session has a cookie jar. Learned rules are about
	// what the jars do not hold.
	Cookies bool   `json:"cookies"`
	List    []Rule `json:"rules"`
}

// Defaults are the rules where nothing is written.
func Defaults() *Rules { return &Rules{Auto: true, Cookies: true} }

// With returns the written rules r and those learned ones that r does not
// forbid.
func (r *Rules) With(learned *Rules) *Rules {
	sum := &Rules{Auto: r.Auto, Cookies: r.Cookies, List: slices.Clone(r.List)}
	if !r.Auto || learned == nil {
		return sum
	}
	for _, rule := range learned.List {
		if !slices.ContainsFunc(r.List, func(w Rule) bool { return w.overrides(&rule) }) {
			sum.List = append(sum.List, rule)
		}
	}
	return sum
}

// overrides reports whether the written rule forbids the learned one, or says
// the same.
func (r *Rule) overrides(learned *Rule) bool {
	return r.To.matches(learned.To) && (r.Ignore && r.From == End{} || r.From.matches(learned.From))
}

func (e End) matches(o End) bool {
	return e.Place == o.Place && rulefile.Glob(e.Operation, o.Operation)
}

// YAML returns the rules as the section that [Parse] reads.
func (r *Rules) YAML() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "correlate:\n  auto: %t\n  cookies: %t\n", r.Auto, r.Cookies)
	if len(r.List) > 0 {
		b.WriteString("  rules:\n")
	}
	for i := range r.List {
		rule := &r.List[i]
		lead := "    - "
		if rule.From != (End{}) {
			b.WriteString(lead + "from: " + rule.From.yaml() + "\n")
			lead = "      "
		}
		b.WriteString(lead + "to: " + rule.To.yaml() + "\n")
		if rule.Ignore {
			b.WriteString("      ignore: true\n")
		}
		b.WriteString("      reason: " + quote(cmp.Or(rule.Reason, "not given")) + "\n")
	}
	return []byte(b.String())
}

func (e End) yaml() string {
	value := quote(e.Place.Name)
	if e.Place.Kind == Path || e.Place.Kind == Location {
		value = strconv.Itoa(e.Place.Segment)
	}
	return fmt.Sprintf("{operation: %s, %s: %s}", quote(e.Operation), e.Place.Kind, value)
}

// quote writes s as a double-quoted YAML scalar: a JSON string is one.
func quote(s string) string { return string(appendQuoted(nil, s)) }

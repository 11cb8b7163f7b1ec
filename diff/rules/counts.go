package rules

import "fmt"

// pair says which two sides the decisions are about.
type pair uint8

const (
	untold pair = iota // nobody said: what is hidden is not counted apart
	baseAndBranch
	baseAndControl
)

// RuleCounts is what one rule did.
type RuleCounts struct {
	// Matched is how many differences the rule was asked about.
	Matched uint64 `json:"matched,omitempty"`
	// Branch and Control are how many it hid between base and branch, and between
	// base and control. A rule for an array counts each array that it was asked
	// about, as what it hides is never found.
	Branch  uint64 `json:"branch,omitempty"`
	Control uint64 `json:"control,omitempty"`
}

// Control says that the next decisions are about base and control, or with
// false about base and branch. Before the first call nothing is counted apart.
func (s *Set) Control(on bool) {
	switch {
	case s == nil:
	case on:
		s.pair = baseAndControl
	default:
		s.pair = baseAndBranch
	}
}

// Watch makes the rules count also what an earlier rule settles before they are
// asked, so that [Check] can tell which are never reached. It costs time.
func (s *Set) Watch() {
	if s != nil {
		s.watching = true
	}
}

// Counts returns what each rule did, in the order of the file; nil for a nil
// Set.
func (s *Set) Counts() []RuleCounts {
	if s == nil {
		return nil
	}
	counts := make([]RuleCounts, len(s.rules))
	for i, r := range s.rules {
		counts[i] = r.RuleCounts
	}
	return counts
}

// Add adds what the same rules did elsewhere. It is an error, and nothing is
// added, where the counts are of another number of rules.
func (s *Set) Add(counts []RuleCounts) error {
	n := 0
	if s != nil {
		n = len(s.rules)
	}
	if len(counts) != n {
		return fmt.Errorf("counts of %d rules, and there are %d", len(counts), n)
	}
	for i, c := range counts {
		r := s.rules[i]
		r.Matched += c.Matched
		r.Branch += c.Branch
		r.Control += c.Control
	}
	return nil
}

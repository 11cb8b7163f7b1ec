// Package rules reads the rule file of a service, twinspect.yaml, and decides by
// it what a difference means.
//
//	version: 1
//	service: shop                       # optional
//	rules:
//	  - path: $.items[*].updatedAt      # where: path, header, trailer or part
//	    operation: GET /products/{id}   # optional; * stands for anything
//	    status: 2xx                     # optional; 404, 2xx, or a list of them
//	    class: time                     # what: see below
//	    reason: set by the clock        # required
//	    expires: 2027-01-01             # optional
//
// Where is exactly one of
//
//   - path: a JSONPath query (RFC 9535) into a JSON body,
//   - header, trailer: the name of a field, in which * stands for anything,
//   - part: all of status, header, trailer, body or latency.
//
// What is exactly one of
//
//   - ignore: true. Covers everything below the path as well.
//   - class: NAME, or class: {regexp: EXPRESSION}. The value may change as long
//     as it stays of that class. It may not go missing or change its type.
//   - tolerance: {absolute: 0.01}, {relative: 1%} of base, or {time: 2s}.
//   - unordered: true. The array is compared as a multiset.
//   - key: NAME, or key: [NAME, NAME]. The members that identify an element.
//   - null-equals-missing: true. A null and a missing member are the same.
//   - rename: NAME. The member that the path ends in is called NAME by branch.
//
// Rules are asked in the order of the file; the first that settles a difference
// does so. A rule does not apply from the day on at which it expires, in UTC.
package rules

import (
	"fmt"
	"time"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/diff"
)

// Set is the rules of one file. A nil Set has no rules. A Set and its Scopes
// are used by one goroutine at a time.
type Set struct {
	file    string
	service string
	now     time.Time
	rules   []*rule
	scopes  map[scopeKey]*Scope
	pair    pair
	// watching says that what a rule takes from later ones is counted too.
	watching bool
	problems []Problem // what [Check] says without evidence
	checked  bool
}

// Load reads the rule file at path. Mistakes in it are [Errors].
func Load(path string) (*Set, error) {
	data, err := rulefile.Read(path)
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	return Parse(path, data, time.Now())
}

// Service returns the service that the file says it is for, or "".
func (s *Set) Service() string {
	if s == nil {
		return ""
	}
	return s.service
}

// Info tells which rules are in force, what each one did, and what is wrong with
// it whatever the evidence is. It is nil for a nil Set.
func (s *Set) Info() *diff.RulesInfo {
	if s == nil {
		return nil
	}
	info := &diff.RulesInfo{File: s.file, Rules: make([]diff.RuleInfo, 0, len(s.rules))}
	for _, r := range s.rules {
		info.Rules = append(info.Rules, diff.RuleInfo{
			Line: r.line, What: r.what(), Reason: r.reason, Expires: r.lastDay(),
			Matched: r.Matched, Branch: r.Branch, Control: r.Control,
		})
	}
	for _, p := range s.static() {
		to := &info.Rules[p.rule]
		to.Problems = append(to.Problems, p.What)
	}
	return info
}

// rule is one rule of the file.
type rule struct {
	line    int
	column  int
	place   place
	scope   filter
	action  action
	text    string // the action as the file has it
	reason  string
	expires time.Time // zero: never
	expired bool
	RuleCounts
	// robbed is how many differences at its place robber settled before it, where
	// the Set watches.
	robbed uint64
	robber *rule
}

// what describes the rule in a line.
func (r *rule) what() string {
	if r.expired {
		return r.says() + expiredMark + r.lastDay() + ", not applied)"
	}
	return r.says()
}

const expiredMark = " (expired "

// says describes the rule whether or not it has expired.
func (r *rule) says() string { return r.text + " " + r.place.String() + r.scope.String() }

// lastDay returns the day from which on the rule does not apply, "" for never.
func (r *rule) lastDay() string {
	if r.expires.IsZero() {
		return ""
	}
	return r.expires.Format(time.DateOnly)
}

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
	rules   []*rule
	scopes  map[scopeKey]*Scope
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

// Info tells which rules are in force and how many differences each one met.
// It is nil for a nil Set.
func (s *Set) Info() *diff.RulesInfo {
	if s == nil {
		return nil
	}
	info := &diff.RulesInfo{File: s.file, Rules: make([]diff.RuleInfo, 0, len(s.rules))}
	for _, r := range s.rules {
		info.Rules = append(info.Rules, diff.RuleInfo{
			Line: r.line, What: r.what(), Reason: r.reason, Matched: r.matched,
		})
	}
	return info
}

// rule is one rule of the file.
type rule struct {
	line    int
	place   place
	scope   filter
	action  action
	text    string // the action as the file has it
	reason  string
	expires time.Time // zero: never
	expired bool
	matched uint64
}

// what describes the rule in a line.
func (r *rule) what() string {
	s := r.text + " " + r.place.String() + r.scope.String()
	if r.expired {
		s += " (expired " + r.expires.Format(time.DateOnly) + ", not applied)"
	}
	return s
}

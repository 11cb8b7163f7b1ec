// Package accept reads the file of accepted differences of a service,
// twinspect.accepted.yaml, and applies it to a report. It is reviewed together
// with the change that makes the differences.
//
//	version: 1
//	accepted:
//	  - operation: POST /orders   # * stands for anything
//	    part: status              # status, header, trailer, body, latency or call; body by default
//	    path: $.items[*].price    # as the report names it; not for a status
//	    kind: changed             # as the report names it
//	    branch: "201"             # optional: the one value that is accepted
//	    reason: answers 201 now   # required
//	    by: A. Person             # optional
//	    expires: 2027-01-31       # required: the day from which on it does not hold
//
// An entry accepts one place: a path has no wildcards but the folded indexes that
// the report itself writes. An operation may have some where the entry names what
// it accepts; what would accept everything is refused.
//
// What is noise needs nobody to accept it, and stays noise.
package accept

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/diff"
)

// DefaultFile is where a service keeps what it accepts.
const DefaultFile = "twinspect.accepted.yaml"

// Entry is one difference that a person has accepted.
type Entry struct {
	diff.Cell // Operation may hold wildcards
	// Branch is the value of branch that alone is accepted, nil for any.
	Branch  *string
	Reason  string
	By      string
	Expires time.Time // midnight in UTC of the day from which on it does not hold
	// Line and Column are where the entry begins, from 1; 0 where it is in no file.
	Line, Column int
}

// Day returns the day from which on the entry does not hold.
func (e *Entry) Day() string { return e.Expires.Format(time.DateOnly) }

// String describes what is accepted in a line.
func (e *Entry) String() string {
	s := fmt.Sprintf("%s, %s %s", e.Operation, e.Place, e.Kind)
	if e.Branch != nil {
		s += fmt.Sprintf(" to %s", *e.Branch)
	}
	return s
}

// Same reports whether two entries accept the same.
func (e *Entry) Same(other *Entry) bool {
	return e.Cell == other.Cell && (e.Branch == nil) == (other.Branch == nil) && (e.Branch == nil || *e.Branch == *other.Branch)
}

// Set is the entries of one file. A nil Set accepts nothing. It is used by one
// goroutine at a time.
type Set struct {
	file    string
	now     time.Time
	entries []*entry
}

type entry struct {
	Entry
	used uint64
	// other is a value of branch at the place that the entry does not accept.
	other *string
}

// Entries returns the entries in the order of the file.
func (s *Set) Entries() []Entry {
	if s == nil {
		return nil
	}
	list := make([]Entry, len(s.entries))
	for i, e := range s.entries {
		list[i] = e.Entry
	}
	return list
}

// Apply marks the regressions and suspects that an entry accepts, puts the
// differences in their order again, and returns how many were accepted. The
// first entry that accepts a difference is named with it. The verdict is the
// caller's to make anew.
//
// An entry with a value accepts a difference only where branch gave that value in
// every occurrence.
func (s *Set) Apply(r *diff.Report) int {
	if s == nil {
		return 0
	}
	accepted := 0
	for i := range r.Differences {
		d := &r.Differences[i]
		if d.Judgement != diff.Regression && d.Judgement != diff.Suspect {
			continue
		}
		if e := s.find(d); e != nil {
			d.Judgement = diff.Accepted
			d.Accepted = &diff.Acceptance{Where: s.where(e), By: e.By, Reason: e.Reason, Expires: e.Day()}
			accepted++
		}
	}
	slices.SortStableFunc(r.Differences, diff.Compare)
	return accepted
}

func (s *Set) find(d *diff.Difference) *entry {
	var found *entry
	for _, e := range s.entries {
		if !e.covers(d) {
			continue
		}
		if other := e.notAccepted(d); other != nil {
			e.other = other
			continue
		}
		e.used++
		if found == nil && e.holds(s.now) {
			found = e
		}
	}
	return found
}

func (e *entry) holds(now time.Time) bool { return now.Before(e.Expires) }

func (e *entry) covers(d *diff.Difference) bool {
	return e.Place == d.Place && e.Kind == d.Kind && rulefile.Glob(e.Operation, d.Operation)
}

// notAccepted returns a value of branch that the entry does not accept, nil where
// there is none.
func (e *entry) notAccepted(d *diff.Difference) *string {
	if e.Branch == nil {
		return nil
	}
	for i := range d.Examples {
		if d.Examples[i].Branch != *e.Branch {
			return &d.Examples[i].Branch
		}
	}
	if len(d.Examples) == 0 {
		return new(string)
	}
	if !d.OneValue {
		several := "several values"
		return &several
	}
	return nil
}

func (s *Set) where(e *entry) string { return fmt.Sprintf("%s:%d", filepath.ToSlash(s.file), e.Line) }

// Unused is an entry that accepts nothing.
type Unused struct {
	Entry
	File string
	// Why says it in a sentence.
	Why string
}

// String names the place and what is wrong, the place first, as compilers do.
func (u Unused) String() string {
	return fmt.Sprintf("%s:%d:%d: %s: %s", u.File, u.Line, u.Column, u.Entry.String(), u.Why)
}

// Unused returns the entries that have expired, and those that no report matched
// that they were applied to, in the order of the file.
func (s *Set) Unused() []Unused {
	if s == nil {
		return nil
	}
	var list []Unused
	for _, e := range s.entries {
		if why := e.idle(s.now); why != "" {
			list = append(list, Unused{Entry: e.Entry, File: s.file, Why: why})
		}
	}
	slices.SortStableFunc(list, func(a, b Unused) int { return cmp.Compare(a.Line, b.Line) })
	return list
}

func (e *entry) idle(now time.Time) string {
	switch {
	case !e.holds(now) && e.used > 0:
		return "expired on " + e.Day() + ", and the difference is still there: look at it again"
	case !e.holds(now):
		return "expired on " + e.Day() + "; remove it"
	case e.used > 0:
		return ""
	case e.other != nil:
		return fmt.Sprintf("branch has %q there, which is not what was accepted", *e.other)
	}
	return "there is no such difference any more; remove it"
}

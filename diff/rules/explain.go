package rules

import (
	"strings"

	"github.com/theory/jsonpath"

	"twinspect.dev/diff"
	"twinspect.dev/diff/jsondiff"
)

// Outcome is what became of a rule when a difference was put to it.
type Outcome string

// The outcomes.
const (
	Expired        Outcome = "expired"         // the rule does not apply any more
	OtherOperation Outcome = "other operation" // it is for other operations
	OtherStatus    Outcome = "other status"    // it is for other statuses of base
	Elsewhere      Outcome = "elsewhere"       // its place does not cover the difference
	Undecided      Outcome = "undecided"       // what it depends on is not known
	Aligns         Outcome = "aligns"          // it says how documents are matched
	Keeps          Outcome = "keeps"           // it is asked and does not settle it
	Hides          Outcome = "hides"           // it explains the difference
	Breaks         Outcome = "breaks"          // the value left the rule's class
	NotAsked       Outcome = "not asked"       // an earlier rule has settled it
)

// Step is one rule on the way of a difference through a rule file.
type Step struct {
	Line    int     `json:"line"`
	Column  int     `json:"column"`
	Rule    string  `json:"rule"`
	Reason  string  `json:"reason"`
	Outcome Outcome `json:"outcome"`
	// Why says it in a sentence.
	Why string `json:"why"`
}

// Explain puts a difference to every rule and tells what each one says, in the
// order of the file. status is what base answered, 0 where that is not known. A
// path that depends on values is undecided: there is no document to look into.
// Nothing is counted.
func (s *Set) Explain(operation string, status int, it Item) []Step {
	if s == nil {
		return nil
	}
	steps := make([]Step, 0, len(s.rules))
	settled := false
	for _, r := range s.rules {
		step := Step{Line: r.line, Column: r.column, Rule: r.says(), Reason: r.reason}
		step.Outcome, step.Why = r.explain(operation, status, &it)
		switch step.Outcome {
		case Hides, Breaks, Keeps:
			if settled {
				step.Outcome, step.Why = NotAsked, "an earlier rule has settled it"
			}
			settled = settled || step.Outcome == Hides || step.Outcome == Breaks
		}
		steps = append(steps, step)
	}
	return steps
}

func (r *rule) explain(operation string, status int, it *Item) (Outcome, string) {
	switch {
	case r.expired:
		return Expired, "expired on " + r.lastDay()
	case !r.scope.hasOperation(operation):
		return OtherOperation, "it is for " + strings.Join(r.scope.operations, ", ")
	case status != 0 && !r.scope.hasStatus(status):
		return OtherStatus, "it is" + filter{statuses: r.scope.statuses}.String()
	case r.place.part == it.Part && r.place.pattern != nil && r.place.pattern.located():
		return Undecided, "its path depends on values of the document"
	case !r.place.covers(it, new(documents), r.action.ignore):
		return Elsewhere, "its place is " + r.place.String()
	case status == 0 && len(r.scope.statuses) > 0:
		return Undecided, "it is" + filter{statuses: r.scope.statuses}.String() + ", and base's status is not known"
	case r.action.aligns():
		return Aligns, "it was applied before the difference was found"
	}
	switch r.action.decide(it) {
	case Hide:
		return Hides, "it explains the difference"
	case Broken:
		return Breaks, "the value is none of what the rule allows"
	}
	return Keeps, "it covers the place and does not explain a difference of kind " + string(it.Kind)
}

// ItemOf makes of a difference what rules decide on: of one of its examples, or
// with nil of its place alone, without values. The values of an example may be
// cut, and secrets in them are replaced, with their class kept.
func ItemOf(d *diff.Difference, e *diff.Example) Item {
	it := Item{Part: d.Part, Kind: d.Kind}
	if it.Kind == diff.Class {
		it.Kind = diff.Changed // before a rule or the noise said so
	}
	at := d.Path
	if e != nil {
		at = e.At
		it.Base, it.Other = valueOf(e.Base, it.Kind == diff.Added), valueOf(e.Branch, it.Kind == diff.Removed)
	}
	switch d.Part {
	case diff.Body:
		it.Path = pathOf(at)
	case diff.Header, diff.Trailer:
		it.Name, _, _ = strings.Cut(d.Path, " ") // of a cookie, the field
	}
	return it
}

func valueOf(text string, missing bool) []byte {
	if missing {
		return nil
	}
	return []byte(text)
}

// pathOf reads a path as reports show it. What is no path is the whole body.
func pathOf(text string) jsondiff.Path {
	if !strings.HasPrefix(text, "$") {
		return nil
	}
	p, err := jsonpath.Parse(text)
	if err != nil {
		return nil
	}
	segments := &pattern{segments: p.Query().Segments()}
	path, _ := segments.anyPath()
	return path
}

// Package check judges what a provider answered to a case: what must be true of
// every answer, and what the case expects of it. It asks nobody.
package check

import (
	"slices"
	"time"

	"twinspect.dev/contract"
	"twinspect.dev/contract/conform"
	"twinspect.dev/contract/openapi"
)

// Options tune a [Checker].
type Options struct {
	// Limit is how long an answer may take; 0 makes no [contract.ResponseTime].
	Limit time.Duration
	// Checks are those that are made, nil for all of them.
	Checks []contract.Check
}

// Checker judges cases of one document. It may be used by many goroutines.
type Checker struct {
	conformer  *conform.Conformer
	limit      time.Duration
	enabled    map[contract.Check]bool // nil for all
	operations map[string]*openapi.Operation
	methods    map[string][]string // by the path's template
	known      map[string]bool     // methods that any path declares
}

// New returns a checker for the document of the conformer.
func New(c *conform.Conformer, doc *openapi.Document, o Options) *Checker {
	k := &Checker{conformer: c, limit: o.Limit,
		operations: map[string]*openapi.Operation{}, methods: map[string][]string{}, known: map[string]bool{}}
	for _, op := range doc.Operations {
		k.operations[op.Name] = op
		k.methods[op.Path] = append(k.methods[op.Path], op.Method)
		k.known[op.Method] = true
	}
	if o.Checks != nil {
		k.enabled = make(map[contract.Check]bool, len(o.Checks))
		for _, check := range o.Checks {
			k.enabled[check] = true
		}
	}
	return k
}

// Case judges what the requests of a case gave. seen may lack the steps that were
// not sent, and may hold several pages of one step.
//
// made has one entry for each time that a check was made, so that a check may
// stand in it several times; one that an answer says nothing about is not made.
// An answer that breaks a check in several ways has a broken entry for each.
//
// In a positive or a negative case, what the case expects is looked for in the
// answer to its last step; the steps before are what it needs. Where one of them
// did not succeed, only what is true of every answer is looked at. So it is in a
// sequence with the steps after one that did not succeed.
func (k *Checker) Case(cs *contract.Case, seen []contract.Observation) (broken []contract.Broken, made []contract.Check) {
	j := judge{Checker: k, cs: cs, seen: seen, made: make([]contract.Check, 0, 8*len(seen))}
	for i := range seen {
		if o := &seen[i]; o.Step >= 0 && o.Step < len(cs.Steps) {
			j.answer(o)
		}
	}
	j.expectations()
	return j.broken, j.made
}

// judge is the work on one case.
type judge struct {
	*Checker
	cs     *contract.Case
	seen   []contract.Observation
	broken []contract.Broken
	made   []contract.Check
}

// make notes that a check is made; false says that it was not asked for.
func (j *judge) make(check contract.Check) bool {
	if j.enabled != nil && !j.enabled[check] {
		return false
	}
	j.made = append(j.made, check)
	return true
}

// tell adds a broken check.
func (j *judge) tell(check contract.Check, step int, at contract.Place, cause, message string) {
	j.broken = append(j.broken, contract.Broken{
		Check: check, Step: step, At: at, Cause: conform.Bound(string(check) + " " + cause), Message: message,
	})
}

// operation returns the operation that an answer belongs to: nil where the
// request was of a method that the path does not declare.
func (j *judge) operation(o *contract.Observation) *openapi.Operation {
	op := j.declared(o.Step)
	if op == nil || o.Request.Method != "" && o.Request.Method != op.Method {
		return nil
	}
	return op
}

// declared returns the operation that a step is about.
func (j *judge) declared(step int) *openapi.Operation {
	name := j.cs.Steps[step].Operation
	if name == "" {
		name = j.cs.Operation
	}
	return j.operations[name]
}

// of returns the observations of a step, its pages in their order.
func (j *judge) of(step int) []*contract.Observation {
	var list []*contract.Observation
	for i := range j.seen {
		if j.seen[i].Step == step {
			list = append(list, &j.seen[i])
		}
	}
	slices.SortStableFunc(list, func(a, b *contract.Observation) int { return a.Page - b.Page })
	return list
}

// fault returns why an answer is not whole, "" where it is.
func fault(o *contract.Observation) string {
	switch res := &o.Exchange.Response; {
	case o.Fault != "":
		return o.Fault
	case res.Incomplete != "":
		return string(res.Incomplete)
	case res.Status == 0:
		return "no-status"
	}
	return ""
}

func status(o *contract.Observation) int { return o.Exchange.Response.Status }

func success(status int) bool { return status >= 200 && status < 300 }

package check

import (
	"fmt"
	"strconv"
	"strings"

	"twinspect.dev/contract"
)

// expect judges a step by what its case expects of it. All pages of a step are
// one: the check is made once. Where something is to be compared and there is
// nothing to compare it with, it is not made, as the status alone does not show
// it.
func (j *judge) expect(step int, seen []*contract.Observation) {
	expect := &j.cs.Steps[step].Expect
	for _, o := range seen {
		if fault(o) != "" {
			return
		}
	}
	for _, o := range seen {
		switch j.status(expect, o) {
		case silent:
			return
		case wrong:
			j.unexpected(step, o)
			return
		}
	}
	found, compared := j.content(expect, seen)
	judged := compared || len(expect.Status) > 0 && expect.Kept+expect.Same+expect.Listed+expect.Unlisted == ""
	if !judged || !j.make(expect.Check) {
		return
	}
	for _, m := range found {
		j.tell(expect.Check, step, m.at, m.cause, m.message)
	}
}

// unexpected tells of a status. What the answer says of it is a part of the cause
// where a valid request is refused, as it may be for more than one reason.
func (j *judge) unexpected(step int, o *contract.Observation) {
	expect := &j.cs.Steps[step].Expect
	if !j.make(expect.Check) {
		return
	}
	cause := strconv.Itoa(status(o))
	if expect.Check == contract.Accepted {
		cause += " " + j.fingerprint(o).cause
	}
	j.tell(expect.Check, step, "status", cause,
		fmt.Sprintf("%s is answered %d, where %s is expected", j.stepName(step), status(o), wanted(expect)))
}

// mismatch is one way in which an answer is not as an earlier step lets expect.
type mismatch struct {
	at             contract.Place
	cause, message string
}

// verdict is what a status says.
type verdict uint8

const (
	silent verdict = iota // nothing of what is expected
	right
	wrong
)

// status judges a status. One that is not expected but tells of the way instead of
// the resource (401, 408, 429, a failure of the server) says nothing: other checks
// tell it.
func (j *judge) status(expect *contract.Expect, o *contract.Observation) verdict {
	s := status(o)
	switch {
	case len(expect.Status) > 0 && fits(expect.Status, s):
		return right
	case s == 401, s == 408, s == 429, s >= 500, s < 200:
		return silent
	case len(expect.Status) > 0:
		return wrong
	case success(s):
		return right
	case expect.Same != "" && j.succeededBefore(expect.Same):
		return wrong
	}
	return silent
}

// succeededBefore reports whether an earlier step was answered 2xx.
func (j *judge) succeededBefore(name string) bool {
	o := j.earlier(name)
	return o != nil && success(status(o))
}

// earlier returns the first answer to a step by its name, nil where there is none
// that is whole.
func (j *judge) earlier(name string) *contract.Observation {
	for i := range j.cs.Steps {
		if j.cs.Steps[i].Name != name {
			continue
		}
		if seen := j.of(i); len(seen) > 0 && fault(seen[0]) == "" {
			return seen[0]
		}
		return nil
	}
	return nil
}

func wanted(expect *contract.Expect) string {
	if len(expect.Status) == 0 {
		return "an answer like that of " + expect.Same
	}
	return strings.Join(expect.Status, " or ")
}

func (j *judge) stepName(step int) string {
	s := &j.cs.Steps[step]
	if s.Name == "" {
		return s.Operation
	}
	return s.Name + " (" + s.Operation + ")"
}

// content compares answers with what earlier steps sent or were answered. compared
// says that there was something to compare.
func (j *judge) content(expect *contract.Expect, seen []*contract.Observation) (found []mismatch, compared bool) {
	if expect.Kept != "" {
		found, compared = j.kept(expect.Kept, seen[0])
	}
	if expect.Same != "" {
		more, ok := j.same(expect.Same, seen[0])
		found, compared = append(found, more...), compared || ok
	}
	if expect.Listed != "" {
		more, ok := j.listed(expect.Listed, seen)
		found, compared = append(found, more...), compared || ok
	}
	if expect.Unlisted != "" {
		more, ok := j.unlisted(expect.Unlisted, seen)
		found, compared = append(found, more...), compared || ok
	}
	return found, compared
}

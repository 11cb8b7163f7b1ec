package check

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/conform"
	"twinspect.dev/contract/openapi"
)

// expectations makes the checks that the case asks for.
func (j *judge) expectations() {
	last := len(j.cs.Steps) - 1
	for step := range j.cs.Steps {
		seen := j.of(step)
		if len(seen) == 0 {
			return
		}
		switch expect := &j.cs.Steps[step].Expect; {
		case expect.Check != "":
			j.expect(step, seen)
		case step == last:
			for _, o := range seen {
				j.single(o)
			}
		}
		if !succeeded(j.cs.Steps[step].Expect.Status, seen) {
			return
		}
	}
}

// succeeded reports whether a step went so that the next one can be sent.
func succeeded(want []string, seen []*contract.Observation) bool {
	for _, o := range seen {
		s := status(o)
		switch {
		case fault(o) != "":
			return false
		case len(want) > 0 && !fits(want, s), len(want) == 0 && (s < 200 || s >= 400):
			return false
		}
	}
	return true
}

func fits(want []string, status int) bool {
	return slices.ContainsFunc(want, func(pattern string) bool { return contract.StatusFits(pattern, status) })
}

// single judges the answer that a positive or a negative case is about.
func (j *judge) single(o *contract.Observation) {
	if fault(o) != "" {
		return
	}
	switch {
	case j.cs.Kind == contract.Positive:
		j.accepted(o)
	case j.cs.Kind != contract.Negative:
	case j.cs.Rule == contract.RuleMethod:
		j.refused(o)
	case j.cs.Rule == contract.RuleCredentials:
		j.enforced(o)
	default:
		j.rejected(o)
	}
}

// rejected: an invalid request is answered 4xx. What says nothing of the request's
// validity is not judged: a redirection, 401 and 403 (the credentials are looked
// at first), 408 and 429, a failure of the server, and a resource that is not
// there, unless the target itself is what is invalid or is known to be there.
func (j *judge) rejected(o *contract.Observation) {
	s := status(o)
	switch {
	case success(s):
		if j.make(contract.Rejected) {
			j.tell(contract.Rejected, o.Step, j.cs.At, string(j.cs.Rule)+" "+foldPlace(j.cs.At),
				fmt.Sprintf("a request that is invalid (%s) is answered %d", reason(j.cs), s))
		}
		return
	case s < 400, s >= 500, s == 401, s == 403, s == 408, s == 429:
		return
	case s == 404 || s == 410:
		if part, _ := j.cs.At.Split(); part != "path" && part != "target" && !j.there(o.Step) {
			return
		}
	}
	j.make(contract.Rejected)
}

func reason(cs *contract.Case) string {
	return strings.TrimSuffix(strings.TrimSpace(string(cs.Rule)+" at "+string(cs.At)), " at")
}

// foldPlace generalises the indexes of a place's pointer.
func foldPlace(at contract.Place) string {
	part, name := at.Split()
	if part != "body" || name == "" {
		return string(at)
	}
	tokens := strings.Split(name, "/")
	for i, token := range tokens {
		if _, err := strconv.Atoi(token); err == nil {
			tokens[i] = "*"
		}
	}
	return part + " " + strings.Join(tokens, "/")
}

// there reports whether the resource of a step is known to be there: its path has
// no parameters, or they were all taken from earlier answers.
func (j *judge) there(step int) bool {
	supplied := map[contract.Place]bool{}
	for _, u := range j.cs.Steps[step].Use {
		supplied[u.Into] = true
	}
	op := j.declared(step)
	if op == nil {
		return false
	}
	for _, p := range op.Parameters {
		if p.In == "path" && !supplied["target"] && !supplied[contract.At("path", p.Name)] {
			return false
		}
	}
	return true
}

// invalid are the statuses that say that the request is not as it should be.
var invalid = map[int]string{
	400: "as a bad one", 405: "as if its method were not declared", 406: "as if it accepted nothing that is there",
	411: "as if it had no length", 413: "as too large", 414: "as if its target were too long",
	415: "as if its media type were not declared", 416: "as if it asked for a range that is not there",
	417: "as if it expected what cannot be met", 422: "as one that cannot be processed",
	431: "as if its header were too large", 501: "as if its method were not known",
}

// accepted: a valid request is not answered as an invalid one. What depends on the
// state of the server (409, 412, 429 and the like) is not judged, nor is 404 where
// nothing is known to be there.
func (j *judge) accepted(o *contract.Observation) {
	s := status(o)
	why, bad := invalid[s]
	switch {
	case (s == 401 || s == 403) && j.logsIn(o):
		return
	case s == 401 || s == 403:
		why, bad = j.credentials(o), true
	case s == 404 || s == 410:
		if !j.there(o.Step) {
			return
		}
		why, bad = "as if there were nothing, though what it is about is there", true
	case !bad && (s < 200 || s >= 400):
		return
	}
	if !j.make(contract.Accepted) || !bad {
		return
	}
	mark := j.fingerprint(o)
	text := fmt.Sprintf("a valid request is answered %d, %s", s, why)
	if mark.text != "" {
		text += ": " + cut(mark.text, maxErr)
	}
	j.tell(contract.Accepted, o.Step, "status", strconv.Itoa(s)+" "+mark.cause, text)
}

// logsIn reports whether an operation needs no credentials and yet declares to be
// answered 401 or 403: its own body has them, as that of a login, and no made one
// is right.
func (j *judge) logsIn(o *contract.Observation) bool {
	op := j.operation(o)
	if op == nil || needsCredentials(op) {
		return false
	}
	declared := conform.Declared(op, status(o))
	return declared != nil && declared.Status != "default"
}

// credentials says what is wrong where a valid request is not let in.
func (j *judge) credentials(o *contract.Observation) string {
	if op := j.operation(o); op != nil && !needsCredentials(op) {
		return "though the document says that no credentials are needed"
	}
	if status(o) == 403 {
		return "though it has the credentials that were given; they may not be allowed to do this"
	}
	return "though it has the credentials that were given; they may be wrong or expired"
}

func needsCredentials(op *openapi.Operation) bool {
	return len(op.Security) > 0 && !slices.ContainsFunc(op.Security, func(r openapi.Requirement) bool { return len(r) == 0 })
}

// enforced: without credentials, and with wrong ones, the answer is 401 or 403, or
// 404, which hides that there is anything (RFC 9110 section 15.5.4). Other 4xx and
// failures of the server say nothing, as the request may not have come so far. A
// redirection is not what a client of an interface can act on.
func (j *judge) enforced(o *contract.Observation) {
	s := status(o)
	switch {
	case s == 401, s == 403, s == 404:
		j.make(contract.AuthEnforced)
	case s >= 200 && s < 400 && j.make(contract.AuthEnforced):
		which := string(o.Request.Credentials)
		if which == "" {
			which = string(j.cs.Steps[o.Step].Request.Credentials)
		}
		text := "without credentials"
		if which == string(contract.WrongCredentials) {
			text = "with wrong credentials"
		}
		j.tell(contract.AuthEnforced, o.Step, "status", fmt.Sprintf("%s %dXX", which, s/100),
			fmt.Sprintf("a request %s is answered %d, where 401 or 403 is expected", text, s))
	}
}

package sequence

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// linkCases follow every link that the answers of an operation declare.
func (p *Planner) linkCases(b *builder, op *openapi.Operation) (cases []contract.Case, gaps []contract.Gap) {
	for _, r := range op.Responses {
		for i := range r.Links {
			l := &r.Links[i]
			c, why := b.follow(op, r, l)
			if why != "" {
				gaps = append(gaps, contract.Gap{Operation: op.Name, At: "status", Rule: contract.RuleLink, Why: why})
				continue
			}
			c.ID = fmt.Sprintf("%s/link-%s-%s", b.names[op.Name], strings.Join(words(l.Name), "-"), strings.ToLower(r.Status))
			cases = append(cases, c)
		}
	}
	return cases, gaps
}

func (b *builder) follow(op *openapi.Operation, r *openapi.Response, l *openapi.Link) (contract.Case, string) {
	if why := b.unsaid(l); why != "" {
		return contract.Case{}, why
	}
	to := b.byName[l.Operation]
	if !b.usable(to) || !b.usable(op) {
		return contract.Case{}, fmt.Sprintf("the link %s cannot be followed: no request can be made for it", l.Name)
	}
	s := b.scene()
	if why := s.provoke(op, r.Status); why != "" {
		return contract.Case{}, fmt.Sprintf("the link %s of %s is not followed: %s", l.Name, r.Status, why)
	}
	s.given[op.Name] = "origin"
	uses := b.linkUses(op, l)
	step := s.send("follow", to, linkRequest(b, to, l), linkExpect(op, to))
	step.Use = slices.DeleteFunc(step.Use, func(u contract.Use) bool { return u.Into == "target" || taken(uses, l, to, u.Into) })
	for _, u := range uses {
		u.Step = "origin"
		step.Use = append(step.Use, u)
		if part, _ := u.Into.Split(); part != "body" {
			step.Request = drop(step.Request, u.Into)
		}
	}
	return contract.Case{Operation: op.Name, Kind: contract.Sequence, Rule: contract.RuleLink, Source: contract.FromLink,
		Why: fmt.Sprintf("the link %s of the answer %s to %s leads to %s", l.Name, r.Status, op.Name, to.Name), Steps: s.steps}, ""
}

// linkExpect is what a link promises: that its target can be asked for.
func linkExpect(op, to *openapi.Operation) contract.Expect {
	check := contract.Accepted
	if to.Method == http.MethodGet && makes(op) {
		check = contract.Available
	}
	return contract.Expect{Check: check, Status: success}
}

// taken reports whether a link itself says what stands at a place.
func taken(uses []contract.Use, l *openapi.Link, to *openapi.Operation, at contract.Place) bool {
	if slices.ContainsFunc(uses, func(u contract.Use) bool { return u.Into == at }) {
		return true
	}
	for key := range l.Parameters {
		if into, ok := parameterPlace(to, key); ok && into == at {
			return true
		}
	}
	part, _ := at.Split()
	return part == "body" && l.Body != nil
}

// linkRequest is the ordinary request with the constants of a link.
func linkRequest(b *builder, to *openapi.Operation, l *openapi.Link) contract.Request {
	r := b.requests[to.Name]
	for _, key := range slices.Sorted(maps.Keys(l.Parameters)) {
		at, ok := parameterPlace(to, key)
		text, isText := l.Parameters[key].(string)
		if _, is := expression(text); ok && !(isText && is) {
			r = set(r, at, l.Parameters[key])
		}
	}
	if l.Body != nil {
		r = set(r, "body", l.Body)
	}
	return r
}

// provoke adds the step "origin", an operation sent so that it answers with a
// status; else it says why that cannot be.
func (s *scene) provoke(op *openapi.Operation, status string) string {
	expect := contract.Expect{Status: []string{status}}
	switch {
	case status == "default":
		s.add("origin", op, contract.Expect{})
	case status[0] == '2' || status[0] == '3':
		s.add("origin", op, expect)
	case status == "404" || status == "410" || status == "4XX":
		return s.absent(op, expect)
	case status == "409":
		s.require(op)
		s.add("origin", op, expect)
	case status == "401" || status == "403":
		if len(op.Security) == 0 {
			return "the operation asks for no credentials"
		}
		step := s.add("origin", op, expect)
		step.Request.Credentials = map[string]contract.Credentials{"401": contract.NoCredentials, "403": contract.WrongCredentials}[status]
	case status == "400" || status == "422":
		step := s.add("origin", op, expect)
		if step.Request.Body == nil {
			s.steps = s.steps[:len(s.steps)-1]
			return "no request is known to be answered with it"
		}
		// An opened object is of no media type that is made of text with a grammar.
		step.Request.Body = &contract.Body{MediaType: step.Request.Body.MediaType, Raw: []byte("{")}
	default:
		return "no request is known to be answered with it"
	}
	return ""
}

// absent asks for what was never made: with the made-up values of the ordinary
// request.
func (s *scene) absent(op *openapi.Operation, expect contract.Expect) string {
	if !strings.Contains(op.Path, "{") {
		return "its path names nothing that could be missing"
	}
	s.steps = append(s.steps, contract.Step{Name: "origin", Operation: op.Name, Request: s.b.requests[op.Name], Expect: expect})
	return ""
}

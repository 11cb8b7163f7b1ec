package export

import (
	"slices"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// statuses says which statuses of an answer are right: those in allow; of the
// others those in want, or all where it is empty, without those in refuse.
type statuses struct {
	allow, want, refuse []string
}

// invalid are the statuses by which a request is refused as one that is not as it
// should be; see contract/check.
var invalid = []string{"400", "401", "403", "405", "406", "411", "413", "414", "415", "416", "417", "422", "431", "5XX"}

// expected returns the statuses that are right for a step. The statuses that say
// nothing of the request's validity, such as 404 and 429, are right.
func expected(cs *contract.Case, last bool, op *openapi.Operation, e *contract.Expect) statuses {
	var s statuses
	for _, r := range op.Responses {
		if strings.HasPrefix(r.Status, "5") {
			s.allow = append(s.allow, r.Status)
		}
	}
	switch {
	case len(e.Status) > 0:
		return statuses{want: e.Status}
	case !last || cs.Kind == contract.Sequence:
		s.refuse = []string{"5XX"}
	case cs.Kind == contract.Positive:
		s.refuse = refused(op)
	case cs.Rule == contract.RuleMethod:
		s.want = []string{"401", "403", "404", "405", "408", "429", "501"}
	case cs.Rule == contract.RuleCredentials:
		s.want = []string{"401", "403", "408", "429"}
	case cs.Kind == contract.Negative:
		s.refuse = []string{"2XX", "5XX"}
	default:
		s.refuse = []string{"5XX"}
	}
	return s
}

// text says to a person what is right.
func (s *statuses) text() string {
	switch {
	case len(s.want) > 0:
		return "status is " + strings.Join(s.want, " or ")
	case len(s.allow) > 0:
		return "status is not " + strings.Join(s.refuse, " or ") + ", but for " + strings.Join(s.allow, " or ")
	}
	return "status is not " + strings.Join(s.refuse, " or ")
}

// refused returns what a valid request is not answered with. An operation that needs
// no credentials and declares 401 or 403 has them in its body, as a login, and no
// made ones are right.
func refused(op *openapi.Operation) []string {
	if len(op.Security) > 0 {
		return invalid
	}
	return slices.DeleteFunc(slices.Clone(invalid), func(status string) bool {
		return (status == "401" || status == "403") &&
			slices.ContainsFunc(op.Responses, func(r *openapi.Response) bool { return r.Status == status })
	})
}

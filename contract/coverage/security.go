package coverage

import (
	"net/http"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// addSecurity adds what is counted of an operation that asks for credentials: one
// that allows requests without any cannot be asked for without what it needs.
func (p *plan) addSecurity() {
	if len(p.op.Security) == 0 {
		return
	}
	missing := p.add(partSecurity, "missing credentials", "", contract.RuleCredentials)
	wrong := p.add(partSecurity, "wrong credentials", "", contract.RuleCredentials)
	for _, r := range p.op.Security {
		missing.CannotBreak = missing.CannotBreak || len(r) == 0
	}
	p.security = []*item{missing, wrong}
}

// credentials counts with which credentials a request was sent. Right ones that
// are answered 401 were none.
func (p *plan) credentials(which contract.Credentials, status int) {
	if len(p.security) == 0 || status == 0 {
		return
	}
	missing, wrong := p.security[0], p.security[1]
	switch {
	case which == contract.NoCredentials:
		missing.Negative++
	case which == contract.WrongCredentials:
		wrong.Negative++
	case status != http.StatusUnauthorized:
		missing.Positive++
		wrong.Positive++
	}
}

// shown tells whether a recorded request shows credentials of one of the
// alternatives that its operation allows.
func (m *Meter) shown(op *openapi.Operation, r *contract.Request, wire *capture.Request) contract.Credentials {
	for _, alternative := range op.Security {
		all := true
		for name := range alternative {
			all = all && holds(m.doc.Schemes[name], r, wire)
		}
		if all {
			return ""
		}
	}
	if len(op.Security) == 0 {
		return ""
	}
	return contract.NoCredentials
}

// holds reports whether a request has what a scheme asks for. One that is not seen
// in a message, as a client's certificate, is taken to be there.
func holds(s *openapi.Scheme, _ *contract.Request, wire *capture.Request) bool {
	switch {
	case s == nil || s.Type == "mutualTLS":
		return true
	case s.Type != "apiKey":
		return wire.Header.Has("Authorization")
	case s.In == "header":
		return wire.Header.Has(s.Param)
	case s.In == "query":
		_, query, _ := strings.Cut(wire.Target, "?")
		return strings.HasPrefix(query, s.Param+"=") || strings.Contains(query, "&"+s.Param+"=")
	}
	for _, cookie := range wire.Header.Values("Cookie") {
		for pair := range strings.SplitSeq(cookie, ";") {
			if name, _, _ := strings.Cut(strings.TrimSpace(pair), "="); name == s.Param {
				return true
			}
		}
	}
	return false
}

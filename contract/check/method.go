package check

import (
	"fmt"
	"slices"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// refused: a method that the path does not declare is answered 405, with a field
// Allow that lists those that it does, and not this one (RFC 9110 section 15.5.6).
// 501 is right where no path declares the method. 401, 403, 408, 429 and failures
// of the server say nothing, nor does 404 where nothing is known to be there.
func (j *judge) refused(o *contract.Observation) {
	s, op := status(o), j.declared(o.Step)
	if op == nil {
		return
	}
	method := o.Request.Method
	if method == "" {
		method = o.Exchange.Request.Method
	}
	switch {
	case s == 401, s == 403, s == 408, s == 429, s >= 300 && s < 400, s < 200, s == 404 && !j.there(o.Step):
		return
	case s == 501 && !j.known[method]:
		j.make(contract.MethodRefused)
		return
	case s >= 500:
		return
	}
	if !j.make(contract.MethodRefused) {
		return
	}
	switch {
	case success(s):
		j.tell(contract.MethodRefused, o.Step, "status", method+" 2XX",
			fmt.Sprintf("%s, which the path does not declare, is answered %d where 405 is expected", method, s))
	case s != 405:
		j.tell(contract.MethodRefused, o.Step, "status", fmt.Sprint(s),
			fmt.Sprintf("%s, which the path does not declare, is answered %d where 405 is expected", method, s))
	default:
		j.allow(o, op, method)
	}
}

// allow looks at the field Allow. HEAD and OPTIONS are answered by many servers
// without being declared, so they are not missed.
func (j *judge) allow(o *contract.Observation, op *openapi.Operation, method string) {
	const at = "header Allow"
	fields := o.Exchange.Response.Header.Values("Allow")
	if fields == nil {
		j.tell(contract.MethodRefused, o.Step, at, "405 without Allow", "405 comes without the field Allow")
		return
	}
	allowed := list(fields)
	if slices.Contains(allowed, method) {
		j.tell(contract.MethodRefused, o.Step, at, "Allow has the method", fmt.Sprintf("Allow lists %s, which was refused", method))
	}
	for _, m := range j.methods[op.Path] {
		if m != "HEAD" && m != "OPTIONS" && m != method && !slices.Contains(allowed, m) {
			j.tell(contract.MethodRefused, o.Step, at, "Allow without "+m, fmt.Sprintf("Allow does not list %s, which the path declares", m))
		}
	}
}

// list reads a field that is a list of tokens (RFC 9110 section 5.6.1).
func list(fields []string) []string {
	var tokens []string
	for _, field := range fields {
		for token := range strings.SplitSeq(field, ",") {
			if token = strings.TrimSpace(token); token != "" {
				tokens = append(tokens, token)
			}
		}
	}
	return tokens
}

// next reports whether a Link field leads to a further page (RFC 8288 section 3).
func next(h capture.Header) bool {
	return slices.ContainsFunc(h.Values("Link"), func(link string) bool {
		link = strings.ToLower(strings.ReplaceAll(link, " ", ""))
		return strings.Contains(link, `rel="next"`) || strings.Contains(link, "rel=next")
	})
}

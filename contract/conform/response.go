package conform

import (
	"fmt"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

// Response returns where an answer does not keep to its operation: status, media
// type, header and body, each cause once. Nothing is told of an answer that was
// not seen, nor of the body of one that was cut short.
func (c *Conformer) Response(op *openapi.Operation, req *capture.Request, res *capture.Response) []contract.Broken {
	r := c.Examine(op, req, res)
	return r.Broken
}

// Examined is what was found of one answer.
type Examined struct {
	Broken []contract.Broken
	// Made are the checks that there was something for: each at most once.
	Made []contract.Check
	// Declared is the response that the document declares for the status, nil
	// where it declares none.
	Declared *openapi.Response
}

// Examine is [Conformer.Response], and tells which checks were made.
func (c *Conformer) Examine(op *openapi.Operation, req *capture.Request, res *capture.Response) Examined {
	if op == nil || req == nil || res == nil || res.Status == 0 {
		return Examined{}
	}
	x := examination{Conformer: c, req: req, res: res, contentType: res.Header.Get("Content-Type")}
	x.Made = append(make([]contract.Check, 0, 4), contract.StatusDeclared)
	if x.Declared = Declared(op, res.Status); x.Declared == nil {
		x.tell(contract.StatusDeclared, "status", fmt.Sprintf("%s %d", contract.StatusDeclared, res.Status),
			fmt.Sprintf("the status %d is not declared; %s", res.Status, declared(statuses(op))))
		return x.Examined
	}
	x.header()
	x.body()
	return x.Examined
}

// Declared returns the response of an operation for a status: the status itself
// before its range, the range before "default" (OpenAPI 3.1 section 4.8.16), nil
// where none is declared.
func Declared(op *openapi.Operation, status int) *openapi.Response {
	var found *openapi.Response
	best := 0
	for _, r := range op.Responses {
		if rank := rank(r.Status, status); rank > best {
			found, best = r, rank
		}
	}
	return found
}

// rank tells how well a declared status fits, 0 where it does not.
func rank(pattern string, status int) int {
	switch {
	case !contract.StatusFits(pattern, status):
		return 0
	case pattern == "default":
		return 1
	case strings.ContainsAny(pattern, "xX"):
		return 2
	}
	return 3
}

func statuses(op *openapi.Operation) []string {
	names := make([]string, len(op.Responses))
	for i, r := range op.Responses {
		names[i] = r.Status
	}
	return names
}

// examination is the work on one answer.
type examination struct {
	*Conformer
	Examined
	req         *capture.Request
	res         *capture.Response
	contentType string
}

func (x *examination) made(check contract.Check) { x.Made = append(x.Made, check) }

// maxBroken is how many causes one answer may have: more than anybody reads of
// one, and few enough that an answer of nothing but faults costs no more than one
// with a few.
const maxBroken = 64

// tell adds a broken check, unless the answer has the cause already.
func (x *examination) tell(check contract.Check, at contract.Place, cause, message string) {
	if len(x.Broken) >= maxBroken {
		return
	}
	cause = Bound(cause)
	for i := range x.Broken {
		if x.Broken[i].Check == check && x.Broken[i].Cause == cause {
			return
		}
	}
	x.Broken = append(x.Broken, contract.Broken{Check: check, At: at, Cause: cause, Message: message})
}

// header checks the fields that are declared. Content-Type is the media type's
// matter (OpenAPI 3.1 section 4.8.17).
func (x *examination) header() {
	some := false
	for _, p := range x.Declared.Headers {
		if strings.EqualFold(p.Name, "Content-Type") || x.res.Status == 304 && ofContent(p.Name) {
			continue
		}
		some = true
		x.field(p)
	}
	if some {
		x.made(contract.HeadersKept)
	}
}

// ofContent reports whether a field describes the content, which an answer
// without one need not have (RFC 9110 section 15.4.5).
func ofContent(name string) bool {
	const prefix = "Content-"
	return len(name) > len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
}

func (x *examination) field(p *openapi.Parameter) {
	at := contract.At("header", p.Name)
	cause := func(keyword, within string) string {
		return causeOf(contract.HeadersKept, x.Declared.Status, keyword, strings.ToLower(p.Name)+within)
	}
	if !x.res.Header.Has(p.Name) {
		if p.Required {
			x.tell(contract.HeadersKept, at, cause(keywordRequired, ""), fmt.Sprintf("%s is required", at))
		}
		return
	}
	if p.Schema == "" {
		return
	}
	value, err := x.codec.Parameter(p, x.res.Header.Values(p.Name))
	if err != nil {
		x.tell(contract.HeadersKept, at, cause(Malformed, ""), fmt.Sprintf("%s is not of the form that the document gives it", at))
		return
	}
	for _, v := range x.violations(p.Schema, schema.Response, value) {
		if v.Keyword == "" { // it is beyond what is checked
			continue
		}
		x.tell(contract.HeadersKept, at, cause(keywordOf(v, value), x.where(p.Schema, value, v)), sentence(at, v))
	}
}

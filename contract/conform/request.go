package conform

import (
	"errors"
	"fmt"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

// Request returns where a request does not keep to its operation, nothing where
// it does. Parameters that the document does not name are allowed (OpenAPI says
// nothing of them); a member of the body is what its schema makes it. Where the
// whole target is given, path and query are not looked at, as they are in it.
// Credentials are no matter of it.
func (c *Conformer) Request(op *openapi.Operation, r *contract.Request) []Violation {
	if op == nil || r == nil {
		return nil
	}
	var out []Violation
	if r.Method != "" && r.Method != op.Method {
		out = append(out, Violation{At: "target", Keyword: Undeclared,
			Message: fmt.Sprintf("the method %s is not the operation's, which is %s", shown(r.Method), op.Method)})
	}
	for _, p := range op.Parameters {
		if r.Target == "" || p.In != "path" && p.In != "query" {
			out = c.parameter(out, p, r)
		}
	}
	return c.requestBody(out, op.Body, r.Body)
}

// Sent returns where a request does not keep to its operation on the wire. A part
// that cannot be decoded is told as [Malformed], and as nothing else.
func (c *Conformer) Sent(op *openapi.Operation, req *capture.Request) []Violation {
	if op == nil || req == nil {
		return nil
	}
	r, problems := c.codec.Decode(op, req)
	var out []Violation
	told := make(map[contract.Place]bool, len(problems))
	for _, p := range problems {
		told[p.At] = true
		out = append(out, malformed(p))
	}
	for _, v := range c.Request(op, &r) {
		if !told[v.At] && !told[whole(v.At)] {
			out = append(out, v)
		}
	}
	return out
}

// whole returns the body for a place inside it, any other place as it is.
func whole(at contract.Place) contract.Place {
	if part, _ := at.Split(); part == "body" {
		return "body"
	}
	return at
}

func malformed(p message.Problem) Violation {
	return Violation{At: p.At, Keyword: Malformed, Message: fmt.Sprintf("%s is not of the form that the document gives it", p.At)}
}

func (c *Conformer) parameter(out []Violation, p *openapi.Parameter, r *contract.Request) []Violation {
	at := contract.At(p.In, p.Name)
	value, ok := argument(p, r)
	if !ok {
		if p.Required {
			out = append(out, Violation{At: at, Keyword: keywordRequired, Message: fmt.Sprintf("%s is required", at), Schema: p.Place})
		}
		return out
	}
	for _, v := range c.violations(p.Schema, schema.Request, value) {
		out = append(out, Violation{At: at, Keyword: v.Keyword, Message: sentence(at, v), Schema: v.Schema})
	}
	return out
}

// argument returns the value of a parameter. Names of header fields are compared
// without regard to case (RFC 9110 section 5.1).
func argument(p *openapi.Parameter, r *contract.Request) (any, bool) {
	switch p.In {
	case "path":
		v, ok := r.Path[p.Name]
		return v, ok
	case "query":
		v, ok := r.Query[p.Name]
		return v, ok
	case "cookie":
		v, ok := r.Cookie[p.Name]
		return v, ok
	}
	if v, ok := r.Header[p.Name]; ok {
		return v, ok
	}
	for name, v := range r.Header {
		if strings.EqualFold(name, p.Name) {
			return v, true
		}
	}
	return nil, false
}

func (c *Conformer) requestBody(out []Violation, declared *openapi.Body, body *contract.Body) []Violation {
	present := body != nil && (body.Raw == nil || len(body.Raw) > 0)
	switch {
	case declared == nil && present:
		return append(out, Violation{At: "body", Keyword: Undeclared, Message: "the operation takes no body"})
	case declared == nil:
		return out
	case !present && declared.Required:
		return append(out, Violation{At: "body", Keyword: keywordRequired, Message: "the body is required", Schema: declared.Place})
	case !present:
		return out
	}
	media := message.Best(declared.Media, body.MediaType)
	if media == nil {
		return append(out, Violation{At: "body", Keyword: MediaType, Schema: declared.Place,
			Message: "the body's media type " + mediaShown(body.MediaType) + " is not declared; " + mediaList(declared.Media)})
	}
	value := body.Value
	if body.Raw != nil {
		var err error
		value, err = c.codec.Body(media, schema.Request, body.MediaType, body.Raw)
		if errors.Is(err, message.ErrMedia) {
			return out
		}
		if err != nil {
			return append(out, Violation{At: "body", Keyword: Malformed, Schema: media.Place,
				Message: "the body is not well-formed " + shown(media.Type)})
		}
	}
	for _, v := range c.violations(media.Schema, schema.Request, value) {
		at := contract.At("body", v.At)
		out = append(out, Violation{At: at, Keyword: v.Keyword, Message: sentence("body", v), Schema: v.Schema})
	}
	return out
}

// violations returns what of a value breaks the schema at a place: nothing where
// there is none, or where it could not be compiled, which the set tells.
func (c *Conformer) violations(at openapi.Place, d schema.Direction, value any) []schema.Violation {
	s := c.schema(at, d)
	if s == nil || s.Valid(value) { // by far the most, and the faster of the two
		return nil
	}
	return s.Validate(value)
}

func (c *Conformer) schema(at openapi.Place, d schema.Direction) *schema.Schema {
	if at == "" {
		return nil
	}
	s, err := c.schemas.Schema(at, d)
	if err != nil {
		return nil
	}
	return s
}

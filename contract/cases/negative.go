package cases

import (
	"fmt"
	"net/http"
	"slices"

	"twinspect.dev/contract"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/values"
)

// negatives collects the requests that break the document in one way each.
func (c *collector) negatives() {
	c.credentials()
	c.missing()
	for _, t := range c.params {
		c.breaks(t)
	}
	for i, t := range c.bodies {
		if !c.like(i) {
			c.breaks(t)
		}
		c.malformed(t)
	}
	c.mediaType()
	c.methods()
}

// negative completes and adds a draft of a negative case.
func (c *collector) negative(d draft) {
	d.kind, d.source = contract.Negative, contract.FromSchema
	c.add(d)
}

// credentials: where every alternative needs some, a request without any, and one
// with wrong ones, is refused. A certificate of the connection cannot be sent
// wrongly.
func (c *collector) credentials() {
	if len(c.op.Security) == 0 {
		return
	}
	wrong := false
	for _, alternative := range c.op.Security {
		if len(alternative) == 0 {
			return
		}
		for name := range alternative {
			s := c.g.Document.Schemes[name]
			wrong = wrong || s != nil && s.Type != "mutualTLS"
		}
	}
	none, forged := c.ordinary, c.ordinary
	none.Credentials, forged.Credentials = contract.NoCredentials, contract.WrongCredentials
	c.negative(draft{
		rule: contract.RuleCredentials, name: "credentials-none", request: none, trusted: true,
		why: "A request without credentials is refused with 401 or 403.",
	})
	if !wrong {
		c.gap("", contract.RuleCredentials, "wrong credentials cannot be sent for its security schemes")
		return
	}
	c.negative(draft{
		rule: contract.RuleCredentials, name: "credentials-wrong", request: forged, trusted: true,
		why: "A request with wrong credentials is refused with 401 or 403.",
	})
}

// missing leaves out each required part. A path has no place without its
// parameters.
func (c *collector) missing() {
	for _, t := range c.params {
		part, _ := t.place.Split()
		switch {
		case !t.required || part == "path":
		case t.supplied:
			c.gap(t.place, contract.RuleMissing, "it cannot be left out, as the setup supplies it")
		default:
			c.negative(draft{
				rule: contract.RuleMissing, at: t.place, name: join(string(t.place), "missing"),
				request: without(c.ordinary, t.place), why: fmt.Sprintf("A request without %s, which is required, is rejected.", t.title()),
			})
		}
	}
	if c.op.Body != nil && c.op.Body.Required && len(c.op.Body.Media) > 0 {
		c.negative(draft{
			rule: contract.RuleMissing, at: "body", name: "body-missing", request: without(c.ordinary, "body"),
			why: "A request without the body, which is required, is rejected.",
		})
	}
}

// breaks collects the values that break the schema of a part, and the longest of
// them.
func (c *collector) breaks(t *part) {
	if t.schema == nil || t.place == "body" && len(t.valid) == 0 {
		return
	}
	invalid, gaps := c.g.Values.Invalid(t.schema)
	c.tell(t.place, gaps)
	for _, v := range invalid {
		if v.Absent && v.At == "" {
			continue
		}
		c.broken(t, v)
	}
	c.oversized(t, invalid)
}

func (c *collector) broken(t *part, v values.Value) {
	c.negative(draft{
		rule: v.Rule, at: inside(t.place, v.At), rank: rankRest, request: t.set(c.ordinary, v.Data),
		name: join(c.prefix(t), v.At, "breaks", string(v.Rule)),
		why:  fmt.Sprintf("%s is rejected: %s.", c.subject(t, v.At), v.Why),
	})
}

// mediaType sends the ordinary body in a media type that is not declared.
func (c *collector) mediaType() {
	if c.ordinary.Body == nil {
		return
	}
	raw, _, err := c.encoded(c.ordinary)
	if err != nil || len(raw) == 0 {
		return
	}
	for _, other := range []string{"text/plain", "application/xml", "application/json", "image/png", "application/octet-stream"} {
		if message.Best(c.op.Body.Media, other) == nil {
			c.negative(draft{
				rule: contract.RuleMediaType, at: "body", name: "body-media-type", request: withRaw(c.ordinary, other, raw),
				why: fmt.Sprintf("The body as %s, which is not declared, is rejected.", other),
			})
			return
		}
	}
	c.gap("body", contract.RuleMediaType, "every media type is declared")
}

// encoded returns the bytes of a request's body on the wire, and their media type.
func (c *collector) encoded(r contract.Request) (raw []byte, mediaType string, err error) {
	req, err := c.g.Codec.Encode(c.op, &r)
	if err != nil {
		return nil, "", err
	}
	return req.Body, req.Header.Get("Content-Type"), nil
}

// methods sends the methods that a path does not declare, under the first of its
// operations, so that they are sent once. One that leads to another path of the
// document is no such method.
func (c *collector) methods() {
	declared := c.g.Document.Methods(c.op.Path)
	for _, op := range c.g.Document.Operations {
		if op.Path == c.op.Path {
			if op.Name != c.op.Name {
				return
			}
			break
		}
	}
	plain, err := c.g.Codec.Encode(c.op, &c.ordinary)
	if err != nil {
		c.gap("", contract.RuleMethod, "it cannot be sent: "+err.Error())
		return
	}
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete, http.MethodPatch} {
		if slices.Contains(declared, method) || c.g.Document.Name(method, plain.Target) != "" {
			continue
		}
		c.negative(draft{
			rule: contract.RuleMethod, name: join("method", method), trusted: true,
			request: contract.Request{Method: method, Path: c.ordinary.Path},
			why:     fmt.Sprintf("%s, which the path does not declare, is answered 405.", method),
		})
	}
}

package message

import (
	"errors"
	"fmt"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/capture/coding"
	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

// Decode reads a request to an operation. What the document does not declare is
// left out; see [Codec.Undeclared]. What cannot be read is a problem, and is left
// out too, but for a body, which is then there as it is. Method and Target are
// set where they are not the operation's own.
func (c *Codec) Decode(op *openapi.Operation, req *capture.Request) (contract.Request, []Problem) {
	d := decoder{reader: c.reader(schema.Request), plan: c.plan(op)}
	if req.Method != op.Method {
		d.out.Method = req.Method
	}
	d.path(req.Target)
	d.query(req.Target)
	d.header(req.Header)
	d.cookies(req.Header)
	d.body(op, req)
	return d.out, d.problems
}

// decoder reads one request.
type decoder struct {
	*reader
	plan     *plan
	out      contract.Request
	problems []Problem
}

// keep puts a value, or the problem with it, where it belongs.
func (d *decoder) keep(values *map[string]any, in, name string, v any, err error) {
	if err != nil {
		d.problems = append(d.problems, Problem{contract.At(in, name), err})
		return
	}
	if *values == nil {
		*values = make(map[string]any)
	}
	(*values)[name] = v
}

func (d *decoder) path(target string) {
	raw, ok := d.plan.match(target)
	if !ok {
		d.out.Target = target
		d.problems = append(d.problems, Problem{"target", fmt.Errorf("%w: the path is not one of %s", ErrUndeclared, d.plan.op.Path)})
		return
	}
	for i := range d.plan.path {
		for _, p := range d.plan.path[i].params {
			v, err := d.inPath(p, raw[0])
			d.keep(&d.out.Path, "path", p.Name, v, err)
			raw = raw[1:]
		}
	}
}

// inPath reads the value of a path's parameter, what its style puts before it
// taken away.
func (r *reader) inPath(p *param, raw string) (any, error) {
	if p.before == "." && (strings.EqualFold(raw, "%2E") || strings.EqualFold(raw, "%2E%2E")) {
		raw = "..."[:len(raw)/3] // a segment of dots, the first one of the style
	}
	rest, ok := strings.CutPrefix(raw, p.before)
	if !ok {
		return nil, fmt.Errorf("%w: %.40q does not begin with the %q of the style %s", ErrSyntax, raw, p.before, p.Style)
	}
	compound := p.Explode && p.shape.allow&(kindList|kindObject) != 0
	if p.Style == "matrix" && !compound {
		name, v, _ := strings.Cut(rest, "=")
		if name, _ = p.coded.unescape(name); name != p.Name {
			return nil, fmt.Errorf("%w: %.40q is not named %s", ErrSyntax, raw, p.Name)
		}
		rest = v
	}
	return r.styled(p, input{values: []string{rest}})
}

// queryOf returns the query of a target, undecoded (RFC 3986 section 3.4).
func queryOf(target string) string {
	target, _, _ = strings.Cut(target, "#")
	_, query, _ := strings.Cut(target, "?")
	return query
}

// splitPairs splits a query or the cookies of a field.
func splitPairs(text, between string) []pair {
	var pairs []pair
	for part := range strings.SplitSeq(text, between) {
		if between == ";" {
			part = strings.Trim(part, " \t")
		}
		if part != "" {
			name, value, _ := strings.Cut(part, "=")
			pairs = append(pairs, pair{name, value})
		}
	}
	return pairs
}

// nameOf decodes a name; one that is not well-formed is as it is.
func nameOf(c coded, name string) string {
	if decoded, err := c.unescape(name); err == nil {
		return decoded
	}
	return name
}

func (d *decoder) query(target string) {
	d.pairs(d.plan.query, "query", &d.out.Query, splitPairs(queryOf(target), "&"))
}

func (d *decoder) cookies(h capture.Header) {
	if len(d.plan.cookie) == 0 {
		return
	}
	d.pairs(d.plan.cookie, "cookie", &d.out.Cookie, cookiePairs(strings.Join(h.Values("Cookie"), ";")))
}

// cookiePairs splits cookies; quotes around a value are taken away.
func cookiePairs(text string) []pair {
	pairs := splitPairs(text, ";")
	for i, m := range pairs {
		if n := len(m.value); n > 1 && m.value[0] == '"' && m.value[n-1] == '"' {
			pairs[i].value = m.value[1 : n-1]
		}
	}
	return pairs
}

// pairs reads the parameters of a place that has pairs.
func (d *decoder) pairs(params []*param, in string, values *map[string]any, pairs []pair) {
	used := make([]bool, len(pairs))
	for _, p := range params {
		v, err := d.apart(p, pairs, used)
		if !errors.Is(err, errAbsent) {
			d.keep(values, in, p.Name, v, err)
		}
	}
}

// errAbsent: there is nothing of a parameter.
var errAbsent = errors.New("absent")

// apart reads a parameter out of the pairs of its place, and marks those that it
// has used.
func (r *reader) apart(p *param, pairs []pair, used []bool) (any, error) {
	var in input
	var brackets []pair
	objects := p.scattered()
	for i, m := range pairs {
		name := nameOf(p.coded, m.name)
		switch {
		case name == p.Name:
			in.values = append(in.values, m.value)
			brackets = append(brackets, pair{name, m.value})
		case p.under(name):
			brackets = append(brackets, pair{name, m.value})
		case objects && p.claims(name):
			in.members = append(in.members, m)
		default:
			continue
		}
		used[i] = true
	}
	switch {
	case p.deep && len(brackets) > 0:
		return r.deep(p, brackets)
	case len(in.values) == 0 && len(in.members) == 0:
		return nil, errAbsent
	}
	return r.styled(p, in)
}

// scattered says that the parameter may be an object whose properties stand by
// their own names.
func (p *param) scattered() bool {
	return p.Explode && !p.deep && p.MediaType == "" && p.shape.allow&kindObject != 0
}

// under reports whether a name is that of a deepObject with brackets after it.
func (p *param) under(name string) bool {
	return p.deep && len(name) > len(p.Name) && name[len(p.Name)] == '[' && strings.HasPrefix(name, p.Name)
}

// Undeclared returns the parameters in a request's query that its operation does
// not declare, in their order, each once.
func (c *Codec) Undeclared(op *openapi.Operation, req *capture.Request) []contract.Place {
	pairs := splitPairs(queryOf(req.Target), "&")
	used := make([]bool, len(pairs))
	d := decoder{reader: c.reader(schema.Request), plan: c.plan(op)}
	for _, p := range d.plan.query {
		_, _ = d.apart(p, pairs, used) // only for what it uses
	}
	var places []contract.Place
	seen := make(map[string]bool)
	for i, m := range pairs {
		if name := nameOf(form, m.name); !used[i] && !seen[name] {
			seen[name] = true
			places = append(places, contract.At("query", name))
		}
	}
	return places
}

func (d *decoder) header(h capture.Header) {
	for _, p := range d.plan.header {
		values := h.Values(p.Name)
		if len(values) == 0 {
			continue
		}
		v, err := d.fieldValue(p, values)
		d.keep(&d.out.Header, "header", p.Name, v, err)
	}
}

// fieldValue reads the fields of one name, which are one list (RFC 9110 section
// 5.3).
func (r *reader) fieldValue(p *param, values []string) (any, error) {
	return r.styled(p, input{values: []string{strings.Join(values, ", ")}})
}

// Parameter reads a header of an answer from the values of its fields.
func (c *Codec) Parameter(p *openapi.Parameter, values []string) (any, error) {
	return c.reader(schema.Response).fieldValue(c.param(p), values)
}

// maxBody bounds what the body of a request may decode to, in bytes: the
// greatest body that is recorded.
const maxBody = 64 << 20

func (d *decoder) body(op *openapi.Operation, req *capture.Request) {
	contentType := req.Header.Get("Content-Type")
	content, err := d.undo(req)
	switch f := formOf(contentType); {
	case err != nil:
		d.out.Body = &contract.Body{MediaType: contentType, Raw: req.Body}
		d.problems = append(d.problems, Problem{"body", err})
		return
	case len(content) == 0 && (contentType == "" || op.Body == nil || f == jsonForm || f == xmlForm || f == multipartForm):
		return
	}
	v, err := d.declared(op, contentType, content)
	if err != nil {
		d.out.Body = &contract.Body{MediaType: contentType, Raw: content}
		d.problems = append(d.problems, Problem{"body", err})
		return
	}
	d.out.Body = &contract.Body{MediaType: withoutBoundary(contentType), Value: v}
}

// undo undoes the content codings of a whole body.
func (d *decoder) undo(req *capture.Request) ([]byte, error) {
	if req.Incomplete != "" && req.Incomplete != capture.Unseen && int64(len(req.Body)) != req.BodySize {
		return nil, fmt.Errorf("%w: a part of it is missing: %s", ErrSyntax, req.Incomplete)
	}
	c := coding.Decoder{Limit: maxBody, Ratio: coding.TextRatio}
	return c.Decode(nil, req.Body, coding.Of(req.Header))
}

func (d *decoder) declared(op *openapi.Operation, contentType string, content []byte) (any, error) {
	if op.Body == nil {
		return nil, fmt.Errorf("%w: the operation takes no body", ErrUndeclared)
	}
	m := Best(op.Body.Media, contentType)
	if m == nil {
		return nil, fmt.Errorf("%w: the media type %q", ErrUndeclared, contentType)
	}
	return d.message(m, contentType, content)
}

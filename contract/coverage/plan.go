package coverage

import (
	"mime"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/conform"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

// The parts of a document.
const (
	partParameter = "parameter"
	partBody      = "body"
	partKeyword   = "keyword"
	partValue     = "enum-value"
	partBranch    = "branch"
	partSecurity  = "security"
	partStatus    = "status"
	partMedia     = "response-media-type"
	partHeader    = "header"
	partLink      = "link"
	partField     = "response-field"
)

// item is one thing that is counted.
type item struct {
	contract.CoverItem
	// at and rule are what gaps know it by.
	at   contract.Place
	rule contract.Rule
	// of are the trees that it is in.
	of []*tree
}

// kept counts a keyword that a value kept to.
func (it *item) kept() {
	if it.Positive > 0 {
		return
	}
	it.Positive = 1
	for _, t := range it.of {
		t.open--
	}
}

// plan is what is counted of an operation.
type plan struct {
	op         *openapi.Operation
	asked      uint64
	items      []*item
	parameters []*parameter
	bodies     []*body
	required   *item // of the body
	typed      *item // that the body has a declared media type
	security   []*item
	responses  map[*openapi.Response]*response
	links      []*item
	known      map[broke]bool
	fields     map[fieldsKey]*fields
}

// parameter is a parameter of requests.
type parameter struct {
	*openapi.Parameter
	at       contract.Place
	item     *item
	required *item // nil where it cannot be missing
	tree     *tree
}

// body is a body in one media type.
type body struct {
	media *openapi.Media
	item  *item
	tree  *tree
}

// response is an answer that is declared.
type response struct {
	item   *item
	media  map[*openapi.Media]*item
	header []*item // as the response has them
}

func newPlan(m *Meter, op *openapi.Operation) *plan {
	p := &plan{op: op, known: make(map[broke]bool), responses: make(map[*openapi.Response]*response, len(op.Responses))}
	b := &builder{plan: p, schemas: m.schemas, byName: make(map[string]*item)}
	for _, q := range op.Parameters {
		p.parameters = append(p.parameters, b.parameter(q))
	}
	if op.Body != nil {
		b.body(op.Body)
	}
	b.end()
	p.addSecurity()
	for _, r := range op.Responses {
		p.addResponse(r)
	}
	return p
}

// add adds an item.
func (p *plan) add(part, name string, at contract.Place, rule contract.Rule) *item {
	it := &item{CoverItem: contract.CoverItem{Part: part, Name: name}, at: at, rule: rule}
	p.items = append(p.items, it)
	return it
}

// seen adds an item that no request can break.
func (p *plan) seen(part, name string) *item {
	it := p.add(part, name, "", "")
	it.CannotBreak = true
	return it
}

func (p *plan) addResponse(r *openapi.Response) {
	x := &response{item: p.seen(partStatus, r.Status), media: make(map[*openapi.Media]*item, len(r.Media))}
	x.item.at = "status"
	for _, media := range r.Media {
		x.media[media] = p.seen(partMedia, r.Status+" "+media.Type)
	}
	for _, h := range r.Headers {
		x.header = append(x.header, p.seen(partHeader, r.Status+" "+h.Name))
	}
	for _, l := range r.Links {
		p.links = append(p.links, p.seen(partLink, r.Status+" "+l.Name))
		it := p.links[len(p.links)-1]
		it.at, it.rule = "status", contract.RuleLink
	}
	p.responses[r] = x
}

// answered counts what an answer is declared as.
func (p *plan) answered(res *capture.Response) {
	if res.Status == 0 {
		return
	}
	r := conform.Declared(p.op, res.Status)
	if r == nil {
		return
	}
	x := p.responses[r]
	x.item.Positive++
	if typ := res.Header.Get("Content-Type"); typ != "" && len(r.Media) > 0 {
		if it := x.media[message.Best(r.Media, typ)]; it != nil {
			it.Positive++
		}
	}
	for i, h := range r.Headers {
		if res.Header.Has(h.Name) {
			x.header[i].Positive++
		}
	}
}

// link counts a link by what its case says of itself, as cases name no response.
func (p *plan) link(why, to string) {
	i := 0
	for _, r := range p.op.Responses {
		for _, l := range r.Links {
			if l.Operation == to && strings.Contains(why, l.Name+" of the answer "+r.Status+" ") {
				p.links[i].Positive++
			}
			i++
		}
	}
}

// request counts what a request kept to and what it broke.
func (p *plan) request(r *contract.Request, violations []conform.Violation) {
	if len(violations) > 0 {
		p.broken(r, violations)
		return
	}
	for _, q := range p.parameters {
		if r.Target != "" && (q.In == "path" || q.In == "query") {
			continue
		}
		if v, ok := q.value(r); ok {
			q.item.Positive++
			if q.required != nil {
				q.required.kept()
			}
			q.tree.walk(v)
		}
	}
	if b := p.bodyOf(r); b != nil {
		b.item.Positive++
		p.typed.kept()
		if p.required != nil {
			p.required.kept()
		}
		if r.Body.Raw == nil {
			b.tree.walk(r.Body.Value)
		}
	}
}

// bodyOf returns the body that a request has by its media type, nil where it has
// none that is declared.
func (p *plan) bodyOf(r *contract.Request) *body {
	if r.Body == nil || len(p.bodies) == 0 || r.Body.Raw != nil && len(r.Body.Raw) == 0 {
		return nil
	}
	for _, b := range p.bodies {
		if b.media.Type == r.Body.MediaType {
			return b
		}
	}
	best := message.Best(p.op.Body.Media, r.Body.MediaType)
	for _, b := range p.bodies {
		if b.media == best {
			return b
		}
	}
	return nil
}

// value returns the parameter's value in a request.
func (q *parameter) value(r *contract.Request) (any, bool) {
	var of map[string]any
	switch q.In {
	case "path":
		of = r.Path
	case "query":
		of = r.Query
	case "cookie":
		of = r.Cookie
	case "header":
		of = r.Header
	}
	v, ok := of[q.Name]
	if ok || q.In != "header" {
		return v, ok
	}
	for name, v := range of {
		if strings.EqualFold(name, q.Name) {
			return v, true
		}
	}
	return nil, false
}

// isText reports whether a body of a media type is any text or bytes, so that
// nothing is malformed.
func isText(mediaType string) bool {
	kind, _, err := mime.ParseMediaType(mediaType)
	if err != nil {
		return true
	}
	return !strings.Contains(kind, "json") && !strings.Contains(kind, "xml") && !strings.Contains(kind, "form")
}

// compiled returns the schema at a place for requests, nil where there is none
// that can be used.
func compiled(set *schema.Set, at openapi.Place) *schema.Schema {
	if at == "" {
		return nil
	}
	s, err := set.Schema(at, schema.Request)
	if err != nil {
		return nil
	}
	return s
}

// kept returns how many items were kept to.
func (p *plan) kept() int {
	n := 0
	for _, it := range p.items {
		if it.Positive > 0 {
			n++
		}
	}
	return n
}

package message

import (
	"slices"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

// Sections cuts the requests to one operation into what can be read by itself. It
// may be used by many goroutines.
type Sections struct {
	codec *Codec
	plan  *plan
}

// Section is the path with all of its parameters, one other parameter, or the body
// of a request, as it stands on the wire. What [Sections.Decode] makes of it
// depends on nothing else.
type Section struct {
	// At is "path", a parameter such as "query limit", or "body".
	At contract.Place
	// Parameter is nil for path and body.
	Parameter *openapi.Parameter
	// Text is the path, what stands for the parameter, or the body's media type.
	Text string
	Body []byte // the request's own

	param *param
}

// Sections returns nil where a parameter of the operation cannot be told without
// the others: an object whose properties stand by their own names.
func (c *Codec) Sections(op *openapi.Operation) *Sections {
	p := c.plan(op)
	for _, param := range slices.Concat(p.query, p.cookie) {
		if param.scattered() {
			return nil
		}
	}
	return &Sections{codec: c, plan: p}
}

// Cut appends the sections of a request, those of absent parameters left out.
// False says that it cannot be cut: it is not of the operation's method, or is not
// whole, or has a content coding.
func (s *Sections) Cut(to []Section, req *capture.Request) ([]Section, bool) {
	if req.Method != s.plan.op.Method || req.Incomplete != "" || strings.Contains(req.Target, "#") || req.Header.Has("Content-Encoding") {
		return to, false
	}
	path, query, _ := strings.Cut(req.Target, "?")
	to = append(to, Section{At: "path", Text: path})
	to = s.pairs(to, s.plan.query, query, "&")
	for _, p := range s.plan.header {
		if values := req.Header.Values(p.Name); len(values) > 0 {
			to = append(to, p.section(strings.Join(values, ", ")))
		}
	}
	if len(s.plan.cookie) > 0 {
		to = s.pairs(to, s.plan.cookie, strings.Join(req.Header.Values("Cookie"), ";"), ";")
	}
	return append(to, Section{At: "body", Text: req.Header.Get("Content-Type"), Body: req.Body}), true
}

func (p *param) section(text string) Section {
	return Section{At: p.at, Parameter: p.Parameter, Text: text, param: p}
}

// pairs appends a section for each parameter that has pairs in the text.
func (s *Sections) pairs(to []Section, params []*param, text, between string) []Section {
	if text == "" {
		return to
	}
	parts := strings.Split(text, between)
	for _, p := range params {
		found, several := "", []string(nil)
		for _, part := range parts {
			if p.In == "cookie" {
				part = strings.Trim(part, " \t")
			}
			name, _, _ := strings.Cut(part, "=")
			switch name = nameOf(p.coded, name); {
			case part == "" || name != p.Name && !p.under(name):
			case found == "" && several == nil:
				found = part
			case several == nil:
				several = []string{found, part}
			default:
				several = append(several, part)
			}
		}
		if several != nil {
			found = strings.Join(several, between)
		}
		if found != "" {
			to = append(to, p.section(found))
		}
	}
	return to
}

// Decode reads one section, as [Codec.Decode] does where there is nothing else.
func (s *Sections) Decode(section Section) (contract.Request, []Problem) {
	d := decoder{reader: s.codec.reader(schema.Request), plan: s.plan}
	switch p := section.param; {
	case section.At == "path":
		d.path(section.Text)
	case section.At == "body":
		req := capture.Request{}
		if section.Text != "" {
			req.Header = capture.Header{{Name: "Content-Type", Value: section.Text}}
		}
		req.Body, req.BodySize = section.Body, int64(len(section.Body))
		d.body(s.plan.op, &req)
	case p.In == "query":
		d.pairs([]*param{p}, p.In, &d.out.Query, splitPairs(section.Text, "&"))
	case p.In == "cookie":
		d.pairs([]*param{p}, p.In, &d.out.Cookie, cookiePairs(section.Text))
	default:
		v, err := d.styled(p, input{values: []string{section.Text}})
		d.keep(&d.out.Header, p.In, p.Name, v, err)
	}
	return d.out, d.problems
}

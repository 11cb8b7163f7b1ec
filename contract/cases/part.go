package cases

import (
	"mime"
	"slices"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
	"twinspect.dev/contract/values"
)

// part is a parameter, or the body in one media type.
type part struct {
	place    contract.Place
	required bool
	supplied bool
	examples []openapi.Example
	// media is the type to send, "" of a parameter.
	media  string
	schema *schema.Schema // nil where it has none
	// valid are its values, the ordinary one first; none says that none is known.
	valid []values.Value
	// answers say of a parameter's values what the document says of them in the
	// ordinary request, once that was asked.
	answers []answer
}

// part makes a part of what the document says. A schema that cannot be used, and
// what values tell, become gaps.
func (p *plan) part(place contract.Place, at openapi.Place, examples []openapi.Example) *part {
	t := &part{place: place, examples: examples, supplied: slices.Contains(p.supplied, place)}
	if at == "" {
		t.valid = p.free(t)
		return t
	}
	s, err := p.g.Schemas.Schema(at, schema.Request)
	if err != nil {
		p.gap(place, "", "its schema cannot be used: "+err.Error())
		return t
	}
	t.schema = s
	valid, gaps := p.g.Values.Valid(s)
	t.valid = slices.DeleteFunc(slices.Clone(valid), func(v values.Value) bool { return v.Absent })
	p.tell(place, gaps)
	if len(t.valid) == 0 && len(gaps) == 0 {
		p.gap(place, "", "no value that its schema allows was found")
	}
	return t
}

// free returns the value of a part that has no schema: its first example, or a
// text.
func (p *plan) free(t *part) []values.Value {
	v := values.Value{Data: "text", Rule: contract.RuleOrdinary, Source: contract.FromSchema, Why: "any value is allowed"}
	if len(t.examples) > 0 {
		v.Data, v.Source = t.examples[0].Value, contract.FromExample
	}
	return []values.Value{v}
}

// parameter makes the part of a parameter. The ordinary value is the first example
// that is valid: an identifier that the document shows is likelier to be there
// than one that fits its schema.
func (p *plan) parameter(param *openapi.Parameter) *part {
	t := p.part(contract.At(param.In, param.Name), param.Schema, param.Examples)
	t.required = param.Required || param.In == "path"
	for _, e := range t.examples {
		if t.schema != nil && len(t.valid) > 0 && t.schema.Valid(e.Value) {
			first := values.Value{Data: e.Value, Rule: contract.RuleOrdinary, Source: contract.FromExample, Why: "as the document shows it"}
			t.valid = slices.Insert(t.valid, 0, first)
			t.valid[1].Rule = rule(t.valid[1], contract.RuleRandom)
			break
		}
	}
	return t
}

// rule returns the rule of a value, or another where it is the ordinary one.
func rule(v values.Value, other contract.Rule) contract.Rule {
	if v.Rule == contract.RuleOrdinary || v.Rule == "" {
		return other
	}
	return v.Rule
}

// body makes the part of the body in one media type.
func (p *plan) body(m *openapi.Media) *part {
	t := p.part("body", m.Schema, m.Examples)
	t.required, t.media = p.op.Body.Required, concrete(m.Type, t.schema != nil)
	if t.media == "" {
		p.gap("body", contract.RuleMediaType, "no media type is known that falls under "+m.Type)
		t.valid = nil
	}
	return t
}

// concrete returns a media type that falls under a range, "" where none is known.
func concrete(pattern string, structured bool) string {
	kind, _, _ := strings.Cut(pattern, ";")
	switch kind = strings.ToLower(strings.TrimSpace(kind)); {
	case !strings.Contains(kind, "*"):
		return pattern
	case structured && (kind == "*/*" || kind == "*" || kind == "application/*"):
		return "application/json"
	case kind == "*/*" || kind == "*" || kind == "text/*":
		return "text/plain"
	case kind == "application/*":
		return "application/octet-stream"
	case kind == "image/*":
		return "image/png"
	case kind == "audio/*":
		return "audio/mpeg"
	case kind == "video/*":
		return "video/mp4"
	case strings.HasPrefix(kind, "application/*+"):
		return "application/vnd.example" + strings.TrimPrefix(kind, "application/*")
	}
	return ""
}

// isJSON reports whether bodies of a media type are JSON (RFC 6839 section 3.1).
func isJSON(mediaType string) bool {
	kind := base(mediaType)
	return kind == "application/json" || strings.HasSuffix(kind, "+json")
}

// isXML reports whether bodies of a media type are XML (RFC 7303).
func isXML(mediaType string) bool {
	kind := base(mediaType)
	return kind == "application/xml" || kind == "text/xml" || strings.HasSuffix(kind, "+xml")
}

// base returns a media type without its parameters, in lower case.
func base(mediaType string) string {
	kind, _, err := mime.ParseMediaType(mediaType)
	if err != nil {
		kind, _, _ = strings.Cut(mediaType, ";")
		kind = strings.ToLower(strings.TrimSpace(kind))
	}
	return kind
}

package conform

import (
	"cmp"
	"slices"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
)

// Prover holds many requests to one operation against the document. It finds what
// [Conformer.Sent] finds, and remembers it for each part of the wire: of a request
// that differs from an earlier one in one parameter, that parameter alone is read
// and held against its schema. It is for one goroutine.
type Prover struct {
	c        *Conformer
	op       *openapi.Operation
	sections *message.Sections // nil where requests must be read as a whole
	cut      []message.Section
	known    map[sectionKey]*finding
	absent   [][]Violation // by the index in op.Parameters
}

// sectionKey tells sections apart by what stands on the wire.
type sectionKey struct {
	parameter *openapi.Parameter // nil for path and body
	body      bool
	text      string
	content   string
}

// finding is what was found of a section.
type finding struct {
	problems []Violation
	broken   []ranked
	// lost says that the path is not the operation's, so that nothing of the target
	// is read.
	lost bool
}

// ranked is a violation with the index of its parameter in the operation; that of
// the body is after all.
type ranked struct {
	Violation
	index int
}

// maxRemembered is the longest body in bytes that is remembered: usual ones come
// again with other parameters, and one of megabytes is made once.
const maxRemembered = 64 << 10

// Prover returns a prover for an operation.
func (c *Conformer) Prover(op *openapi.Operation) *Prover {
	p := &Prover{c: c, op: op, sections: c.codec.Sections(op), known: make(map[sectionKey]*finding)}
	p.absent = make([][]Violation, len(op.Parameters))
	for i, param := range op.Parameters {
		p.absent[i] = c.parameter(nil, param, &contract.Request{})
	}
	return p
}

// Sent returns where a request does not keep to the operation on the wire.
func (p *Prover) Sent(req *capture.Request) []Violation {
	if p.sections == nil {
		return p.c.Sent(p.op, req)
	}
	var ok bool
	if p.cut, ok = p.sections.Cut(p.cut[:0], req); !ok {
		return p.c.Sent(p.op, req)
	}
	var out []Violation
	var broken []ranked
	for _, section := range p.cut {
		f := p.find(section)
		if f.lost {
			return p.c.Sent(p.op, req)
		}
		out, broken = append(out, f.problems...), append(broken, f.broken...)
	}
	broken = p.missing(broken)
	slices.SortStableFunc(broken, func(a, b ranked) int { return cmp.Compare(a.index, b.index) })
	for i := range broken {
		out = append(out, broken[i].Violation)
	}
	return out
}

// missing adds what is wrong with the absence of parameters that have no section.
func (p *Prover) missing(to []ranked) []ranked {
	for i, violations := range p.absent {
		param := p.op.Parameters[i]
		if len(violations) == 0 || param.In == "path" ||
			slices.ContainsFunc(p.cut, func(s message.Section) bool { return s.Parameter == param }) {
			continue
		}
		to = indexed(to, violations, i)
	}
	return to
}

func indexed(to []ranked, violations []Violation, index int) []ranked {
	for _, v := range violations {
		to = append(to, ranked{v, index})
	}
	return to
}

// find returns what is known of a section, or finds it out.
func (p *Prover) find(section message.Section) *finding {
	if f, ok := p.known[sectionKey{section.Parameter, section.At == "body", section.Text, string(section.Body)}]; ok {
		return f
	}
	f := p.examine(section)
	if len(section.Body) <= maxRemembered {
		p.known[sectionKey{section.Parameter, section.At == "body", section.Text, string(section.Body)}] = f
	}
	return f
}

// examine reads a section and holds it against the document.
func (p *Prover) examine(section message.Section) *finding {
	r, problems := p.sections.Decode(section)
	f := &finding{}
	told := make(map[contract.Place]bool, len(problems))
	for _, problem := range problems {
		f.lost = f.lost || problem.At == "target"
		told[problem.At] = true
		f.problems = append(f.problems, malformed(problem))
	}
	for i, param := range p.op.Parameters {
		if param == section.Parameter || section.At == "path" && param.In == "path" {
			f.broken = indexed(f.broken, p.c.parameter(nil, param, &r), i)
		}
	}
	if section.At == "body" {
		f.broken = indexed(f.broken, p.c.requestBody(nil, p.op.Body, r.Body), len(p.op.Parameters))
	}
	f.broken = slices.DeleteFunc(f.broken, func(v ranked) bool { return told[v.At] || told[whole(v.At)] })
	return f
}

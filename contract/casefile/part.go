package casefile

import (
	"strconv"

	"twinspect.dev/contract"
)

// usual is the name of the step of a case that has one.
const usual = "request"

// str adds a text unless it is empty.
func (e *encoder) str(n *node, key, s string) {
	if s != "" {
		n.add(key, e.text(s))
	}
}

// unless adds a text that is not what its absence stands for.
func (e *encoder) unless(n *node, key, s, absent string) {
	if s != absent {
		n.add(key, e.text(s))
	}
}

// part makes the node of a file.
func (e *encoder) part(p *contract.Part) *node {
	n := e.new.make(node{kind: object, block: true})
	n.add("operation", e.text(p.Operation))
	if s := p.Setup; s != nil {
		setup := e.new.make(node{kind: object, block: len(s.Steps)+len(s.Use) > 0})
		e.unless(setup, "operation", s.Operation, p.Operation)
		e.steps(setup, s.Steps)
		e.uses(setup, s.Use)
		n.add("setup", setup)
	}
	if len(p.Cases) > 0 {
		cases := e.new.make(node{kind: list, block: true})
		for i := range p.Cases {
			cases.items = append(cases.items, e.testCase(&p.Cases[i], p.Operation))
		}
		n.add("cases", cases)
	}
	if len(p.Gaps) > 0 {
		gaps := e.new.make(node{kind: list, block: true})
		for i := range p.Gaps {
			gaps.items = append(gaps.items, e.gap(&p.Gaps[i], p.Operation))
		}
		n.add("gaps", gaps)
	}
	return n
}

func (e *encoder) gap(g *contract.Gap, operation string) *node {
	n := e.new.make(node{kind: object})
	e.unless(n, "operation", g.Operation, operation)
	e.str(n, "at", string(g.At))
	e.str(n, "rule", string(g.Rule))
	e.str(n, "why", g.Why)
	return n
}

func (e *encoder) testCase(c *contract.Case, operation string) *node {
	n := e.new.make(node{kind: object, block: true})
	n.add("id", e.text(c.ID))
	e.unless(n, "operation", c.Operation, operation)
	e.str(n, "kind", string(c.Kind))
	e.str(n, "rule", string(c.Rule))
	e.str(n, "at", string(c.At))
	e.str(n, "source", string(c.Source))
	e.str(n, "why", c.Why)
	if len(c.Steps) == 1 && c.Steps[0].Name == usual && c.Steps[0].Operation == c.Operation {
		n.add("request", e.request(&c.Steps[0].Request))
		e.rest(n, &c.Steps[0])
		return n
	}
	e.steps(n, c.Steps)
	return n
}

func (e *encoder) steps(n *node, steps []contract.Step) {
	if len(steps) == 0 {
		return
	}
	all := e.new.make(node{kind: list, block: true})
	for i := range steps {
		step := e.new.make(node{kind: object, block: true})
		step.add("name", e.text(steps[i].Name))
		step.add("operation", e.text(steps[i].Operation))
		if r := e.request(&steps[i].Request); len(r.members) > 0 {
			step.add("request", r)
		}
		e.rest(step, &steps[i])
		all.items = append(all.items, step)
	}
	n.add("steps", all)
}

// rest adds what a step has beside its request.
func (e *encoder) rest(n *node, s *contract.Step) {
	e.uses(n, s.Use)
	if p := s.Pages; p != nil {
		pages := e.new.make(node{kind: object})
		e.str(pages, "into", string(p.Into))
		e.str(pages, "next", string(p.Next))
		e.count(pages, "step", p.Step)
		e.str(pages, "items", string(p.Items))
		e.count(pages, "max", p.Max)
		n.add("pages", pages)
	}
	expect := e.new.make(node{kind: object})
	e.str(expect, "check", string(s.Expect.Check))
	if len(s.Expect.Status) > 0 {
		status := e.new.make(node{kind: list})
		for _, pattern := range s.Expect.Status {
			status.items = append(status.items, e.status(pattern))
		}
		expect.add("status", status)
	}
	e.str(expect, "kept", s.Expect.Kept)
	e.str(expect, "same", s.Expect.Same)
	e.str(expect, "listed", s.Expect.Listed)
	e.str(expect, "unlisted", s.Expect.Unlisted)
	if len(expect.members) > 0 {
		n.add("expect", expect)
	}
}

// status writes a status as a number, as people do.
func (e *encoder) status(pattern string) *node {
	if code, err := strconv.Atoi(pattern); err == nil && code >= 100 && strconv.Itoa(code) == pattern {
		return e.new.plain(pattern)
	}
	return e.text(pattern)
}

func (e *encoder) count(n *node, key string, v int) {
	if v != 0 {
		n.add(key, e.new.number(v))
	}
}

func (e *encoder) uses(n *node, uses []contract.Use) {
	if len(uses) == 0 {
		return
	}
	all := e.new.make(node{kind: list, block: true})
	for _, u := range uses {
		use := e.new.make(node{kind: object})
		e.str(use, "step", u.Step)
		e.str(use, "from", string(u.From))
		e.str(use, "into", string(u.Into))
		all.items = append(all.items, use)
	}
	n.add("use", all)
}

func (e *encoder) request(r *contract.Request) *node {
	n := e.new.make(node{kind: object})
	e.str(n, "method", r.Method)
	e.str(n, "target", r.Target)
	for _, part := range requestParts {
		if m := *part.of(r); len(m) > 0 {
			n.add(part.key, e.value(m))
		}
	}
	if r.Body != nil {
		n.add("body", e.body(r.Body))
	}
	e.str(n, "credentials", string(r.Credentials))
	n.block = len(n.members) > 0
	return n
}

func (e *encoder) body(b *contract.Body) *node {
	n := e.new.make(node{kind: object, block: true})
	e.str(n, "media-type", b.MediaType)
	if b.Raw != nil {
		n.add("raw", e.text(string(b.Raw)))
	}
	if b.Value != nil || b.Raw == nil {
		n.add("value", e.value(b.Value))
	}
	return n
}

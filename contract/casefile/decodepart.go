package casefile

import (
	"twinspect.dev/capture/rulefile"
	"twinspect.dev/contract"
)

var (
	partKeys    = []string{"operation", "setup", "cases", "gaps"}
	setupKeys   = []string{"operation", "steps", "use"}
	stepKeys    = []string{"name", "operation", "request", "use", "pages", "expect"}
	caseKeys    = []string{"id", "operation", "kind", "rule", "at", "source", "why", "steps", "request", "use", "pages", "expect"}
	gapKeys     = []string{"operation", "at", "rule", "why"}
	useKeys     = []string{"step", "from", "into"}
	pagesKeys   = []string{"into", "next", "step", "items", "max"}
	expectKeys  = []string{"check", "status", "kept", "same", "listed", "unlisted"}
	requestKeys = []string{"method", "target", "path", "query", "header", "cookie", "body", "credentials"}
	bodyKeys    = []string{"media-type", "raw", "value"}
	kinds       = []string{string(contract.Positive), string(contract.Negative), string(contract.Sequence)}
)

// located is a part with the places of its cases.
type located struct {
	contract.Part
	file  string
	cases []*node
}

func (d *decoder) part(n *node) *located {
	p := &located{file: d.file}
	if n.kind == object && n.get("operation") == nil {
		d.fail(n, "operation is missing")
	} else if n.kind == object {
		// First, as what follows leaves it out where it is the same.
		p.Operation = d.str(n.get("operation"), "operation")
	}
	d.fields(n, "a file of cases", partKeys, func(key string, v *node) {
		switch key {
		case "setup":
			p.Setup = d.setup(v, p.Operation)
		case "cases":
			for _, item := range d.items(v, key) {
				p.Cases = append(p.Cases, d.testCase(item, p.Operation))
				p.cases = append(p.cases, item)
			}
		case "gaps":
			for _, item := range d.items(v, key) {
				p.Gaps = append(p.Gaps, d.gap(item, p.Operation))
			}
		}
	})
	return p
}

// items returns the items of a list; nothing is an empty one.
func (d *decoder) items(n *node, what string) []*node {
	if n.kind != list && (n.kind != plain || n.text != "") {
		d.fail(n, "%s is a list, not %s", what, n.name())
	}
	return n.items
}

func (d *decoder) setup(n *node, operation string) *contract.Setup {
	s := &contract.Setup{Operation: operation}
	d.fields(n, "setup", setupKeys, func(key string, v *node) {
		switch key {
		case "operation":
			s.Operation = d.str(v, key)
		case "steps":
			s.Steps = d.steps(v)
		case "use":
			s.Use = d.uses(v)
		}
	})
	return s
}

func (d *decoder) gap(n *node, operation string) contract.Gap {
	g := contract.Gap{Operation: operation}
	d.fields(n, "a gap", gapKeys, func(key string, v *node) {
		switch s := d.str(v, key); key {
		case "operation":
			g.Operation = s
		case "at":
			g.At = contract.Place(s)
		case "rule":
			g.Rule = contract.Rule(s)
		case "why":
			g.Why = s
		}
	})
	return g
}

func (d *decoder) testCase(n *node, operation string) contract.Case {
	c := contract.Case{Operation: operation}
	single := contract.Step{Name: usual}
	inline := ""
	d.fields(n, "a case", caseKeys, func(key string, v *node) {
		switch key {
		case "id":
			c.ID = d.str(v, key)
		case "operation":
			c.Operation = d.str(v, key)
		case "kind":
			c.Kind = d.kind(v)
		case "rule":
			c.Rule = contract.Rule(d.str(v, key))
		case "at":
			c.At = contract.Place(d.str(v, key))
		case "source":
			c.Source = contract.Source(d.str(v, key))
		case "why":
			c.Why = d.str(v, key)
		case "steps":
			c.Steps = d.steps(v)
		default:
			inline = key
			d.stepField(&single, key, v)
		}
	})
	if n.kind != object {
		return c
	}
	if n.get("id") == nil {
		d.fail(n, "a case needs an id")
	}
	switch {
	case inline == "":
	case n.get("steps") != nil:
		d.fail(n.get(inline), "%s stands in a case of one request, or in each of its steps, not beside them", inline)
	default:
		single.Operation = c.Operation
		c.Steps = []contract.Step{single}
	}
	return c
}

// kind reads one of the kinds; others would be run as none.
func (d *decoder) kind(n *node) contract.Kind {
	s := d.str(n, "kind")
	if s != "" && !contains(kinds, s) {
		d.fail(n, "unknown kind %q%s; allowed are %s", shorten(s), rulefile.DidYouMean(shorten(s), kinds), rulefile.OneOf(kinds))
	}
	return contract.Kind(s)
}

func (d *decoder) steps(n *node) []contract.Step {
	var out []contract.Step
	for _, item := range d.items(n, "steps") {
		var s contract.Step
		d.fields(item, "a step", stepKeys, func(key string, v *node) { d.stepField(&s, key, v) })
		if item.kind == object && item.get("operation") == nil {
			d.fail(item, "a step needs an operation")
		}
		out = append(out, s)
	}
	return out
}

func (d *decoder) stepField(s *contract.Step, key string, v *node) {
	switch key {
	case "name":
		s.Name = d.str(v, key)
	case "operation":
		s.Operation = d.str(v, key)
	case "request":
		s.Request = d.request(v)
	case "use":
		s.Use = d.uses(v)
	case "pages":
		s.Pages = d.pages(v)
	case "expect":
		s.Expect = d.expect(v)
	}
}

func (d *decoder) uses(n *node) []contract.Use {
	var out []contract.Use
	for _, item := range d.items(n, "use") {
		var u contract.Use
		d.fields(item, "a use", useKeys, func(key string, v *node) {
			switch s := d.str(v, key); key {
			case "step":
				u.Step = s
			case "from":
				u.From = contract.Place(s)
			case "into":
				u.Into = contract.Place(s)
			}
		})
		out = append(out, u)
	}
	return out
}

func (d *decoder) pages(n *node) *contract.Pages {
	p := &contract.Pages{}
	d.fields(n, "pages", pagesKeys, func(key string, v *node) {
		switch key {
		case "into":
			p.Into = contract.Place(d.str(v, key))
		case "next":
			p.Next = contract.Place(d.str(v, key))
		case "step":
			p.Step = d.integer(v, key)
		case "items":
			p.Items = contract.Place(d.str(v, key))
		case "max":
			p.Max = d.integer(v, key)
		}
	})
	return p
}

func (d *decoder) expect(n *node) contract.Expect {
	var e contract.Expect
	d.fields(n, "expect", expectKeys, func(key string, v *node) {
		switch key {
		case "check":
			e.Check = d.check(v)
		case "status":
			for _, item := range d.items(v, key) {
				e.Status = append(e.Status, d.str(item, key))
			}
		case "kept":
			e.Kept = d.str(v, key)
		case "same":
			e.Same = d.str(v, key)
		case "listed":
			e.Listed = d.str(v, key)
		case "unlisted":
			e.Unlisted = d.str(v, key)
		}
	})
	return e
}

// check reads the name of a check.
func (d *decoder) check(n *node) contract.Check {
	s := d.str(n, "check")
	if _, ok := contract.ParseCheck(s); s != "" && !ok {
		names := make([]string, len(contract.Checks))
		for i, c := range contract.Checks {
			names[i] = string(c)
		}
		d.fail(n, "unknown check %q%s; allowed are %s", shorten(s), rulefile.DidYouMean(shorten(s), names), rulefile.OneOf(names))
	}
	return contract.Check(s)
}

func (d *decoder) request(n *node) contract.Request {
	var r contract.Request
	if n.kind == plain && n.text == "" {
		return r
	}
	d.fields(n, "request", requestKeys, func(key string, v *node) {
		switch key {
		case "method":
			r.Method = d.str(v, key)
		case "target":
			r.Target = d.str(v, key)
		case "body":
			r.Body = d.body(v)
		case "credentials":
			r.Credentials = d.credentials(v)
		}
		for _, part := range requestParts {
			if part.key == key {
				*part.of(&r) = d.tree(v, key)
			}
		}
	})
	return r
}

func (d *decoder) credentials(n *node) contract.Credentials {
	known := []string{string(contract.NoCredentials), string(contract.WrongCredentials)}
	s := d.str(n, "credentials")
	if s != "" && !contains(known, s) {
		d.fail(n, "unknown credentials %q%s; allowed are %s, or leave it out for the right ones", shorten(s), rulefile.DidYouMean(shorten(s), known), rulefile.OneOf(known))
	}
	return contract.Credentials(s)
}

func (d *decoder) body(n *node) *contract.Body {
	b := &contract.Body{}
	d.fields(n, "body", bodyKeys, func(key string, v *node) {
		switch key {
		case "media-type":
			b.MediaType = d.str(v, key)
		case "raw":
			b.Raw = append([]byte{}, d.str(v, key)...)
		case "value":
			b.Value = d.value(v)
		}
	})
	return b
}

package coverage

import (
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/conform"
	"twinspect.dev/contract/pointer"
)

// broken counts what the violations of a request break.
func (p *plan) broken(r *contract.Request, violations []conform.Violation) {
	body := false
	for _, q := range p.parameters {
		first := true
		for i := range violations {
			if v := &violations[i]; v.At == q.at {
				q.broken(r, v, first)
				first = false
			}
		}
	}
	for i := range violations {
		if part, _ := violations[i].At.Split(); part == "body" && len(p.bodies) > 0 {
			body = p.brokenBody(r, &violations[i]) || body
		}
	}
	if b := p.bodyOf(r); body && b != nil {
		b.item.Negative++
	}
}

// broken counts a violation of a parameter. It is known of the whole parameter
// alone, so the first has its value looked at for all of them.
func (q *parameter) broken(r *contract.Request, v *conform.Violation, first bool) {
	if first {
		q.item.Negative++
	}
	value, there := q.value(r)
	switch {
	case v.Keyword == conform.Malformed:
		q.tree.shallow("type")
	case !there && q.required != nil:
		q.required.Negative = 1
	case there && first && q.tree.schema != nil:
		for _, inner := range q.tree.schema.Validate(value) {
			q.tree.mark(inner.At, inner.Keyword, value)
		}
	}
}

// brokenBody counts a violation of the body, and reports whether it is one of the
// value.
func (p *plan) brokenBody(r *contract.Request, v *conform.Violation) bool {
	switch {
	case v.Keyword == conform.MediaType:
		p.typed.Negative = 1
		return false
	case v.Schema != "" && v.Schema == p.op.Body.Place:
		if p.required != nil {
			p.required.Negative = 1
		}
		return false
	}
	if b := p.bodyOf(r); b != nil && v.Keyword != conform.Malformed {
		_, within := v.At.Split()
		b.tree.mark(within, v.Keyword, r.Body.Value)
	}
	return true
}

// mark counts what a violation at a place in a value breaks.
func (t *tree) mark(at, keyword string, whole any) {
	value, _ := pointer.Get(whole, at)
	for _, n := range t.nodes(pointer.Split(at)) {
		n.mark(keyword, value)
	}
}

// mark counts a keyword as broken by a value. A union is broken by a value of the
// wrong type for its branches; so are a discriminator, and what the branches say of
// its property.
func (n *node) mark(keyword string, value any) bool {
	found := false
	for i := range n.checks {
		if c := &n.checks[i]; c.brokenBy(keyword, value) {
			c.Negative, found = 1, true
		}
	}
	return found
}

func (c *check) brokenBy(keyword string, value any) bool {
	switch keyword {
	case c.keyword:
		return c.name == "" || !has(value, c.name)
	case "oneOf", "anyOf":
		return c.keyword == "type" && c.fits != nil && !c.fits(value)
	case "discriminator":
		_, text := value.(string)
		return c.name != "" && !has(value, c.name) || text && (c.keyword == "enum" || c.keyword == "const") ||
			c.keyword == "type" && c.fits != nil && !c.fits(value)
	}
	return false
}

// shallow counts a keyword as broken where it is least deep: where in a parameter
// that cannot be read it is broken is not known.
func (t *tree) shallow(keyword string) {
	level := closure(nil, t.root)
	for range maxDepth {
		found := false
		for _, n := range level {
			for i := range n.checks {
				if c := &n.checks[i]; c.keyword == keyword && !c.CannotBreak {
					c.Negative, found = 1, true
				}
			}
		}
		if found || len(level) == 0 {
			return
		}
		var next []*node
		for _, n := range level {
			next = n.children(next)
		}
		level = next
	}
}

// nodes returns the schemas that describe what stands at a path in a value.
func (t *tree) nodes(path []string) []*node {
	at := closure(nil, t.root)
	for _, name := range path {
		var next []*node
		for _, n := range at {
			for _, below := range n.member(name) {
				next = closure(next, below)
			}
		}
		at = next
	}
	return at
}

// member returns what describes a member or an element.
func (n *node) member(name string) (out []*node) {
	n.each(name, func(below *node) { out = append(out, below) })
	if i, ok := index(name); ok {
		if below := n.at(i); below != nil {
			out = append(out, below)
		}
	}
	return out
}

// index reads the position of an element.
func index(name string) (int, bool) {
	if name == "" || len(name) > 9 || strings.Trim(name, "0123456789") != "" {
		return 0, false
	}
	i := 0
	for _, c := range name {
		i = i*10 + int(c-'0')
	}
	return i, true
}

// maxClosure is how many schemas that describe one value are looked at: see
// conform.Cursor.
const maxClosure = 1000

func closure(to []*node, n *node) []*node {
	if n == nil || len(to) >= maxClosure {
		return to
	}
	to = append(to, n)
	for _, s := range n.same {
		to = closure(to, s)
	}
	for i := range n.branches {
		to = closure(to, n.branches[i].node)
	}
	return to
}

func (n *node) children(to []*node) []*node {
	for _, m := range n.members {
		to = closure(to, m)
	}
	for _, p := range n.patterns {
		to = closure(to, p.node)
	}
	for _, m := range n.prefix {
		to = closure(to, m)
	}
	return closure(closure(to, n.extra), n.elements)
}

// again counts a request that breaks what is known.
func (p *plan) again(at contract.Place, r *contract.Request) {
	if part, _ := at.Split(); part == "body" {
		if b := p.bodyOf(r); b != nil {
			b.item.Negative++
		}
		return
	}
	for _, q := range p.parameters {
		if q.at == at {
			q.item.Negative++
		}
	}
}

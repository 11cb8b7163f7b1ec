package coverage

// maxWalk is how many schemas are held against the parts of one value. Bounds and
// branches show in the first ones; a body of 10,000 parts would cost more than the
// request.
const maxWalk = 4096

// walk counts what a valid value keeps to.
func (t *tree) walk(v any) {
	if t == nil || t.root == nil || t.open == 0 {
		return
	}
	steps := maxWalk
	t.root.walk(v, &steps)
}

func (n *node) walk(v any, steps *int) {
	if n == nil || *steps <= 0 {
		return
	}
	*steps--
	for i := range n.checks {
		if c := &n.checks[i]; c.Positive == 0 && c.holds(v) {
			c.kept()
		}
	}
	for _, s := range n.same {
		s.walk(v, steps)
	}
	for i := range n.branches {
		n.branches[i].walk(v, steps)
	}
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			n.each(name, func(below *node) { below.walk(member, steps) })
		}
	case []any:
		for i := range v {
			if *steps > 0 {
				n.at(i).walk(v[i], steps)
			}
		}
	}
}

func (b *branch) walk(v any, steps *int) {
	if b.node == nil && (b.item == nil || b.item.Positive > 0) || !b.holds(v) {
		return
	}
	if b.item != nil {
		b.item.kept()
	}
	b.node.walk(v, steps)
}

func (b *branch) holds(v any) bool {
	if b.fits == nil {
		return has(v, b.member)
	}
	return b.fits.Valid(v) != b.not
}

// each calls visit with what describes a member.
func (n *node) each(name string, visit func(*node)) {
	below, declared := n.members[name]
	if below != nil {
		visit(below)
	}
	for _, p := range n.patterns {
		if p.MatchString(name) {
			declared = true
			if p.node != nil {
				visit(p.node)
			}
		}
	}
	if !declared && n.extra != nil {
		visit(n.extra)
	}
}

// at returns what describes an element.
func (n *node) at(i int) *node {
	if i < len(n.prefix) {
		return n.prefix[i]
	}
	return n.elements
}

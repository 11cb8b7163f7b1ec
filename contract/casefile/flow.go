package casefile

import "strings"

// flow reads a value between brackets or braces, or one in them. It may go over
// lines, whose indent says nothing.
func (p *parser) flow() *node {
	n := p.node(plain)
	if !p.enter() {
		return n
	}
	defer func() { p.depth-- }()
	switch c := p.peek(0); c {
	case '[':
		n.kind = list
		p.i++
		p.flowItems(n)
	case '{':
		n.kind = object
		p.i++
		p.flowMembers(n)
	case '"', '\'':
		n.kind, n.text = text, p.quoted()
	default:
		if p.special(c) {
			n.text = p.flowText()
		}
	}
	return n
}

func (p *parser) flowItems(n *node) {
	for p.more(']') {
		n.items = append(n.items, p.flow())
		if p.next() && p.peek(0) == ':' {
			p.fail("an object in a list needs braces")
		}
		p.comma(']')
	}
}

func (p *parser) flowMembers(n *node) {
	for p.more('}') {
		m := member{line: p.line, col: p.col() + 1}
		switch c := p.peek(0); {
		case c == '"' || c == '\'':
			m.key = p.quoted()
		case c == '{' || c == '[':
			p.fail("a key is a text")
		case p.special(c):
			m.key = p.flowText()
			p.simple(m.key)
		}
		if !p.next() || p.peek(0) != ':' {
			p.fail("a colon is expected after the key")
			return
		}
		p.i++
		m.value = p.node(plain)
		if p.next() && p.peek(0) != ',' && p.peek(0) != '}' {
			m.value = p.flow()
		}
		n.members = append(n.members, m)
		p.comma('}')
	}
}

// more goes to the next entry, or over the closing bracket.
func (p *parser) more(closing byte) bool {
	if !p.next() {
		p.fail("%c is missing", closing)
		return false
	}
	if p.peek(0) == closing {
		p.i++
		return false
	}
	return true
}

// comma goes over what stands between entries.
func (p *parser) comma(closing byte) {
	switch {
	case !p.next():
		p.fail("%c is missing", closing)
	case p.peek(0) == ',':
		p.i++
	case p.peek(0) != closing:
		p.fail(", or %c is expected", closing)
	}
}

// flowText reads a text without quotes, on one line.
func (p *parser) flowText() string {
	from := p.i
	for ; p.i < len(p.src); p.i++ {
		c := p.src[p.i]
		if c == '\n' || strings.IndexByte(",[]{}", c) >= 0 {
			break
		}
		if c == ':' && (ends(p.peek(1)) || strings.IndexByte(",[]{}", p.peek(1)) >= 0) {
			break
		}
		if c == '#' && p.i > from && (p.src[p.i-1] == ' ' || p.src[p.i-1] == '\t') {
			break
		}
	}
	if p.i == from && p.err == nil {
		p.fail("a value is expected here")
	}
	return strings.TrimRight(p.src[from:p.i], " \t")
}

package pattern

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// maxDepth bounds how deep groups nest, for the parser's stack.
	maxDepth = 200
	// endless is a repetition that is as good as one without an end: no value is so
	// long.
	endless = 1 << 30
)

// parser reads an expression (ECMA-262 section 22.2.1).
type parser struct {
	text   []rune
	pos    int
	depth  int
	groups int
	names  map[string]int
	total  int  // of the groups, known before the first backreference is read
	loose  bool // holds what Go's regexp has no word for
}

// parse reads an expression; loose says that it needs backtracking.
func parse(expr string) (root node, loose bool, err error) {
	if !utf8.ValidString(expr) {
		return nil, false, fmt.Errorf("the expression %q is not UTF-8", expr)
	}
	p := &parser{text: []rune(expr), names: map[string]int{}}
	p.total = p.countGroups()
	root, err = p.choice()
	if err == nil && p.pos < len(p.text) {
		err = p.wrong("a ) without its (")
	}
	if err == nil {
		err = p.resolve(root)
	}
	return root, p.loose, err
}

func (p *parser) wrong(what string) error {
	return fmt.Errorf("no regular expression of ECMA-262: %s, at character %d of %q", what, p.pos+1, string(p.text))
}

// countGroups counts the capturing groups.
func (p *parser) countGroups() int {
	n, inClass := 0, false
	for i := 0; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == '\\':
			i++
		case c == '[':
			inClass = true
		case c == ']':
			inClass = false
		case c == '(' && !inClass:
			if rest := string(p.text[i+1 : min(i+4, len(p.text))]); !strings.HasPrefix(rest, "?") ||
				strings.HasPrefix(rest, "?<") && rest != "?<" && rest[2] != '=' && rest[2] != '!' {
				n++
			}
		}
	}
	return n
}

// resolve puts the numbers of names in.
func (p *parser) resolve(root node) error {
	var err error
	walk(root, func(n node) {
		s, ok := n.(*sequence)
		if !ok {
			return
		}
		for i, part := range s.parts {
			name, ok := part.(*named)
			if !ok {
				continue
			}
			number, ok := p.names[name.name]
			if !ok {
				err = p.wrong("no group is named " + name.name)
			}
			s.parts[i] = &again{number}
		}
	})
	return err
}

func (p *parser) more() bool { return p.pos < len(p.text) }

func (p *parser) peek() rune {
	if p.more() {
		return p.text[p.pos]
	}
	return -1
}

// take moves over s where it comes next.
func (p *parser) take(s string) bool {
	end := p.pos + utf8.RuneCountInString(s)
	if end > len(p.text) || string(p.text[p.pos:end]) != s {
		return false
	}
	p.pos = end
	return true
}

func (p *parser) choice() (node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.wrong("groups nest too deep")
	}
	defer func() { p.depth-- }()
	var of []node
	for {
		s, err := p.sequence()
		if err != nil {
			return nil, err
		}
		of = append(of, s)
		if !p.take("|") {
			break
		}
	}
	if len(of) == 1 {
		return of[0], nil
	}
	return &choice{of}, nil
}

func (p *parser) sequence() (node, error) {
	s := &sequence{}
	for p.more() && p.peek() != '|' && p.peek() != ')' {
		atom, err := p.atom()
		if err != nil {
			return nil, err
		}
		if atom, err = p.quantified(atom); err != nil {
			return nil, err
		}
		s.parts = append(s.parts, atom)
	}
	return s, nil
}

// quantified reads the quantifier after an atom.
func (p *parser) quantified(atom node) (node, error) {
	r := &repeat{of: &sequence{[]node{atom}}}
	switch {
	case p.take("*"):
		r.max = -1
	case p.take("+"):
		r.min, r.max = 1, -1
	case p.take("?"):
		r.max = 1
	case p.peek() == '{':
		if !p.braces(r) {
			return atom, nil
		}
	default:
		return atom, nil
	}
	if r.max >= 0 && r.min > r.max {
		return nil, p.wrong("a quantifier whose numbers are out of order")
	}
	if _, ok := atom.(*edge); ok {
		return nil, p.wrong("a quantifier after an assertion")
	}
	r.lazy = p.take("?")
	return r, nil
}

// braces reads {n}, {n,} or {n,m}; anything else stays where it is, as a
// character (Annex B.1.2).
func (p *parser) braces(r *repeat) bool {
	start := p.pos
	p.pos++
	low, ok := p.number()
	r.min, r.max = low, low
	if ok && p.take(",") {
		r.max = -1
		if high, has := p.number(); has {
			r.max = high
		}
	}
	if !ok || !p.take("}") {
		p.pos = start
		return false
	}
	return true
}

func (p *parser) number() (int, bool) {
	start := p.pos
	for p.peek() >= '0' && p.peek() <= '9' {
		p.pos++
	}
	if start == p.pos {
		return 0, false
	}
	n, err := strconv.Atoi(string(p.text[start:p.pos]))
	if err != nil || n > endless {
		n = endless
	}
	return n, true
}

func (p *parser) atom() (node, error) {
	c := p.peek()
	p.pos++
	switch c {
	case '^', '$':
		return &edge{byte(c)}, nil
	case '(':
		return p.group()
	case '.':
		return &chars{lines.negated()}, nil
	case '[':
		return p.class()
	case '\\':
		return p.escape()
	case '*', '+', '?':
		p.pos--
		return nil, p.wrong("a quantifier with nothing before it")
	}
	return &chars{class{{c, c}}}, nil
}

func (p *parser) group() (node, error) {
	if !p.take("?") {
		p.groups++
		return p.captured(p.groups)
	}
	switch {
	case p.take(":"):
		return p.closed()
	case p.take("="):
		return p.look(false, false)
	case p.take("!"):
		return p.look(false, true)
	case p.take("<="):
		return p.look(true, false)
	case p.take("<!"):
		return p.look(true, true)
	case p.take("<"):
		name, err := p.name()
		if err != nil {
			return nil, err
		}
		p.groups++
		p.names[name] = p.groups
		return p.captured(p.groups)
	}
	return nil, p.wrong("a group of a kind that ECMA-262 does not have")
}

func (p *parser) captured(number int) (node, error) {
	of, err := p.closed()
	return &group{of, number}, err
}

func (p *parser) look(behind, negate bool) (node, error) {
	p.loose = true
	of, err := p.closed()
	return &look{of, behind, negate}, err
}

// closed reads to the end of a group.
func (p *parser) closed() (node, error) {
	of, err := p.choice()
	if err == nil && !p.take(")") {
		err = p.wrong("a ( without its )")
	}
	return of, err
}

// name reads the rest of <name>.
func (p *parser) name() (string, error) {
	start := p.pos
	for p.more() && p.peek() != '>' {
		p.pos++
	}
	name := string(p.text[start:p.pos])
	if name == "" || !p.take(">") {
		return "", p.wrong("a group without a name")
	}
	return name, nil
}

package casefile

import (
	"strings"
	"unicode/utf8"

	"twinspect.dev/capture/rulefile"
)

// maxNodes is how deep nodes may be nested: each level of a value takes three
// where it is written as $members.
const maxNodes = 3*MaxNesting + 16

// parser reads one file. After the first mistake of syntax it is at the end.
type parser struct {
	new   *nodes
	file  string
	src   string
	i     int
	line  int // from 1
	bol   int // where the line begins
	depth int
	err   *rulefile.Error
}

// parse reads a file of YAML; an empty one gives nil. The error is about the first
// mistake, as what follows one of syntax means nothing.
func parse(file string, data []byte) (*node, *rulefile.Error) {
	p := &parser{new: &nodes{}, file: file, line: 1}
	p.src = strings.TrimPrefix(string(data), "\ufeff")
	if strings.Contains(p.src, "\r\n") {
		p.src = strings.ReplaceAll(p.src, "\r\n", "\n")
	}
	if !p.clean() {
		return nil, p.err
	}
	if strings.HasPrefix(p.src, "---") && (len(p.src) == 3 || strings.IndexByte(" \n", p.src[3]) >= 0) {
		p.i = 3
	}
	var n *node
	if p.next() {
		n = p.block(-1)
		if p.err == nil && p.next() {
			p.fail("this is beside what the file begins with: is the indent right?")
		}
	}
	if p.err != nil {
		return nil, p.err
	}
	return n, nil
}

// clean refuses what no YAML has: bytes that are not UTF-8 and control characters
// (YAML 1.2.2 section 5.1).
func (p *parser) clean() bool {
	for i := 0; i < len(p.src); {
		c := p.src[i]
		size := 1
		switch {
		case c >= utf8.RuneSelf:
			var r rune
			if r, size = utf8.DecodeRuneInString(p.src[i:]); r == utf8.RuneError && size == 1 {
				p.i = i
				p.fail("the byte 0x%02x is not UTF-8", c)
				return false
			}
		case c == '\n':
			p.line, p.bol = p.line+1, i+1
		case c < ' ' && c != '\t' || c == 0x7f:
			p.i = i
			p.fail("the character U+%04X cannot stand in YAML; write it as \\x%02x between double quotes", c, c)
			return false
		}
		i += size
	}
	p.line, p.bol = 1, 0
	return true
}

// fail keeps the first mistake, at the place where the parser is.
func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = newError(p.file, p.line, p.i-p.bol+1, format, args...)
	}
	p.i = len(p.src)
}

func (p *parser) col() int { return p.i - p.bol }

// peek returns the byte at an offset from here, a line's end at the end.
func (p *parser) peek(offset int) byte {
	if p.i+offset < len(p.src) {
		return p.src[p.i+offset]
	}
	return '\n'
}

func (p *parser) newline() {
	p.i++
	p.line, p.bol = p.line+1, p.i
}

// blanks skips spaces and tabs, and a comment after one or at a line's beginning.
func (p *parser) blanks() {
	from := p.i
	for p.i < len(p.src) && (p.src[p.i] == ' ' || p.src[p.i] == '\t') {
		p.i++
	}
	if p.i < len(p.src) && p.src[p.i] == '#' && (p.i > from || p.i == p.bol) {
		p.i += strings.IndexByte(p.src[p.i:]+"\n", '\n')
	}
}

// next goes to the next token, over comments and ends of lines, and reports
// whether there is one.
func (p *parser) next() bool {
	for p.i < len(p.src) {
		p.blanks()
		if p.i >= len(p.src) {
			return false
		}
		if p.src[p.i] != '\n' {
			break
		}
		p.newline()
	}
	return p.i < len(p.src)
}

// onLine reports whether something more stands on the line.
func (p *parser) onLine() bool {
	p.blanks()
	return p.i < len(p.src) && p.src[p.i] != '\n'
}

// ends checks that nothing more stands on the line.
func (p *parser) ends() {
	if !p.onLine() {
		return
	}
	if p.src[p.i] == ':' {
		p.fail("a key cannot stand here")
		return
	}
	p.fail("the line should end here")
}

// enter counts a level of nesting.
func (p *parser) enter() bool {
	if p.depth++; p.depth > maxNodes {
		p.fail("nested deeper than %d", maxNodes)
		return false
	}
	return true
}

func (p *parser) node(k kind) *node {
	return p.new.make(node{kind: k, line: p.line, col: p.col() + 1})
}

// indented refuses a tab where the indent is counted.
func (p *parser) indented() bool {
	if strings.IndexByte(p.src[p.bol:p.i], '\t') >= 0 {
		p.fail("an indent is made of spaces, not of tabs")
		return false
	}
	return true
}

// block reads a value that begins a line, or stands after a dash, and is indented
// more than its parent.
func (p *parser) block(parent int) *node {
	n := p.node(plain)
	if !p.indented() || !p.enter() {
		return n
	}
	defer func() { p.depth-- }()
	switch {
	case p.dash():
		return p.list(p.col())
	case p.keyAhead():
		return p.object(p.col())
	}
	return p.inline(parent)
}

// dash reports whether an item of a list begins here.
func (p *parser) dash() bool {
	return p.peek(0) == '-' && ends(p.peek(1))
}

func ends(c byte) bool { return c == ' ' || c == '\n' || c == '\t' }

func (p *parser) list(col int) *node {
	n := p.node(list)
	for {
		line := p.line
		p.i++
		if p.onLine() {
			n.items = append(n.items, p.block(col))
		} else {
			n.items = append(n.items, p.below(col, line))
		}
		if !p.follows(col) {
			return n
		}
		if !p.dash() {
			return n
		}
	}
}

// below reads the value of an item that begins on a later line.
func (p *parser) below(parent, line int) *node {
	empty := p.node(plain)
	empty.line = line
	if !p.next() || p.col() <= parent {
		return empty
	}
	return p.block(parent)
}

// follows goes to the next token and reports whether it stands at this column. One
// that is indented more belongs nowhere.
func (p *parser) follows(col int) bool {
	if !p.next() || !p.indented() || p.col() < col {
		return false
	}
	if p.col() > col {
		p.fail("this is indented by %d where %d is expected", p.col(), col)
		return false
	}
	return true
}

// keyAhead reports whether a key begins here.
func (p *parser) keyAhead() bool {
	at := *p
	defer func() { *p = at }()
	switch p.peek(0) {
	case '"', '\'':
		p.quoted()
		p.blanks()
		return p.err == nil && p.line == at.line && p.peek(0) == ':' && ends(p.peek(1))
	case '{', '[', '|', '>', '#', '\n', '&', '*', '!', '%', '@', '`':
		return false
	}
	return p.plainKey() >= 0
}

// plainKey returns how long the key without quotes is that begins here, -1 where
// none does.
func (p *parser) plainKey() int {
	for k := p.i; k < len(p.src) && p.src[k] != '\n'; k++ {
		if p.src[k] == ':' && (k+1 == len(p.src) || ends(p.src[k+1])) {
			return k - p.i
		}
		if p.src[k] == '#' && k > p.i && p.src[k-1] == ' ' {
			return -1
		}
	}
	return -1
}

func (p *parser) object(col int) *node {
	n := p.node(object)
	for {
		m := member{line: p.line, col: p.col() + 1}
		if !p.keyAhead() {
			p.fail("a key and a colon are expected here")
			return n
		}
		if c := p.peek(0); c == '"' || c == '\'' {
			m.key = p.quoted()
			p.blanks()
		} else {
			size := p.plainKey()
			m.key = strings.TrimRight(p.src[p.i:p.i+size], " \t")
			p.simple(m.key)
			p.i += size
		}
		if p.err != nil {
			return n
		}
		line := p.line
		p.i++
		m.value = p.value(col, line)
		n.members = append(n.members, m)
		if !p.follows(col) {
			return n
		}
	}
}

// simple refuses the keys of YAML that are no texts.
func (p *parser) simple(key string) {
	switch {
	case key == "<<":
		p.fail("merge keys are not read; write the members themselves")
	case key == "" || strings.HasPrefix(key, "? "):
		p.fail("a key is a text")
	}
}

// value reads what follows a key of an object at a column.
func (p *parser) value(col, line int) *node {
	if !p.onLine() {
		empty := p.node(plain)
		empty.line = line
		if !p.next() || p.col() < col || p.col() == col && !p.dash() {
			return empty
		}
		return p.block(col)
	}
	if c := p.peek(0); c != '"' && c != '\'' && p.dash() {
		p.fail("a list begins on a line of its own")
		return p.node(plain)
	}
	return p.inline(col)
}

package pattern

import (
	"fmt"
	"strconv"
	"strings"
)

// syntax is what an expression is written in. Nothing that the two engines read
// in ways of their own is handed to them: classes are written out, "$" means the
// very end.
type syntax struct {
	character string // format of a code point
	end       string // the very end
	never     string // what no text matches
}

var (
	goSyntax   = syntax{character: `\x{%x}`, end: `\z`, never: `[^\x{0}-\x{10ffff}]`}
	ecmaSyntax = syntax{character: `\u%04x`, end: `(?![\s\S])`, never: `(?!)`}
)

func written(n node, s syntax) string {
	var b strings.Builder
	s.write(&b, n)
	return b.String()
}

func (s syntax) write(b *strings.Builder, n node) {
	switch n := n.(type) {
	case *chars:
		s.class(b, n.class)
	case *sequence:
		for _, p := range n.parts {
			s.write(b, p)
		}
	case *choice:
		s.choice(b, n)
	case *repeat:
		b.WriteString("(?:")
		s.write(b, n.of)
		b.WriteString(")" + quantifier(n))
	case *group:
		b.WriteByte('(')
		s.write(b, n.of)
		b.WriteByte(')')
	case *again:
		fmt.Fprintf(b, `(?:\%d)`, n.number)
	case *look:
		b.WriteString(opening(n))
		s.write(b, n.of)
		b.WriteByte(')')
	case *edge:
		s.edge(b, n)
	}
}

func (s syntax) choice(b *strings.Builder, n *choice) {
	b.WriteString("(?:")
	for i, of := range n.of {
		if i > 0 {
			b.WriteByte('|')
		}
		s.write(b, of)
	}
	b.WriteByte(')')
}

func (s syntax) edge(b *strings.Builder, n *edge) {
	switch n.kind {
	case '^':
		b.WriteString("^")
	case '$':
		b.WriteString(s.end)
	default:
		b.WriteString(`\` + string(n.kind))
	}
}

func (s syntax) class(b *strings.Builder, c class) {
	if len(c) == 0 {
		b.WriteString(s.never)
		return
	}
	b.WriteByte('[')
	for _, p := range c {
		s.char(b, p.lo)
		if p.hi > p.lo {
			b.WriteByte('-')
			s.char(b, p.hi)
		}
	}
	b.WriteByte(']')
}

func (s syntax) char(b *strings.Builder, r rune) {
	if r > 0xffff && s.end != `\z` {
		b.WriteRune(r) // the engine has no escape for it
		return
	}
	fmt.Fprintf(b, s.character, r)
}

func quantifier(r *repeat) string {
	var q string
	switch {
	case r.max < 0:
		q = "{" + strconv.Itoa(r.min) + ",}"
	default:
		q = "{" + strconv.Itoa(r.min) + "," + strconv.Itoa(r.max) + "}"
	}
	if r.lazy {
		q += "?"
	}
	return q
}

func opening(l *look) string {
	switch {
	case l.behind && l.negate:
		return "(?<!"
	case l.behind:
		return "(?<="
	case l.negate:
		return "(?!"
	}
	return "(?="
}

package schema

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ecma reads a regular expression of ECMA-262 (edition 15, section 22.2) and
// writes the one that means the same to Go's engine, or where it has lookaround
// or back-references, to the other one. Escapes of punctuation and lone braces
// are let through, as without the flag u (annex B.1.2).
type ecma struct {
	in      string
	pos     int
	out     strings.Builder
	linear  bool // nothing was read that needs the other engine
	back    bool // the other engine is written for
	inClass bool
}

// translatePattern returns the expression for Go's engine and whether that has
// all it needs, or the one for the engine that goes back.
func translatePattern(source string, back bool) (string, bool, error) {
	e := &ecma{in: source, linear: !back, back: back}
	if !utf8.ValidString(source) {
		return "", false, fmt.Errorf("it is no UTF-8")
	}
	for e.pos < len(e.in) {
		if err := e.next(); err != nil {
			return "", false, fmt.Errorf("at character %d: %w", utf8.RuneCountInString(source[:e.pos]), err)
		}
	}
	return e.out.String(), e.linear, nil
}

// What the classes of ECMA-262 hold beyond those of the engines: \s has all that
// Unicode calls a space, and the dot stops at four line ends (section 22.2.2.9,
// 12.2 and 12.3).
const (
	spaces    = `\t\n\x0b\f\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}`
	notSpaces = `\x00-\x08\x0e-\x1f!-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}` +
		`\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff}`
	lineEnds = `\n\r\x{2028}\x{2029}`
)

func (e *ecma) write(text string) { e.out.WriteString(text) }

// class writes what a class holds, in brackets where it stands outside one.
func (e *ecma) class(content string) {
	content = plainRunes(content)
	if e.inClass {
		e.write(content)
		return
	}
	e.write("[" + content + "]")
}

// plainRunes writes \x{...} as the characters themselves, which both engines
// read.
func plainRunes(s string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, `\x{`)
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		var hex string
		hex, s, _ = strings.Cut(rest, "}")
		n, _ := strconv.ParseInt(hex, 16, 32)
		b.WriteRune(rune(n))
	}
}

func (e *ecma) next() error {
	c, size := utf8.DecodeRuneInString(e.in[e.pos:])
	if e.inClass {
		return e.member(c, size)
	}
	switch c {
	case '\\':
		return e.escape()
	case '.':
		e.write("[^" + plainRunes(lineEnds) + "]")
	case '$':
		e.write(`\z`)
	case '[':
		return e.open()
	case '(':
		return e.group()
	case '{':
		return e.brace()
	case '}', ']':
		e.write(`\` + string(c))
	default:
		e.write(e.in[e.pos : e.pos+size])
	}
	e.pos += size
	return nil
}

// open begins a class.
func (e *ecma) open() error {
	rest := e.in[e.pos:]
	switch {
	case strings.HasPrefix(rest, "[]"):
		e.write("[^\x00-\U0010ffff]")
		e.pos += 2
	case strings.HasPrefix(rest, "[^]"):
		e.write("[\x00-\U0010ffff]")
		e.pos += 3
	case strings.HasPrefix(rest, "[^"):
		e.inClass = true
		e.write("[^")
		e.pos += 2
	default:
		e.inClass = true
		e.write("[")
		e.pos++
	}
	if e.inClass && !strings.Contains(e.in[e.pos:], "]") {
		return fmt.Errorf("a class is not closed")
	}
	return nil
}

// member reads one part of a class.
func (e *ecma) member(c rune, size int) error {
	switch c {
	case ']':
		e.inClass = false
		e.write("]")
	case '\\':
		return e.escape()
	case '[', '^', '&', '~':
		e.write(`\` + string(c)) // the engines have more in classes
	case '-':
		e.dash()
	default:
		e.write(e.in[e.pos : e.pos+size])
	}
	e.pos += size
	return nil
}

// dash writes a dash as itself where it stands beside a class or at an end.
func (e *ecma) dash() {
	before, after := e.in[:e.pos], e.in[e.pos+1:]
	literal := strings.HasPrefix(after, "]")
	for _, name := range []string{"d", "D", "w", "W", "s", "S"} {
		literal = literal || strings.HasSuffix(before, `\`+name) || strings.HasPrefix(after, `\`+name)
	}
	if last := e.out.String(); strings.HasSuffix(last, "[") && !strings.HasSuffix(last, `\[`) || strings.HasSuffix(last, "[^") {
		literal = true
	}
	if literal {
		e.write(`\-`)
		return
	}
	e.write("-")
}

// group reads how a group begins.
func (e *ecma) group() error {
	rest := e.in[e.pos:]
	for _, begin := range []string{"(?:", "(?=", "(?!", "(?<=", "(?<!"} {
		if strings.HasPrefix(rest, begin) {
			e.linear = e.linear && begin == "(?:"
			e.write(begin)
			e.pos += len(begin)
			return nil
		}
	}
	if strings.HasPrefix(rest, "(?<") {
		name, _, ok := strings.Cut(rest[3:], ">")
		if !ok || name == "" {
			return fmt.Errorf("the name of a group is not closed")
		}
		e.write("(?<" + name + ">")
		e.pos += len(name) + 4
		return nil
	}
	if strings.HasPrefix(rest, "(?") {
		return fmt.Errorf("ECMA-262 has no such group")
	}
	e.write("(")
	e.pos++
	return nil
}

// brace reads a quantifier, or a brace that stands for itself.
func (e *ecma) brace() error {
	body, _, closed := strings.Cut(e.in[e.pos+1:], "}")
	low, high, isRange := strings.Cut(body, ",")
	if !closed || !digits(low) || isRange && high != "" && !digits(high) {
		e.write(`\{`)
		e.pos++
		return nil
	}
	e.write("{" + body + "}")
	e.pos += len(body) + 2
	return nil
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

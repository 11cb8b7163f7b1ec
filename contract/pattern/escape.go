package pattern

import (
	"strconv"
	"strings"
)

// escape reads what follows a backslash outside of a class.
func (p *parser) escape() (node, error) {
	switch c := p.peek(); {
	case c == -1:
		return nil, p.wrong("a backslash at the end")
	case c == 'b' || c == 'B':
		p.pos++
		return &edge{byte(c)}, nil
	case c == 'k' && len(p.text) > p.pos+1 && p.text[p.pos+1] == '<':
		p.pos += 2
		p.loose = true
		name, err := p.name()
		return &named{name}, err
	case c >= '1' && c <= '9':
		return p.backreference(), nil
	}
	set, err := p.escaped()
	return &chars{set}, err
}

// backreference reads a number that is one of a group, or an octal or literal
// digit where there is no such group (Annex B.1.2).
func (p *parser) backreference() node {
	start := p.pos
	if n, _ := p.number(); n <= p.total {
		p.loose = true
		return &again{n}
	}
	p.pos = start + 1
	c := p.text[start]
	return &chars{class{{c, c}}}
}

// escaped reads a class or a character after a backslash, as it stands both in a
// class and outside of one.
func (p *parser) escaped() (class, error) {
	c := p.peek()
	p.pos++
	switch c {
	case -1:
		return nil, p.wrong("a backslash at the end")
	case 'd':
		return digits, nil
	case 'D':
		return digits.negated(), nil
	case 'w':
		return words, nil
	case 'W':
		return words.negated(), nil
	case 's':
		return blanks, nil
	case 'S':
		return blanks.negated(), nil
	case 'p', 'P':
		return p.property(c == 'P')
	}
	r := p.character(c)
	return class{{r, r}}, nil
}

// character returns the one that an escape stands for; itself where the escape
// has no meaning.
func (p *parser) character(c rune) rune {
	switch c {
	case 't':
		return '\t'
	case 'n':
		return '\n'
	case 'v':
		return '\v'
	case 'f':
		return '\f'
	case 'r':
		return '\r'
	case '0':
		return 0
	case 'c':
		if l := p.peek() | 0x20; l >= 'a' && l <= 'z' {
			p.pos++
			return l - 'a' + 1
		}
	case 'x':
		if r, ok := p.hex(2); ok {
			return r
		}
	case 'u':
		return p.unicode()
	}
	return c
}

// unicode reads what follows \u: four digits, a pair of surrogates, or {digits}.
func (p *parser) unicode() rune {
	if p.take("{") {
		start := p.pos
		for p.more() && p.peek() != '}' && p.pos-start < 8 {
			p.pos++
		}
		r, err := strconv.ParseUint(string(p.text[start:p.pos]), 16, 32)
		if err == nil && r <= 0x10ffff && p.take("}") {
			return rune(r)
		}
		p.pos = start - 1
		return 'u'
	}
	high, ok := p.hex(4)
	if !ok {
		return 'u'
	}
	start := p.pos
	if high >= 0xd800 && high < 0xdc00 && p.take(`\u`) {
		if low, ok := p.hex(4); ok && low >= 0xdc00 && low < 0xe000 {
			return (high-0xd800)<<10 + (low - 0xdc00) + 0x10000
		}
		p.pos = start
	}
	return high
}

func (p *parser) hex(n int) (rune, bool) {
	if p.pos+n > len(p.text) {
		return 0, false
	}
	r, err := strconv.ParseUint(string(p.text[p.pos:p.pos+n]), 16, 32)
	if err != nil {
		return 0, false
	}
	p.pos += n
	return rune(r), true
}

// property reads what follows \p.
func (p *parser) property(negate bool) (class, error) {
	start := p.pos
	for p.more() && p.peek() != '}' {
		p.pos++
	}
	text := string(p.text[start:p.pos])
	if !strings.HasPrefix(text, "{") || !p.take("}") {
		return nil, p.wrong(`\p without {a property}`)
	}
	name, value, _ := strings.Cut(text[1:], "=")
	set, ok := property(name, value)
	if !ok {
		return nil, p.wrong("no Unicode property is named " + text[1:])
	}
	if negate {
		set = set.negated()
	}
	return set, nil
}

// class reads what follows a [.
func (p *parser) class() (node, error) {
	negate := p.take("^")
	var spans []span
	for {
		if !p.more() {
			return nil, p.wrong("a [ without its ]")
		}
		if p.take("]") {
			break
		}
		set, err := p.member()
		if err != nil {
			return nil, err
		}
		if set, err = p.ranged(set); err != nil {
			return nil, err
		}
		spans = append(spans, set...)
	}
	set := newClass(spans).and(all)
	if negate {
		set = set.negated()
	}
	return &chars{set}, nil
}

func (p *parser) member() (class, error) {
	c := p.peek()
	p.pos++
	if c != '\\' {
		return class{{c, c}}, nil
	}
	if p.take("b") {
		return class{{'\b', '\b'}}, nil
	}
	return p.escaped()
}

// ranged reads the rest of a range; a - beside a class is a character (Annex
// B.1.2).
func (p *parser) ranged(low class) (class, error) {
	if p.peek() != '-' || p.pos+1 >= len(p.text) || p.text[p.pos+1] == ']' {
		return low, nil
	}
	p.pos++
	high, err := p.member()
	if err != nil {
		return nil, err
	}
	if low.size() != 1 || high.size() != 1 {
		both := append(append([]span{{'-', '-'}}, low...), high...)
		return newClass(both), nil
	}
	if low[0].lo > high[0].lo {
		return nil, p.wrong("a range whose ends are out of order")
	}
	return class{{low[0].lo, high[0].lo}}, nil
}

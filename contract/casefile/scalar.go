package casefile

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"twinspect.dev/capture/rulefile"
)

func newError(file string, line, col int, format string, args ...any) *rulefile.Error {
	return &rulefile.Error{File: file, Line: line, Column: col, Msg: fmt.Sprintf(format, args...)}
}

// inline reads a value that is neither a list nor an object of several lines, up
// to its line's end. Lines that are indented more than its parent belong to it.
func (p *parser) inline(parent int) *node {
	n := p.node(plain)
	switch c := p.peek(0); c {
	case '"', '\'':
		n.kind, n.text = text, p.quoted()
		p.ends()
	case '{', '[':
		n = p.flow()
		p.ends()
	case '|', '>':
		n.kind, n.text = text, p.blockText(parent, c == '>')
	default:
		if p.special(c) {
			n.text = p.plainText(parent)
		}
	}
	return n
}

// special refuses the beginnings of what is not read.
func (p *parser) special(c byte) bool {
	refused := map[byte]string{
		'&': "anchors are not read; write the value where it is needed",
		'*': "aliases are not read; write the value itself",
		'!': "tags are not read", '%': "a text that begins with % needs quotes",
		'@': "a text that begins with @ needs quotes", '`': "a text that begins with ` needs quotes",
		']': "this closes nothing", '}': "this closes nothing", ',': "a text that begins with , needs quotes",
	}
	why, ok := refused[c]
	if !ok && c == '?' && ends(p.peek(1)) {
		why, ok = "keys of several lines are not read", true
	}
	if ok {
		p.fail("%s", why)
	}
	return !ok
}

// plainText reads a text without quotes.
func (p *parser) plainText(parent int) string {
	out, whole := p.plainLine()
	for whole && p.err == nil {
		at := *p
		breaks := 0
		for p.peek(0) == '\n' && p.i < len(p.src) {
			p.newline()
			breaks++
			for p.peek(0) == ' ' {
				p.i++
			}
		}
		if breaks == 0 || p.i >= len(p.src) || p.col() <= parent || p.peek(0) == '#' {
			*p = at
			return out
		}
		if p.dash() || p.keyAhead() {
			p.fail("this cannot stand below the text before it: is the indent right?")
			return out
		}
		var line string
		line, whole = p.plainLine()
		out += fold(breaks) + line
	}
	return out
}

// fold is what so many ends of lines are in a text that is folded (YAML 1.2.2
// section 6.5).
func fold(breaks int) string {
	if breaks == 1 {
		return " "
	}
	return strings.Repeat("\n", breaks-1)
}

// plainLine reads the rest of a line, and leaves the parser at its end. What a
// comment ends does not go on in the next line.
func (p *parser) plainLine() (text string, whole bool) {
	end := strings.IndexByte(p.src[p.i:], '\n')
	if end < 0 {
		end = len(p.src) - p.i
	}
	line := p.src[p.i : p.i+end]
	stop := len(line)
	for k := 1; k < len(line); k++ {
		if line[k] == '#' && (line[k-1] == ' ' || line[k-1] == '\t') {
			stop = k
			break
		}
		if line[k] == ':' && k+1 < len(line) && ends(line[k+1]) || line[k] == ':' && k+1 == len(line) {
			p.i += k
			p.fail("a text with a colon before a space needs quotes")
			return "", false
		}
	}
	p.i += end
	return strings.TrimRight(line[:stop], " \t"), stop == len(line)
}

// quoted reads a text in quotes.
func (p *parser) quoted() string {
	open := *p
	quote := p.src[p.i]
	p.i++
	var b strings.Builder
	for from := p.i; p.i < len(p.src); {
		c := p.src[p.i]
		switch {
		case c == quote && quote == '\'' && p.peek(1) == '\'' && p.i+1 < len(p.src):
			b.WriteString(p.src[from : p.i+1])
			p.i += 2
			from = p.i
		case c == quote:
			rest := p.src[from:p.i]
			p.i++
			if b.Len() == 0 {
				return rest
			}
			b.WriteString(rest)
			return b.String()
		case c == '\\' && quote == '"':
			b.WriteString(p.src[from:p.i])
			p.escape(&b)
			from = p.i
		case c == '\n':
			b.WriteString(strings.TrimRight(p.src[from:p.i], " \t"))
			b.WriteString(fold(p.lineEnds()))
			from = p.i
		default:
			p.i++
		}
	}
	if p.err == nil {
		*p = open
		p.fail("this quote is not closed")
	}
	return ""
}

// lineEnds skips ends of lines and the blanks around them, and counts them.
func (p *parser) lineEnds() int {
	count := 0
	for p.i < len(p.src) && p.src[p.i] == '\n' {
		p.newline()
		count++
		for p.i < len(p.src) && (p.src[p.i] == ' ' || p.src[p.i] == '\t') {
			p.i++
		}
	}
	return count
}

// escape reads an escape (YAML 1.2.2 section 5.7).
func (p *parser) escape(b *strings.Builder) {
	c := p.peek(1)
	if i := strings.IndexByte(`0abtnvfre"/\N_LP `+"\t", c); i >= 0 {
		b.WriteString([]string{
			"\x00", "\a", "\b", "\t", "\n", "\v", "\f", "\r", "\x1b", `"`, "/", `\`, "\u0085", "\u00a0", "\u2028", "\u2029", " ", "\t",
		}[i])
		p.i += 2
		return
	}
	if c == '\n' {
		p.i++
		if breaks := p.lineEnds(); breaks > 1 {
			b.WriteString(fold(breaks))
		}
		return
	}
	size := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
	if size == 0 || p.i+2+size > len(p.src) {
		p.fail(`\%c is no escape of YAML`, rune(c))
		return
	}
	code, err := strconv.ParseUint(p.src[p.i+2:p.i+2+size], 16, 32)
	if err == nil && size == 4 && code >= 0xd800 && code < 0xdc00 {
		p.pair(b, rune(code))
		return
	}
	if err != nil || code > utf8.MaxRune || !utf8.ValidRune(rune(code)) {
		p.fail(`%s is no character of Unicode`, p.src[p.i:p.i+2+size])
		return
	}
	b.WriteRune(rune(code))
	p.i += 2 + size
}

// pair reads a character that is written as two surrogates, as JSON does.
func (p *parser) pair(b *strings.Builder, high rune) {
	const size = len(`\ud83d\ude00`)
	if p.i+size <= len(p.src) && p.src[p.i+6:p.i+8] == `\u` {
		low, err := strconv.ParseUint(p.src[p.i+8:p.i+size], 16, 32)
		if err == nil && low >= 0xdc00 && low < 0xe000 {
			b.WriteRune((high-0xd800)<<10 + rune(low) - 0xdc00 + 0x10000)
			p.i += size
			return
		}
	}
	p.fail(`%s is half a character; texts that are no Unicode are written as $base64`, p.src[p.i:p.i+6])
}

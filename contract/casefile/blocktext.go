package casefile

import "strings"

// blockText reads a text of lines, as they are or folded (YAML 1.2.2 section 8.1).
func (p *parser) blockText(parent int, folded bool) string {
	p.i++
	chomp, given := p.blockHeader()
	if p.err != nil {
		return ""
	}
	p.ends()
	if p.i < len(p.src) {
		p.newline()
	}
	lines := p.textLines(parent, given)
	last := len(lines)
	for last > 0 && lines[last-1] == "" {
		last--
	}
	body := strings.Join(lines[:last], "\n")
	if folded {
		body = foldLines(lines[:last])
	}
	switch {
	case chomp == '+':
		return body + strings.Repeat("\n", len(lines)-last+min(last, 1))
	case chomp == '-' || last == 0:
		return body
	}
	return body + "\n"
}

// blockHeader reads the indicators, in any order.
func (p *parser) blockHeader() (chomp byte, indent int) {
	for ; p.i < len(p.src) && !ends(p.src[p.i]); p.i++ {
		switch c := p.src[p.i]; {
		case (c == '-' || c == '+') && chomp == 0:
			chomp = c
		case c >= '1' && c <= '9' && indent == 0:
			indent = int(c - '0')
		default:
			p.fail("a text that begins with | or > needs quotes")
			return 0, 0
		}
	}
	return chomp, indent
}

// textLines reads the lines that are indented enough, without their indent, which
// is that of the first that is not empty.
func (p *parser) textLines(parent, given int) []string {
	indent := 0
	if given > 0 {
		indent = max(parent, 0) + given
	}
	var lines []string
	for p.i < len(p.src) {
		line := p.src[p.i:]
		if end := strings.IndexByte(line, '\n'); end >= 0 {
			line = line[:end]
		}
		content := strings.TrimLeft(line, " ")
		spaces := len(line) - len(content)
		if content != "" && indent == 0 {
			indent = max(spaces, parent+1, 1)
		}
		if content != "" && spaces < indent {
			break
		}
		if content == "" && (indent == 0 || spaces < indent) {
			line = ""
		} else {
			line = line[indent:]
		}
		lines = append(lines, line)
		p.i += min(spaces+len(content), len(p.src)-p.i)
		if p.i < len(p.src) {
			p.newline()
		}
	}
	return lines
}

// foldLines joins lines by spaces, but for those that are empty or indented more
// (YAML 1.2.2 section 8.1.3).
func foldLines(lines []string) string {
	var b strings.Builder
	more := func(s string) bool { return s != "" && (s[0] == ' ' || s[0] == '\t') }
	breaks := 0
	before := ""
	for i, line := range lines {
		if i > 0 {
			breaks++
		}
		if line == "" {
			continue
		}
		switch {
		case breaks == 0:
		case before == "" || more(before) || more(line):
			b.WriteString(strings.Repeat("\n", breaks))
		default:
			b.WriteString(fold(breaks))
		}
		b.WriteString(line)
		before, breaks = line, 0
	}
	return b.String()
}

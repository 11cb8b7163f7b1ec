package casefile

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// width is how long a line may get by putting a list or an object on it.
	width = 100
	// maxKey is how long a key may be for readers of YAML (1.2.2 section 7.4.2).
	maxKey = 1024
)

// emitter writes nodes as YAML.
type emitter struct {
	buf []byte
}

func (e *emitter) indent(n int) {
	const spaces = "                                "
	for n > len(spaces) {
		e.buf = append(e.buf, spaces...)
		n -= len(spaces)
	}
	e.buf = append(e.buf, spaces[:n]...)
}

// members writes an object's members at an indent, the first where the line stands.
func (e *emitter) members(n *node, indent int) {
	for i := range n.members {
		if i > 0 {
			e.indent(indent)
		}
		e.scalar(n.members[i].key, true)
		e.buf = append(e.buf, ':')
		e.after(n.members[i].value, indent)
	}
}

// after writes what follows a key or a dash, to the end of its last line.
func (e *emitter) after(n *node, indent int) {
	switch {
	case n.kind == plain:
		e.buf = append(append(e.buf, ' '), n.text...)
	case n.kind == text && literal(n.text):
		e.literal(n.text, indent+2)
		return
	case n.kind == text:
		e.buf = append(e.buf, ' ')
		e.scalar(n.text, false)
	case e.flows(n):
	case n.kind == list:
		e.buf = append(e.buf, '\n')
		for _, item := range n.items {
			e.indent(indent + 2)
			e.item(item, indent+2)
		}
		return
	default:
		e.buf = append(e.buf, '\n')
		e.indent(indent + 2)
		e.members(n, indent+2)
		return
	}
	e.buf = append(e.buf, '\n')
}

// item writes an item of a list at an indent, the first line of which stands.
func (e *emitter) item(n *node, indent int) {
	e.buf = append(e.buf, '-')
	if n.kind < list || e.flows(n) {
		if n.kind < list {
			e.after(n, indent)
			return
		}
		e.buf = append(e.buf, '\n')
		return
	}
	e.buf = append(e.buf, ' ')
	if n.kind == object {
		e.members(n, indent+2)
		return
	}
	for i, item := range n.items {
		if i > 0 {
			e.indent(indent + 2)
		}
		e.item(item, indent+2)
	}
}

// flows writes a list or an object on the line where that is short, after a space.
func (e *emitter) flows(n *node) bool {
	mark := len(e.buf)
	start := mark - 1
	for start > 0 && e.buf[start-1] != '\n' && mark-start < width {
		start--
	}
	if len(n.items) == 0 && len(n.members) == 0 {
		empty := " {}"
		if n.kind == list {
			empty = " []"
		}
		e.buf = append(e.buf, empty...)
		return true
	}
	e.buf = append(e.buf, ' ')
	if n.block || !e.flow(n, max(start+width, mark+width/2)) {
		e.buf = e.buf[:mark]
		return false
	}
	return true
}

// flow writes a value on the line unless it goes beyond an offset.
func (e *emitter) flow(n *node, end int) bool {
	switch {
	case len(e.buf)+len(n.text) > end || n.block:
		return false
	case n.kind == plain:
		e.buf = append(e.buf, n.text...)
	case n.kind == text:
		e.scalar(n.text, true)
	case n.kind == list:
		e.buf = append(e.buf, '[')
		for i, item := range n.items {
			if i > 0 {
				e.buf = append(e.buf, ", "...)
			}
			if !e.flow(item, end) {
				return false
			}
		}
		e.buf = append(e.buf, ']')
	default:
		e.buf = append(e.buf, '{')
		for i := range n.members {
			if i > 0 {
				e.buf = append(e.buf, ", "...)
			}
			if len(e.buf)+len(n.members[i].key) > end {
				return false
			}
			e.scalar(n.members[i].key, true)
			e.buf = append(e.buf, ": "...)
			if !e.flow(n.members[i].value, end) {
				return false
			}
		}
		e.buf = append(e.buf, '}')
	}
	return len(e.buf) <= end
}

// scalar writes a text, quoted unless every reader of YAML takes it for that text.
// Keys, and what stands in a flow collection, are narrow: they end at more.
func (e *emitter) scalar(s string, narrow bool) {
	if bare(s, narrow) {
		e.buf = append(e.buf, s...)
		return
	}
	e.buf = append(e.buf, '"')
	from := 0
	for i := 0; i < len(s); {
		if c := s[i]; c >= ' ' && c < 0x7f && c != '"' && c != '\\' {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r >= 0x80 && printable(r) {
			i += size
			continue
		}
		e.buf = append(e.buf, s[from:i]...)
		e.escape(r)
		i += size
		from = i
	}
	e.buf = append(append(e.buf, s[from:]...), '"')
}

// printable reports whether a rune is seen as it is. A byte order mark may be
// taken away by readers.
func printable(r rune) bool { return unicode.IsPrint(r) && r != 0xfeff }

const hexDigits = "0123456789abcdef"

// escape writes a rune of a quoted text (YAML 1.2.2 section 5.7).
func (e *emitter) escape(r rune) {
	if i := strings.IndexRune("\"\\\n\t\r\x00", r); i >= 0 {
		e.buf = append(e.buf, '\\', `"\ntr0`[i])
		return
	}
	letter, digits := byte('U'), 8
	switch {
	case r < 0x100:
		letter, digits = 'x', 2
	case r < 0x10000:
		letter, digits = 'u', 4
	}
	e.buf = append(e.buf, '\\', letter)
	for d := digits - 1; d >= 0; d-- {
		e.buf = append(e.buf, hexDigits[r>>(4*d)&15])
	}
}

// literal reports whether a text of several lines can stand as it is (YAML 1.2.2
// section 8.1.2).
func literal(s string) bool {
	if strings.IndexByte(s, '\n') < 1 || s[0] == ' ' || strings.HasSuffix(s, "\n\n") {
		return false
	}
	for _, r := range s {
		if r != '\n' && !printable(r) {
			return false
		}
	}
	return true
}

func (e *emitter) literal(s string, indent int) {
	e.buf = append(e.buf, " |"...)
	body, ended := strings.CutSuffix(s, "\n")
	if !ended {
		e.buf = append(e.buf, '-')
	}
	e.buf = append(e.buf, '\n')
	for line := range strings.SplitSeq(body, "\n") {
		if line != "" {
			e.indent(indent)
		}
		e.buf = append(append(e.buf, line...), '\n')
	}
}

// bare reports whether a text needs no quotes. What any version of YAML reads as
// something else than that text has them, and what a person may take for it.
func bare(s string, narrow bool) bool {
	if s == "" || len(s) > width || s[len(s)-1] == ' ' || s[len(s)-1] == ':' || !starts(s[0]) || reserved(s) {
		return false
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == ':' && (narrow || s[i+1] == ' '), c == '#' && s[i-1] == ' ':
			return false
		case c < ' ' || c > '~':
			return bareRunes(s[i:], narrow)
		case narrow && (c == ',' || c == '?' || c == '[' || c == ']' || c == '{' || c == '}'):
			return false
		}
	}
	return true
}

// bareRunes is bare for a rest that has more than ASCII in it.
func bareRunes(s string, narrow bool) bool {
	for _, r := range s {
		if !printable(r) || r < 0x80 && (r == ':' || r == '#' || narrow && strings.ContainsRune(",[]{}?", r)) {
			return false
		}
	}
	return true
}

func starts(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '/' || c == '_' || c == '$' || c >= 0xc0
}

// reserved reports whether a text without quotes is no text in some version.
func reserved(s string) bool {
	if len(s) > len("false") {
		return false
	}
	switch strings.ToLower(s) {
	case "null", "true", "false", "yes", "no", "on", "off", "y", "n", "inf", "nan":
		return true
	}
	return false
}

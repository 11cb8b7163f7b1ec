package report

import (
	"strings"

	"twinspect.dev/diff/report/look"
)

// laidText is a text on lines of its own, and whether a part is missing.
type laidText struct {
	text string
	cut  bool
}

// lines makes each line of s visible, and cuts s to at most limit bytes.
func lines(s string, limit int) string {
	list := strings.Split(strings.ReplaceAll(look.Clip(s, limit), "\r\n", "\n"), "\n")
	for i := range list {
		list[i] = look.Visible(list[i])
	}
	return strings.Join(list, "\n")
}

// laid puts JSON objects and arrays on lines of their own, in at most limit bytes
// before they are made visible. It works on tokens, so that a body that was cut
// short is laid out as far as it goes and no number is rounded. Anything else is
// cut alone.
func laid(s string, limit int) laidText {
	cut := len(s) > limit
	trimmed := strings.TrimLeft(s, " \t\r\n")
	if trimmed == "" || trimmed[0] != '{' && trimmed[0] != '[' {
		return laidText{lines(s, limit), cut}
	}
	l := layout{limit: limit}
	l.lay(trimmed[:min(len(trimmed), limit)])
	out := l.b.String()
	return laidText{lines(out, limit), cut || len(out) > limit}
}

// layout writes the tokens of a JSON text.
type layout struct {
	b     strings.Builder
	depth int
	limit int
}

// maxIndent keeps a text of ever deeper brackets from growing with its square.
const maxIndent = 20

func (l *layout) line() {
	l.b.WriteByte('\n')
	l.b.WriteString(strings.Repeat("  ", min(max(l.depth, 0), maxIndent)))
}

func (l *layout) lay(s string) {
	for i := 0; i < len(s) && l.b.Len() <= l.limit; {
		n := l.token(s[i:])
		i += n
	}
}

// token writes the first token of s, and returns how many bytes it took.
func (l *layout) token(s string) int {
	switch s[0] {
	case ' ', '\t', '\r', '\n':
	case '"':
		n := quoted(s)
		l.b.WriteString(s[:n])
		return n
	case '{', '[':
		l.b.WriteByte(s[0])
		rest := strings.TrimLeft(s[1:], " \t\r\n")
		if rest != "" && rest[0] == s[0]+2 { // '}' and ']' follow their openers by two
			l.b.WriteByte(rest[0])
			return len(s) - len(rest) + 1
		}
		l.depth++
		l.line()
	case '}', ']':
		l.depth--
		l.line()
		l.b.WriteByte(s[0])
	case ',':
		l.b.WriteByte(',')
		l.line()
	case ':':
		l.b.WriteString(": ")
	default:
		l.b.WriteByte(s[0])
	}
	return 1
}

// quoted returns the length of the string at the beginning of s.
func quoted(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

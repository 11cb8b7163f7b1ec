package contractfile

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// emitter writes YAML line by line.
type emitter struct {
	buf    []byte
	indent int
	err    error
}

// line writes a key and what follows it, "" for what stands below.
func (e *emitter) line(key, value string) {
	for range e.indent {
		e.buf = append(e.buf, "  "...)
	}
	e.buf = append(append(e.buf, key...), ':')
	if value != "" {
		e.buf = append(append(e.buf, ' '), value...)
	}
	e.buf = append(e.buf, '\n')
}

// text writes a member that is a text, unless it is empty.
func (e *emitter) text(key, value string) {
	if value != "" {
		e.line(key, e.scalar(value, false))
	}
}

// below writes a member of members.
func (e *emitter) below(key string, members func()) {
	e.line(key, "")
	e.indent++
	members()
	e.indent--
}

// literal writes a member that is a text of several lines.
func (e *emitter) literal(key, value string) {
	e.line(key, "|")
	for line := range strings.SplitSeq(strings.TrimSuffix(value, "\n"), "\n") {
		for range e.indent + 1 {
			e.buf = append(e.buf, "  "...)
		}
		e.buf = append(append(e.buf, line...), '\n')
	}
}

// scalar returns a text as YAML, quoted where a reader, or a person, might take it
// for something else. Between brackets and braces more needs quotes.
func (e *emitter) scalar(s string, flow bool) string {
	if bare(s, flow) {
		return s
	}
	if !utf8.ValidString(s) {
		e.fail("a text is not UTF-8")
		return `""`
	}
	return quote(s)
}

func (e *emitter) fail(format string, args ...any) {
	if e.err == nil {
		e.err = fmt.Errorf(format, args...)
	}
}

func bare(s string, flow bool) bool {
	if s == "" || s[len(s)-1] == ' ' || strings.Contains(s, "  ") || keyword(s) {
		return false
	}
	if c := s[0]; c != '/' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte(" _./*~+-()$%", c) >= 0:
		case !flow && (c == '{' || c == '}'):
		default:
			return false
		}
	}
	return true
}

// keyword reports whether some version of YAML reads a word as no text.
func keyword(s string) bool {
	switch strings.ToLower(s) {
	case "null", "true", "false", "yes", "no", "on", "off", "y", "n", "inf", "nan":
		return true
	}
	return false
}

// quote writes a text between quotes (YAML 1.2.2 section 5.7).
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case visible(r):
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// visible reports whether a person sees a character as it is. A byte order mark may
// be taken away by readers.
func visible(r rune) bool { return unicode.IsPrint(r) && r != 0xfeff }

// flow is a mapping on one line.
type flow struct {
	e     *emitter
	parts []string
}

func (f *flow) add(key, value string) {
	if value != "" {
		f.parts = append(f.parts, key+": "+value)
	}
}

func (f *flow) count(key string, n uint64) {
	if n > 0 {
		f.add(key, strconv.FormatUint(n, 10))
	}
}

func (f *flow) String() string { return "{" + strings.Join(f.parts, ", ") + "}" }

// list returns texts on one line.
func (e *emitter) list(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	out := make([]string, len(texts))
	for i, s := range texts {
		out[i] = e.scalar(s, true)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// counts returns counts by text on one line.
func (e *emitter) counts(by map[string]uint64) string {
	if len(by) == 0 {
		return ""
	}
	f := flow{e: e}
	for _, key := range slices.Sorted(maps.Keys(by)) {
		f.add(e.scalar(key, true), strconv.FormatUint(by[key], 10))
	}
	return f.String()
}

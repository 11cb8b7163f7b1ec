package redact

import "bytes"

type markupKind uint8

const (
	markupEnd   markupKind = iota
	markupText             // between tags
	markupRaw              // text without references: CDATA, and what HTML calls raw
	markupOther            // comments, instructions, declarations
	markupStart            // "<name"
	markupAttr             // "name" or "name=value" of the start tag
	markupOpen             // ">" or "/>" of the start tag
	markupClose            // "</name ...>"
)

// markup is a part of an XML or HTML text: of markupStart, markupAttr and
// markupClose the name.
type markup struct {
	kind             markupKind
	from, to         int
	valueFrom, value int  // where an attribute's value begins and ends
	quote            byte // of the value, 0 for none
	empty            bool // "/>"
	cut              bool // the text ends inside of it
}

// markupLexer splits an XML text (XML 1.0 section 2), HTML, and any other: what
// is no markup is text, so every byte but structure and white space is in some
// part. Tags need not fit together.
type markupLexer struct {
	pos   int
	html  bool
	inTag bool
	raw   []byte // the element whose text is raw
}

func (l *markupLexer) next(v []byte) markup {
	switch {
	case l.inTag:
		return l.insideTag(v)
	case l.pos >= len(v):
		return markup{kind: markupEnd, from: len(v), to: len(v)}
	case l.raw != nil:
		return l.rawText(v)
	case !isMarkup(v[l.pos:]):
		return l.text(v)
	}
	switch rest := v[l.pos:]; {
	case rest[1] == '/':
		return l.closing(v)
	case rest[1] == '?':
		return l.until(v, markupOther, 2, "?>")
	case bytes.HasPrefix(rest, []byte("<!--")):
		return l.until(v, markupOther, 4, "-->")
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		return l.until(v, markupRaw, 9, "]]>")
	case rest[1] == '!':
		return l.declaration(v)
	}
	t := markup{kind: markupStart, from: l.pos + 1}
	t.to = t.from
	for t.to < len(v) && !endsMarkupName[v[t.to]] {
		t.to++
	}
	l.pos, l.inTag = t.to, true
	return t
}

// isMarkup reports whether v, which begins with "<" or not, begins with markup.
func isMarkup(v []byte) bool {
	if len(v) < 2 || v[0] != '<' {
		return false
	}
	c := v[1]
	if c == '/' {
		return len(v) > 2 && isMarkupName(v[2])
	}
	return c == '!' || c == '?' || isMarkupName(c)
}

func isMarkupName(c byte) bool {
	return isAlnum(c) && !isDigit(c) || c == '_' || c == ':' || c >= 0x80
}

var endsMarkupName = [256]bool{' ': true, '\t': true, '\r': true, '\n': true, '\f': true, '>': true, '/': true, '=': true, '<': true}

func (l *markupLexer) text(v []byte) markup {
	t := markup{kind: markupText, from: l.pos}
	i := l.pos + 1
	for i < len(v) {
		n := bytes.IndexByte(v[i:], '<')
		if n < 0 {
			i = len(v)
			break
		}
		if i += n; isMarkup(v[i:]) {
			break
		}
		i++
	}
	t.to, t.cut, l.pos = i, i == len(v), i
	return t
}

// until takes what ends with the mark; without one, everything.
func (l *markupLexer) until(v []byte, kind markupKind, begin int, mark string) markup {
	t := markup{kind: kind, from: min(l.pos+begin, len(v))}
	n := bytes.Index(v[t.from:], []byte(mark))
	if n < 0 {
		t.to, t.cut, l.pos = len(v), true, len(v)
		return t
	}
	t.to, l.pos = t.from+n, t.from+n+len(mark)
	return t
}

// declaration takes a document type with its internal subset in brackets.
func (l *markupLexer) declaration(v []byte) markup {
	t := markup{kind: markupOther, from: l.pos + 2}
	i, open := t.from, 0
	for ; i < len(v) && (v[i] != '>' || open > 0); i++ {
		switch v[i] {
		case '[':
			open++
		case ']':
			open--
		}
	}
	t.to, t.cut, l.pos = i, i == len(v), min(i+1, len(v))
	return t
}

func (l *markupLexer) closing(v []byte) markup {
	t := markup{kind: markupClose, from: l.pos + 2}
	i := t.from
	for i < len(v) && v[i] != '>' && v[i] != '<' {
		i++
	}
	t.to, t.cut, l.pos = i, i == len(v), i
	if i < len(v) && v[i] == '>' {
		l.pos++
	}
	return t
}

// rawText takes everything to the end tag of the element (WHATWG HTML section
// 13.1.2).
func (l *markupLexer) rawText(v []byte) markup {
	t := markup{kind: markupRaw, from: l.pos, to: len(v), cut: true}
	if isName(l.raw, "textarea") || isName(l.raw, "title") {
		t.kind = markupText
	}
	for i := l.pos; i < len(v); i += 2 {
		n := bytes.Index(v[i:], []byte("</"))
		if n < 0 {
			break
		}
		i += n
		if end := i + 2 + len(l.raw); end <= len(v) && bytes.EqualFold(v[i+2:end], l.raw) {
			t.to, t.cut = i, false
			break
		}
	}
	l.pos, l.raw = t.to, nil
	return t
}

// insideTag takes an attribute, or the end of the tag. A "<" ends it too: the
// tag was none.
func (l *markupLexer) insideTag(v []byte) markup {
	for l.pos < len(v) {
		switch c := v[l.pos]; {
		case c == '>':
			l.pos++
			l.inTag = false
			return markup{kind: markupOpen, from: l.pos - 1, to: l.pos, empty: v[l.pos-2] == '/'}
		case c == '<':
			l.inTag = false
			return markup{kind: markupOpen, from: l.pos, to: l.pos}
		case c == '/' || c == '=' || isSpace(c) || c == '\f':
			l.pos++
		default:
			return l.attribute(v)
		}
	}
	l.inTag = false
	return markup{kind: markupOpen, from: len(v), to: len(v), cut: true}
}

func (l *markupLexer) attribute(v []byte) markup {
	t := markup{kind: markupAttr, from: l.pos}
	i := l.pos + 1
	for i < len(v) && !endsMarkupName[v[i]] {
		i++
	}
	t.to, l.pos = i, i
	for i < len(v) && isSpace(v[i]) {
		i++
	}
	if i == len(v) || v[i] != '=' {
		t.valueFrom, t.value, t.cut = t.to, t.to, i == len(v)
		return t
	}
	for i++; i < len(v) && isSpace(v[i]); i++ {
	}
	l.attributeValue(v, &t, i)
	return t
}

// attributeValue takes the value at i. One whose quotation mark is missing ends
// with its tag.
func (l *markupLexer) attributeValue(v []byte, t *markup, i int) {
	t.valueFrom = i
	if i < len(v) && (v[i] == '"' || v[i] == '\'') {
		t.valueFrom++
		if n := bytes.IndexByte(v[t.valueFrom:], v[i]); n >= 0 {
			t.quote, t.value = v[i], t.valueFrom+n
			l.pos = t.value + 1
			return
		}
		t.quote = v[i]
	}
	for i = t.valueFrom; i < len(v) && v[i] != '>' && (t.quote != 0 || !isSpace(v[i])); i++ {
	}
	t.value, t.cut, l.pos = i, i == len(v), i
}

package redact

import (
	"bytes"
	"strings"
)

// maxAttributes bounds those of a tag that are judged together.
const maxAttributes = 1024

// maxUnclosed bounds how many elements without an end tag are between an end tag
// and its start tag.
const maxUnclosed = 32

// element is an open element of XML.
type element struct {
	name   []byte
	all    verdict // of everything inside
	direct verdict // of its own text
}

// marker walks an XML or HTML text in one pass and edits it in place.
type marker struct {
	lexer markupLexer
	stack []element
	over  int // elements beyond maxDepth
	tag   []byte
	attrs []markup
	ed    editor
	ascii bool
	cut   bool    // the text lost its end
	field verdict // of a textarea
}

// markup replaces the secrets of an XML or HTML text: what stands in elements
// and attributes with secret names, in the fields of forms that have such, and
// what the detectors find in the rest. Where the text is malformed, no more than
// the names is lost.
func (p *pass) markup(v []byte, html bool) []byte {
	m := &p.markers[p.marked]
	p.marked++
	outer := p.name
	*m = marker{stack: m.stack[:0], attrs: m.attrs[:0], lexer: markupLexer{html: html}, ed: editor{src: v}, ascii: isASCII(v), cut: p.cut}
	p.cut = false
	defer func() { p.cut, p.name = m.cut, outer; p.marked-- }()
	for t := m.lexer.next(v); t.kind != markupEnd; t = m.lexer.next(v) {
		switch t.kind {
		case markupText, markupRaw:
			m.text(p, t)
		case markupStart:
			m.tag = v[t.from:t.to]
			m.plain(p, t)
		case markupAttr:
			if m.attrs = append(m.attrs, t); len(m.attrs) == maxAttributes {
				m.attributes(p, false)
			}
		case markupOpen:
			m.open(p, t)
		case markupClose:
			m.plain(p, t)
			m.close(v[t.from:t.to])
		default:
			m.plain(p, t)
		}
		p.name = outer
	}
	return m.ed.result()
}

// plain leaves a part to the detectors.
func (m *marker) plain(p *pass, t markup) {
	p.cut = m.cut && t.cut
	m.ed.replace(t.from, t.to, p.text(m.ed.src[t.from:t.to]))
	p.cut = false
}

// top returns what is known of the text that is due.
func (m *marker) top() (name []byte, all, direct verdict) {
	if m.over > 0 {
		return nil, redacted, open
	}
	if n := len(m.stack); n > 0 {
		return m.stack[n-1].name, m.stack[n-1].all, m.stack[n-1].direct
	}
	return nil, open, m.field
}

func (m *marker) text(p *pass, t markup) {
	v := m.ed.src
	for t.from < t.to && isSpace(v[t.from]) {
		t.from++
	}
	for t.to > t.from && isSpace(v[t.to-1]) {
		t.to--
	}
	name, why, direct := m.top()
	if why == open {
		why = direct
	}
	m.field = open
	if t.from == t.to || why == kept {
		return
	}
	if why == redacted {
		p.name = string(name)
	}
	f := referencing{ascii: m.ascii}
	p.cut = m.cut && t.cut
	m.ed.replace(t.from, t.to, m.value(p, v[t.from:t.to], why, f, t.kind == markupRaw))
	p.cut = false
}

// value returns the new markup of a text or of an attribute's value.
func (m *marker) value(p *pass, v []byte, why verdict, f referencing, raw bool) []byte {
	plain := v
	if !raw {
		plain = dereference(v)
	}
	var out []byte
	if why == redacted {
		out = p.named(plain)
	} else {
		f.names = true
		out = p.value(plain)
	}
	if out == nil || raw {
		return out
	}
	f.right = bytes.Contains(v, []byte("&gt;"))
	return f.write(out)
}

// open ends a start tag.
func (m *marker) open(p *pass, t markup) {
	all, direct := m.attributes(p, t.cut && m.cut)
	switch {
	case m.lexer.html:
		if isRaw(m.tag) && !t.cut {
			m.lexer.raw = m.tag
		}
		m.field = open
		if isName(m.tag, "textarea") {
			m.field = direct
		}
	case t.empty:
	case len(m.stack) >= maxDepth:
		m.over++
	default:
		m.stack = append(m.stack, element{name: m.tag, all: all, direct: direct})
	}
}

// close ends the element, and those inside that have no end. An end tag without
// a start tag is none.
func (m *marker) close(tag []byte) {
	if m.over > 0 {
		m.over--
		return
	}
	tag = bytes.TrimRight(tag, " \t\r\n")
	for i := len(m.stack) - 1; i >= max(0, len(m.stack)-maxUnclosed); i-- {
		if bytes.Equal(m.stack[i].name, tag) {
			m.stack = m.stack[:i]
			return
		}
	}
}

// attributes replaces the secrets in the attributes of the tag, and returns what
// their names and its own say of the text. Of a tag that was cut, the attribute
// that names a field may be missing.
func (m *marker) attributes(p *pass, isCut bool) (all, direct verdict) {
	_, all, _ = m.top()
	if all == open && !m.lexer.html {
		all = m.byName(p, m.tag)
	}
	direct = m.naming(p)
	if isCut && direct == open {
		direct = redacted
	}
	for _, a := range m.attrs {
		m.attribute(p, a, all, direct)
	}
	m.attrs = m.attrs[:0]
	return all, direct
}

func (m *marker) attribute(p *pass, a markup, all, direct verdict) {
	v := m.ed.src
	name := v[a.from:a.to]
	m.ed.replace(a.from, a.to, p.text(name))
	why := open
	if !isNamespace(name) {
		why = m.byName(p, name)
	}
	switch {
	case all == kept || why == kept:
		return
	case why == open && isContent(name):
		if why = all; why == open {
			why = direct
		}
	}
	lost := m.cut && a.cut
	if a.value == a.valueFrom || why == kept {
		return
	}
	if why == redacted || lost {
		p.name, why = string(name), redacted
	}
	f := referencing{quote: a.quote, value: true, ascii: m.ascii}
	m.ed.replace(a.valueFrom, a.value, m.value(p, v[a.valueFrom:a.value], why, f, false))
}

// byName judges a name without its prefix, and with it.
func (m *marker) byName(p *pass, name []byte) verdict {
	local := name[bytes.LastIndexByte(name, ':')+1:]
	if isName(local, "UsernameToken") { // holds name, password and times (WS-Security UsernameToken Profile 1.1 section 3)
		return open
	}
	v := p.verdict(inXML, local)
	if v == open && len(local) < len(name) {
		v = p.verdict(inXML, name)
	}
	return v
}

// naming judges what the attributes of a tag say about its value: the name of a
// form's field or of an entry, and that it is a password.
func (m *marker) naming(p *pass) verdict {
	at := inXML
	if m.lexer.html {
		at = inForm
	}
	direct := open
	for _, a := range m.attrs {
		name, value := m.ed.src[a.from:a.to], m.ed.src[a.valueFrom:a.value]
		switch {
		case isName(name, "name"), isName(name, "key"), isName(name, "property"):
			if v := p.verdict(at, dereference(value)); v > direct {
				direct = v // what is kept wins
			}
		case m.lexer.html && isName(name, "type") && isName(value, "password"):
			direct = max(direct, redacted)
		}
	}
	return direct
}

// isContent names the attributes whose value belongs to the name that another
// attribute or the element has.
func isContent(name []byte) bool { return isName(name, "value") || isName(name, "content") }

// isNamespace reports whether the attribute declares one, whose prefix names
// nothing (Namespaces in XML 1.0 section 3).
func isNamespace(name []byte) bool {
	return bytes.HasPrefix(name, []byte("xmlns")) && (len(name) == 5 || name[5] == ':')
}

// isRaw reports whether the text of an element has no elements inside.
func isRaw(name []byte) bool {
	return isName(name, "script") || isName(name, "style") || isName(name, "textarea") || isName(name, "title")
}

func isXML(essence string) bool {
	n := len(essence)
	return n >= 4 && (strings.EqualFold(essence[n-4:], "/xml") || strings.EqualFold(essence[n-4:], "+xml"))
}

func isHTML(essence string) bool {
	return strings.EqualFold(essence, "text/html") || strings.EqualFold(essence, "application/xhtml+xml")
}

// looksXML reports whether a value is an XML text with elements.
func looksXML(v []byte) bool {
	v = bytes.TrimSpace(v)
	if len(v) < 4 || v[0] != '<' || v[len(v)-1] != '>' {
		return false
	}
	return isMarkup(v) && (bytes.Contains(v, []byte("</")) || bytes.HasSuffix(v, []byte("/>")))
}

package selfcheck

import (
	"bytes"
	"strings"
)

// markup walks over the tags of XML or HTML. What it finds is changed in place,
// so that nothing else of the body becomes another.
type markup struct {
	*pieces
	html bool
	at   int
	open []element
}

// element is one whose end was not met yet.
type element struct {
	name  string
	start int
	path  string
}

// maxElements bounds the elements around a place that its path names; deeper ones
// have the path of the last of them.
const maxElements = 64

// Elements of HTML that have no end tag, that end where another of their kind
// begins, and that contain no tags.
var (
	voidElements  = asSet("area base br col embed hr img input link meta source track wbr")
	alikeElements = asSet("li p td th tr dt dd option")
	rawElements   = asSet("script style textarea title")
)

func asSet(names string) map[string]bool {
	set := make(map[string]bool)
	for name := range strings.FieldsSeq(names) {
		set[name] = true
	}
	return set
}

// tags changes the texts, attributes and elements of markup.
func (m *maker) tags(html bool) bool {
	w := &markup{pieces: m.pieces(), html: html}
	for w.at < len(w.body) {
		open := bytes.IndexByte(w.body[w.at:], '<')
		if open < 0 {
			open = len(w.body) - w.at
		}
		w.text(w.at, w.at+open)
		if w.at += open; w.at < len(w.body) {
			w.tag()
		}
	}
	w.mutate()
	return len(w.order) > 0
}

func (w *markup) path() string {
	if len(w.open) == 0 {
		return "$"
	}
	return w.open[len(w.open)-1].path
}

func (w *markup) text(start, end int) {
	at := w.trimmed(span{start, end})
	if at.start < at.end && len(w.open) > 0 {
		w.offer(w.path()+"['#text']", piece{value: at, may: w.noEntity(at)})
	}
}

// noEntity allows what is no part of a reference such as &amp;.
func (w *markup) noEntity(s span) func(int) bool {
	const longest = 32
	return func(at int) bool {
		before := w.body[max(s.start, s.start+at-longest) : s.start+at]
		return bytes.IndexByte(before, '&') <= bytes.IndexByte(before, ';')
	}
}

// tag walks over what begins with a <.
func (w *markup) tag() {
	rest := w.body[w.at:]
	switch {
	case bytes.HasPrefix(rest, []byte("<!--")):
		w.skip("-->")
	case bytes.HasPrefix(rest, []byte("<![CDATA[")) && !w.html:
		from := w.at + len("<![CDATA[")
		w.skip("]]>")
		w.text(from, max(from, w.at-len("]]>")))
	case bytes.HasPrefix(rest, []byte("<?")) && !w.html:
		w.skip("?>")
	case bytes.HasPrefix(rest, []byte("</")):
		from := w.at
		w.skip(">")
		w.close(strings.TrimSpace(strings.TrimRight(string(w.body[from+len("</"):w.at]), ">")))
	case len(rest) > 1 && isLetter(rest[1]) || len(rest) > 1 && rest[1] == '_' && !w.html:
		w.begin()
	case len(rest) > 1 && (rest[1] == '!' || rest[1] == '?'):
		w.skip(">")
	default:
		w.at++
	}
}

// skip moves behind the next of what ends a tag, or to the end.
func (w *markup) skip(end string) {
	n := bytes.Index(w.body[w.at:], []byte(end))
	if n < 0 {
		w.at = len(w.body)
		return
	}
	w.at += n + len(end)
}

// begin walks over a start tag.
func (w *markup) begin() {
	start := w.at
	w.at++
	name := w.local(w.until(" \t\r\n/>"))
	if top := len(w.open) - 1; w.html && top >= 0 && w.open[top].name == name && alikeElements[name] {
		w.open = w.open[:top]
	}
	e := element{name, start, w.path()}
	if len(w.open) < maxElements {
		e.path += w.folds.name(name, false)
		if len(w.open) > 0 && !(w.html && (name == "head" || name == "body")) {
			e.path += anyStep
		}
	}
	empty := w.attributes(e.path)
	w.open = append(w.open, e)
	switch {
	case empty && !w.html || w.html && voidElements[name]:
		w.close(name)
	case w.html && rawElements[name]:
		w.raw(name)
	}
}

// local returns the name of an element as paths have it.
func (w *markup) local(name string) string {
	if w.html {
		return strings.ToLower(name)
	}
	return name[strings.IndexByte(name, ':')+1:]
}

// until moves to the next of the bytes and returns what is before.
func (w *markup) until(ends string) string {
	n := bytes.IndexAny(w.body[w.at:], ends)
	if n < 0 {
		n = len(w.body) - w.at
	}
	w.at += n
	return string(w.body[w.at-n : w.at])
}

// attributes walks to the end of a start tag; it reports whether the tag is that
// of an empty element.
func (w *markup) attributes(path string) (empty bool) {
	for w.at < len(w.body) {
		switch w.body[w.at] {
		case '>':
			w.at++
			return empty
		case '/':
			empty = true
			w.at++
		case ' ', '\t', '\r', '\n':
			w.at++
		default:
			empty = false
			w.attribute(path)
		}
	}
	return false
}

func (w *markup) attribute(path string) {
	start := w.at
	w.at++ // even an = begins a name
	name := string(w.body[start:w.at]) + w.until(" \t\r\n/>=")
	var value span
	at := w.trimmed(span{w.at, len(w.body)}).start
	if at < len(w.body) && w.body[at] == '=' {
		w.at = w.trimmed(span{at + 1, len(w.body)}).start
		value = w.quoted()
	}
	if !w.html && (name == "xmlns" || strings.HasPrefix(name, "xmlns:")) {
		return
	}
	w.offer(path+w.folds.name("@"+w.local(name), false), piece{value: value, may: w.noEntity(value), whole: span{start, w.at}})
}

// quoted walks over the value of an attribute.
func (w *markup) quoted() span {
	if w.at == len(w.body) {
		return span{w.at, w.at}
	}
	start := w.at
	if q := w.body[w.at]; q == '"' || q == '\'' {
		w.at++
		w.skip(string(q))
		return span{start + 1, max(start+1, w.at-1)}
	}
	w.until(" \t\r\n>")
	return span{start, w.at}
}

// raw walks over the content of an element that has no tags in it.
func (w *markup) raw(name string) {
	start, end := w.at, len(w.body)
	for at := w.at; at < len(w.body); at += len("</") {
		n := bytes.Index(w.body[at:], []byte("</"))
		if n < 0 {
			break
		}
		at += n
		if from := at + len("</"); len(w.body)-from >= len(name) && strings.EqualFold(string(w.body[from:from+len(name)]), name) {
			end = at
			break
		}
	}
	w.at = end
	w.text(start, end)
}

// close ends the element of that name, and those in it that have no end tag.
func (w *markup) close(name string) {
	name = w.local(name)
	for i := len(w.open) - 1; i >= 0; i-- {
		e := &w.open[i]
		if e.name != name {
			continue
		}
		if i > 0 {
			w.offer(e.path, piece{whole: span{e.start, w.at}, repeats: true})
		}
		w.open = w.open[:i]
		return
	}
}

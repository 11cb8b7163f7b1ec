package project

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"
)

// html writes a document as a browser without scripts reads it.
func (w *writer) html(data []byte, contentType string) error {
	data = characters(data, contentType)
	if n := htmlNodes(data); n > maxHTMLNodes {
		return &LimitError{Kind: HTML, Limit: maxHTMLNodes, Unit: "nodes that a parser may need"}
	}
	document, err := html.ParseWithOptions(bytes.NewReader(data), html.ParseOptionEnableScripting(false))
	if err != nil {
		return &LimitError{Kind: HTML, Limit: MaxDepth, Unit: "levels of elements (" + err.Error() + ")"}
	}
	r := htmlReader{tree: newTree(HTML)}
	if err := r.children(0, document, false); err != nil {
		return err
	}
	w.raw("{")
	for n := document.FirstChild; n != nil; n = n.NextSibling {
		if n.Type == html.DoctypeNode {
			w.name("#doctype")
			writeText(w, doctype(n))
		}
	}
	for i := r.nodes[0].first; i != 0; i = r.nodes[i].next {
		if n := &r.nodes[i]; n.name != textName {
			w.name(r.names[n.name])
			w.element(r.tree, n)
		}
	}
	w.raw("}")
	return nil
}

func doctype(n *html.Node) string {
	parts := []string{n.Data}
	for _, a := range n.Attr {
		parts = append(parts, a.Val)
	}
	return strings.Join(parts, " ")
}

// characters returns the document in UTF-8. Where it holds what its encoding
// does not have, it stays as it is, so that no difference is lost.
func characters(data []byte, contentType string) []byte {
	data = bytes.TrimPrefix(data, byteOrderMark)
	encoding, name, certain := charset.DetermineEncoding(data[:min(len(data), 1024)], contentType)
	if name == "utf-8" || !certain && utf8.Valid(data) {
		return data
	}
	decoded, err := encoding.NewDecoder().Bytes(data)
	if err != nil || bytes.Contains(decoded, []byte("\ufffd")) {
		return data
	}
	return decoded
}

type htmlReader struct {
	*tree
}

// children copies the children of n to parent. verbatim says that white space
// counts.
func (r *htmlReader) children(parent int32, n *html.Node, verbatim bool) error {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		var err error
		switch c.Type {
		case html.TextNode:
			err = r.characters(parent, c, verbatim)
		case html.ElementNode:
			err = r.element(parent, c, verbatim)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *htmlReader) element(parent int32, e *html.Node, verbatim bool) error {
	if r.depth == MaxDepth {
		return r.limit(MaxDepth, "levels of elements")
	}
	n := node{name: r.id(e.Data)}
	n.alone = e.DataAtom == atom.Html || (e.DataAtom == atom.Head || e.DataAtom == atom.Body) && e.Parent.DataAtom == atom.Html
	if name := attribute(e, "name"); name != "" {
		n.owner = r.id(name)
	}
	i, err := r.add(parent, n)
	if err != nil {
		return err
	}
	r.attributes(i, e)
	r.depth++
	defer func() { r.depth-- }()
	return r.children(i, e, verbatim || isVerbatim(e))
}

func isVerbatim(e *html.Node) bool {
	switch e.DataAtom {
	case atom.Pre, atom.Textarea, atom.Script, atom.Style, atom.Listing, atom.Plaintext, atom.Xmp:
		return true
	}
	return false
}

// characters copies a text.
func (r *htmlReader) characters(parent int32, n *html.Node, verbatim bool) error {
	if e := n.Parent; e.DataAtom == atom.Script && holdsJSON(e) && json.Valid([]byte(n.Data)) {
		from, to := r.keep(n.Data)
		_, err := r.add(parent, node{name: textName, textFrom: from, textTo: to, json: true})
		return err
	}
	s := n.Data
	if !verbatim {
		s = collapse(n)
		if last := r.nodes[parent].last; last != 0 && r.nodes[last].name == textName && r.text[len(r.text)-1] == ' ' {
			s = strings.TrimPrefix(s, " ") // a comment stood between
		}
	}
	if s == "" {
		return nil
	}
	return r.addText(parent, s)
}

func holdsJSON(script *html.Node) bool {
	kind, _, _ := strings.Cut(strings.ToLower(attribute(script, "type")), ";")
	kind = strings.TrimSpace(kind)
	return kind == "application/json" || kind == "text/json" || kind == "importmap" || kind == "speculationrules" || strings.HasSuffix(kind, "+json")
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Namespace == "" && a.Key == name {
			return a.Val
		}
	}
	return ""
}

func (r *htmlReader) attributes(i int32, e *html.Node) {
	owner, content := owner(e), contentOwner(e)
	for _, a := range e.Attr {
		name, under := a.Key, ""
		if a.Namespace != "" {
			name = a.Namespace + ":" + name
		}
		form := plain
		switch {
		case name == "class" || name == "rel":
			form = tokens
		case name == "value":
			under = owner
		case name == "content":
			under = content
		case slices.Contains(booleans, name):
			form = boolean
		}
		r.addAttr(i, name, under, a.Val, form)
	}
}

// owner returns the name to which the value of an element belongs. It says what
// the value is, and whether it is a secret.
func owner(e *html.Node) string {
	if name := cmp.Or(attribute(e, "name"), attribute(e, "id")); name != "" {
		return name
	}
	if kind := attribute(e, "type"); kind == "password" {
		return kind
	}
	return ""
}

// contentOwner returns what the content of a meta element is for.
func contentOwner(e *html.Node) string {
	if e.DataAtom != atom.Meta {
		return ""
	}
	return cmp.Or(attribute(e, "name"), attribute(e, "property"), attribute(e, "itemprop"), attribute(e, "http-equiv"))
}

// booleans are the boolean attributes of the standard's index of attributes.
var booleans = []string{
	"allowfullscreen", "async", "autofocus", "autoplay", "checked", "controls", "default", "defer", "disabled",
	"formnovalidate", "inert", "ismap", "itemscope", "loop", "multiple", "muted", "nomodule", "novalidate", "open",
	"playsinline", "readonly", "required", "reversed", "selected", "shadowrootclonable", "shadowrootdelegatesfocus",
	"shadowrootserializable",
}

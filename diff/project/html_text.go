package project

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// collapse returns a text with one space for each run of white space, and none
// where a line begins or ends: beside the edge of a block, where it does not show
// (CSS Text, section 4.1).
func collapse(n *html.Node) string {
	s := strings.Join(strings.FieldsFunc(n.Data, isHTMLSpace), " ")
	if s == "" && (beginsLine(n) || endsLine(n) || n.Data == "") {
		return ""
	}
	if isHTMLSpace(rune(n.Data[0])) && !beginsLine(n) {
		s = " " + s
	}
	if s != " " && isHTMLSpace(rune(n.Data[len(n.Data)-1])) && !endsLine(n) {
		s += " "
	}
	return s
}

func isHTMLSpace(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\f' }

func beginsLine(n *html.Node) bool {
	p := n.PrevSibling
	for p != nil && p.Type == html.CommentNode {
		p = p.PrevSibling
	}
	if p == nil {
		return !isInline(n.Parent)
	}
	return p.Type == html.ElementNode && !isInline(p) && !isImage(p)
}

func endsLine(n *html.Node) bool {
	p := n.NextSibling
	for p != nil && p.Type == html.CommentNode {
		p = p.NextSibling
	}
	if p == nil {
		return !isInline(n.Parent)
	}
	return p.Type == html.ElementNode && !isInline(p) && !isImage(p)
}

// isInline reports whether an element stands within a line: by the rendering
// that the standard expects of it (WHATWG HTML, section 15.3). Elements that are
// not known do, as custom ones do.
func isInline(n *html.Node) bool {
	if n == nil || n.Type != html.ElementNode {
		return false
	}
	switch n.DataAtom {
	case atom.Address, atom.Article, atom.Aside, atom.Base, atom.Blockquote, atom.Body, atom.Br, atom.Caption, atom.Center,
		atom.Col, atom.Colgroup, atom.Dd, atom.Details, atom.Dialog, atom.Dir, atom.Div, atom.Dl, atom.Dt,
		atom.Fieldset, atom.Figcaption, atom.Figure, atom.Footer, atom.Form, atom.Frameset, atom.H1, atom.H2, atom.H3,
		atom.H4, atom.H5, atom.H6, atom.Head, atom.Header, atom.Hgroup, atom.Hr, atom.Html, atom.Legend, atom.Li,
		atom.Link, atom.Listing, atom.Main, atom.Menu, atom.Meta, atom.Nav, atom.Ol, atom.Optgroup, atom.Option, atom.P,
		atom.Pre, atom.Script, atom.Search, atom.Section, atom.Select, atom.Style, atom.Summary, atom.Table, atom.Tbody,
		atom.Td, atom.Template, atom.Tfoot, atom.Th, atom.Thead, atom.Title, atom.Tr, atom.Ul:
		return false
	}
	return n.Namespace == "" || n.Data == "text" || n.Data == "tspan"
}

// isImage reports whether an element of SVG or MathML stands in a line of HTML.
func isImage(n *html.Node) bool { return n.Namespace != "" && n.Parent.Namespace == "" }

package project

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"

	"golang.org/x/net/html/charset"
)

var byteOrderMark = []byte("\ufeff")

// customary are prefixes that stand for namespaces in the names of attributes.
var customary = map[string]string{
	"http://www.w3.org/XML/1998/namespace":      "xml:",
	"http://www.w3.org/2001/XMLSchema-instance": "xsi:",
	"http://www.w3.org/1999/xlink":              "xlink:",
}

// xmlReader reads a document into a tree.
type xmlReader struct {
	*tree
	data    []byte
	decoder *xml.Decoder
	open    []int32 // the elements around, the document first
	spaces  []string
}

// xml writes a document (Extensible Markup Language 1.0).
func (w *writer) xml(data []byte) error {
	r := &xmlReader{tree: newTree(XML), data: data, open: []int32{0}, spaces: []string{""}}
	r.decoder = newDecoder(data)
	for {
		token, err := r.decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = r.token(token)
		}
		if err != nil {
			return r.located(err)
		}
	}
	if r.nodes[0].first == 0 {
		return r.located(errors.New("there is no element"))
	}
	root := &r.nodes[r.nodes[0].first]
	w.raw("{")
	w.name(r.names[root.name])
	w.element(r.tree, root)
	w.raw("}")
	return nil
}

// newDecoder returns a decoder of the document's characters, whose encoding is
// told by a byte order mark, or else by the document.
func newDecoder(data []byte) *xml.Decoder {
	wide := ""
	switch {
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		wide = "utf-16be"
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		wide = "utf-16le"
	}
	var in io.Reader = bytes.NewReader(bytes.TrimPrefix(data, byteOrderMark))
	if wide != "" {
		if decoded, err := charset.NewReaderLabel(wide, bytes.NewReader(data[2:])); err == nil {
			in = decoded
		}
	}
	d := xml.NewDecoder(in)
	d.CharsetReader = func(label string, in io.Reader) (io.Reader, error) {
		if wide != "" {
			return in, nil
		}
		return charset.NewReaderLabel(label, in)
	}
	return d
}

func (r *xmlReader) located(err error) error {
	var limit *LimitError
	if errors.As(err, &limit) {
		return err
	}
	line, _ := r.decoder.InputPos()
	msg := err.Error()
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		line, msg = syntax.Line, syntax.Msg
	}
	return &SyntaxError{Kind: XML, Offset: int(r.decoder.InputOffset()), Line: line, Msg: msg}
}

func (r *xmlReader) token(token xml.Token) error {
	switch token := token.(type) {
	case xml.StartElement:
		return r.start(&token)
	case xml.EndElement:
		n := &r.nodes[r.open[len(r.open)-1]]
		r.dropSpace(n)
		r.open, r.spaces = r.open[:len(r.open)-1], r.spaces[:len(r.spaces)-1]
	case xml.CharData:
		if len(r.open) > 1 {
			return r.addText(r.open[len(r.open)-1], string(token))
		}
		if len(trimSpace(token)) > 0 {
			return errors.New("text outside of the root element")
		}
	}
	return nil
}

func (r *xmlReader) start(e *xml.StartElement) error {
	switch {
	case len(r.open) == 1 && r.nodes[0].first != 0:
		return errors.New("a second root element")
	case len(r.open) > MaxDepth:
		return r.limit(MaxDepth, "levels of elements")
	}
	n := node{name: r.id(e.Name.Local)}
	if e.Name.Space != r.spaces[len(r.spaces)-1] {
		n.namespace = r.id(e.Name.Space)
	}
	named := nameOf(e)
	if named != "" {
		n.owner = r.id(named)
	}
	i, err := r.add(r.open[len(r.open)-1], n)
	if err != nil {
		return err
	}
	for _, a := range e.Attr {
		under := ""
		switch {
		case a.Name.Space == "xmlns" || a.Name == xml.Name{Local: "xmlns"}:
			continue
		case a.Name == xml.Name{Local: "value"}:
			under = named
		}
		r.addAttr(i, attributeName(a.Name), under, a.Value, plain)
	}
	r.open, r.spaces = append(r.open, i), append(r.spaces, e.Name.Space)
	return nil
}

// nameOf returns the name that an element gives to its value.
func nameOf(e *xml.StartElement) string {
	for _, a := range e.Attr {
		if a.Name.Space == "" && (a.Name.Local == "name" || a.Name.Local == "key") {
			return a.Value
		}
	}
	return ""
}

func attributeName(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	if prefix, known := customary[n.Space]; known {
		return prefix + n.Local
	}
	return "{" + n.Space + "}" + n.Local
}

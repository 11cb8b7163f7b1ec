package message

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"slices"
	"strings"

	"golang.org/x/net/html/charset"
)

func sortTags(tags []tag) {
	slices.SortFunc(tags, func(a, b tag) int {
		return cmp.Or(cmp.Compare(a.prefix, b.prefix), cmp.Compare(a.local, b.local))
	})
}

// node is an element.
type node struct {
	name       xml.Name
	attributes []xml.Attr
	kids       []*node
	text       strings.Builder
}

// parseXML reads one document. encoding/xml knows the five entities of XML alone
// and reads no document type, so that no entity can grow or fetch anything.
func parseXML(contentType string, body []byte) (*node, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	d.CharsetReader = charset.NewReaderLabel
	if _, params, err := mime.ParseMediaType(contentType); err == nil && !isUTF8(params["charset"]) {
		text, err := convert(params["charset"], body)
		if err != nil {
			return nil, err
		}
		d = xml.NewDecoder(strings.NewReader(text))
		d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	}
	p := xmlParser{Decoder: d, left: MaxValues}
	root, err := p.document()
	if err != nil {
		return nil, p.explain(err)
	}
	return root, nil
}

type xmlParser struct {
	*xml.Decoder
	left int // elements and attributes that may still come
}

func (p *xmlParser) explain(err error) error {
	if errors.Is(err, ErrTooDeep) || errors.Is(err, ErrTooMany) {
		return fmt.Errorf("%w at byte %d", err, p.InputOffset())
	}
	return fmt.Errorf("%w: not XML at byte %d: %w", ErrSyntax, p.InputOffset(), err)
}

func (p *xmlParser) document() (*node, error) {
	var root *node
	var open []*node
	for {
		token, err := p.Token()
		if errors.Is(err, io.EOF) && root != nil {
			return root, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if p.left -= 1 + len(t.Attr); p.left < 0 {
				return nil, ErrTooMany
			}
			n := &node{name: t.Name, attributes: t.Attr}
			if open, root, err = push(open, root, n); err != nil {
				return nil, err
			}
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				open[len(open)-1].text.Write(t)
			} else if len(bytes.TrimSpace(t)) > 0 {
				return nil, errors.New("text outside of the root element")
			}
		}
	}
}

func push(open []*node, root, n *node) ([]*node, *node, error) {
	switch {
	case len(open) > MaxDepth:
		return nil, nil, ErrTooDeep
	case len(open) > 0:
		parent := open[len(open)-1]
		parent.kids = append(parent.kids, n)
	case root != nil:
		return nil, nil, errors.New("a second root element")
	default:
		root = n
	}
	return append(open, n), root, nil
}

// xml reads a document as its schema says.
func (r *reader) xml(s *shape, contentType string, body []byte) (any, error) {
	root, err := parseXML(contentType, body)
	if err != nil {
		return nil, err
	}
	if s.place != "" && (s.xml.name != "" || s.xml.namespace != "") {
		if want := rootTag(s); root.name.Local != want.local || !root.within(want) {
			return nil, fmt.Errorf("%w: the root element is %q of namespace %q, not %q of %q", ErrSyntax,
				root.name.Local, root.name.Space, want.local, want.namespace)
		}
	}
	return r.element(s, root)
}

// within reports whether an element is in the namespace that is declared for it,
// if one is.
func (n *node) within(t tag) bool { return t.namespace == "" || n.name.Space == t.namespace }

func (r *reader) element(s *shape, n *node) (any, error) {
	return r.branches(s, func(s *shape) (any, error) {
		inside := len(n.kids) > 0 || len(n.own()) > 0
		switch {
		case s.place != "" && s.allow&kindList != 0 && (s.allow&kindObject == 0 || !inside) && (inside || s.allow&scalars == 0):
			return r.xmlItems(s, n)
		case inside || s.allow&kindObject != 0 && s.allow&scalars == 0:
			return r.xmlObject(s, n)
		}
		return r.scalar(s, n.text.String()), nil
	})
}

// own returns the attributes that are not of XML itself or of XML Schema's
// instances, such as xsi:type.
func (n *node) own() []xml.Attr {
	var own []xml.Attr
	for _, a := range n.attributes {
		switch {
		case a.Name.Space == "xmlns", a.Name.Space == "" && a.Name.Local == "xmlns":
		case a.Name.Space == "http://www.w3.org/2001/XMLSchema-instance", a.Name.Space == "http://www.w3.org/XML/1998/namespace":
		default:
			own = append(own, a)
		}
	}
	return own
}

func (r *reader) xmlItems(s *shape, n *node) (any, error) {
	if err := n.onlyElements(); err != nil {
		return nil, err
	}
	items := make([]any, len(n.kids))
	for i, kid := range n.kids {
		var err error
		if items[i], err = r.element(r.codec.shape(s.item(i)), kid); err != nil {
			return nil, err
		}
	}
	return items, nil
}

func (n *node) onlyElements() error {
	if text := strings.TrimSpace(n.text.String()); text != "" {
		return fmt.Errorf("%w: the text %.40q stands between the elements of %s", ErrSyntax, text, n.name.Local)
	}
	return nil
}

// xmlProperty is a property as its elements or attribute are called.
type xmlProperty struct {
	name  string
	tag   tag
	shape *shape
	// repeated says that each element is an item of a list.
	repeated bool
}

// properties returns the properties of an object by the names on the wire, that
// of attributes with an @ before them.
func (r *reader) properties(s *shape) map[string]xmlProperty {
	all := make(map[string]xmlProperty, len(s.properties))
	for name, place := range s.properties {
		inner := r.codec.shape(place)
		p := xmlProperty{name: name, tag: inner.xml.tag(name), shape: inner}
		switch {
		case inner.xml.attribute:
			all["@"+p.tag.local] = p
			continue
		case inner.allow&kindList != 0 && inner.allow&(kindObject|kindText|kindNumber|kindBool) == 0:
			outer, item := r.codec.listTags(inner, name)
			p.tag = outer
			if !inner.xml.wrapped {
				p.tag, p.repeated = item, true
			}
		}
		all[p.tag.local] = p
	}
	return all
}

func (r *reader) xmlObject(s *shape, n *node) (any, error) {
	if err := n.onlyElements(); err != nil {
		return nil, err
	}
	known := r.properties(s)
	members := make(map[string]any, len(n.kids))
	for _, a := range n.own() {
		p, ok := known["@"+a.Name.Local]
		if !ok {
			p = xmlProperty{name: a.Name.Local, shape: r.codec.shape(s.rest)}
		}
		if _, twice := members[p.name]; twice {
			return nil, fmt.Errorf("%w: %s is there twice", ErrSyntax, p.name)
		}
		members[p.name] = r.scalar(p.shape, a.Value)
	}
	for _, kid := range n.kids {
		if err := r.child(s, known, members, kid); err != nil {
			return nil, err
		}
	}
	return members, nil
}

// child adds one element to the object that it is in. What the schema does not
// have, or has once, becomes a list where it is there more than once.
func (r *reader) child(s *shape, known map[string]xmlProperty, members map[string]any, kid *node) error {
	p, ok := known[kid.name.Local]
	if !ok {
		p = xmlProperty{name: kid.name.Local, shape: r.codec.shape(s.rest)}
	} else if !kid.within(p.tag) {
		return fmt.Errorf("%w: the element %s is in the namespace %q, not %q", ErrSyntax, kid.name.Local, kid.name.Space, p.tag.namespace)
	}
	before, there := members[p.name]
	items, list := before.([]any)
	inner := p.shape
	if p.repeated {
		inner = r.codec.shape(inner.item(len(items)))
	}
	v, err := r.element(inner, kid)
	switch {
	case err != nil:
		return err
	case p.repeated || there && list:
		members[p.name] = append(items, v)
	case there:
		members[p.name] = []any{before, v}
	default:
		members[p.name] = v
	}
	return nil
}

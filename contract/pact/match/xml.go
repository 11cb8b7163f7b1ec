package match

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"

	"golang.org/x/net/html/charset"

	"twinspect.dev/contract/pact"
)

// element is one of XML, with its namespace resolved.
type element struct {
	name       xml.Name
	attributes []xml.Attr // those that declare namespaces left out
	children   []*element
	text       strings.Builder
}

var errXML = errors.New("XML that is not well-formed")

// parseXML reads one document, within the bounds of pact.MaxDepth and pact.MaxValues.
// encoding/xml knows the five entities of XML alone and reads no document type, so
// that no entity can grow or fetch anything.
func parseXML(data []byte) (*element, error) {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.CharsetReader = charset.NewReaderLabel
	top := &element{}
	open := []*element{top}
	for left := pact.MaxValues; ; left-- {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && len(open) == 1 && len(top.children) == 1 {
			return top.children[0], nil
		}
		if err != nil || left < 0 || len(open) > pact.MaxDepth {
			return nil, errXML
		}
		last := open[len(open)-1]
		switch t := token.(type) {
		case xml.StartElement:
			e := &element{name: t.Name, attributes: ownAttributes(t.Attr)}
			last.children = append(last.children, e)
			open = append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			last.text.Write(t)
		}
	}
}

func ownAttributes(attrs []xml.Attr) []xml.Attr {
	var own []xml.Attr
	for _, a := range attrs {
		if a.Name.Space != "xmlns" && (a.Name.Space != "" || a.Name.Local != "xmlns") {
			own = append(own, a)
		}
	}
	return own
}

// element leads to an element. A rule may name it with the prefix of its namespace,
// and may give its position after its name, or leave that out: "$.animals.alligator",
// "$.animals[*].alligator[0]".
func (c cursor) element(name string, index int) cursor {
	to := c.next(&spot{up: c.at, name: name, index: -1}, func(s pact.Step) bool {
		return !s.IsIndex() && (s.Any || s.Name == name || strings.HasSuffix(s.Name, ":"+name))
	})
	to.at = &spot{up: to.at, index: index}
	return to.positioned(index)
}

// positioned adds the paths that have the position of an element next.
func (c cursor) positioned(index int) cursor {
	c.live = slices.Clip(c.live)
	for _, l := range c.live {
		if len(l.steps) > 0 && l.steps[0].IsIndex() && (l.steps[0].Any || l.steps[0].Index == index) {
			c.live = append(c.live, l.step())
		}
	}
	return c
}

// attribute leads to "@name".
func (c cursor) attribute(name string) cursor {
	return c.next(&spot{up: c.at, name: "@" + name, index: -1}, func(s pact.Step) bool {
		own, ok := strings.CutPrefix(s.Name, "@")
		return !s.IsIndex() && (s.Any || ok && (own == name || strings.HasSuffix(own, ":"+name)))
	})
}

func (c *checker) xml(at cursor, want, got []byte) {
	w, err := parseXML(want)
	if err != nil {
		c.bytes(at, want, got)
		return
	}
	g, err := parseXML(got)
	if err != nil {
		c.add(at.place(), nil, nil, "XML is expected: the body is not well-formed")
		return
	}
	if w.name != g.name {
		c.add(at.place(), w.name.Local, g.name.Local, "another element is expected, or one of another namespace")
		return
	}
	c.element(at.positioned(0).element(w.name.Local, 0), w, g)
}

// element compares two elements of one name.
func (c *checker) element(at cursor, want, got *element) {
	if !c.work.step() {
		return
	}
	rules := at.best()
	if rules != nil && !rules.above {
		for i := range rules.list.Rules {
			if why := sizeFits(&rules.list.Rules[i], len(got.children)); why != "" {
				c.add(at.place(), nil, nil, "%s", why)
			}
		}
	}
	c.attributes(at, want, got)
	c.children(at, rules, want, got)
	w, g := strings.TrimSpace(want.text.String()), strings.TrimSpace(got.text.String())
	if w != "" || g != "" {
		c.leaf(at.key("#text"), w, g)
	}
}

func (c *checker) attributes(at cursor, want, got *element) {
	for _, w := range want.attributes {
		i := slices.IndexFunc(got.attributes, func(a xml.Attr) bool { return a.Name == w.Name })
		to := at.attribute(w.Name.Local)
		if i < 0 {
			c.add(to.place(), w.Value, nil, "the attribute is missing")
			continue
		}
		c.leaf(to, w.Value, got.attributes[i].Value)
	}
	if !c.strict {
		return
	}
	for _, g := range got.attributes {
		if !slices.ContainsFunc(want.attributes, func(a xml.Attr) bool { return a.Name == g.Name }) {
			c.add(at.attribute(g.Name.Local).place(), nil, g.Value, "the attribute is not expected")
		}
	}
}

// leaf compares a text of XML.
func (c *checker) leaf(at cursor, want, got string) {
	if rules := at.best(); rules != nil && len(rules.list.Rules) > 0 {
		c.text(at.place(), &rules.list, want, got)
	} else if want != got {
		c.add(at.place(), want, got, "another value is expected")
	}
}

// children compares those of each name in their order. Where a rule holds for the
// type, the first is the example of all, and no others may be there.
func (c *checker) children(at cursor, rules *candidate, want, got *element) {
	w, names := byName(want.children)
	g, others := byName(got.children)
	for _, name := range names {
		c.group(at, name.Local, w[name], g[name])
	}
	if !c.strict && (rules == nil || !slices.ContainsFunc(rules.list.Rules, byExample)) {
		return
	}
	for _, name := range others {
		if len(w[name]) == 0 {
			c.add(at.element(name.Local, 0).place(), nil, nil, "the element is not expected")
		}
	}
}

func (c *checker) group(at cursor, name string, want, got []*element) {
	first := at.element(name, 0)
	rules := first.best()
	example := rules != nil && slices.ContainsFunc(rules.list.Rules, byExample)
	switch {
	case len(got) < len(want) && (!example || len(got) == 0):
		c.add(first.place(), nil, nil, "%s expected, there %s", count(len(want)), isCount(len(got)))
	case len(got) > len(want) && c.strict && !example:
		c.add(first.place(), nil, nil, "%s expected, there %s", count(len(want)), isCount(len(got)))
	}
	for i, g := range got {
		w := want[0]
		if i < len(want) {
			w = want[i]
		} else if !example {
			return
		}
		c.element(at.element(name, i), w, g)
	}
}

// byName groups elements; names are in the order in which they came.
func byName(elements []*element) (map[xml.Name][]*element, []xml.Name) {
	groups := map[xml.Name][]*element{}
	var names []xml.Name
	for _, e := range elements {
		if groups[e.name] == nil {
			names = append(names, e.name)
		}
		groups[e.name] = append(groups[e.name], e)
	}
	return groups, names
}

package message

import "unicode/utf8"

// xmlNames is the XML object of a schema (OpenAPI 3.1 section 4.8.26).
type xmlNames struct {
	name, namespace, prefix string
	attribute, wrapped      bool
}

// add takes what is not set yet.
func (x *xmlNames) add(node any) {
	m, ok := node.(map[string]any)
	if !ok {
		return
	}
	for key, field := range map[string]*string{"name": &x.name, "namespace": &x.namespace, "prefix": &x.prefix} {
		if text, ok := m[key].(string); ok && *field == "" {
			*field = text
		}
	}
	x.attribute = x.attribute || m["attribute"] == true
	x.wrapped = x.wrapped || m["wrapped"] == true
}

// tag is the name of an element or attribute.
type tag struct{ local, namespace, prefix string }

func (x *xmlNames) tag(otherwise string) tag {
	if x.name != "" {
		otherwise = x.name
	}
	return tag{otherwise, x.namespace, x.prefix}
}

func (t tag) String() string {
	if t.prefix != "" {
		return t.prefix + ":" + t.local
	}
	return t.local
}

// rootTag names the outermost element: by the schema, else by the component that
// it is.
func rootTag(s *shape) tag {
	name := s.name
	if !isName(name) {
		name = "root"
	}
	return s.xml.tag(name)
}

// listTags names the elements of a list that is called name: the one around it,
// where it is wrapped, and those of the items.
func (c *Codec) listTags(s *shape, name string) (outer, item tag) {
	outer = s.xml.tag(name)
	items := c.shape(s.item(0))
	if s.xml.wrapped {
		name = outer.local
	}
	return outer, items.xml.tag(name)
}

// isName reports whether s can be the name of an element, colons left out, as
// they divide off prefixes (XML 1.0 section 2.3).
func isName(s string) bool {
	for i, c := range s {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' || c >= 0xc0 && c != 0xd7 && c != 0xf7 && c < 0x2000
		later := '0' <= c && c <= '9' || c == '-' || c == '.'
		if !letter && (i == 0 || !later) {
			return false
		}
	}
	return s != "" && utf8.ValidString(s)
}

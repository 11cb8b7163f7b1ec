package message

import (
	"encoding/json"
	"strconv"
	"strings"

	"twinspect.dev/contract/openapi"
)

// shape is what a schema says of how its values are written and read.
type shape struct {
	// place is "" for what has no schema.
	place openapi.Place
	// name is that of the component which the schema is, "" for another one.
	name  string
	allow kinds
	// properties and items are the schemas of parts.
	properties map[string]openapi.Place
	// open says that further properties are declared; rest is their schema.
	open  bool
	rest  openapi.Place
	items openapi.Place
	first []openapi.Place // prefixItems
	// binary says that a text stands for bytes, media of which media type.
	binary bool
	media  string
	xml    xmlNames
	// views are the shape with one branch of a union each; the shape itself is the
	// union of them.
	views []*shape
}

// ambiguous says that a text may stand for values of several forms.
func (s *shape) ambiguous() bool { return s.place != "" && (len(s.views) > 0 || s.allow.classes() > 1) }

// property returns where the schema of a property is, "" where it has none.
func (s *shape) property(name string) openapi.Place {
	if p, ok := s.properties[name]; ok {
		return p
	}
	return s.rest
}

// item returns where the schema of an item is, "" where it has none.
func (s *shape) item(i int) openapi.Place {
	if i < len(s.first) {
		return s.first[i]
	}
	return s.items
}

// shapeless is the shape of what the document says nothing of.
var shapeless = &shape{allow: anything}

// shape returns the shape of the schema at a place.
func (c *Codec) shape(p openapi.Place) *shape {
	if p == "" {
		return shapeless
	}
	if s, ok := c.shapes.Load(p); ok {
		return s.(*shape)
	}
	s, _ := c.shapes.LoadOrStore(p, c.newShape(p))
	return s.(*shape)
}

const (
	// maxNodes bounds the schemas that one shape is made of; those of the greatest
	// public documents are made of below 200.
	maxNodes = 2000
	// maxViews bounds the branches of one union, those of nested unions counted;
	// each costs a try when a value is read.
	maxViews = 64
)

// gatherer puts the schemas together that hold for one value.
type gatherer struct {
	codec  *Codec
	within map[openapi.Place]bool
	left   int
}

func (c *Codec) newShape(p openapi.Place) *shape {
	g := gatherer{codec: c, within: make(map[openapi.Place]bool), left: maxNodes}
	s := &shape{place: p, allow: anything}
	unions := g.gather(s, p)
	s.views = g.views(s, unions)
	s.join()
	if s.allow == 0 { // keywords that contradict each other
		s.allow = anything
	}
	return s
}

// gather adds what the schema at p says to s, and returns its unions.
func (g *gatherer) gather(s *shape, p openapi.Place) (unions [][]openapi.Place) {
	node, at, err := g.codec.nodes.Node(p)
	m, ok := node.(map[string]any)
	if err != nil || !ok || g.within[at] || g.left == 0 {
		return nil
	}
	g.left--
	g.within[at] = true
	defer delete(g.within, at)
	s.add(m, at)
	for i := range list(m["allOf"]) {
		unions = append(unions, g.gather(s, join(at, "allOf", strconv.Itoa(i)))...)
	}
	for _, keyword := range []string{"oneOf", "anyOf"} {
		var branches []openapi.Place
		for i := range list(m[keyword]) {
			branches = append(branches, join(at, keyword, strconv.Itoa(i)))
		}
		if branches != nil {
			unions = append(unions, branches)
		}
	}
	return unions
}

// views returns s with each branch of the first union, and of those within it.
// Further unions beside it add what they have to every view.
func (g *gatherer) views(s *shape, unions [][]openapi.Place) []*shape {
	if len(unions) == 0 {
		return nil
	}
	var views []*shape
	for _, p := range unions[0] {
		view := s.copy()
		more := append(g.gather(view, p), unions[1:]...)
		if inner := g.views(view, more); len(inner) > 0 {
			views = append(views, inner...)
		} else {
			views = append(views, view)
		}
		if len(views) >= maxViews {
			return views[:maxViews]
		}
	}
	return views
}

func (s *shape) copy() *shape {
	c := *s
	c.properties = make(map[string]openapi.Place, len(s.properties))
	for name, p := range s.properties {
		c.properties[name] = p
	}
	return &c
}

// join makes s the union of its views.
func (s *shape) join() {
	if len(s.views) == 0 {
		return
	}
	s.allow = 0
	for _, v := range s.views {
		s.allow |= v.allow
		s.open = s.open || v.open
		s.binary = s.binary || v.binary
		for name, p := range v.properties {
			s.set(name, p)
		}
		if s.items == "" {
			s.items, s.first = v.items, v.first
		}
		if s.rest == "" {
			s.rest = v.rest
		}
		if s.media == "" {
			s.media = v.media
		}
	}
}

func (s *shape) set(name string, p openapi.Place) {
	if s.properties == nil {
		s.properties = make(map[string]openapi.Place)
	}
	if _, ok := s.properties[name]; !ok {
		s.properties[name] = p
	}
}

// add adds the keywords of one schema.
func (s *shape) add(m map[string]any, at openapi.Place) {
	s.allow &= kindsOf(m)
	properties, _ := m["properties"].(map[string]any)
	for name := range properties {
		s.set(name, join(at, "properties", name))
	}
	switch rest := m["additionalProperties"].(type) {
	case bool:
		s.open = s.open || rest
	case map[string]any:
		s.open, s.rest = true, join(at, "additionalProperties")
	}
	if patterns, ok := m["patternProperties"].(map[string]any); ok && len(patterns) > 0 {
		s.open = true
	}
	if _, ok := m["items"].(map[string]any); ok && s.items == "" {
		s.items = join(at, "items")
	}
	if s.first == nil {
		for i := range list(m["prefixItems"]) {
			s.first = append(s.first, join(at, "prefixItems", strconv.Itoa(i)))
		}
	}
	_, encoded := m["contentEncoding"].(string)
	s.binary = s.binary || encoded || m["format"] == "binary" || m["format"] == "byte"
	if media, ok := m["contentMediaType"].(string); ok && s.media == "" {
		s.media = media
		s.binary = true
	}
	s.xml.add(m["xml"])
	if name, ok := strings.CutPrefix(string(at[strings.IndexByte(string(at), '#')+1:]), "/components/schemas/"); ok && s.name == "" && !strings.Contains(name, "/") {
		s.name = unescapePointer(name)
	}
}

// keywords are those that tell a type where no type is declared.
var keywords = map[kinds][]string{
	kindText:   {"pattern", "minLength", "maxLength", "contentEncoding", "contentMediaType", "format"},
	kindNumber: {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
	kindList:   {"items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"},
	kindObject: {"properties", "additionalProperties", "required", "minProperties", "maxProperties", "patternProperties"},
}

// kindsOf returns the kinds that a schema is written for: its types, else those
// of the values that it lists, else those that its keywords are about.
func kindsOf(m map[string]any) kinds {
	var k kinds
	if types, ok := m["type"]; ok {
		if k = typesOf(types); m["nullable"] == true {
			k |= kindNull
		}
		if k != 0 {
			return k
		}
	}
	if v, ok := m["const"]; ok {
		return rawKind(v)
	}
	for _, v := range list(m["enum"]) {
		k |= rawKind(v)
	}
	if k != 0 {
		return k
	}
	for kind, names := range keywords {
		for _, name := range names {
			if _, ok := m[name]; ok {
				k |= kind
			}
		}
	}
	if k == 0 {
		return anything
	}
	if m["nullable"] == true {
		k |= kindNull
	}
	return k
}

func typesOf(types any) kinds {
	var k kinds
	if name, ok := types.(string); ok {
		types = []any{name}
	}
	for _, name := range list(types) {
		switch name {
		case "null":
			k |= kindNull
		case "boolean":
			k |= kindBool
		case "number", "integer":
			k |= kindNumber
		case "string":
			k |= kindText
		case "array":
			k |= kindList
		case "object":
			k |= kindObject
		case "file": // Swagger 2.0
			k |= kindText
		}
	}
	return k
}

// rawKind returns the kind of a value of a document, whose numbers may be of any
// type of Go.
func rawKind(v any) kinds {
	if k := kindOf(v); k != 0 {
		return k
	}
	if _, err := json.Marshal(v); err == nil {
		return kindNumber
	}
	return anything
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

var (
	toPointer   = strings.NewReplacer("~", "~0", "/", "~1")
	fromPointer = strings.NewReplacer("~1", "/", "~0", "~")
)

func unescapePointer(s string) string { return fromPointer.Replace(s) }

// join returns the place of a part (RFC 6901).
func join(p openapi.Place, names ...string) openapi.Place {
	var b strings.Builder
	b.WriteString(string(p))
	if strings.IndexByte(string(p), '#') < 0 {
		b.WriteByte('#')
	}
	for _, name := range names {
		b.WriteByte('/')
		b.WriteString(toPointer.Replace(name))
	}
	return openapi.Place(b.String())
}

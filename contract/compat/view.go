package compat

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"twinspect.dev/contract/openapi"
)

// types is a set of types of JSON; 0 stands for all.
type types uint8

const (
	null types = 1 << iota
	boolean
	integer
	fraction // a number that is no integer
	text
	array
	object

	number = integer | fraction
	every  = null | boolean | number | text | array | object
)

var typeNames = map[string]types{
	"null": null, "boolean": boolean, "integer": integer, "number": number,
	"string": text, "array": array, "object": object, "file": text,
}

// all spells the set out.
func (t types) all() types {
	if t == 0 {
		return every
	}
	return t
}

// String names the types for a person.
func (t types) String() string {
	if t == 0 {
		return "any"
	}
	var names []string
	for _, name := range []string{"null", "boolean", "number", "integer", "string", "array", "object"} {
		if bits := typeNames[name]; t&bits == bits && (name != "integer" || t&number != number) {
			names = append(names, name)
		}
	}
	return strings.Join(names, " or ")
}

// source is a schema as it stands in a document.
type source struct {
	value any
	place openapi.Place
}

// view is what a schema says, with its references followed and what it is put
// together of (allOf) met: the order and the grouping of keywords are gone.
type view struct {
	// place is where it stands, or the first of what it was met of.
	place openapi.Place
	// name is that of the component or title by which an alternative is known.
	name string
	// same is its only source, the zero value where it was met of several.
	only  source
	never bool
	types types
	// nullable says that a keyword of version 3.0 added null.
	nullable                        bool
	enum                            []any // nil where it lists none, without null
	listed                          openapi.Place
	growing                         []any // x-extensible-enum
	grows                           bool
	limits                          [limitCount]limit
	multiple                        []json.Number
	unique                          bool
	patterns, formats, encodings    []string
	props                           map[string][]source
	required                        map[string]openapi.Place
	closed                          bool // no further properties
	further                         []source
	byPattern                       map[string][]source
	names                           []source
	items                           []source
	noItems                         bool
	prefix                          [][]source
	unions                          []*union
	keywords                        map[string][]source
	initial                         *source // default
	readOnly, writeOnly, deprecated bool
}

// union is a list of alternatives.
type union struct {
	place    openapi.Place
	branches []source
	null     bool
	one      bool // of which a value must fit one alone
	tag      string
	mapping  map[string]string
}

// bound is one of the keywords that limit a size.
type bound int

const (
	minimum bound = iota
	maximum
	minLength
	maxLength
	minItems
	maxItems
	minProperties
	maxProperties
	limitCount
)

var bounds = [limitCount]string{"minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"}

// limit is the value of such a keyword.
type limit struct {
	set, exclusive bool
	value          json.Number
	place          openapi.Place
}

// side is one of the two documents.
type side struct {
	doc *openapi.Document
	// siblings says that what stands next to a reference counts (3.1).
	siblings bool
	root     string
	views    map[string]*view
	open     map[openapi.Place]bool
}

func newSide(d *openapi.Document) *side {
	root, _ := d.Root().Split()
	return &side{
		doc: d, root: root, siblings: strings.HasPrefix(d.Version, "3.1") || strings.HasPrefix(d.Version, "3.2"),
		views: make(map[string]*view), open: make(map[openapi.Place]bool),
	}
}

// at returns the schema at a place; "" allows everything.
func (s *side) at(p openapi.Place) (source, bool) {
	if p == "" {
		return source{}, false
	}
	i := strings.LastIndexByte(string(p), '/')
	parent, token := p[:i], unescaper.Replace(string(p[i+1:]))
	v, place, err := s.doc.Node(parent)
	if err != nil {
		return source{}, false
	}
	switch v := v.(type) {
	case map[string]any:
		child, ok := v[token]
		return source{child, place.Join(token)}, ok
	case []any:
		if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < len(v) {
			return source{v[i], place.Join(token)}, true
		}
	}
	return source{}, false
}

var unescaper = strings.NewReplacer("~1", "/", "~0", "~")

// settle follows a reference that is all there is, so that what leads to the same
// schema is the same source.
func (s *side) settle(src source) source {
	m, ok := src.value.(map[string]any)
	if !ok {
		return src
	}
	if _, ref := m["$ref"].(string); !ref || s.siblings && len(m) > 1 {
		return src
	}
	v, place, err := s.doc.Node(src.place)
	if err != nil {
		return source{nil, src.place}
	}
	return source{v, place}
}

// view returns what sources say together. Sources that lead to the same are one, so
// that schemas that contain themselves have an end.
func (s *side) view(list ...source) *view {
	settled := make([]source, 0, len(list))
	for _, src := range list {
		src = s.settle(src)
		if !slices.ContainsFunc(settled, func(o source) bool { return o.place == src.place }) {
			settled = append(settled, src)
		}
	}
	key := ""
	for _, src := range settled {
		key += string(src.place) + "\n"
	}
	if v, ok := s.views[key]; ok {
		return v
	}
	v := new(view)
	for i, src := range settled {
		made := s.build(src)
		if i == 0 {
			v = made
			continue
		}
		v.meet(made)
	}
	if len(settled) == 1 {
		v.only = settled[0]
	}
	s.views[key] = v
	return v
}

// build reads one schema and what it is put together of.
func (s *side) build(src source) *view {
	v := &view{place: src.place}
	switch m := src.value.(type) {
	case bool:
		v.never = !m
	case map[string]any:
		if s.open[src.place] { // it is put together of itself
			return v
		}
		s.open[src.place] = true
		defer delete(s.open, src.place)
		s.buildObject(v, m)
	}
	return v
}

func (s *side) buildObject(v *view, m map[string]any) {
	if _, ok := m["$ref"].(string); ok {
		target, place, err := s.doc.Node(v.place)
		if err == nil {
			*v = *s.build(source{target, place})
		}
		if err != nil || !s.siblings || len(m) == 1 {
			return
		}
		own := &view{place: v.place}
		rest := make(map[string]any, len(m))
		for key, value := range m {
			if key != "$ref" {
				rest[key] = value
			}
		}
		s.buildObject(own, rest)
		v.meet(own)
		return
	}
	v.name = nameOf(v.place, m)
	v.readScalars(m)
	v.readArrays(m)
	v.readObjects(m)
	v.readKeywords(m)
	all, _ := m["allOf"].([]any)
	for i, item := range all {
		v.meet(s.build(s.settle(source{item, v.place.Join("allOf", strconv.Itoa(i))})))
	}
	for _, keyword := range []string{"oneOf", "anyOf"} {
		if list, ok := m[keyword].([]any); ok {
			s.readUnion(v, m, list, v.place.Join(keyword))
		}
	}
	if m["nullable"] == true {
		v.addNull()
	}
}

// nameOf returns the name of a component, or a title.
func nameOf(p openapi.Place, m map[string]any) string {
	_, pointer := p.Split()
	if name, ok := strings.CutPrefix(pointer, "/components/schemas/"); ok && !strings.Contains(name, "/") {
		return name
	}
	title, _ := m["title"].(string)
	return title
}

func (v *view) addNull() {
	if v.types != 0 {
		v.types |= null
	}
	v.nullable = true
}

// readUnion adds alternatives. One alone is no alternative, and null among them is
// what nullable says.
func (s *side) readUnion(v *view, m map[string]any, list []any, place openapi.Place) {
	u := &union{place: place, one: strings.HasSuffix(string(place), "/oneOf")}
	for i, item := range list {
		src := s.settle(source{item, place.Join(strconv.Itoa(i))})
		if isNull(src.value) {
			u.null = true
			continue
		}
		u.branches = append(u.branches, src)
	}
	if len(u.branches) == 1 {
		one := *s.build(u.branches[0])
		if u.null {
			one.addNull()
		}
		v.meet(&one)
		return
	}
	if tag, ok := m["discriminator"].(map[string]any); ok {
		u.tag, _ = tag["propertyName"].(string)
		mapping, _ := tag["mapping"].(map[string]any)
		u.mapping = make(map[string]string, len(mapping))
		for value, target := range mapping {
			name, _ := target.(string)
			u.mapping[value] = name[strings.LastIndexByte(name, '/')+1:]
		}
	}
	if len(u.branches) == 0 && u.null {
		v.meet(&view{place: place, types: null})
		return
	}
	v.unions = append(v.unions, u)
}

// isNull reports whether a schema allows null alone.
func isNull(v any) bool {
	m, ok := v.(map[string]any)
	if !ok {
		return false
	}
	if list, ok := m["type"].([]any); ok {
		return len(list) == 1 && list[0] == "null"
	}
	if list, ok := m["enum"].([]any); ok {
		return len(list) == 1 && list[0] == nil
	}
	c, ok := m["const"]
	return m["type"] == "null" || ok && c == nil
}

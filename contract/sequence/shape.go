package sequence

import (
	"maps"
	"slices"
	"strings"

	"twinspect.dev/contract/openapi"
)

// lookup returns what stands at a place of a document, references followed, and
// where it really stands.
type lookup func(openapi.Place) (any, openapi.Place, error)

// shapes reads as much of the schemas as it takes to tell which fields an object
// has. It is not a validator: of a union, it takes every branch's fields.
type shapes struct {
	node lookup
	seen map[openapi.Place]*shape
}

// shape is what a schema says of its values.
type shape struct {
	at     openapi.Place // where it really stands
	typ    string        // "" where any will do
	format string
	title  string
	// fixed says that the schema lists or gives its values: enum, const.
	fixed bool
	// shown says that the document has a value that it calls right.
	shown    bool
	readOnly bool
	fields   []field // sorted by name
	items    openapi.Place
	minimum  any
	maximum  any
	def      any
	enum     []any
}

// field is a property of an object.
type field struct {
	name     string
	words    []string
	schema   openapi.Place
	required bool
}

// maxParts bounds the schemas that one is made of by allOf and the like; published
// documents have some tens at most.
const maxParts = 256

func newShapes(node lookup) *shapes {
	return &shapes{node: node, seen: make(map[openapi.Place]*shape)}
}

// of returns the shape of the schema at p; a schema that cannot be read allows
// anything.
func (s *shapes) of(p openapi.Place) *shape {
	if p == "" || s.node == nil {
		return &shape{}
	}
	if known := s.seen[p]; known != nil {
		return known
	}
	sh := &shape{}
	s.read(sh, p, make(map[openapi.Place]bool), true)
	slices.SortFunc(sh.fields, func(a, b field) int { return strings.Compare(a.name, b.name) })
	s.seen[p] = sh
	return sh
}

// read adds what the schema at p says. Each schema is read once, so that unions
// of unions of themselves end.
func (s *shapes) read(sh *shape, p openapi.Place, done map[openapi.Place]bool, must bool) {
	raw, at, err := s.node(p)
	tree, ok := raw.(map[string]any)
	if err != nil || !ok || done[at] || len(done) == maxParts {
		return
	}
	done[at] = true
	if sh.at == "" {
		sh.at = at
	}
	s.facts(sh, tree, at)
	required := requiredOf(tree)
	properties, _ := tree["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		sh.add(field{name, words(name), child(at, "properties", name), must && slices.Contains(required, name)})
	}
	for i := range len(list(tree["allOf"])) {
		s.read(sh, child(at, "allOf", itoa(i)), done, must)
	}
	for _, union := range []string{"oneOf", "anyOf"} {
		for i := range len(list(tree[union])) {
			s.read(sh, child(at, union, itoa(i)), done, false)
		}
	}
}

func (s *shapes) facts(sh *shape, tree map[string]any, at openapi.Place) {
	if sh.typ == "" {
		sh.typ = typeOf(tree["type"])
	}
	keep(&sh.format, tree["format"])
	keep(&sh.title, tree["title"])
	_, constant := tree["const"]
	sh.fixed = sh.fixed || constant || tree["enum"] != nil
	sh.shown = sh.shown || tree["example"] != nil || tree["examples"] != nil || tree["default"] != nil
	if tree["readOnly"] == true {
		sh.readOnly = true
	}
	if _, ok := tree["items"].(map[string]any); ok && sh.items == "" {
		sh.items = child(at, "items")
		sh.typ = "array"
	}
	for to, key := range map[*any]string{&sh.minimum: "minimum", &sh.maximum: "maximum", &sh.def: "default"} {
		if *to == nil {
			*to = tree[key]
		}
	}
	if sh.enum == nil {
		sh.enum = list(tree["enum"])
	}
}

func (sh *shape) add(f field) {
	i := slices.IndexFunc(sh.fields, func(o field) bool { return o.name == f.name })
	if i < 0 {
		sh.fields = append(sh.fields, f)
		return
	}
	sh.fields[i].required = sh.fields[i].required || f.required
}

// noun returns the words that the schema's own name says of it, where it has one:
// that of a reference, else its title.
func (sh *shape) noun() []string {
	if name := sh.named(); name != "" {
		return words(name)
	}
	return words(sh.title)
}

// named returns the name under which a schema is shared, "" where it stands in
// its place alone.
func (sh *shape) named() string {
	_, pointer, _ := strings.Cut(string(sh.at), "#")
	for _, prefix := range []string{"/components/schemas/", "/definitions/", "/$defs/"} {
		if name, ok := strings.CutPrefix(pointer, prefix); ok && !strings.Contains(name, "/") {
			return name
		}
	}
	return ""
}

// typeOf reads the keyword type, in 3.1 possibly a list; "null" is no type.
func typeOf(v any) string {
	if t, ok := v.(string); ok {
		return t
	}
	for _, t := range list(v) {
		if name, ok := t.(string); ok && name != "null" {
			return name
		}
	}
	return ""
}

func requiredOf(tree map[string]any) []string {
	var out []string
	for _, v := range list(tree["required"]) {
		if name, ok := v.(string); ok {
			out = append(out, name)
		}
	}
	return out
}

func keep(to *string, v any) {
	if text, ok := v.(string); ok && *to == "" {
		*to = text
	}
}

func list(v any) []any { l, _ := v.([]any); return l }

// child is the place of what stands in what is at p.
func child(p openapi.Place, tokens ...string) openapi.Place {
	for _, t := range tokens {
		p += openapi.Place("/" + escape(t))
	}
	return p
}

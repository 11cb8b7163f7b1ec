package coverage

import (
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/pointer"
	"twinspect.dev/contract/schema"
)

// A schema is followed to this depth of the value, and an operation has this many
// items of its requests at most: the largest of GitHub's 1,223 operations have
// some 300. That there were more is an item.
const (
	maxDepth = 16
	maxItems = 3000
)

// tree holds what is counted of the values of one schema.
type tree struct {
	schema *schema.Schema // nil where there is none that can be used
	root   *node
	open   int // items that no value has kept to
}

// node is one schema that describes a value.
type node struct {
	checks []check
	// same are schemas of the same value that hold always, branches those that may.
	same     []*node
	branches []branch
	members  map[string]*node
	patterns []pattern
	extra    *node // of members that are not declared
	prefix   []*node
	elements *node
}

// check is one keyword.
type check struct {
	*item
	keyword string
	// name is the property that is required.
	name string
	// holds reports whether a value that is valid shows the keyword.
	holds func(v any) bool
	// fits reports whether a value has the type; nil of other keywords.
	fits func(v any) bool
}

// branch is a schema that holds where the value fits another, or does not.
type branch struct {
	fits   *schema.Schema
	not    bool
	member string // where fits is nil, holds for objects with this member
	item   *item
	node   *node
}

type pattern struct {
	jsonschema.Regexp
	node *node
}

// builder builds the trees of one operation.
type builder struct {
	plan    *plan
	schemas *schema.Set
	byName  map[string]*item
	base    *schema.Schema
	tree    *tree
	// wire says that values are written as text, so that any text is a string.
	wire bool
	path []*jsonschema.Schema
	more bool
}

func (b *builder) parameter(q *openapi.Parameter) *parameter {
	at := contract.At(q.In, q.Name)
	p := &parameter{Parameter: q, at: at, item: b.plan.add(partParameter, string(at), at, "")}
	if q.Required && q.In != "path" {
		p.required = b.named(partKeyword, string(at)+" required", at, contract.RuleMissing)
	}
	before := len(b.plan.items)
	p.tree = b.build(at, q.Schema, q.MediaType == "")
	p.item.CannotBreak = p.required == nil && !breakable(b.plan.items[before:]) && q.MediaType == ""
	return p
}

// breakable reports whether a request can break one of some items.
func breakable(items []*item) bool {
	return slices.ContainsFunc(items, func(it *item) bool { return !it.CannotBreak })
}

func (b *builder) body(of *openapi.Body) {
	p := b.plan
	for _, m := range of.Media {
		p.bodies = append(p.bodies, &body{media: m, item: p.add(partBody, m.Type, "body", "")})
	}
	p.typed = b.named(partKeyword, "body media-type", "body", contract.RuleMediaType)
	p.typed.CannotBreak = slices.ContainsFunc(of.Media, func(m *openapi.Media) bool { return strings.HasPrefix(m.Type, "*/*") })
	if of.Required {
		p.required = b.named(partKeyword, "body required", "body", contract.RuleMissing)
	}
	for _, x := range p.bodies {
		before := len(p.items)
		x.tree = b.build("body", x.media.Schema, false)
		x.item.CannotBreak = isText(x.media.Type) && !breakable(p.items[before:])
	}
}

// end says where more than is counted would have been.
func (b *builder) end() {
	if b.more {
		it := b.plan.add(partKeyword, "(more)", "", "")
		it.CannotBreak, it.Why = true, "the schemas have more keywords, or go deeper, than are counted"
	}
}

// named returns the item of a name, which is added where it is new.
func (b *builder) named(part, name string, at contract.Place, rule contract.Rule) *item {
	key := part + " " + name
	it := b.byName[key]
	if it == nil {
		it = b.plan.add(part, name, at, rule)
		b.byName[key] = it
	}
	if b.tree != nil && it.Positive == 0 && !slices.Contains(it.of, b.tree) {
		it.of = append(it.of, b.tree)
		b.tree.open++
	}
	return it
}

func (b *builder) build(at contract.Place, place openapi.Place, wire bool) *tree {
	t := new(tree)
	b.base = compiled(b.schemas, place)
	if b.base == nil {
		return t
	}
	t.schema, b.tree, b.wire = b.base, t, wire
	t.root = b.node(b.base.Compiled, at)
	b.tree = nil
	return t
}

// node follows a schema. One that is followed already, further up, is not followed
// again.
func (b *builder) node(s *jsonschema.Schema, at contract.Place) *node {
	if s == nil || s.Bool != nil || slices.Contains(b.path, s) {
		return nil
	}
	if len(b.path) >= 8*maxDepth || strings.Count(string(at), "/") > maxDepth || len(b.plan.items) >= maxItems {
		b.more = true
		return nil
	}
	b.path = append(b.path, s)
	defer func() { b.path = b.path[:len(b.path)-1] }()
	n := &node{checks: b.checks(s, at)}
	for _, one := range slices.Concat([]*jsonschema.Schema{s.Ref, dynamic(s)}, s.AllOf) {
		if x := b.node(one, at); x != nil {
			n.same = append(n.same, x)
		}
	}
	b.conditions(n, s, at)
	b.children(n, s, at)
	return n
}

// dynamic returns the schema that a $dynamicRef leads to by itself.
func dynamic(s *jsonschema.Schema) *jsonschema.Schema {
	if d := schema.DynamicOf(s); d != nil {
		return d.Static
	}
	return nil
}

func (b *builder) conditions(n *node, s *jsonschema.Schema, at contract.Place) {
	for _, union := range []struct {
		keyword string
		of      []*jsonschema.Schema
	}{{"anyOf", s.AnyOf}, {"oneOf", s.OneOf}} {
		for i, one := range union.of {
			it := b.named(partBranch, branchName(at, union.keyword, i, one), at, contract.RuleBranch)
			it.CannotBreak = true
			n.branches = append(n.branches, branch{fits: b.part(one), item: it, node: b.node(one, at)})
		}
	}
	if s.If != nil {
		n.branches = append(n.branches,
			branch{fits: b.part(s.If), node: b.node(s.Then, at)}, branch{fits: b.part(s.If), not: true, node: b.node(s.Else, at)})
	}
	for _, name := range slices.Sorted(maps.Keys(s.DependentSchemas)) {
		n.branches = append(n.branches, branch{member: name, node: b.node(s.DependentSchemas[name], at)})
	}
}

// part is a schema inside the one that is being followed.
func (b *builder) part(s *jsonschema.Schema) *schema.Schema {
	part := *b.base
	part.Compiled = s
	return &part
}

func (b *builder) children(n *node, s *jsonschema.Schema, at contract.Place) {
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if p := s.Properties[name]; !readOnly(p, 0) {
			if n.members == nil {
				n.members = make(map[string]*node, len(s.Properties))
			}
			n.members[name] = b.node(p, below(at, name))
		}
	}
	for _, re := range expressions(s) {
		n.patterns = append(n.patterns, pattern{re, b.node(s.PatternProperties[re], below(at, "*"))})
	}
	if p, ok := s.AdditionalProperties.(*jsonschema.Schema); ok {
		n.extra = b.node(p, below(at, "*"))
	}
	for _, p := range s.PrefixItems {
		n.prefix = append(n.prefix, b.node(p, below(at, "*")))
	}
	n.elements = b.node(s.Items2020, below(at, "*"))
}

// expressions returns the patterns of properties in a fixed order.
func expressions(s *jsonschema.Schema) []jsonschema.Regexp {
	return slices.SortedFunc(maps.Keys(s.PatternProperties), func(a, b jsonschema.Regexp) int { return strings.Compare(a.String(), b.String()) })
}

// readOnly reports whether a property is not for requests.
func readOnly(s *jsonschema.Schema, hops int) bool {
	if s == nil || hops > 8 {
		return false
	}
	return s.ReadOnly || readOnly(s.Ref, hops+1) || slices.ContainsFunc(s.AllOf, func(t *jsonschema.Schema) bool { return readOnly(t, hops+1) })
}

// below is the place of a member, or of the elements, of what stands at a place.
func below(at contract.Place, name string) contract.Place {
	part, within := at.Split()
	if part == "body" {
		return contract.At(part, pointer.Join(within, name))
	}
	of, rest, _ := strings.Cut(within, " ")
	return contract.Place(part + " " + of + " " + pointer.Join(rest, name))
}

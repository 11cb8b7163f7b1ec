package schema

import (
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Dynamic is a $dynamicRef: a reference to the outermost schema on the way to it
// that has the anchor (core, section 8.2.3.2).
type Dynamic struct {
	// Static is the schema that it refers to where no other has the anchor.
	Static *jsonschema.Schema
	// targets are the schemas of other resources that have the anchor.
	targets map[spot]*jsonschema.Schema
}

// Validate does nothing: the schema's own validation follows the reference.
func (d *Dynamic) Validate(*jsonschema.ValidatorContext, any) {}

// DynamicOf returns the $dynamicRef of a compiled schema, nil where it has none.
func DynamicOf(s *jsonschema.Schema) *Dynamic {
	for _, e := range s.Extensions {
		if d, ok := e.(*Dynamic); ok {
			return d
		}
	}
	return nil
}

// home is the resource that a schema is in. Only the schemas of documents that
// have a $dynamicRef know it.
type home struct{ resource spot }

func (home) Validate(*jsonschema.ValidatorContext, any) {}

func homeOf(s *jsonschema.Schema) (spot, bool) {
	for _, e := range s.Extensions {
		if h, ok := e.(home); ok {
			return h.resource, true
		}
	}
	return spot{}, false
}

// What the translation leaves for the compiler.
const (
	keyDynamic = "x-twinspect-dynamic"
	keyHome    = "x-twinspect-home"
)

// urls is a $dynamicRef by the URLs of the units that it may lead to.
type urls struct {
	static  string
	targets map[spot]string
}

func (u *urls) compile(ctx *jsonschema.CompilerContext) (*Dynamic, error) {
	static, err := ctx.EnqueueRef(u.static)
	if err != nil {
		return nil, err
	}
	d := &Dynamic{Static: static, targets: make(map[spot]*jsonschema.Schema)}
	for resource, url := range u.targets {
		if d.targets[resource], err = ctx.EnqueueRef(url); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// dynamic translates a $dynamicRef.
func (t *translator) dynamic(e *edit, ref string, at spot) {
	to := &urls{static: t.target(ref, at), targets: make(map[spot]string)}
	_, name, _ := strings.Cut(ref, "#")
	target, err := t.side.set.resolve(at, ref)
	ids := t.side.set.ids()
	if err == nil && name != "" && slices.Contains(ids.dynamic[name], target) {
		for _, other := range ids.dynamic[name] {
			_, resource := t.side.set.base(other)
			to.targets[resource] = t.unitURL(other)
		}
	}
	e.set(keyDynamic, to)
}

// follow holds a value against what a $dynamicRef leads to.
func (r *run) follow(d *Dynamic, v any, own *seen) bool {
	for _, resource := range r.scope {
		if target, ok := d.targets[resource]; ok {
			return r.eval(target, v, own)
		}
	}
	return r.eval(d.Static, v, own)
}

// enter notes the resource of a schema, and returns how to leave it.
func (r *run) enter(s *jsonschema.Schema) int {
	before := len(r.scope)
	if resource, ok := homeOf(s); ok && (before == 0 || r.scope[before-1] != resource) {
		r.scope = append(r.scope, resource)
	}
	return before
}

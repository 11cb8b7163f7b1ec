package schema

import (
	"fmt"
	"maps"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// combined holds the same value against the schemas that a schema consists of.
func (r *run) combined(s *jsonschema.Schema, v any, own *seen) bool {
	ok := s.Ref == nil || r.eval(s.Ref, v, own)
	if s.Extensions != nil && ok {
		if d := DynamicOf(s); d != nil {
			ok = r.follow(d, v, own)
		}
	}
	for _, part := range s.AllOf {
		if !ok && r.quiet > 0 {
			return false
		}
		ok = r.eval(part, v, own) && ok
	}
	if ok || r.quiet == 0 {
		ok = r.unions(s, v, own) && ok
	}
	if (ok || r.quiet == 0) && s.Not != nil && r.try(s.Not, v, own.fork()) {
		ok = r.fail(s, "not", func() string { return "must not fit the schema under not" })
	}
	if (ok || r.quiet == 0) && s.If != nil {
		ok = r.conditional(s, v, own) && ok
	}
	if (ok || r.quiet == 0) && s.DependentSchemas != nil {
		ok = r.dependent(s, v, own) && ok
	}
	return ok
}

func (r *run) conditional(s *jsonschema.Schema, v any, own *seen) bool {
	branch := own.fork()
	next := s.Else
	if r.try(s.If, v, branch) {
		own.join(branch)
		next = s.Then
	}
	return next == nil || r.eval(next, v, own)
}

func (r *run) dependent(s *jsonschema.Schema, v any, own *seen) bool {
	object, ok := v.(map[string]any)
	if !ok {
		return true
	}
	for _, name := range slices.Sorted(maps.Keys(s.DependentSchemas)) {
		if _, has := object[name]; has {
			ok = r.eval(s.DependentSchemas[name], v, own) && ok
		}
	}
	return ok
}

// unions holds a value against anyOf and oneOf, of which a discriminator chooses
// the branch where there is one.
func (r *run) unions(s *jsonschema.Schema, v any, own *seen) bool {
	d := DiscriminatorOf(s)
	object, _ := v.(map[string]any)
	if d != nil && object != nil && !(d.Inline && !d.chooses(object)) {
		return r.discriminated(s, d, object, own)
	}
	ok := len(s.AnyOf) == 0 || r.anyOf(s, v, own)
	if (ok || r.quiet == 0) && len(s.OneOf) > 0 {
		ok = r.oneOf(s, v, own) && ok
	}
	return ok
}

func (r *run) anyOf(s *jsonschema.Schema, v any, own *seen) bool {
	ok := false
	for _, branch := range s.AnyOf {
		marks := own.fork()
		if r.try(branch, v, marks) {
			own.join(marks)
			ok = true
			if own == nil {
				break
			}
		}
	}
	if !ok {
		r.none(s, "anyOf", s.AnyOf, v)
	}
	return ok
}

func (r *run) oneOf(s *jsonschema.Schema, v any, own *seen) bool {
	fits := -1
	for i, branch := range s.OneOf {
		marks := own.fork()
		if !r.try(branch, v, marks) {
			continue
		}
		if fits >= 0 {
			return r.fail(s, "oneOf", func() string {
				return fmt.Sprintf("must fit one branch of oneOf alone; it fits %d and %d (from 0)", fits, i)
			})
		}
		fits = i
		own.join(marks)
	}
	if fits < 0 {
		r.none(s, "oneOf", s.OneOf, v)
	}
	return fits >= 0
}

// none tells why a value fits no branch of a union: by the branch that it was
// likely meant for, and where that may be several, by a word on all of them too.
func (r *run) none(s *jsonschema.Schema, keyword string, branches []*jsonschema.Schema, v any) {
	if !r.loud() {
		return
	}
	best, most, several := 0, -1, false
	for i, branch := range branches {
		switch near := nearness(branch, v, 0); {
		case near > most:
			best, most, several = i, near, false
		case near == most:
			several = true
		}
	}
	if several || most <= nearType {
		r.fail(s, keyword, func() string {
			return fmt.Sprintf("fits none of the %d branches of %s; it is %s", len(branches), keyword, describe(v))
		})
	}
	if most > nearType && !several {
		r.eval(branches[best], v, nil)
	}
}

// How near a value is to a branch that it does not fit.
const (
	nearNothing  = iota // it has another type
	nearType            // a value beside enum or const
	nearTag             // a property beside its enum or const
	nearRequired        // a required property is missing
	nearAll
)

// nearness compares a value with a schema without going down into it.
func nearness(s *jsonschema.Schema, v any, hops int) int {
	if hops > maxHops {
		return nearAll
	}
	near := nearAll
	switch {
	case s.Bool != nil && !*s.Bool, s.Types != nil && !hasType(*s.Types, v):
		return nearNothing
	case s.Const != nil && !equal(v, *s.Const):
		near = nearType
	case s.Enum != nil && !slices.ContainsFunc(s.Enum.Values, func(e any) bool { return equal(v, e) }):
		near = nearType
	}
	if object, ok := v.(map[string]any); ok {
		near = min(near, nearObject(s, object))
	}
	if s.Ref != nil {
		near = min(near, nearness(s.Ref, v, hops+1))
	}
	for _, part := range s.AllOf {
		near = min(near, nearness(part, v, hops+8)) // widens: eight levels are enough
	}
	return near
}

func nearObject(s *jsonschema.Schema, object map[string]any) int {
	for name, property := range s.Properties {
		value, has := object[name]
		if !has || hasParts(value) || property.Const == nil && property.Enum == nil {
			continue
		}
		if nearness(property, value, maxHops) <= nearType {
			return nearTag
		}
	}
	for _, name := range s.Required {
		if _, has := object[name]; !has {
			return nearRequired
		}
	}
	return nearAll
}

func (r *run) unevaluated(s *jsonschema.Schema, v any, own *seen) bool {
	ok := true
	switch v := v.(type) {
	case map[string]any:
		if s.UnevaluatedProperties == nil || own.allKeys {
			return true
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			ok = (own.keys[name] || r.inKey(s.UnevaluatedProperties, name, v[name])) && ok
		}
		own.allKeys = true
	case []any:
		if s.UnevaluatedItems == nil || own.allItems {
			return true
		}
		for i := range v {
			ok = (own.items[i] || r.inItem(s.UnevaluatedItems, i, v[i])) && ok
		}
		own.allItems = true
	}
	return ok
}

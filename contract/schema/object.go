package schema

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func (r *run) object(s *jsonschema.Schema, object map[string]any, own *seen) bool {
	ok := r.propertyCount(s, object)
	if ok || r.quiet == 0 {
		ok = r.required(s, s.Required, object, "required") && ok
	}
	if (ok || r.quiet == 0) && s.DependentRequired != nil {
		ok = r.dependentRequired(s, object) && ok
	}
	if (ok || r.quiet == 0) && s.PropertyNames != nil {
		ok = r.propertyNames(s, object) && ok
	}
	if ok || r.quiet == 0 {
		ok = r.properties(s, object, own) && ok
	}
	return ok
}

func (r *run) propertyCount(s *jsonschema.Schema, object map[string]any) bool {
	if s.MinProperties != nil && len(object) < *s.MinProperties {
		return r.fail(s, "minProperties", func() string {
			return fmt.Sprintf("must have at least %d properties, not %d", *s.MinProperties, len(object))
		})
	}
	if s.MaxProperties != nil && len(object) > *s.MaxProperties {
		return r.fail(s, "maxProperties", func() string {
			return fmt.Sprintf("must have at most %d properties, not %d", *s.MaxProperties, len(object))
		})
	}
	return true
}

func (r *run) required(s *jsonschema.Schema, names []string, object map[string]any, keyword string) bool {
	ok := true
	for _, name := range names {
		if _, has := object[name]; has {
			continue
		}
		ok = r.fail(s, keyword, func() string { return "the property " + quote(name) + " is missing" })
		if r.quiet > 0 {
			break
		}
	}
	return ok
}

func (r *run) dependentRequired(s *jsonschema.Schema, object map[string]any) bool {
	ok := true
	for _, name := range slices.Sorted(maps.Keys(s.DependentRequired)) {
		if _, has := object[name]; has {
			ok = r.required(s, s.DependentRequired[name], object, "dependentRequired") && ok
		}
	}
	return ok
}

func (r *run) propertyNames(s *jsonschema.Schema, object map[string]any) bool {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if !r.try(s.PropertyNames, name, nil) {
			return r.fail(s, "propertyNames", func() string {
				return fmt.Sprintf("a property's name of %d characters is not allowed", len(name))
			})
		}
	}
	return true
}

// properties checks the values of properties, those first that have no parts:
// they tell the branches of unions apart, and the others take long.
func (r *run) properties(s *jsonschema.Schema, object map[string]any, own *seen) bool {
	if s.Properties == nil && s.PatternProperties == nil && s.AdditionalProperties == nil {
		return true
	}
	if r.quiet == 0 {
		return r.propertiesInOrder(s, object, own)
	}
	parts := false
	for name, v := range object {
		if hasParts(v) {
			parts = true
		} else if !r.property(s, name, v, own) {
			return false
		}
	}
	if !parts {
		return true
	}
	for name, v := range object {
		if hasParts(v) && !r.property(s, name, v, own) {
			return false
		}
	}
	return true
}

func (r *run) propertiesInOrder(s *jsonschema.Schema, object map[string]any, own *seen) bool {
	ok := true
	for _, name := range slices.Sorted(maps.Keys(object)) {
		ok = r.property(s, name, object[name], own) && ok
	}
	return ok
}

func hasParts(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

func (r *run) property(s *jsonschema.Schema, name string, v any, own *seen) bool {
	ok, known := true, false
	if child, has := s.Properties[name]; has {
		known, ok = true, r.inKey(child, name, v)
	}
	for re, child := range s.PatternProperties {
		if r.matches(re, name) {
			known, ok = true, r.inKey(child, name, v) && ok
		}
	}
	if !known && s.AdditionalProperties != nil {
		known = true
		ok = r.additional(s, name, v)
	}
	if known {
		own.key(name)
	}
	return ok
}

func (r *run) additional(s *jsonschema.Schema, name string, v any) bool {
	switch additional := s.AdditionalProperties.(type) {
	case *jsonschema.Schema:
		return r.inKey(additional, name, v)
	case bool:
		return additional || r.fail(s, "additionalProperties", func() string {
			return "there is a property that is not declared, named " + quote(name) + allowed(s)
		})
	}
	return true
}

// allowed lists the few names that are declared.
func allowed(s *jsonschema.Schema) string {
	if len(s.Properties) == 0 || len(s.Properties) > 10 {
		return ""
	}
	names := slices.Sorted(maps.Keys(s.Properties))
	for i := range names {
		names[i] = quote(names[i])
	}
	return "; declared are " + strings.Join(names, ", ")
}

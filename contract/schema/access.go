package schema

import (
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// ReadOnly reports whether what stands at a JSON pointer in a value is readOnly:
// it should not be sent, though it may be.
func (s *Schema) ReadOnly(pointer string) bool {
	return s.marked(pointer, func(s *jsonschema.Schema) bool { return s.ReadOnly })
}

// WriteOnly reports whether what stands at a JSON pointer in a value is writeOnly:
// it should not be answered.
func (s *Schema) WriteOnly(pointer string) bool {
	return s.marked(pointer, func(s *jsonschema.Schema) bool { return s.WriteOnly })
}

func (s *Schema) marked(pointer string, mark func(*jsonschema.Schema) bool) bool {
	level := together(s.Compiled)
	for _, token := range tokensOf(pointer) {
		next := make(map[*jsonschema.Schema]bool)
		for part := range level {
			for child := range childrenAt(part, unescape(token)) {
				for same := range together(child) {
					next[same] = true
				}
			}
		}
		level = next
	}
	for part := range level {
		if mark(part) {
			return true
		}
	}
	return false
}

// together returns all schemas that may hold the same value as a schema.
func together(s *jsonschema.Schema) map[*jsonschema.Schema]bool {
	found := map[*jsonschema.Schema]bool{s: true}
	for queue := []*jsonschema.Schema{s}; len(queue) > 0; queue = queue[1:] {
		for _, next := range inPlace(queue[0]) {
			if !found[next] && next != queue[0].Not {
				found[next] = true
				queue = append(queue, next)
			}
		}
	}
	return found
}

// childrenAt returns the schemas that hold the property or the item of a name.
func childrenAt(s *jsonschema.Schema, token string) map[*jsonschema.Schema]bool {
	found := make(map[*jsonschema.Schema]bool)
	if child, ok := s.Properties[token]; ok {
		found[child] = true
	} else if child, ok := s.AdditionalProperties.(*jsonschema.Schema); ok {
		found[child] = true
	}
	for re, child := range s.PatternProperties {
		if re.MatchString(token) {
			found[child] = true
		}
	}
	if i, ok := number2(token); ok && token != "" {
		switch {
		case i < len(s.PrefixItems):
			found[s.PrefixItems[i]] = true
		case s.Items2020 != nil:
			found[s.Items2020] = true
		}
	}
	return found
}

package schema

import (
	"errors"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// validateForeign lets the library validate, and keeps what it prints of values
// back.
func (s *Schema) validateForeign(v any) []Violation {
	var invalid *jsonschema.ValidationError
	if !errors.As(s.Compiled.Validate(v), &invalid) {
		return nil
	}
	var list []Violation
	s.leaves(invalid, v, &list)
	slices.SortStableFunc(list, func(a, b Violation) int { return strings.Compare(a.At, b.At) })
	return list
}

func (s *Schema) leaves(e *jsonschema.ValidationError, v any, into *[]Violation) {
	if len(*into) >= maxViolations {
		return
	}
	if len(e.Causes) > 0 {
		for _, cause := range e.Causes {
			s.leaves(cause, v, into)
		}
		return
	}
	part := v
	at := ""
	for _, key := range e.InstanceLocation {
		at += "/" + escape(key)
		part, _ = step(part, key)
	}
	keyword := strings.Join(e.ErrorKind.KeywordPath(), "/")
	if keyword == "" {
		keyword = "false"
	}
	*into = append(*into, Violation{
		At: at, Keyword: keyword, Schema: s.place(e.SchemaURL),
		Message: "does not keep to " + keyword + "; it is " + describe(part),
	})
}

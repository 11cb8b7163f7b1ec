package schema

import (
	"errors"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// Valid reports whether a value keeps to the schema.
func (s *Schema) Valid(v any) bool {
	if _, ok := measure(v, 0); !ok {
		return false
	}
	return s.Compiled.Validate(v) == nil
}

// Validate returns how a value breaks the schema, nil where it keeps to it.
func (s *Schema) Validate(v any) []Violation {
	if why, ok := measure(v, 0); !ok {
		return []Violation{{Schema: s.Place, Message: "the value cannot be checked: " + why}}
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(s.Compiled.Validate(v), &invalid) {
		return nil
	}
	var list []Violation
	s.flatten(invalid, &list)
	return list
}

func (s *Schema) flatten(e *jsonschema.ValidationError, into *[]Violation) {
	for _, cause := range e.Causes {
		s.flatten(cause, into)
	}
	if len(e.Causes) == 0 {
		at := ""
		for _, token := range e.InstanceLocation {
			at += "/" + escape(token)
		}
		*into = append(*into, Violation{
			At: at, Keyword: strings.Join(e.ErrorKind.KeywordPath(), "/"), Schema: s.side.place(e.SchemaURL),
			Message: e.ErrorKind.LocalizedString(message.NewPrinter(language.English)),
		})
	}
}

package schema

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// eval holds a value against a schema. Quietly, it ends at the first keyword that
// is broken; else it tells them all.
func (r *run) eval(s *jsonschema.Schema, v any, into *seen) bool {
	r.steps--
	if r.steps <= 0 {
		return false
	}
	if s.Bool != nil {
		return *s.Bool || r.fail(s, "false", func() string { return "nothing is allowed here" })
	}
	if !r.value(s, v) {
		return false // the other keywords would say the same again
	}
	if s.Extensions != nil {
		before := r.enter(s)
		defer func() { r.scope = r.scope[:before] }()
	}
	own := into
	if s.UnevaluatedProperties != nil || s.UnevaluatedItems != nil {
		own = new(seen)
	}
	ok := r.typed(s, v, own)
	if !ok && r.quiet > 0 {
		return false
	}
	ok = r.combined(s, v, own) && ok
	if ok && own != into {
		ok = r.unevaluated(s, v, own)
		into.join(own)
	}
	return ok
}

// value checks the keywords for values of any type.
func (r *run) value(s *jsonschema.Schema, v any) bool {
	if s.Types != nil && !hasType(*s.Types, v) {
		return r.fail(s, "type", func() string {
			return fmt.Sprintf("must be %s, not %s", strings.Join(s.Types.ToStrings(), " or "), describe(v))
		})
	}
	if s.Const != nil && !equal(v, *s.Const) {
		return r.fail(s, "const", func() string { return "must be " + show(*s.Const) + "; it is " + describe(v) })
	}
	if s.Enum != nil && !r.among(s.Enum.Values, v) {
		return r.fail(s, "enum", func() string { return "must be one of " + showAll(s.Enum.Values) + "; it is " + describe(v) })
	}
	if s.Format != nil {
		if err := s.Format.Validate(v); err != nil {
			return r.fail(s, "format", func() string {
				return "must be " + formatWords(s.Format.Name, err) + "; it is " + describe(v)
			})
		}
	}
	return true
}

func (r *run) among(values []any, v any) bool {
	r.steps -= len(values) / 16 // one comparison takes far less than a schema
	for _, value := range values {
		if equal(v, value) {
			return true
		}
	}
	return false
}

func (r *run) typed(s *jsonschema.Schema, v any, own *seen) bool {
	switch v := v.(type) {
	case map[string]any:
		return r.object(s, v, own)
	case []any:
		return r.array(s, v, own)
	case string:
		return r.text(s, v)
	case json.Number, int, int64, uint64, float64:
		return r.number(s, v)
	}
	return true
}

// The types as the library counts them, which tests them only by itself.
var (
	nullBit    = bitOf("null")
	boolBit    = bitOf("boolean")
	numberBit  = bitOf("number")
	integerBit = bitOf("integer")
	stringBit  = bitOf("string")
	arrayBit   = bitOf("array")
	objectBit  = bitOf("object")
)

func bitOf(name string) jsonschema.Types {
	var t jsonschema.Types
	t.Add(name)
	return t
}

func hasType(types jsonschema.Types, v any) bool {
	switch v.(type) {
	case nil:
		return types&nullBit != 0
	case bool:
		return types&boolBit != 0
	case string:
		return types&stringBit != 0
	case []any:
		return types&arrayBit != 0
	case map[string]any:
		return types&objectBit != 0
	case json.Number, int, int64, uint64, float64:
		return types&numberBit != 0 || types&integerBit != 0 && isInteger(v)
	}
	return false
}

package schema

import (
	"fmt"
	"math/big"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func (r *run) text(s *jsonschema.Schema, v string) bool {
	ok := r.length(s, v)
	if (ok || r.quiet == 0) && s.Pattern != nil && !r.matches(s.Pattern, v) {
		ok = r.fail(s, "pattern", func() string {
			return "must match " + cut(s.Pattern.String()) + "; it is " + describe(v)
		})
	}
	if (ok || r.quiet == 0) && (s.ContentEncoding != nil || s.ContentMediaType != nil) {
		ok = r.content(s, v) && ok
	}
	return ok
}

func (r *run) length(s *jsonschema.Schema, v string) bool {
	if s.MinLength == nil && s.MaxLength == nil {
		return true
	}
	length := utf8.RuneCountInString(v)
	if s.MinLength != nil && length < *s.MinLength {
		return r.fail(s, "minLength", func() string {
			return fmt.Sprintf("must have at least %d characters, not %d", *s.MinLength, length)
		})
	}
	if s.MaxLength != nil && length > *s.MaxLength {
		return r.fail(s, "maxLength", func() string {
			return fmt.Sprintf("must have at most %d characters, not %d", *s.MaxLength, length)
		})
	}
	return true
}

// timeoutSteps is the work that a match that took too long counts for, so that a
// list of such texts ends soon.
const timeoutSteps = 1 << 17

func (r *run) matches(re jsonschema.Regexp, v string) bool {
	p, ok := re.(*pattern)
	if !ok {
		return re.MatchString(v)
	}
	fits, err := p.match(v)
	if err != nil {
		r.steps -= timeoutSteps
	}
	return fits
}

func (r *run) content(s *jsonschema.Schema, v string) bool {
	data := []byte(v)
	if s.ContentEncoding != nil {
		var err error
		if data, err = s.ContentEncoding.Decode(v); err != nil {
			return r.fail(s, "contentEncoding", func() string { return "must be encoded in " + s.ContentEncoding.Name })
		}
	}
	if s.ContentMediaType == nil {
		return true
	}
	if s.ContentSchema == nil {
		return s.ContentMediaType.Validate(data) == nil || r.fail(s, "contentMediaType", func() string {
			return "must hold " + s.ContentMediaType.Name
		})
	}
	inner, err := s.ContentMediaType.UnmarshalJSON(data)
	if err != nil {
		return r.fail(s, "contentMediaType", func() string { return "must hold " + s.ContentMediaType.Name })
	}
	if _, why := measure(inner); why != "" || !r.try(s.ContentSchema, inner, nil) {
		return r.fail(s, "contentSchema", func() string { return "what it holds does not fit contentSchema" })
	}
	return true
}

func (r *run) number(s *jsonschema.Schema, v any) bool {
	if s.Minimum == nil && s.Maximum == nil && s.ExclusiveMinimum == nil && s.ExclusiveMaximum == nil && s.MultipleOf == nil {
		return true
	}
	n := numberOf(v)
	if s.Minimum != nil && n.compare(s.Minimum) < 0 {
		return r.bound(s, "minimum", "at least", s.Minimum)
	}
	if s.ExclusiveMinimum != nil && n.compare(s.ExclusiveMinimum) <= 0 {
		return r.bound(s, "exclusiveMinimum", "greater than", s.ExclusiveMinimum)
	}
	if s.Maximum != nil && n.compare(s.Maximum) > 0 {
		return r.bound(s, "maximum", "at most", s.Maximum)
	}
	if s.ExclusiveMaximum != nil && n.compare(s.ExclusiveMaximum) >= 0 {
		return r.bound(s, "exclusiveMaximum", "less than", s.ExclusiveMaximum)
	}
	if s.MultipleOf != nil && !n.multipleOf(s.MultipleOf) {
		return r.bound(s, "multipleOf", "a multiple of", s.MultipleOf)
	}
	return true
}

func (r *run) bound(s *jsonschema.Schema, keyword, words string, limit *big.Rat) bool {
	return r.fail(s, keyword, func() string { return "must be " + words + " " + showRat(limit) })
}

package coverage

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"twinspect.dev/contract"
	"twinspect.dev/contract/schema"
)

// maxValues is how many values of one enumeration are items: lists of countries
// and currencies have more, and that one of them is missing tells nobody anything.
const maxValues = 50

func always(any) bool { return true }

// checks returns the keywords of a schema that can be kept and broken.
func (b *builder) checks(s *jsonschema.Schema, at contract.Place) []check {
	c := collector{builder: b, at: at}
	c.types(s)
	if s.Enum != nil || s.Const != nil {
		c.fixed(s)
		c.unions(s)
		return c.checks
	}
	c.numbers(s)
	c.texts(s)
	c.arrays(s)
	c.objects(s)
	c.unions(s)
	return c.checks
}

type collector struct {
	*builder
	at     contract.Place
	checks []check
}

// add adds a keyword.
func (c *collector) add(keyword string, holds func(any) bool) *item {
	it := c.named(partKeyword, string(c.at)+" "+keyword, c.at, contract.Rule(keyword))
	c.checks = append(c.checks, check{item: it, keyword: keyword, holds: holds})
	return it
}

// types adds the type. Any text can be read as a string, as a list of one, and as
// an object, where values are not written as JSON.
func (c *collector) types(s *jsonschema.Schema) {
	if s.Types == nil || s.Types.IsEmpty() {
		return
	}
	it := c.add("type", always)
	names := s.Types.ToStrings()
	c.checks[len(c.checks)-1].fits = func(v any) bool { return slices.ContainsFunc(names, func(t string) bool { return isOf(t, v) }) }
	textual := func(t string) bool { return t == "string" || t == "array" || t == "object" }
	if c.wire && slices.ContainsFunc(names, textual) {
		it.CannotBreak = true
	}
}

// isOf reports whether a value is of a type of JSON Schema.
func isOf(name string, v any) bool {
	switch v.(type) {
	case nil:
		return name == "null"
	case bool:
		return name == "boolean"
	case string:
		return name == "string"
	case json.Number:
		return name == "number" || name == "integer"
	case []any:
		return name == "array"
	}
	return name == "object"
}

func (c *collector) fixed(s *jsonschema.Schema) {
	if s.Const != nil {
		c.add("const", always)
		return
	}
	c.add("enum", always)
	if len(s.Enum.Values) > maxValues {
		return
	}
	for _, v := range s.Enum.Values {
		text := literal(v)
		it := c.named(partValue, string(c.at)+" = "+text, c.at, "enum")
		it.CannotBreak = true
		c.checks = append(c.checks, check{item: it, holds: func(v any) bool { return literal(v) == text }})
	}
}

// literal writes a scalar as JSON; of what is none it tells the form alone.
func literal(v any) string {
	switch v := v.(type) {
	case string:
		return strconv.Quote(v)
	case json.Number:
		return v.String()
	case map[string]any:
		return fmt.Sprintf("{%d}", len(v))
	case []any:
		return fmt.Sprintf("[%d]", len(v))
	}
	return fmt.Sprint(v)
}

func (c *collector) texts(s *jsonschema.Schema) {
	length := func(want int) func(any) bool {
		return func(v any) bool {
			text, ok := v.(string)
			return ok && len(text) >= want && len(text) <= want*utf8.UTFMax && utf8.RuneCountInString(text) == want
		}
	}
	text := func(v any) bool { _, ok := v.(string); return ok }
	if s.MinLength != nil && *s.MinLength > 0 {
		c.add("minLength", length(*s.MinLength))
	}
	if s.MaxLength != nil {
		c.add("maxLength", length(*s.MaxLength))
	}
	if s.Pattern != nil {
		c.add("pattern", text)
	}
	if s.Format != nil && !slices.Contains(anyFormat, s.Format.Name) && !bounded(s) {
		c.add("format", always)
	}
}

// anyFormat are the formats that nothing breaks: those of any text, and those of
// numbers that any decoder rounds.
var anyFormat = []string{"binary", "password", "float", "double", "semver", "period"}

// bounded reports whether the bounds of a number are what breaks before its format,
// such as int32.
func bounded(s *jsonschema.Schema) bool {
	low, high := s.Minimum != nil || s.ExclusiveMinimum != nil, s.Maximum != nil || s.ExclusiveMaximum != nil
	return low && high && strings.Contains(s.Format.Name, "int")
}

func (c *collector) arrays(s *jsonschema.Schema) {
	length := func(want int) func(any) bool {
		return func(v any) bool { list, ok := v.([]any); return ok && len(list) == want }
	}
	if s.MinItems != nil && *s.MinItems > 0 {
		c.add("minItems", length(*s.MinItems))
	}
	if s.MaxItems != nil {
		c.add("maxItems", length(*s.MaxItems))
	}
	if s.UniqueItems {
		c.add("uniqueItems", func(v any) bool { list, ok := v.([]any); return ok && len(list) > 1 })
	}
	if s.Contains != nil {
		c.add("contains", func(v any) bool { _, ok := v.([]any); return ok })
	}
}

func (c *collector) objects(s *jsonschema.Schema) {
	size := func(want int) func(any) bool {
		return func(v any) bool { object, ok := v.(map[string]any); return ok && len(object) == want }
	}
	some := func(v any) bool { object, ok := v.(map[string]any); return ok && len(object) > 0 }
	if s.MinProperties != nil && *s.MinProperties > 0 {
		c.add("minProperties", size(*s.MinProperties))
	}
	if s.MaxProperties != nil {
		c.add("maxProperties", size(*s.MaxProperties))
	}
	if s.PropertyNames != nil {
		c.add("propertyNames", some)
	}
	if closed, ok := s.AdditionalProperties.(bool); ok && !closed {
		c.add("additionalProperties", some)
	}
	if p, ok := s.AdditionalProperties.(*jsonschema.Schema); ok && p.Bool != nil && !*p.Bool {
		c.add("additionalProperties", some)
	}
	for _, name := range s.Required {
		if p := s.Properties[name]; p != nil && readOnly(p, 0) {
			continue
		}
		at := below(c.at, name)
		it := c.named(partKeyword, string(at)+" required", at, contract.RuleMissing)
		c.checks = append(c.checks, check{item: it, keyword: "required", name: name, holds: func(v any) bool { return has(v, name) }})
	}
}

func has(v any, name string) bool {
	object, _ := v.(map[string]any)
	_, ok := object[name]
	return ok
}

func (c *collector) unions(s *jsonschema.Schema) {
	if s.Not != nil {
		c.add("not", always)
	}
	if schema.DiscriminatorOf(s) != nil {
		c.add("discriminator", func(v any) bool { _, ok := v.(map[string]any); return ok })
	}
}

// branchName names a branch of a union. That for null is what "nullable" becomes
// (OpenAPI 3.0).
func branchName(at contract.Place, keyword string, i int, s *jsonschema.Schema) string {
	if s.Types != nil && strings.Join(s.Types.ToStrings(), "") == "null" {
		return string(at) + " null"
	}
	return fmt.Sprintf("%s %s %d", at, keyword, i)
}

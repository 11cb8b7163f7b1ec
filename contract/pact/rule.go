package pact

import (
	"encoding/json"
	"strconv"
)

// The categories.
const (
	InMethod   Category = "method"
	InPath     Category = "path"
	InQuery    Category = "query"
	InHeader   Category = "header"
	InBody     Category = "body"
	InStatus   Category = "status"
	InMetadata Category = "metadata"
)

// single reports whether a category has one value, and so no paths.
func (c Category) single() bool { return c == InMethod || c == InPath || c == InStatus }

// categories gives the names that files have for a category.
var categories = map[string]Category{
	"method": InMethod, "path": InPath, "query": InQuery, "header": InHeader, "headers": InHeader,
	"body": InBody, "content": InBody, "contents": InBody, "status": InStatus, "metadata": InMetadata,
}

// Name returns the name of the rule; where the file has none, it is what its options
// mean: version 2 allows {"min": 1} and {"regex": "\\d+"}.
func (r *Rule) Name() string {
	if r.Match != "" {
		return r.Match
	}
	for _, name := range []string{"regex", "timestamp", "datetime", "date", "time"} {
		if r.Options[name] != nil {
			return name
		}
	}
	return "type"
}

// Int returns an option that is a whole number, and whether it is there.
func (r *Rule) Int(option string) (int, bool) {
	number, ok := r.Options[option].(json.Number)
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(number.String())
	return n, err == nil
}

// Text returns an option that is a string, "" for none.
func (r *Rule) Text(option string) string {
	text, _ := r.Options[option].(string)
	return text
}

// Nested returns the rules of "eachKey" and "eachValue".
func (r *Rule) Nested() []Rule {
	items, _ := r.Options["rules"].([]any)
	var rules []Rule
	for _, item := range items {
		if members, ok := item.(map[string]any); ok {
			rules = append(rules, ruleOf(members))
		}
	}
	return rules
}

// Variant is one of the items that "arrayContains" asks for.
type Variant struct {
	// Index is that of its example in the expected array.
	Index int
	Rules Rules
}

// Variants returns those of "arrayContains"; what is malformed in them is left out.
func (r *Rule) Variants() []Variant {
	items, _ := r.Options["variants"].([]any)
	var variants []Variant
	for _, item := range items {
		members, _ := item.(map[string]any)
		v := Variant{Rules: Rules{}}
		if number, ok := members["index"].(json.Number); ok {
			v.Index, _ = strconv.Atoi(number.String())
		}
		if rules, ok := members["rules"].(map[string]any); ok {
			v.Rules[InBody] = new(source).ruleLists(rules, "")
		}
		variants = append(variants, v)
	}
	return variants
}

func ruleOf(members map[string]any) Rule {
	rule := Rule{Options: without(members, "match")}
	rule.Match, _ = members["match"].(string)
	if len(rule.Options) == 0 {
		rule.Options = nil
	}
	return rule
}

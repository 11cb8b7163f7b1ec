package compat

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"twinspect.dev/contract/openapi"
)

func (v *view) readScalars(m map[string]any) {
	v.types = typesOf(m["type"])
	if value, ok := m["default"]; ok {
		v.initial = &source{value, v.place.Join("default")}
	}
	v.readOnly, v.writeOnly, v.deprecated = m["readOnly"] == true, m["writeOnly"] == true, m["deprecated"] == true
	if list, ok := m["enum"].([]any); ok {
		v.setEnum(list)
		v.listed = v.place.Join("enum")
	}
	if value, ok := m["const"]; ok {
		v.setEnum([]any{value})
		v.listed = v.place.Join("const")
	}
	switch list := m["x-extensible-enum"].(type) {
	case []any:
		v.growing, v.grows = list, true
	case bool:
		v.grows = list
	}
	v.readBounds(m)
	if n, ok := m["multipleOf"].(json.Number); ok {
		v.multiple = append(v.multiple, n)
	}
	v.patterns = texts(m["pattern"])
	v.formats = texts(m["format"])
	for _, keyword := range []string{"contentEncoding", "contentMediaType"} {
		for _, s := range texts(m[keyword]) {
			v.encodings = append(v.encodings, keyword+" "+s)
		}
	}
}

// setEnum lists the values; null among them is told by the types.
func (v *view) setEnum(list []any) {
	v.enum = slices.DeleteFunc(slices.Clone(list), func(item any) bool { return item == nil })
	switch {
	case len(v.enum) < len(list) && v.types != 0:
		// It stays as the type says it.
	case len(v.enum) < len(list) && len(v.enum) > 0:
		v.types = typesOfValues(v.enum) | null
	case len(v.enum) < len(list):
		v.types, v.enum = null, nil
	case v.types != 0:
		v.types &^= null
	}
}

func typesOfValues(list []any) types {
	var t types
	for _, item := range list {
		switch item := item.(type) {
		case bool:
			t |= boolean
		case json.Number:
			t |= number
		case string:
			t |= text
		case []any:
			t |= array
		case map[string]any:
			t |= object
		default:
			_ = item
		}
	}
	return t
}

func typesOf(v any) types {
	switch v := v.(type) {
	case string:
		return typeNames[v]
	case []any:
		var t types
		for _, item := range v {
			name, _ := item.(string)
			t |= typeNames[name]
		}
		return t
	}
	return 0
}

func texts(v any) []string {
	if s, ok := v.(string); ok && s != "" {
		return []string{s}
	}
	return nil
}

// readBounds reads limits. exclusiveMinimum is a flag of minimum in version 3.0, and
// a limit of its own in 3.1.
func (v *view) readBounds(m map[string]any) {
	for b, keyword := range bounds {
		n, ok := m[keyword].(json.Number)
		if !ok {
			continue
		}
		v.tighten(bound(b), limit{true, false, n, v.place.Join(keyword)})
	}
	for b, keyword := range map[bound]string{minimum: "exclusiveMinimum", maximum: "exclusiveMaximum"} {
		switch e := m[keyword].(type) {
		case bool:
			v.limits[b].exclusive = e && v.limits[b].set
		case json.Number:
			v.tighten(b, limit{true, true, e, v.place.Join(keyword)})
		}
	}
	for _, b := range []bound{minLength, minItems, minProperties} {
		if l := &v.limits[b]; l.set && compareNumbers(l.value, "0") <= 0 {
			*l = limit{} // it says nothing
		}
	}
}

// tighten keeps the stricter of two limits.
func (v *view) tighten(b bound, l limit) {
	if old := v.limits[b]; !old.set || l.set && stricter(b, l, old) > 0 {
		v.limits[b] = l
	}
}

// stricter is above 0 where l allows less than o, both being set.
func stricter(b bound, l, o limit) int {
	c := compareNumbers(l.value, o.value)
	if b%2 == 1 { // a maximum
		c = -c
	}
	if c != 0 || l.exclusive == o.exclusive {
		return c
	}
	if l.exclusive {
		return 1
	}
	return -1
}

func (v *view) readArrays(m map[string]any) {
	v.unique = m["uniqueItems"] == true
	place := v.place.Join("prefixItems")
	prefix, _ := m["prefixItems"].([]any)
	rest, at := m["items"], v.place.Join("items")
	if list, ok := rest.([]any); ok { // before 2020-12
		prefix, place = list, at
		rest, at = m["additionalItems"], v.place.Join("additionalItems")
	}
	for i, item := range prefix {
		v.prefix = append(v.prefix, []source{{item, place.Join(strconv.Itoa(i))}})
	}
	if rest != nil {
		v.noItems = rest == false
		v.items = append(v.items, source{rest, at})
	}
}

func (v *view) readObjects(m map[string]any) {
	if props, ok := m["properties"].(map[string]any); ok {
		v.props = make(map[string][]source, len(props))
		for name, schema := range props {
			v.props[name] = []source{{schema, v.place.Join("properties", name)}}
		}
	}
	if list, ok := m["required"].([]any); ok {
		v.required = make(map[string]openapi.Place, len(list))
		for i, item := range list {
			if name, ok := item.(string); ok {
				v.required[name] = v.place.Join("required", strconv.Itoa(i))
			}
		}
	}
	switch further := m["additionalProperties"].(type) {
	case bool:
		v.closed = !further
	case map[string]any:
		if len(further) > 0 {
			v.further = []source{{further, v.place.Join("additionalProperties")}}
		}
	}
	if m["unevaluatedProperties"] == false {
		v.closed = true
	}
	if all, ok := m["patternProperties"].(map[string]any); ok {
		v.byPattern = make(map[string][]source, len(all))
		for pattern, schema := range all {
			v.byPattern[pattern] = []source{{schema, v.place.Join("patternProperties", pattern)}}
		}
	}
	if names, ok := m["propertyNames"]; ok {
		v.names = []source{{names, v.place.Join("propertyNames")}}
	}
}

// whole are the keywords that are compared as a whole.
var whole = []string{
	"not", "if", "then", "else", "contains", "minContains", "maxContains", "dependentRequired", "dependentSchemas",
	"dependencies", "contentSchema", "unevaluatedItems", "unevaluatedProperties", "xml",
}

func (v *view) readKeywords(m map[string]any) {
	for _, keyword := range whole {
		value, ok := m[keyword]
		if !ok || keyword == "unevaluatedProperties" && (value == false || value == true) {
			continue
		}
		if v.keywords == nil {
			v.keywords = make(map[string][]source)
		}
		v.keywords[keyword] = append(v.keywords[keyword], source{value, v.place.Join(keyword)})
	}
}

// show writes a value of a document for a person, cut where it is long.
func show(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	const longest = 60 // as much as a line of a report holds beside the sentence
	if len(data) > longest {
		return string([]rune(string(data))[:min(longest, len([]rune(string(data))))]) + "…"
	}
	return string(data)
}

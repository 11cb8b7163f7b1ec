package schema

import (
	"encoding/json"
	"fmt"
	"math"
)

// plain checks the values of keywords that hold no schemas.
func plain(s shape, v any, old bool) (*any, bool) {
	switch s {
	case text:
		_, ok := v.(string)
		return nil, ok
	case boolean:
		_, ok := v.(bool)
		return nil, ok
	case count:
		return counted(v)
	case number, positive:
		if _, ok := v.(bool); ok && old && s == number {
			return nil, true // exclusiveMinimum, see convert
		}
		n, ok := rational(v)
		return nil, ok && (s == number || n.Sign() > 0)
	case typeNames:
		return nil, typed(v, old)
	case literals:
		list, ok := v.([]any)
		return nil, ok && len(list) > 0 && measurable(v)
	case names:
		return nil, isNames(v)
	case namesByName:
		object, ok := v.(map[string]any)
		for _, list := range object {
			ok = ok && isNames(list)
		}
		return nil, ok
	}
	return nil, measurable(v)
}

// counted checks a count. Those beyond any length are the greatest one.
func counted(v any) (*any, bool) {
	n, ok := rational(v)
	if !ok || !n.IsInt() || n.Sign() < 0 {
		return nil, false
	}
	if !n.Num().IsInt64() {
		return changed(json.Number(fmt.Sprint(int64(math.MaxInt64)))), true
	}
	return nil, true
}

func typed(v any, old bool) bool {
	if name, ok := v.(string); ok {
		return jsonTypes[name] || old && name == "file"
	}
	list, ok := v.([]any)
	for _, item := range list {
		name, isText := item.(string)
		ok = ok && isText && jsonTypes[name]
	}
	return ok && len(list) > 0
}

func isNames(v any) bool {
	list, ok := v.([]any)
	for _, item := range list {
		_, isText := item.(string)
		ok = ok && isText
	}
	return ok
}

// measurable reports whether a value can be compared.
func measurable(v any) bool {
	_, why := measure(v)
	return why == ""
}

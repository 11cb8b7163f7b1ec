package conform

import (
	"encoding/json"
	"strconv"
	"strings"

	"twinspect.dev/contract/pointer"
)

// Fold generalises a JSON pointer into a value that c stands at, so that it is
// alike for all elements of an array and all entries of a map: their tokens
// become "*".
func (c Cursor) Fold(value any, at string) string {
	var b strings.Builder
	for _, token := range pointer.Split(at) {
		if _, ok := value.([]any); ok {
			b.WriteString("/*")
			c = c.Element()
		} else {
			below, named := c.Member(token)
			if named {
				b.WriteString(pointer.Join("", token))
			} else {
				b.WriteString("/*")
			}
			c = below
		}
		value = member(value, token)
	}
	return b.String()
}

// member returns what a pointer's token leads to, nil where it leads nowhere.
func member(value any, token string) any {
	switch v := value.(type) {
	case map[string]any:
		return v[token]
	case []any:
		if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < len(v) {
			return v[i]
		}
	}
	return nil
}

func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case json.Number:
		return "number"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return "other"
}

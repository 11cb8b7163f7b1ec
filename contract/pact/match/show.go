package match

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// cut shortens a text to MaxText bytes, and makes it one of UTF-8.
func cut(text string) string {
	if len(text) <= MaxText {
		return strings.ToValidUTF8(text, "\uFFFD")
	}
	end := MaxText
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return strings.ToValidUTF8(text[:end], "\uFFFD") + "…"
}

// maxShown is how many items of an array, or members of an object, are shown: those
// that MaxText has room for.
const maxShown = 20

// shallow copies as much of a value as a mismatch shows.
func shallow(v any, depth int) any {
	switch v := v.(type) {
	case string:
		return cut(v)
	case []any:
		if depth == 0 {
			return []any{}
		}
		items := make([]any, 0, min(len(v), maxShown))
		for _, item := range v[:min(len(v), maxShown)] {
			items = append(items, shallow(item, depth-1))
		}
		return items
	case map[string]any:
		members := map[string]any{}
		if depth == 0 {
			return members
		}
		names := slices.Sorted(maps.Keys(v))
		for _, name := range names[:min(len(names), maxShown)] {
			members[cut(name)] = shallow(v[name], depth-1)
		}
		return members
	}
	return v
}

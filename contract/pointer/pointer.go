// Package pointer reads and changes trees of JSON by JSON pointers (RFC 6901). No
// tree is changed: what is changed is copied, along the way to it alone.
package pointer

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

var (
	escape   = strings.NewReplacer("~", "~0", "/", "~1")
	unescape = strings.NewReplacer("~1", "/", "~0", "~")
)

// Join returns the pointer to a member, or an element, of what p points to.
func Join(p, name string) string { return p + "/" + escape.Replace(name) }

// Split returns the names on the way. A pointer that does not begin with a slash
// is read as if it did; "" has none.
func Split(p string) []string {
	if p == "" {
		return nil
	}
	names := strings.Split(strings.TrimPrefix(p, "/"), "/")
	for i, name := range names {
		names[i] = unescape.Replace(name)
	}
	return names
}

// Get returns what stands at p, and whether there is anything.
func Get(tree any, p string) (any, bool) {
	for _, name := range Split(p) {
		switch t := tree.(type) {
		case map[string]any:
			v, ok := t[name]
			if !ok {
				return nil, false
			}
			tree = v
		case []any:
			i, ok := index(name, len(t))
			if !ok {
				return nil, false
			}
			tree = t[i]
		default:
			return nil, false
		}
	}
	return tree, true
}

// Set returns the tree with v at p. Objects on the way that are missing are made;
// false says that p leads into something else than an object or an array, or
// beyond an array's end.
func Set(tree any, p string, v any) (any, bool) { return set(tree, Split(p), v) }

func set(tree any, names []string, v any) (any, bool) {
	if len(names) == 0 {
		return v, true
	}
	switch t := tree.(type) {
	case nil:
		return set(map[string]any{}, names, v)
	case map[string]any:
		below, ok := set(t[names[0]], names[1:], v)
		if !ok {
			return tree, false
		}
		t = maps.Clone(t)
		t[names[0]] = below
		return t, true
	case []any:
		i, ok := index(names[0], len(t))
		if !ok {
			return tree, false
		}
		below, ok := set(t[i], names[1:], v)
		if !ok {
			return tree, false
		}
		t = slices.Clone(t)
		t[i] = below
		return t, true
	}
	return tree, false
}

// Delete returns the tree without what stands at p, and whether there was
// anything. The elements after one that is deleted move up.
func Delete(tree any, p string) (any, bool) {
	names := Split(p)
	if len(names) == 0 {
		return nil, true
	}
	return remove(tree, names)
}

func remove(tree any, names []string) (any, bool) {
	switch t := tree.(type) {
	case map[string]any:
		below, ok := t[names[0]]
		if !ok {
			return tree, false
		}
		if len(names) > 1 {
			if below, ok = remove(below, names[1:]); !ok {
				return tree, false
			}
		}
		t = maps.Clone(t)
		if len(names) == 1 {
			delete(t, names[0])
		} else {
			t[names[0]] = below
		}
		return t, true
	case []any:
		i, ok := index(names[0], len(t))
		if !ok {
			return tree, false
		}
		if len(names) == 1 {
			return slices.Delete(slices.Clone(t), i, i+1), true
		}
		below, ok := remove(t[i], names[1:])
		if !ok {
			return tree, false
		}
		t = slices.Clone(t)
		t[i] = below
		return t, true
	}
	return tree, false
}

// index reads an array index as RFC 6901 section 4 writes it.
func index(name string, length int) (int, bool) {
	if len(name) > 1 && name[0] == '0' || name != "" && (name[0] < '0' || name[0] > '9') {
		return 0, false
	}
	i, err := strconv.Atoi(name)
	return i, err == nil && i < length
}

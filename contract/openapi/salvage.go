package openapi

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// unit is what may be left out of a document alone: an operation, or a path
// item without operations of its own.
type unit struct {
	path, method string // method in lower case, as the document has it, or ""
}

func (u unit) String() string {
	if u.method == "" {
		return u.path
	}
	return strings.ToUpper(u.method) + " " + u.path
}

// salvage reads the whole tree, or where that fails, as much of it as can be
// read: operations that cannot are found by halving and left out. A document
// that fails without any operation fails as a whole.
func salvage(tree map[string]any, read func(map[string]any) (*openapi3.T, error)) (*openapi3.T, []Problem, error) {
	spec, err := read(tree)
	if err == nil {
		return spec, nil, nil
	}
	paths, ok := tree["paths"].(map[string]any)
	if !ok {
		return nil, nil, err
	}
	if _, err := read(subset(tree, paths, nil)); err != nil {
		return nil, nil, err
	}
	var good []unit
	var problems []Problem
	var sift func(units []unit, err error)
	sift = func(units []unit, err error) {
		if len(units) == 1 {
			problems = append(problems, Problem{Operation: units[0].String(), Err: err})
			return
		}
		for _, half := range [][]unit{units[:len(units)/2], units[len(units)/2:]} {
			if _, err := read(subset(tree, paths, half)); err != nil {
				sift(half, err)
			} else {
				good = append(good, half...)
			}
		}
	}
	if all := units(paths); len(all) > 0 {
		sift(all, err)
	}
	spec, err = read(subset(tree, paths, good))
	return spec, problems, err
}

var methods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}

// units lists what the paths consist of, in their order.
func units(paths map[string]any) []unit {
	var list []unit
	for path, item := range paths {
		if strings.HasPrefix(path, "x-") {
			continue
		}
		before := len(list)
		operations, _ := item.(map[string]any)
		for _, method := range methods {
			if _, ok := operations[method]; ok {
				list = append(list, unit{path, method})
			}
		}
		if len(list) == before {
			list = append(list, unit{path: path})
		}
	}
	slices.SortFunc(list, func(a, b unit) int {
		return cmp.Or(strings.Compare(a.path, b.path), strings.Compare(a.method, b.method))
	})
	return list
}

// subset returns the tree with those units alone.
func subset(tree, paths map[string]any, units []unit) map[string]any {
	kept := make(map[string]any)
	for _, u := range units {
		if u.method == "" {
			kept[u.path] = paths[u.path]
			continue
		}
		whole := paths[u.path].(map[string]any) // it has an operation, by units
		item, ok := kept[u.path].(map[string]any)
		if !ok {
			item = maps.Clone(whole)
			maps.DeleteFunc(item, func(key string, _ any) bool { return slices.Contains(methods, key) })
			kept[u.path] = item
		}
		item[u.method] = whole[u.method]
	}
	result := maps.Clone(tree)
	result["paths"] = kept
	return result
}

package openapi

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// node is a value of a file with its place.
type node struct {
	files *files
	value any
	place Place
}

// raw returns a field as it stands; ok is false where there is none.
func (n node) raw(field string) (node, bool) {
	m, _ := n.value.(map[string]any)
	v, ok := m[field]
	return node{n.files, v, n.place.Join(field)}, ok
}

// end follows the reference that a node may be.
func (n node) end() (node, error) {
	if _, ok := reference(n.value); !ok {
		return n, nil
	}
	v, place, err := n.files.follow(n.place)
	return node{n.files, v, place}, err
}

// items returns the items of a list, references followed.
func (n node) items() ([]node, error) {
	list, _ := n.value.([]any)
	nodes := make([]node, 0, len(list))
	for i, v := range list {
		item, err := node{n.files, v, n.place.index(i)}.end()
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, item)
	}
	return nodes, nil
}

// named is a node with the name it has in an object.
type namedNode struct {
	name string
	node
}

// entries returns the fields of an object in the order of their names, without
// extensions, references followed.
func (n node) entries() ([]namedNode, error) {
	m, _ := n.value.(map[string]any)
	nodes := make([]namedNode, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if strings.HasPrefix(name, "x-") {
			continue
		}
		entry, err := node{n.files, m[name], n.place.Join(name)}.end()
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, namedNode{name, entry})
	}
	return nodes, nil
}

func (n node) object() bool { _, ok := n.value.(map[string]any); return ok }

func (n node) text(field string) string {
	v, _ := n.raw(field)
	switch v := v.value.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

func (n node) yes(field string) bool {
	v, _ := n.raw(field)
	yes, _ := v.value.(bool)
	return yes
}

// flag returns a boolean field, or what it is where it is absent.
func (n node) flag(field string, absent bool) bool {
	v, _ := n.raw(field)
	if yes, ok := v.value.(bool); ok {
		return yes
	}
	return absent
}

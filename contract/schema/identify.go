package schema

// identifiers are the names that schemas give themselves (JSON Schema 2020-12
// core, section 8.2).
type identifiers struct {
	resources map[string]spot // by the URI of $id
	anchors   map[anchor]spot
	// dynamic holds the spots of $dynamicAnchor by its name.
	dynamic map[string][]spot
	// refs tells whether a $dynamicRef is anywhere.
	refs bool
}

// anchor is a name within a resource.
type anchor struct {
	resource spot
	name     string
}

// identify walks all files once. Only documents ask for it that use the names.
func identify(files map[string]any) *identifiers {
	ids := &identifiers{resources: make(map[string]spot), anchors: make(map[anchor]spot), dynamic: make(map[string][]spot)}
	for file, tree := range files {
		ids.walk(tree, spot{file: file}, spot{file: file}, file, 0)
	}
	return ids
}

func (ids *identifiers) walk(node any, at, root spot, uri string, depth int) {
	if depth > maxDepth {
		return
	}
	switch node := node.(type) {
	case map[string]any:
		if id := idOf(node); id != "" {
			uri, root = join(uri, id), at
			ids.resources[uri] = at
		}
		ids.names(node, at, root)
		for key, child := range node {
			if !literal[key] {
				ids.walk(child, at.child(key), root, uri, depth+1)
			}
		}
	case []any:
		for i, child := range node {
			ids.walk(child, at.child(itoa(i)), root, uri, depth+1)
		}
	}
}

func (ids *identifiers) names(node map[string]any, at, root spot) {
	if name, ok := node["$anchor"].(string); ok {
		ids.anchors[anchor{root, name}] = at
	}
	if name, ok := node["$dynamicAnchor"].(string); ok {
		ids.anchors[anchor{root, name}] = at
		ids.dynamic[name] = append(ids.dynamic[name], at)
	}
	if _, ok := node["$dynamicRef"].(string); ok {
		ids.refs = true
	}
}

// literal holds the keywords whose values are no schemas. A property of that
// name is passed over too, which costs nothing but an anchor inside it.
var literal = map[string]bool{"enum": true, "const": true, "default": true, "example": true, "examples": true}

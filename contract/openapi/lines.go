package openapi

import (
	"net/url"
	"path/filepath"
	"strconv"
)

// lines tells places to people.
type lines struct {
	path  string
	files *files
	root  *file
	// original is the first file before it was converted, nil where it was not.
	original any
}

func (l *lines) where(p Place) string {
	uri, pointer := p.Split()
	name := l.name(uri)
	f, ok := l.files.byURI[uri]
	if !ok {
		return name + " #" + pointer
	}
	path := tokens(pointer)
	if f == l.root && l.original != nil {
		path = unconverted(l.original, path)
	}
	return name + ":" + strconv.Itoa(f.lines.at(path)) + " #" + pointer
}

// name tells a file: as it was given, or as it is seen from there.
func (l *lines) name(uri string) string {
	if uri == l.root.uri {
		return l.path
	}
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" {
		return uri
	}
	path := filePath(u)
	from, err := filepath.Abs(filepath.Dir(l.path))
	if err != nil {
		return path
	}
	relative, err := filepath.Rel(from, path)
	if err != nil {
		return path
	}
	return filepath.Join(filepath.Dir(l.path), relative)
}

// sections are where version 2.0 has what version 3 has among the components.
var sections = map[string]string{
	"schemas": "definitions", "parameters": "parameters", "responses": "responses", "securitySchemes": "securityDefinitions",
	"requestBodies": "parameters",
}

// unconverted returns where something of a converted document stands in the
// original, as far as it does.
func unconverted(original any, path []string) []string {
	if len(path) > 1 && path[0] == "components" && sections[path[1]] != "" {
		return append([]string{sections[path[1]]}, path[2:]...)
	}
	if len(path) < 4 || path[0] != "paths" || path[3] != "requestBody" {
		return path
	}
	v := original
	for _, token := range path[:3] {
		v, _ = child(v, token)
	}
	list, _ := child(v, "parameters")
	items, _ := list.([]any)
	for i, item := range items {
		if m, ok := item.(map[string]any); ok && m["in"] == "body" {
			return append(path[:3:3], "parameters", strconv.Itoa(i))
		}
	}
	return path[:3]
}

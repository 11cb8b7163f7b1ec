package openapi

import (
	"strconv"
	"strings"
)

// named are the fields whose value is an object of things by names that are free,
// so that a name in it is no keyword.
var named = map[string]bool{
	"$defs": true, "additionalOperations": true, "callbacks": true, "content": true, "definitions": true,
	"dependencies": true, "dependentSchemas": true, "encoding": true, "examples": true, "headers": true,
	"links": true, "mediaTypes": true, "parameters": true, "pathItems": true, "paths": true,
	"patternProperties": true, "properties": true, "requestBodies": true, "responses": true,
	"schemas": true, "securityDefinitions": true, "securitySchemes": true, "variables": true,
}

// data are the fields whose value is an example or a constant: what looks like a
// reference in it is none.
var data = map[string]bool{"const": true, "default": true, "enum": true, "example": true, "mapping": true, "value": true}

// scan calls visit for each object below v that is not data, with the way to it,
// which is visit's until it returns. Callbacks and webhooks are left out: they
// are units of their own.
func scan(v any, visit func(m map[string]any, way []string)) { scanIn(v, nil, false, visit) }

func scanIn(v any, way []string, names bool, visit func(m map[string]any, way []string)) {
	switch v := v.(type) {
	case []any:
		for i, item := range v {
			switch item.(type) {
			case map[string]any, []any:
				scanIn(item, append(way, strconv.Itoa(i)), false, visit)
			}
		}
	case map[string]any:
		if !names {
			visit(v, way)
		}
		for key, item := range v {
			switch item := item.(type) {
			case map[string]any:
				if names || !skipped(key) {
					scanIn(item, append(way, key), !names && named[key], visit)
				}
			case []any:
				// The examples of a schema are a list of data.
				if names || !skipped(key) && key != "examples" {
					scanIn(item, append(way, key), false, visit)
				}
			}
		}
	}
}

func skipped(key string) bool {
	return data[key] || key == "callbacks" || key == "webhooks" || strings.HasPrefix(key, "x-")
}

// anchor returns the pointer of what $anchor names in the file.
func (f *file) anchor(name string) (string, bool) {
	f.anchored.Do(func() {
		f.anchors = make(map[string]string)
		scan(f.tree, func(m map[string]any, way []string) {
			for _, keyword := range []string{"$anchor", "$dynamicAnchor"} {
				if name, ok := m[keyword].(string); ok {
					_, f.anchors[name] = Place("#").Join(way...).Split()
				}
			}
		})
	})
	pointer, ok := f.anchors[name]
	return pointer, ok
}

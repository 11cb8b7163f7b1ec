package openapi

import (
	"fmt"
	"maps"
	"slices"
)

// The library converts what stands in the first file, and leaves out some of what
// version 2.0 says by saying nothing. Here it is said before.

// inline returns what a reference to another file leads to, as it would stand in
// the first one; anything else as it is.
func (c *converter) inline(v any, place Place) (any, error) {
	ref, ok := reference(v)
	if !ok || ref == "" || ref[0] == '#' {
		return v, nil
	}
	target, at, err := c.files.follow(place)
	if err != nil {
		return nil, err
	}
	uri, _ := at.Split()
	return absolute(c.files, c.doc.root.uri, uri, target)
}

// prepare returns the paths with everything said of each operation. One that
// cannot be is left out.
func (c *converter) prepare(paths map[string]any) map[string]any {
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		item, ok := paths[path].(map[string]any)
		if !ok {
			continue
		}
		place := c.doc.Root().Join("paths", path)
		shared, err := c.parameters(item, place, path)
		if err != nil {
			c.leftOut(part{path: path}, err)
			delete(paths, path)
			continue
		}
		for _, method := range methods {
			op, ok := item[method].(map[string]any)
			if !ok {
				continue
			}
			if item[method], err = c.prepareOperation(op, place.Join(method), verb(method)+" "+path, shared); err != nil {
				c.leftOut(part{path, method}, err)
				delete(item, method)
			}
		}
	}
	return paths
}

func (c *converter) prepareOperation(op map[string]any, place Place, name string, shared []any) (any, error) {
	op = maps.Clone(op)
	own, err := c.parameters(op, place, name)
	if err != nil {
		return nil, err
	}
	if responses, ok := op["responses"].(map[string]any); ok {
		responses = maps.Clone(responses)
		for status, v := range responses {
			if responses[status], err = c.inline(v, place.Join("responses", status)); err != nil {
				return nil, err
			}
		}
		op["responses"] = responses
	}
	for field, absent := range map[string]any{"produces": []any{"application/json"}, "consumes": consumes(append(own, shared...))} {
		if op[field] != nil {
			continue
		}
		op[field] = absent
		if list, ok := c.whole[field].([]any); ok && len(list) > 0 {
			op[field] = list
		}
	}
	return op, nil
}

// consumes returns the media type of a body of which nothing is said.
func consumes(parameters []any) []any {
	media := "application/json"
	for _, v := range parameters {
		p, _ := v.(map[string]any)
		switch {
		case p["in"] == "formData" && p["type"] == "file":
			return []any{"multipart/form-data"}
		case p["in"] == "formData":
			media = "application/x-www-form-urlencoded"
		}
	}
	return []any{media}
}

// parameters prepares those of a path item or an operation, in place of them.
func (c *converter) parameters(owner map[string]any, place Place, name string) ([]any, error) {
	list, ok := owner["parameters"].([]any)
	if !ok {
		return nil, nil
	}
	list = slices.Clone(list)
	for i, v := range list {
		at := place.Join("parameters").index(i)
		v, err := c.inline(v, at)
		if err != nil {
			return nil, err
		}
		if p, ok := v.(map[string]any); ok && p["in"] == "query" && p["type"] == "array" {
			p = maps.Clone(p)
			switch p["collectionFormat"] {
			case nil:
				p["collectionFormat"] = "csv"
			case "tsv":
				c.tell(at, name, fmt.Sprintf("the parameter %v is taken as repeated: version 3 does not know values with tabs between them", p["name"]))
			}
			v = p
		}
		list[i] = v
	}
	owner["parameters"] = list
	return list, nil
}

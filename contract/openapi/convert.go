package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
)

// convert makes a document of version 3 out of one of version 2.0. What cannot be
// converted is found by halving and left out.
func (p *reading) convert(root map[string]any) (map[string]any, error) {
	c := &converter{reading: p, whole: maps.Clone(root)}
	paths := c.prepare(c.check())
	made, err := c.made(paths)
	if err != nil && len(paths) > 0 {
		if _, empty := c.made(nil); empty != nil {
			return nil, plain(empty)
		}
		good := make(map[string]any)
		c.paths = paths
		c.sift(parts(paths), good, err)
		made, err = c.made(good)
	}
	if err != nil {
		return nil, plain(err)
	}
	p.doc.lines.original = p.doc.root.tree
	p.doc.root.tree = made
	return made, nil
}

// check leaves out what cannot be decoded or whose references lead nowhere, and
// returns the paths that are left.
func (c *converter) check() map[string]any {
	c.splitPaths(c.whole)
	c.splitComponents(c.whole, c.doc.Root(), oldKinds)
	n := newNeeds(c.files, c.units)
	n.spread()
	(&library{files: c.files, root: c.doc.root, old: true}).decode(c.units)
	n.spread()
	paths := make(map[string]any)
	for _, kind := range oldKinds {
		if _, ok := c.whole[kind]; ok {
			c.whole[kind] = make(map[string]any)
		}
	}
	for _, u := range c.units {
		for _, f := range u.faults {
			c.tell(f.place, u.operation(), f.err.Error())
		}
		switch {
		case u.method != "" && len(u.faults) > 0:
			c.doc.methods[u.path] = append(c.doc.methods[u.path], verb(u.method))
		case len(u.faults) > 0:
		case u.kind != "":
			c.whole[u.kind].(map[string]any)[u.name] = u.parts[0].value
		case u.method == "":
			paths[u.path] = c.joined(u)
		default:
			c.put(paths, u)
		}
	}
	c.units = nil
	return paths
}

// oldKinds are the components of version 2.0.
var oldKinds = []string{"definitions", "parameters", "responses", "securityDefinitions"}

// joined returns a path item without its operations, as it stands in the first
// file.
func (c *converter) joined(u *unit) any {
	v, err := (&library{files: c.files, root: c.doc.root}).rebaseItem(u)
	if err != nil { // its references were followed before
		return make(map[string]any)
	}
	return v
}

// put adds an operation to its path item.
func (c *converter) put(paths map[string]any, u *unit) {
	v, err := (&library{files: c.files, root: c.doc.root}).rebase(u)
	item, ok := paths[u.path].(map[string]any)
	if err == nil && ok {
		item[u.method] = v
	}
}

// converter converts as much of a document as can be.
type converter struct {
	*reading
	whole    map[string]any
	paths    map[string]any // of the whole, those that are objects
	attempts int
}

// made returns the document with those paths alone, converted.
func (c *converter) made(paths map[string]any) (map[string]any, error) {
	c.attempts++
	root := maps.Clone(c.whole)
	root["paths"] = paths
	if paths == nil {
		root["paths"] = map[string]any{}
	}
	var converted map[string]any
	err := guard(func() error {
		spec, err := c.toV3(root)
		if err != nil {
			return err
		}
		data, err := json.Marshal(spec)
		if err != nil {
			return err
		}
		v, err := newTree().decodeJSON(newInput(bytes.NewReader(data), len(data), nil))
		converted, _ = v.(map[string]any)
		return err
	})
	return converted, err
}

func (c *converter) toV3(root map[string]any) (*openapi3.T, error) {
	data, err := json.Marshal(root)
	if err != nil {
		return nil, err
	}
	var old openapi2.T
	if err := json.Unmarshal(data, &old); err != nil {
		return nil, err
	}
	location, err := url.Parse(c.doc.root.uri)
	if err != nil {
		return nil, err
	}
	loader := openapi3.NewLoader()
	loader.IsExternalRefsAllowed = true
	loader.ReadFromURIFunc = func(_ *openapi3.Loader, at *url.URL) ([]byte, error) {
		f, err := c.files.open(c.doc.root.uri, at.String())
		if err != nil {
			return nil, err
		}
		return json.Marshal(f.tree)
	}
	spec, err := openapi2conv.ToV3WithLoader(&old, loader, location)
	if err != nil {
		return nil, err
	}
	if old.Host == "" && old.BasePath != "" { // without a host, the library leaves the base path out
		spec.Servers = openapi3.Servers{{URL: old.BasePath}}
	}
	return spec, nil
}

// part is an operation of a document of version 2.0, or a path item with none.
type part struct{ path, method string }

func parts(paths map[string]any) []part {
	var list []part
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		item, _ := paths[path].(map[string]any)
		before := len(list)
		for _, method := range methods {
			if _, ok := item[method]; ok {
				list = append(list, part{path, method})
			}
		}
		if len(list) == before {
			list = append(list, part{path, ""})
		}
	}
	return list
}

// sift puts the parts that can be converted into good, and tells the others. err
// is why all together cannot.
func (c *converter) sift(list []part, good map[string]any, err error) {
	if len(list) == 1 || c.attempts > maxAttempts {
		if len(list) > 1 {
			err = errors.Join(errors.New("too much cannot be converted to tell it apart"), err)
		}
		for _, p := range list {
			c.leftOut(p, plain(err))
		}
		return
	}
	for _, half := range [][]part{list[:len(list)/2], list[len(list)/2:]} {
		paths := make(map[string]any)
		c.keep(half, paths)
		if _, err := c.made(paths); err != nil {
			c.sift(half, good, err)
			continue
		}
		c.keep(half, good)
	}
}

// keep copies parts of the document to paths.
func (c *converter) keep(list []part, paths map[string]any) {
	for _, p := range list {
		if p.method == "" {
			paths[p.path] = c.paths[p.path]
			continue
		}
		whole := c.paths[p.path].(map[string]any) // it has an operation, by parts
		item, ok := paths[p.path].(map[string]any)
		if !ok {
			item = maps.Clone(whole)
			maps.DeleteFunc(item, func(key string, _ any) bool { return slices.Contains(methods, key) })
			paths[p.path] = item
		}
		item[p.method] = whole[p.method]
	}
}

func (c *converter) leftOut(p part, err error) {
	place, name := c.doc.Root().Join("paths", p.path), p.path
	if p.method != "" {
		name = strings.ToUpper(p.method) + " " + p.path
		place = place.Join(p.method)
		c.doc.methods[p.path] = append(c.doc.methods[p.path], strings.ToUpper(p.method))
	}
	c.tell(place, name, err.Error())
}

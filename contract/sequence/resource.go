package sequence

import (
	"net/http"
	"slices"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// resource is a kind of thing with what can be done to it; what a document does
// not offer is nil.
type resource struct {
	name                                   string
	create, read, put, patch, remove, list *openapi.Operation
	source                                 contract.Source
}

// resources are the things of a document that can be made, by their paths.
func (b *builder) resources() []*resource {
	var out []*resource
	byShape := make(map[string]*resource)
	used := make(map[string]int)
	for _, op := range b.ops {
		segs := segments(op.Path)
		if len(segs) == 0 || op.Method != http.MethodGet && op.Method != http.MethodPut && op.Method != http.MethodPatch && op.Method != http.MethodDelete {
			continue
		}
		if _, item := parameterOf(segs[len(segs)-1]); !item || !b.usable(op) {
			continue
		}
		key := shapeOf(segs)
		if byShape[key] == nil {
			byShape[key] = &resource{}
			out = append(out, byShape[key])
		}
		byShape[key].take(op)
	}
	out = slices.DeleteFunc(out, func(r *resource) bool { return !b.complete(r) })
	for _, r := range out {
		r.name = unique(used, strings.Join(slugParts(literals(segments(r.any().Path))), "-"))
	}
	return out
}

func (r *resource) take(op *openapi.Operation) {
	switch op.Method {
	case http.MethodGet:
		r.read = op
	case http.MethodPut:
		r.put = op
	case http.MethodPatch:
		r.patch = op
	case http.MethodDelete:
		r.remove = op
	}
}

// any returns one of the operations on one thing.
func (r *resource) any() *openapi.Operation {
	for _, op := range []*openapi.Operation{r.read, r.put, r.patch, r.remove} {
		if op != nil {
			return op
		}
	}
	return r.create
}

// complete finds what makes a resource's things, and its list.
func (b *builder) complete(r *resource) bool {
	item := segments(r.any().Path)
	for _, op := range []*openapi.Operation{r.read, r.remove, r.patch, r.put} {
		if op == nil || r.create != nil {
			continue
		}
		for _, c := range b.choices[op.Name] {
			if part, _ := c.into.Split(); part == "path" && c.segment == len(item)-1 && makes(c.producer) {
				r.create, r.source = c.producer, c.source
			}
		}
	}
	if r.create == nil {
		return false
	}
	for _, segs := range [][]string{item[:len(item)-1], collectionOf(http.MethodPost, segments(r.create.Path))} {
		for _, op := range b.index.gets[shapeOf(segs)] {
			if _, _, ok := b.shapes.list(op); ok && b.usable(op) && r.list == nil && op != r.read {
				r.list = op
			}
		}
	}
	b.updatesWhole(r, item)
	for _, op := range []**openapi.Operation{&r.read, &r.put, &r.patch, &r.remove, &r.list} {
		if *op == nil {
			continue
		}
		if _, ready := b.chains[(*op).Name]; !ready {
			*op = nil
		}
	}
	return true
}

// updatesWhole finds an update that stands at the collection, the identity in its
// body.
func (b *builder) updatesWhole(r *resource, item []string) {
	for _, op := range b.index.puts[shapeOf(item[:len(item)-1])] {
		fits := func(c choice) bool { part, _ := c.into.Split(); return part == "body" && c.producer == r.create }
		if r.put == nil && slices.ContainsFunc(b.choices[op.Name], fits) {
			r.put = op
		}
	}
}

func makes(op *openapi.Operation) bool {
	return op.Method == http.MethodPost || op.Method == http.MethodPut
}

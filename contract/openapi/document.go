// Package openapi reads OpenAPI documents, versions 2.0 and 3.0 to 3.2, tells what
// they say of each operation, and names the operation that a request belongs to.
package openapi

import (
	"slices"

	"github.com/getkin/kin-openapi/openapi3"

	"twinspect.dev/contract"
)

// Document is an OpenAPI document. It is not changed after it was loaded and may
// be used by many goroutines.
type Document struct {
	// Path is the file that it was loaded from.
	Path string
	// Version is the version that the document declares, such as "3.0.3".
	Version string
	// Spec is the document in the form of version 3, references resolved, without
	// the operations and components that cannot be used, callbacks and webhooks; nil
	// where the [Loader] was to leave it out.
	Spec *openapi3.T
	// Operations are those that can be used, sorted by path, then method.
	Operations []*Operation
	// Webhooks are the requests that the provider sends, those of callbacks too,
	// sorted by name. They are not among the operations. Only a [Loader] that is
	// Plain reads them.
	Webhooks []*Operation
	// Schemes are the ways to prove who asks, by name.
	Schemes map[string]*Scheme
	// Problems are what is wrong with the document, in the order of their places.
	// An operation that cannot be used is named by one, and is not in Operations;
	// one that is in Operations can be used in spite of its problem.
	Problems []contract.Problem

	info    contract.DocumentInfo
	files   *files
	root    *file
	lines   *lines
	byName  map[string]*Operation
	methods map[string][]string
	routes  routes
}

// Info names the document.
func (d *Document) Info() contract.DocumentInfo { return d.info }

// Operation returns the operation of a name such as "GET /products/{id}", nil
// where there is none that can be used.
func (d *Document) Operation(name string) *Operation { return d.byName[name] }

// Methods returns the methods that the document declares for a path template, or
// an Operation.Path of a webhook, sorted, those that cannot be used too.
func (d *Document) Methods(path string) []string { return slices.Clone(d.methods[path]) }

// Node returns what is at a place as it is in the file, and where it really
// stands: a reference there, or on the way there, is followed to its end. What
// stands next to a reference is not seen. The value must not be changed.
func (d *Document) Node(p Place) (any, Place, error) { return d.files.follow(p) }

// Files returns the document's files by their URIs, as trees of map[string]any,
// []any, string, bool, nil and [json.Number]. The first file of a document of
// version 2.0 is what it was converted to. They must not be changed.
func (d *Document) Files() map[string]any {
	trees := make(map[string]any, len(d.files.byURI))
	for uri, f := range d.files.byURI {
		trees[uri] = f.tree
	}
	return trees
}

// Root returns the place of the document's first file.
func (d *Document) Root() Place { return Place(d.root.uri + "#") }

// Where tells a place to a person: file, line and JSON pointer, as
// "openapi.yaml:12 #/paths/~1products/get". The line is that of the next place
// around it that the file has, as far as a converted document has it.
func (d *Document) Where(p Place) string { return d.lines.where(p) }

// Name returns the operation that the document declares for a request, such as
// "GET /products/{id}", or "" where it declares none. target is a
// request-target in origin form or absolute form; its query does not matter,
// nor does a slash at its end.
//
// Where several templates fit, the one wins that is concrete where the others
// are templated, first segment first (OpenAPI 3.1 section 4.8.8.2). The paths of
// the document's servers come first; as a proxy may have taken them away, the
// target is then looked for without them.
func (d *Document) Name(method, target string) string { return d.routes.name(method, target) }

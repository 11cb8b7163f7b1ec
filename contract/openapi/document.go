// Package openapi reads OpenAPI documents, versions 2.0, 3.0 and 3.1, and names
// the operation that a request belongs to.
package openapi

import (
	"fmt"
	"os"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// Document is an OpenAPI document. It is not changed after it was loaded and may
// be used by many goroutines.
type Document struct {
	// Path is the file that it was loaded from.
	Path string
	// Version is the version that the document declares, such as "3.0.3".
	Version string
	// Spec is the document in the form of version 3, references resolved,
	// without the operations that Problems names.
	Spec *openapi3.T
	// Problems are the operations that could not be read, in the order of their
	// paths. The others are served.
	Problems []Problem

	routes routes
}

// Problem is an operation that could not be read.
type Problem struct {
	// Operation is the method and the path's template, or the template alone.
	Operation string
	Err       error
}

// Error names the operation and the cause.
func (p Problem) Error() string { return fmt.Sprintf("operation %s: %v", p.Operation, p.Err) }

// Unwrap returns the cause.
func (p Problem) Unwrap() error { return p.Err }

// maxFile is the greatest document in bytes. The greatest ones that are
// published have about 12 MB.
const maxFile = 64 << 20

// Load reads the document at path, JSON or YAML. References to other files are
// followed, references to other machines are not. The error names the file, and
// the place in it where there is one.
func Load(path string) (*Document, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read OpenAPI document: %w", err)
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s: the document is larger than %d bytes", path, maxFile)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read OpenAPI document: %w", err)
	}
	return Parse(path, data)
}

// Parse reads a document that was at path, against which its references are
// resolved.
func Parse(path string, data []byte) (*Document, error) {
	tree, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("%s:%w", path, err)
	}
	version, read, err := reader(tree)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	spec, problems, err := salvage(tree, func(tree map[string]any) (*openapi3.T, error) {
		return guard(read, path, tree)
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &Document{Path: path, Version: version, Spec: spec, Problems: problems, routes: newRoutes(spec)}, nil
}

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

// Operations returns the names of all operations, sorted.
func (d *Document) Operations() []string {
	var names []string
	for path, item := range d.Spec.Paths.Map() {
		if item == nil {
			continue
		}
		for method := range item.Operations() {
			names = append(names, method+" "+path)
		}
	}
	slices.Sort(names)
	return names
}

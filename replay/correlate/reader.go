package correlate

import (
	"github.com/goccy/go-yaml/ast"

	"twinspect.dev/capture/rulefile"
)

type (
	// Error is one mistake in a rule file.
	Error = rulefile.Error
	// Errors holds every mistake of a rule file, in the order of their places.
	Errors = rulefile.Errors
)

// reader reads a rule file.
type reader struct{ rulefile.Reader }

// boolean sets into where the key is given.
func (r *reader) boolean(fields rulefile.Fields, key string, into *bool) {
	f, ok := fields[key]
	if !ok {
		return
	}
	if b, ok := f.Value.(*ast.BoolNode); ok {
		*into = b.Value
		return
	}
	r.Errorf(rulefile.Start(f.Value), "%s is true or false, not %s", key, r.Describe(f.Value))
}

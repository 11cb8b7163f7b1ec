package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi3"
)

// library reads a document with kin-openapi. It decodes the units one by one: a
// unit that is wrong is known at once, and nothing is read twice, as it would be
// in one piece, where each level is decoded again by the one above it.
type library struct {
	files *files
	root  *file
	// old says that the document is one of version 2.0.
	old bool
	// shell is the document without its paths and components.
	shell map[string]any
	needs *needs
	// attempts counts how often references were resolved.
	attempts int
}

// guard calls f. The library follows null pointers in some documents that are not
// well-formed; that is an error of the document and must not end the program.
func guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("it is not well-formed: %v", r)
		}
	}()
	return f()
}

// decode makes the library's objects of the units.
func (l *library) decode(units []*unit) {
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(units)) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(units); i = int(next.Add(1)) - 1 {
				if err := guard(func() error { return l.decodeUnit(units[i]) }); err != nil {
					units[i].fail(units[i].place, plain(err))
				}
			}
		})
	}
	wait.Wait()
}

func (l *library) decodeUnit(u *unit) error {
	if len(u.faults) > 0 || len(u.parts) == 0 {
		return nil
	}
	v, err := l.rebase(u)
	if err != nil {
		return err
	}
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	u.made = newMade(u)
	if l.old {
		u.made = newOld(u)
	}
	return json.Unmarshal(data, u.made)
}

// newMade returns what a unit is decoded to.
func newMade(u *unit) any {
	switch u.kind {
	case "":
		if u.method == "" {
			return new(openapi3.PathItem)
		}
		return new(openapi3.Operation)
	case "examples":
		return new(openapi3.ExampleRef)
	case "headers":
		return new(openapi3.HeaderRef)
	case "links":
		return new(openapi3.LinkRef)
	case "parameters":
		return new(openapi3.ParameterRef)
	case "requestBodies":
		return new(openapi3.RequestBodyRef)
	case "responses":
		return new(openapi3.ResponseRef)
	case "securitySchemes":
		return new(openapi3.SecuritySchemeRef)
	}
	return new(openapi3.SchemaRef)
}

// newOld returns what a unit of version 2.0 is decoded to.
func newOld(u *unit) any {
	switch u.kind {
	case "":
		if u.method == "" {
			return new(openapi2.PathItem)
		}
		return new(openapi2.Operation)
	case "parameters":
		return new(openapi2.Parameter)
	case "responses":
		return new(openapi2.Response)
	case "securityDefinitions":
		return new(openapi2.SecurityScheme)
	}
	return new(openapi2.SchemaRef)
}

// rebase returns what a unit is in the first file: without callbacks, and with
// whole URIs as references where it stands in another file.
func (l *library) rebase(u *unit) (any, error) {
	if u.path != "" && u.method == "" {
		return l.rebaseItem(u)
	}
	v, place := u.parts[0].value, u.parts[0].place
	if m, ok := v.(map[string]any); ok && u.method != "" {
		if _, ok := m["callbacks"]; ok {
			m = maps.Clone(m)
			delete(m, "callbacks")
			v = m
		}
	} else if u.method != "" {
		return nil, errors.New("the operation is no object")
	}
	return l.absolute(v, place)
}

// rebaseItem joins what a path item says and what it refers to. Parameters of the
// first are before the others, so that they count.
func (l *library) rebaseItem(u *unit) (any, error) {
	joined := make(map[string]any)
	for _, part := range u.parts {
		v, err := l.absolute(part.value, part.place)
		if err != nil {
			return nil, err
		}
		for key, value := range v.(map[string]any) {
			if _, ok := joined[key]; !ok {
				joined[key] = value
			}
		}
	}
	return joined, nil
}

// absolute returns v with whole URIs as references, unless it stands in the first
// file.
func (l *library) absolute(v any, place Place) (any, error) {
	uri, _ := place.Split()
	if uri == l.root.uri {
		return v, nil
	}
	return absolute(l.files, l.root.uri, uri, v)
}

// absolute returns a copy of v, which stands in the file uri, that means the same in
// the file home.
func absolute(f *files, home, uri string, v any) (any, error) {
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			var err error
			if list[i], err = absolute(f, home, uri, item); err != nil {
				return nil, err
			}
		}
		return list, nil
	case map[string]any:
		m := make(map[string]any, len(v))
		for key, item := range v {
			var err error
			if m[key], err = absolute(f, home, uri, item); err != nil {
				return nil, err
			}
		}
		if ref, ok := reference(v); ok {
			target, err := f.target(uri, ref)
			if err != nil {
				return nil, err
			}
			m["$ref"] = strings.TrimPrefix(target.reference(), home)
		}
		return m, nil
	}
	return v, nil
}

// loader returns a loader that reads the files that were read before, and the
// document's first file in it.
func (l *library) loader() (*openapi3.Loader, *openapi3.T, error) {
	location, err := url.Parse(l.root.uri)
	if err != nil {
		return nil, nil, err
	}
	shell, err := json.Marshal(l.shell)
	if err != nil {
		return nil, nil, err
	}
	loader := openapi3.NewLoader()
	loader.IsExternalRefsAllowed = true
	loader.ReadFromURIFunc = func(_ *openapi3.Loader, at *url.URL) ([]byte, error) {
		if at.Scheme == "" {
			at.Scheme = "file"
		}
		return l.text(at.String())
	}
	spec, err := loader.LoadFromDataWithPath(shell, location)
	return loader, spec, err
}

func (l *library) text(uri string) ([]byte, error) {
	f, err := l.files.open(l.root.uri, uri)
	if err != nil {
		return nil, err
	}
	if f.json == nil {
		data, err := json.Marshal(f.tree)
		if err != nil {
			return nil, err
		}
		f.json = data
	}
	return f.json, nil
}

// resolve makes a document of units and resolves its references.
func (l *library) resolve(units []*unit) (*openapi3.T, error) {
	l.attempts++
	var spec *openapi3.T
	err := guard(func() error {
		loader, made, err := l.loader()
		if err != nil {
			return err
		}
		spec = made
		location, err := url.Parse(l.root.uri)
		if err != nil {
			return err
		}
		assemble(spec, units)
		return loader.ResolveRefsIn(spec, location)
	})
	return spec, err
}

// assemble puts units into a document.
func assemble(spec *openapi3.T, units []*unit) {
	spec.Paths = openapi3.NewPathsWithCapacity(len(units))
	spec.Components = new(openapi3.Components)
	for _, u := range units {
		if item, ok := u.made.(*openapi3.PathItem); ok {
			fresh := *item
			spec.Paths.Set(u.path, &fresh)
		}
	}
	for _, u := range units {
		if operation, ok := u.made.(*openapi3.Operation); ok {
			if item := spec.Paths.Value(u.path); item != nil {
				setOperation(item, u.method, operation)
			}
			continue
		}
		if u.kind != "" {
			setComponent(spec.Components, u)
		}
	}
}

func setOperation(item *openapi3.PathItem, method string, operation *openapi3.Operation) {
	if name := strings.ToUpper(method); verb(method) == name {
		item.SetOperation(name, operation)
		return
	}
	if item.AdditionalOperations == nil {
		item.AdditionalOperations = make(map[string]*openapi3.Operation)
	}
	item.AdditionalOperations[method] = operation
}

func setComponent(c *openapi3.Components, u *unit) {
	switch made := u.made.(type) {
	case *openapi3.ExampleRef:
		put(&c.Examples, u.name, made)
	case *openapi3.HeaderRef:
		put(&c.Headers, u.name, made)
	case *openapi3.LinkRef:
		put(&c.Links, u.name, made)
	case *openapi3.ParameterRef:
		put(&c.Parameters, u.name, made)
	case *openapi3.RequestBodyRef:
		put(&c.RequestBodies, u.name, made)
	case *openapi3.ResponseRef:
		put(&c.Responses, u.name, made)
	case *openapi3.SecuritySchemeRef:
		put(&c.SecuritySchemes, u.name, made)
	case *openapi3.SchemaRef:
		put(&c.Schemas, u.name, made)
	}
}

func put[M ~map[string]V, V any](m *M, name string, v V) {
	if *m == nil {
		*m = make(M)
	}
	(*m)[name] = v
}

// plain takes the library's and the language's own names out of an error.
func plain(err error) error {
	var typed *json.UnmarshalTypeError
	if errors.As(err, &typed) && typed.Field != "" {
		return fmt.Errorf("%s is %s where %s belongs", typed.Field, article(typed.Value), wanted(typed.Type))
	}
	return err
}

func article(value string) string {
	switch value {
	case "array", "object":
		return "an " + value
	}
	return "a " + value
}

func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "a boolean"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct, reflect.Pointer:
		return "an object"
	}
	return "a number"
}

package openapi

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
)

// readLibrary has the library read and check the document.
func (p *reading) readLibrary(root map[string]any) error {
	l := &library{files: p.files, root: p.doc.root, shell: p.shell(root), needs: p.needs}
	l.decode(p.units)
	p.needs.spread()
	spec, err := l.salvage(p.units)
	if err != nil {
		return err
	}
	p.doc.Spec = spec
	p.validate(spec)
	return nil
}

// shell returns what the document says beside paths and components, without the
// fields that the library cannot decode.
func (p *reading) shell(root map[string]any) map[string]any {
	shell := map[string]any{"openapi": libraryVersion(p.doc.Version)}
	for _, key := range slices.Sorted(maps.Keys(root)) {
		switch key {
		case "openapi", "paths", "components", "webhooks":
			continue
		}
		data, err := json.Marshal(map[string]any{key: root[key]})
		if err == nil {
			err = guard(func() error { return json.Unmarshal(data, new(openapi3.T)) })
		}
		if err != nil {
			p.tell(p.doc.Root().Join(key), "", plain(err).Error())
			continue
		}
		shell[key] = root[key]
	}
	return shell
}

// libraryVersion returns a version that the library knows and that says the same.
func libraryVersion(version string) string {
	if (&openapi3.T{OpenAPI: version}).OpenAPIMajorMinor() != "" {
		return version
	}
	if version == "2.0" {
		return "3.0.3"
	}
	return majorMinor(version) + ".0"
}

// validate has the library check the document, paths and components at the same
// time. Patterns are those of ECMA, which it does not read; examples and defaults
// are held against schemas by package schema, which knows more of them.
func (p *reading) validate(spec *openapi3.T) {
	options := []openapi3.ValidationOption{
		openapi3.EnableMultiError(), openapi3.DisableExamplesValidation(),
		openapi3.DisableSchemaDefaultsValidation(), openapi3.DisableSchemaPatternValidation(),
	}
	if spec.IsOpenAPI31OrLater() {
		options = append(options, openapi3.IsOpenAPI31OrLater())
	}
	if spec.IsOpenAPI32OrLater() {
		options = append(options, openapi3.IsOpenAPI32OrLater())
	}
	ctx := openapi3.WithValidationOptions(context.Background(), options...)
	var components, rest []error
	var wait sync.WaitGroup
	wait.Go(func() {
		components = each(guard(func() error { return spec.Components.Validate(ctx, options...) }))
	})
	for path, item := range spec.Paths.Map() {
		for _, err := range each(guard(func() error { return item.Validate(ctx, options...) })) {
			p.tellPath(path, err)
		}
	}
	shell := *spec
	shell.Paths, shell.Components = openapi3.NewPaths(), nil
	shell.Security = nil // looked at with the schemes
	rest = each(guard(func() error { return shell.Validate(ctx, options...) }))
	wait.Wait()
	for _, err := range components {
		p.tellComponent(err)
	}
	for _, err := range rest {
		place := p.doc.Root()
		var section *openapi3.SectionValidationError
		if errors.As(err, &section) {
			place = place.Join(section.Section)
		}
		p.tell(place, "", firstLine(err))
	}
}

// each lists the errors that are joined in one. The library does not resolve all
// that may be a reference, such as the headers of a part of a form; whether it leads
// somewhere was looked at before.
func each(err error) []error {
	if joined, ok := any(err).(openapi3.MultiError); ok {
		var all []error
		for _, e := range joined {
			all = append(all, each(e)...)
		}
		return all
	}
	if err == nil || strings.Contains(err.Error(), "found unresolved ref") {
		return nil
	}
	return []error{err}
}

// tellPath tells what the library found in a path item.
func (p *reading) tellPath(path string, err error) {
	var wrong *openapi3.OperationValidationError
	name := path
	if errors.As(err, &wrong) {
		name = wrong.Method + " " + path
		err = wrong.Cause
	}
	for _, u := range p.units {
		if u.path == path && u.operation() == name {
			p.tell(u.place, name, firstLine(err))
			return
		}
	}
	p.tell(p.doc.Root().Join("paths", path), name, firstLine(err))
}

// tellComponent tells what the library found in a component.
func (p *reading) tellComponent(err error) {
	place := p.doc.Root().Join("components")
	var wrong *openapi3.ComponentValidationError
	if errors.As(err, &wrong) {
		err = wrong.Cause
		for _, kind := range kinds {
			if strings.EqualFold(strings.TrimSuffix(kind, "s"), strings.ReplaceAll(wrong.Section, " ", "")) ||
				kind == "requestBodies" && wrong.Section == "request body" {
				place = place.Join(kind, wrong.Name)
			}
		}
	}
	p.tell(place, "", firstLine(err))
}

// firstLine cuts off the schema and the value that the library prints.
func firstLine(err error) string {
	first, _, _ := strings.Cut(err.Error(), "\n")
	return first
}

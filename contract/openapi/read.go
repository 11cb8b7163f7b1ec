package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/goccy/go-yaml"
)

// decode reads JSON or YAML into a tree. An error begins with line and column.
func decode(data []byte) (map[string]any, error) {
	var tree map[string]any
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte{'{'}) {
		err := json.Unmarshal(data, &tree)
		if err == nil {
			return tree, nil
		}
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			line, column := position(data, int(syntax.Offset))
			return nil, fmt.Errorf("%d:%d: not JSON: %w", line, column, err)
		}
		return nil, fmt.Errorf("1:1: not JSON: %w", err)
	}
	err := yaml.Unmarshal(data, &tree)
	var syntax yaml.Error
	switch {
	case errors.As(err, &syntax):
		at := syntax.GetToken().Position
		return nil, fmt.Errorf("%d:%d: not YAML: %s", at.Line, at.Column, syntax.GetMessage())
	case err != nil:
		return nil, fmt.Errorf("1:1: not YAML: %w", err)
	case tree == nil:
		return nil, errors.New("1:1: the document is empty")
	}
	return tree, nil
}

// position returns line and column, from 1, of the byte before offset.
func position(data []byte, offset int) (line, column int) {
	before := data[:min(max(offset-1, 0), len(data))]
	return 1 + bytes.Count(before, []byte{'\n'}), len(before) - bytes.LastIndexByte(before, '\n')
}

// read makes a document of version 3 out of a tree.
type read func(path string, tree map[string]any) (*openapi3.T, error)

// reader returns the document's version and how to read it.
func reader(tree map[string]any) (string, read, error) {
	const want = "this program reads swagger: \"2.0\", openapi: 3.0.x and openapi: 3.1.x"
	if v, ok := tree["openapi"]; ok {
		version := fmt.Sprint(v)
		if !strings.HasPrefix(version, "3.0") && !strings.HasPrefix(version, "3.1") {
			return "", nil, fmt.Errorf("openapi: %s is not known; %s", version, want)
		}
		// An unquoted 3.0 is a number to YAML.
		tree["openapi"] = version
		return version, readV3, nil
	}
	if v, ok := tree["swagger"]; ok {
		version := fmt.Sprint(v)
		if version != "2.0" && version != "2" {
			return "", nil, fmt.Errorf("swagger: %s is not known; %s", version, want)
		}
		tree["swagger"] = "2.0"
		return "2.0", readV2, nil
	}
	return "", nil, fmt.Errorf("not an OpenAPI document: it has neither openapi nor swagger; %s", want)
}

// guard calls read. The library follows null pointers in some documents that
// are not well-formed, such as a path that is null; that is an error of the
// document and must not end the program.
func guard(read read, path string, tree map[string]any) (spec *openapi3.T, err error) {
	defer func() {
		if r := recover(); r != nil {
			spec, err = nil, fmt.Errorf("the document is not well-formed: %v", r)
		}
	}()
	return read(path, tree)
}

func readV3(path string, tree map[string]any) (*openapi3.T, error) {
	data, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	location, err := locate(path)
	if err != nil {
		return nil, err
	}
	spec, err := newLoader().LoadFromDataWithPath(data, location)
	if err != nil {
		return nil, err
	}
	if spec.Paths == nil { // 3.1 may have webhooks alone
		spec.Paths = openapi3.NewPaths()
	}
	return spec, nil
}

func readV2(path string, tree map[string]any) (*openapi3.T, error) {
	data, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	var old openapi2.T
	if err := json.Unmarshal(data, &old); err != nil {
		return nil, err
	}
	location, err := locate(path)
	if err != nil {
		return nil, err
	}
	spec, err := openapi2conv.ToV3WithLoader(&old, newLoader(), location)
	if err != nil {
		return nil, err
	}
	if old.Host == "" && old.BasePath != "" { // without a host, the library leaves the base path out
		spec.Servers = openapi3.Servers{{URL: old.BasePath}}
	}
	if spec.Paths == nil {
		spec.Paths = openapi3.NewPaths()
	}
	return spec, nil
}

// locate returns where a file is, as references are resolved against it.
func locate(path string) (*url.URL, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	return &url.URL{Path: filepath.ToSlash(absolute)}, nil
}

// newLoader returns a loader that follows references to files alone: reading a
// document sends nothing.
func newLoader() *openapi3.Loader {
	loader := openapi3.NewLoader()
	loader.IsExternalRefsAllowed = true
	loader.ReadFromURIFunc = func(l *openapi3.Loader, location *url.URL) ([]byte, error) {
		if location.Host != "" || location.Scheme != "" && location.Scheme != "file" {
			return nil, fmt.Errorf("the reference to %s is not followed: store a copy beside the document", location)
		}
		return openapi3.ReadFromFile(l, location)
	}
	return loader
}

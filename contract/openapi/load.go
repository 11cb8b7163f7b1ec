package openapi

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"twinspect.dev/contract"
)

// Loader reads documents.
type Loader struct {
	// AllowURLs lets references lead to other machines, by http and https. Nothing
	// is sent otherwise.
	AllowURLs bool
	// Plain leaves out [Document.Spec], and what is found by making it: most of the
	// time and the memory. References that lead nowhere, and what else makes an
	// operation impossible to use, are told all the same.
	Plain bool
}

// Load reads the document at path with a [Loader] that sends nothing.
func Load(path string) (*Document, error) { return Loader{}.Load(path) }

// Parse reads a document that was at path with a [Loader] that sends nothing.
func Parse(path string, data []byte) (*Document, error) { return Loader{}.Parse(path, data) }

// Load reads the document at path, JSON or YAML, and the files that it refers to.
// The error names the file, and the place in it where there is one; it is nil as
// long as there is a document, with [Document.Problems] for what is wrong with it.
func (l Loader) Load(path string) (*Document, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, fmt.Errorf("read OpenAPI document: %w", err)
	}
	defer func() { _ = f.Close() }() // it is only read
	return l.read(path, f)
}

// Parse reads a document that was at path, against which its references are
// resolved.
func (l Loader) Parse(path string, data []byte) (*Document, error) {
	return l.read(path, bytes.NewReader(data))
}

func (l Loader) read(path string, text io.Reader) (*Document, error) {
	uri, err := fileURI(path)
	if err != nil {
		return nil, err
	}
	files := newFiles(l)
	root, err := files.add(uri, text)
	if err != nil {
		return nil, fmt.Errorf("%s:%w", path, err)
	}
	r := &reading{
		doc:   &Document{Path: path, files: files, root: root, lines: &lines{path: path, files: files, root: root}, methods: make(map[string][]string)},
		files: files,
	}
	if _, ok := root.tree.(map[string]any); !ok {
		return nil, fmt.Errorf("%s:1:1: not an OpenAPI document: it is no object", path)
	}
	if err := r.read(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r.doc, nil
}

// reading is a document that is being read.
type reading struct {
	doc      *Document
	files    *files
	units    []*unit
	sent     []*unit // requests of the provider, which no request can meet
	needs    *needs
	problems []problem
}

// problem is a problem whose place is not told yet.
type problem struct {
	place Place
	contract.Problem
}

func (p *reading) read() error {
	root := p.doc.root.tree.(map[string]any) // by Parse
	version, err := versionOf(root)
	if err != nil {
		return err
	}
	p.doc.Version = version
	p.names(root)
	if version == "2.0" {
		if root, err = p.convert(p.files.own(p.doc.root)); err != nil {
			return err
		}
	}
	p.split(root)
	p.needs = newNeeds(p.files, slices.Concat(p.units, p.sent))
	p.needs.spread()
	if !p.files.loader.Plain {
		if err := p.readLibrary(root); err != nil {
			return err
		}
	}
	p.build(root)
	p.finish()
	return nil
}

// versionOf returns the version that a document declares.
func versionOf(root map[string]any) (string, error) {
	const want = `this program reads swagger: "2.0" and openapi: 3.0.x to 3.2.x`
	if v, ok := root["openapi"]; ok {
		version := fmt.Sprint(v)
		if majorMinor(version) == "" {
			return "", fmt.Errorf("openapi: %s is not known; %s", version, want)
		}
		root["openapi"] = version // an unquoted 3.0 is a number to YAML
		return version, nil
	}
	if v, ok := root["swagger"]; ok {
		version := fmt.Sprint(v)
		if version != "2.0" && version != "2" {
			return "", fmt.Errorf("swagger: %s is not known; %s", version, want)
		}
		root["swagger"] = "2.0"
		return "2.0", nil
	}
	return "", fmt.Errorf("not an OpenAPI document: it has neither openapi nor swagger; %s", want)
}

// majorMinor returns "3.0", "3.1" or "3.2".
func majorMinor(version string) string {
	if version == "3" { // an unquoted 3.0, written again by a program
		return "3.0"
	}
	for _, known := range []string{"3.0", "3.1", "3.2"} {
		if version == known || strings.HasPrefix(version, known+".") {
			return known
		}
	}
	return ""
}

// names fills in the document's title and version. YAML writes a version such as
// 1.0 as a number, which is meant as text.
func (p *reading) names(root map[string]any) {
	info, _ := root["info"].(map[string]any)
	for _, field := range []string{"title", "version"} {
		if number, ok := info[field].(json.Number); ok {
			info[field] = number.String()
		}
	}
	title, _ := info["title"].(string)
	version, _ := info["version"].(string)
	p.doc.info = contract.DocumentInfo{
		Path: p.doc.Path, Title: title, Version: version, OpenAPI: p.doc.Version, SHA256: p.doc.root.sum,
	}
}

// finish tells the problems, and what needs them.
func (p *reading) finish() {
	for _, f := range p.files.byURI {
		for _, place := range f.twice {
			p.tell(place, "", "the name is there twice; the last one counts")
		}
	}
	units := slices.Concat(p.units, p.sent)
	for _, u := range units {
		for _, f := range u.faults {
			p.tell(f.place, u.operation(), f.err.Error())
		}
		if u.unresolved != nil {
			p.tell(u.place, u.operation(), "it was not checked as a whole: "+u.unresolved.Error())
		}
	}
	slices.SortStableFunc(p.problems, func(a, b problem) int {
		return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.Message, b.Message))
	})
	p.problems = slices.Compact(p.problems)
	for _, told := range p.problems {
		told.Problem.Place = p.doc.Where(told.place)
		p.doc.Problems = append(p.doc.Problems, told.Problem)
	}
	for _, u := range units {
		if u.method != "" {
			p.doc.methods[u.path] = append(p.doc.methods[u.path], verb(u.method))
		}
	}
	for path := range maps.Keys(p.doc.methods) {
		slices.Sort(p.doc.methods[path])
	}
	for _, f := range p.files.byURI {
		f.json = nil
	}
}

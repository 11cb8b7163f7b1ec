package casefile

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

var (
	suiteKeys    = []string{"format", "tool", "document", "seed", "operations"}
	documentKeys = []string{"path", "title", "version", "openapi", "sha256"}
	entryKeys    = []string{"operation", "file", "cases"}
)

// readSuite reads suite.yaml. The error is fs.ErrNotExist where there is none.
func readSuite(root *os.Root, dir string) (*suite, error) {
	path := filepath.Join(dir, suiteFile)
	n, err := readNode(root, suiteFile, path)
	if err != nil {
		return nil, err
	}
	d := &decoder{file: path}
	s := d.suite(n)
	s.header.Document.Path = fromDir(dir, s.header.Document.Path)
	return s, d.err()
}

// fromDir makes a path that is relative to a folder one to open.
func fromDir(dir, path string) string {
	if path == "" || strings.Contains(path, "://") {
		return path
	}
	path = filepath.FromSlash(path)
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

func (d *decoder) suite(n *node) *suite {
	s := &suite{}
	// Of another format nothing else may be said.
	if n.kind == object && !d.format(n) {
		return s
	}
	d.fields(n, "the list of a suite", suiteKeys, func(key string, v *node) {
		switch key {
		case "tool":
			s.header.Tool = d.str(v, key)
		case "seed":
			seed, err := strconv.ParseUint(v.text, 10, 64)
			if v.kind != plain || err != nil {
				d.fail(v, "seed is a whole number from 0 on, not %s", v.name())
			}
			s.header.Seed = seed
		case "document":
			d.document(v, s)
		case "operations":
			s.entries = d.entries(v)
		}
	})
	return s
}

func (d *decoder) format(n *node) bool {
	v := n.get("format")
	if v == nil {
		d.fail(n, "format is missing; this program reads and writes format %d", Format)
		return false
	}
	version := d.count(v, "format")
	if version == Format {
		return true
	}
	if len(d.errs) == 0 {
		d.fail(v, "format %d is unknown, this program reads format %d: take a newer program, or generate the suite again in another folder", version, Format)
	}
	return false
}

func (d *decoder) document(n *node, s *suite) {
	doc := &s.header.Document
	into := map[string]*string{
		"path": &doc.Path, "title": &doc.Title, "version": &doc.Version, "openapi": &doc.OpenAPI, "sha256": &doc.SHA256,
	}
	d.fields(n, "document", documentKeys, func(key string, v *node) { *into[key] = d.str(v, key) })
}

// entries reads the list of files. A name that no writer gives could lead out of
// the folder.
func (d *decoder) entries(n *node) []entry {
	var out []entry
	operations, files := map[string]bool{}, map[string]bool{}
	for _, item := range d.items(n, "operations") {
		e := entry{line: item.line, col: item.col}
		d.fields(item, "an operation", entryKeys, func(key string, v *node) {
			switch key {
			case "operation":
				e.operation = d.str(v, key)
			case "file":
				e.file = d.str(v, key)
				if e.file != "" && !ours(e.file) {
					d.fail(v, "%q is no name of a file of cases: those are of lower-case letters, digits and hyphens, and end in %s", shorten(e.file), extension)
				}
			case "cases":
				e.cases = d.count(v, key)
			}
		})
		switch {
		case item.kind != object:
			continue
		case item.get("operation") == nil || e.file == "":
			d.fail(item, "an operation needs operation and file")
		case operations[e.operation]:
			d.fail(item, "the operation %s is there twice", e.operation)
		case files[e.file]:
			d.fail(item, "the file %s is there twice", e.file)
		}
		operations[e.operation], files[e.file] = true, true
		out = append(out, e)
	}
	return out
}

package openapi

import (
	"bytes"
	"net/url"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/goccy/go-yaml/ast"
)

// lines finds the lines of places. The files are read again for it, when the first
// place is asked for.
type lines struct {
	path  string
	files *files
	root  *file
	// original is the first file before it was converted, nil where it was not.
	original any

	mu    sync.Mutex
	byURI map[string]*index
}

func newLines(path string, files *files, root *file) *lines {
	return &lines{path: path, files: files, root: root, byURI: make(map[string]*index)}
}

func (l *lines) where(p Place) string {
	uri, pointer := p.Split()
	name := l.name(uri)
	f, ok := l.files.byURI[uri]
	if !ok {
		return name + " #" + pointer
	}
	path := tokens(pointer)
	if f == l.root && l.original != nil {
		path = unconverted(l.original, path)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	x, ok := l.byURI[uri]
	if !ok {
		x = newIndex(f.text())
		l.byURI[uri] = x
	}
	return name + ":" + strconv.Itoa(x.line(path)) + " #" + pointer
}

// name tells a file: as it was given, or as it is seen from there.
func (l *lines) name(uri string) string {
	if uri == l.root.uri {
		return l.path
	}
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" {
		return uri
	}
	path := filePath(u)
	from, err := filepath.Abs(filepath.Dir(l.path))
	if err != nil {
		return path
	}
	relative, err := filepath.Rel(from, path)
	if err != nil {
		return path
	}
	return filepath.Join(filepath.Dir(l.path), relative)
}

// sections are where version 2.0 has what version 3 has among the components.
var sections = map[string]string{
	"schemas": "definitions", "parameters": "parameters", "responses": "responses", "securitySchemes": "securityDefinitions",
	"requestBodies": "parameters",
}

// unconverted returns where something of a converted document stands in the
// original, as far as it does.
func unconverted(original any, path []string) []string {
	if len(path) > 1 && path[0] == "components" && sections[path[1]] != "" {
		return append([]string{sections[path[1]]}, path[2:]...)
	}
	if len(path) < 4 || path[0] != "paths" || path[3] != "requestBody" {
		return path
	}
	v := original
	for _, token := range path[:3] {
		v, _ = child(v, token)
	}
	list, _ := child(v, "parameters")
	items, _ := list.([]any)
	for i, item := range items {
		if m, ok := item.(map[string]any); ok && m["in"] == "body" {
			return append(path[:3:3], "parameters", strconv.Itoa(i))
		}
	}
	return path[:3]
}

// index finds lines in one file. Of JSON it holds where the values begin down to
// the operations and components, so that a place is found without reading all.
type index struct {
	data   []byte
	yaml   ast.Node
	starts map[Place]int
}

// indexDepth is that of "#/paths/~1products/get" and "#/components/schemas/A".
const indexDepth = 3

func newIndex(data []byte) *index {
	x := &index{data: data}
	if isJSON(data) {
		x.starts = make(map[Place]int)
		x.note(newJSONReader(data), "#", indexDepth)
		return x
	}
	x.yaml, _ = parseYAML(data) // it was read before
	return x
}

// note holds the offsets of what is below the value that comes next, and passes it.
func (x *index) note(d *jsontext.Decoder, place Place, depth int) bool {
	if d.PeekKind() != '{' || depth == 0 {
		return d.SkipValue() == nil
	}
	if _, err := d.ReadToken(); err != nil {
		return false
	}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return false
		}
		below := place.Join(name.String())
		x.starts[below] = int(d.InputOffset())
		if !x.note(d, below, depth-1) {
			return false
		}
	}
	_, err := d.ReadToken()
	return err == nil
}

func (x *index) line(path []string) int {
	if x.starts == nil {
		return yamlLine(x.yaml, path)
	}
	offset, rest := 0, path
	for n := min(indexDepth, len(path)); n > 0; n-- {
		if at, ok := x.starts[Place("#").Join(path[:n]...)]; ok {
			offset, rest = at, path[n:]
			break
		}
	}
	offset = jsonOffset(x.data, offset, rest)
	return 1 + bytes.Count(x.data[:offset], []byte{'\n'})
}

// jsonOffset returns where the value that path leads to begins, from the name or
// the value at offset on; of the last one on the way where it ends before.
func jsonOffset(data []byte, offset int, path []string) int {
	skip := len(data[offset:]) - len(bytes.TrimLeft(data[offset:], " \t\r\n:,"))
	begin := offset + skip
	if len(path) == 0 {
		return begin
	}
	d := newJSONReader(data[begin:])
	open, err := d.ReadToken()
	if err != nil {
		return begin
	}
	for i := 0; d.PeekKind() != '}' && d.PeekKind() != ']'; i++ {
		name := strconv.Itoa(i)
		if open.Kind() == '{' {
			token, err := d.ReadToken()
			if err != nil {
				return begin
			}
			name = token.String()
		}
		if name == path[0] {
			return jsonOffset(data, begin+int(d.InputOffset()), path[1:])
		}
		if d.SkipValue() != nil {
			return begin
		}
	}
	return begin
}

// yamlLine returns the line of the key or item that path leads to, as far as it
// leads.
func yamlLine(n ast.Node, path []string) int {
	line := 1
	for _, token := range path {
		next, at := yamlChild(n, token)
		if at == 0 {
			break
		}
		n, line = next, at
	}
	return line
}

func yamlChild(n ast.Node, token string) (ast.Node, int) {
	switch v := n.(type) {
	case *ast.AnchorNode:
		return yamlChild(v.Value, token)
	case *ast.TagNode:
		return yamlChild(v.Value, token)
	case *ast.MappingValueNode:
		return yamlField([]*ast.MappingValueNode{v}, token)
	case *ast.MappingNode:
		return yamlField(v.Values, token)
	case *ast.SequenceNode:
		i, err := strconv.Atoi(token)
		if err != nil || i < 0 || i >= len(v.Values) {
			return nil, 0
		}
		return v.Values[i], nodeLine(v.Values[i])
	}
	return nil, 0
}

func yamlField(values []*ast.MappingValueNode, token string) (ast.Node, int) {
	for _, pair := range values {
		if pair.Key.GetToken().Value == token {
			return pair.Value, nodeLine(pair.Key)
		}
	}
	return nil, 0
}

func nodeLine(n ast.Node) int {
	tk := n.GetToken()
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
		tk = m.Values[0].Key.GetToken()
	}
	if tk == nil || tk.Position == nil {
		return 1
	}
	return tk.Position.Line
}

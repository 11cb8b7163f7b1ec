package rewrite

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

const (
	// maxFile is the greatest rule file in bytes. At 100 bytes a rule it is ten
	// thousand rules, more than a person reviews.
	maxFile = 1 << 20
	// maxNesting bounds the nesting of flow collections and of "- - -" in a line,
	// which the parser takes quadratic time for, and of a value that is set.
	maxNesting = 16
	// maxErrors ends a report that nobody reads to its end.
	maxErrors = 100
)

// reader walks the YAML tree of a rule file and gathers the mistakes.
type reader struct {
	file   string
	lookup func(string) (string, bool)
	hidden bool // no text of the file may stand in a message
	errs   Errors
}

func (r *reader) errorf(at *token.Token, format string, args ...any) {
	e := &Error{File: r.file, Line: 1, Column: 1, Msg: fmt.Sprintf(format, args...)}
	if at != nil && at.Position != nil {
		e.Line, e.Column = at.Position.Line, at.Position.Column
	}
	r.errs = append(r.errs, e)
}

// tree parses the file and returns its one document, nil where it is empty.
func (r *reader) tree(data []byte) ast.Node {
	tokens := lexer.Tokenize(string(data))
	if r.refuse(tokens); len(r.errs) > 0 {
		return nil
	}
	// Repeated keys are reported with all other mistakes, not by the parser.
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.notYAML(err, data)
		return nil
	}
	if len(file.Docs) > 1 {
		r.errorf(file.Docs[1].Start, "a rule file is one YAML document; this begins a second one")
	}
	if len(file.Docs) == 0 {
		return nil
	}
	return file.Docs[0].Body
}

func (r *reader) notYAML(err error, data []byte) {
	var yamlErr yaml.Error
	if !errors.As(err, &yamlErr) {
		r.errorf(nil, "not YAML: %v", err)
		return
	}
	hint := ""
	if bytes.Contains(data, []byte("${")) {
		hint = `; inside of {...} a variable needs quotation marks: "${NAME}"`
	}
	r.errorf(yamlErr.GetToken(), "not YAML: %s%s", yamlErr.GetMessage(), hint)
}

// refuse reports what a rule file has no use for: it keeps the file plain to
// read, and the parser's time bounded.
func (r *reader) refuse(tokens token.Tokens) {
	flow, entries, line := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line, entries = t.Position.Line, 0
		}
		switch t.Type {
		case token.AnchorType, token.AliasType, token.TagType, token.MergeKeyType, token.MappingKeyType, token.DirectiveType:
			r.errorf(t, "%s is not supported in a rule file; a text that begins so needs quotation marks", strings.ToLower(t.Type.String()))
		case token.InvalidType:
			r.errorf(t, "not YAML: %s", t.Error)
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow--
		case token.SequenceEntryType:
			entries++
		}
		if flow > maxNesting || entries > maxNesting {
			r.errorf(t, "nested deeper than %d levels", maxNesting)
		}
		if len(r.errs) >= maxErrors {
			return
		}
	}
}

// field is one member of a mapping.
type field struct {
	key   *token.Token
	value ast.Node
}

// fields returns the members of the mapping, and reports unknown and repeated
// keys. owner names the mapping in messages.
func (r *reader) fields(n ast.Node, owner string, known ...string) map[string]field {
	mapping, ok := n.(ast.MapNode)
	if !ok {
		r.errorf(start(n), "%s is a mapping with the keys %s; this is %s", owner, oneOf(known), r.describe(n))
		return nil
	}
	fields := make(map[string]field)
	for it := mapping.MapRange(); it.Next(); {
		key := it.Key().GetToken()
		first, repeated := fields[key.Value]
		switch {
		case !slices.Contains(known, key.Value):
			r.errorf(key, "unknown key %q in %s; allowed are %s", key.Value, owner, oneOf(known))
		case repeated:
			r.errorf(key, "%q is given twice, first in line %d", key.Value, first.key.Position.Line)
		default:
			fields[key.Value] = field{key: key, value: it.Value()}
		}
	}
	return fields
}

// entries returns the nodes of a list, and reports anything else; an empty value
// is an empty list.
func (r *reader) entries(f field) []ast.Node {
	if f.value.Type() == ast.NullType {
		return nil
	}
	s, ok := f.value.(*ast.SequenceNode)
	if !ok {
		r.errorf(start(f.value), "%s is a list, not %s", f.key.Value, r.describe(f.value))
		return nil
	}
	return s.Values
}

// words returns a text or a list of texts, at least one.
func (r *reader) words(f field, want string) []string {
	nodes := []ast.Node{f.value}
	if s, ok := f.value.(*ast.SequenceNode); ok {
		if nodes = s.Values; len(nodes) == 0 {
			r.errorf(start(f.value), "%s is an empty list; leave it out to mean all", f.key.Value)
		}
	}
	var words []string
	for _, n := range nodes {
		if text, ok := r.scalar(n, want); ok {
			words = append(words, text)
		}
	}
	return words
}

// scalar returns the text of a plain value; want says what is wanted.
func (r *reader) scalar(n ast.Node, want string) (string, bool) {
	text, ok := textOf(n)
	if ok && strings.TrimSpace(text) != "" {
		return strings.TrimSpace(text), true
	}
	r.errorf(start(n), "%s, not %s", want, r.describe(n))
	return "", false
}

// text returns a plain value as it is, which may be the empty text.
func (r *reader) text(f field) (string, bool) {
	text, ok := textOf(f.value)
	if !ok {
		r.errorf(start(f.value), "%s is a text, not %s", f.key.Value, r.describe(f.value))
	}
	return text, ok
}

func textOf(n ast.Node) (string, bool) {
	s, ok := n.(ast.ScalarNode)
	if !ok || n.Type() == ast.NullType {
		return "", false
	}
	if literal, ok := n.(*ast.LiteralNode); ok {
		return literal.Value.Value, true
	}
	return s.GetToken().Value, true
}

// isTrue reports whether n is true, and reports anything else: what is switched
// off is left out instead.
func (r *reader) isTrue(f field) bool {
	if b, ok := f.value.(*ast.BoolNode); ok && b.Value {
		return true
	}
	r.errorf(start(f.value), "%s is true or left out, not %s", f.key.Value, r.describe(f.value))
	return false
}

// exactlyOne returns the one of keys that is given, and reports none and more
// than one.
func (r *reader) exactlyOne(at *token.Token, fields map[string]field, owner string, keys []string) string {
	found := ""
	for _, k := range keys {
		f, ok := fields[k]
		switch {
		case !ok:
		case found == "":
			found = k
		default:
			r.errorf(f.key, "%s has exactly one of %s; this one has %s and %s", owner, oneOf(keys), found, k)
			return ""
		}
	}
	if found == "" {
		r.errorf(at, "%s has exactly one of %s; this one has none", owner, oneOf(keys))
	}
	return found
}

// start returns the first token of a node.
func start(n ast.Node) *token.Token {
	switch n := n.(type) {
	case nil:
		return nil
	case *ast.MappingNode:
		if len(n.Values) > 0 {
			return n.Values[0].Key.GetToken()
		}
	case *ast.MappingValueNode:
		return n.Key.GetToken()
	}
	return n.GetToken()
}

func lineOf(n ast.Node) int {
	if at := start(n); at != nil && at.Position != nil {
		return at.Position.Line
	}
	return 1
}

// describe names what a node is, for messages; in the section auth without the
// text, which may be a secret at the wrong place.
func (r *reader) describe(n ast.Node) string {
	switch n := n.(type) {
	case nil, *ast.NullNode:
		return "empty"
	case *ast.SequenceNode:
		return "a list"
	case ast.MapNode:
		return "a mapping"
	case ast.ScalarNode:
		if !r.hidden {
			return fmt.Sprintf("%q", n.GetToken().Value)
		}
		return "a text"
	}
	return n.Type().String()
}

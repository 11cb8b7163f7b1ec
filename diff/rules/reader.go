package rules

import (
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

// reader walks the YAML tree of a rule file and gathers the mistakes.
type reader struct {
	file string
	errs Errors
}

func (r *reader) errorf(at *token.Token, format string, args ...any) {
	e := &Error{File: r.file, Line: 1, Column: 1, Msg: fmt.Sprintf(format, args...)}
	if at != nil && at.Position != nil {
		e.Line, e.Column = at.Position.Line, at.Position.Column
	}
	r.errs = append(r.errs, e)
}

// maxNesting bounds the nesting of flow collections and of "- - -" in a line,
// which the parser takes quadratic time for. A rule file needs two.
const maxNesting = 16

// tree parses the file and returns its one document, nil where it is empty.
func (r *reader) tree(data []byte) ast.Node {
	tokens := lexer.Tokenize(string(data))
	if r.refuse(tokens); len(r.errs) > 0 {
		return nil
	}
	// Duplicate keys are reported with all other mistakes, not by the parser.
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	var yamlErr yaml.Error
	switch {
	case errors.As(err, &yamlErr):
		r.errorf(yamlErr.GetToken(), "not YAML: %s", yamlErr.GetMessage())
		return nil
	case err != nil:
		r.errorf(nil, "not YAML: %v", err)
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
			r.errorf(t, "%s is not supported in a rule file", strings.ToLower(t.Type.String()))
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

// maxErrors ends a report that nobody reads to its end.
const maxErrors = 100

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
		r.errorf(start(n), "%s is a mapping with the keys %s; this is %s", owner, oneOf(known), describe(n))
		return nil
	}
	fields := make(map[string]field)
	for it := mapping.MapRange(); it.Next(); {
		key := it.Key().GetToken()
		first, repeated := fields[key.Value]
		switch {
		case !slices.Contains(known, key.Value):
			r.errorf(key, "unknown key %q in %s%s; allowed are %s", key.Value, owner, didYouMean(key.Value, known), oneOf(known))
		case repeated:
			r.errorf(key, "%q is given twice, first in line %d", key.Value, first.key.Position.Line)
		default:
			fields[key.Value] = field{key: key, value: it.Value()}
		}
	}
	return fields
}

// list returns the entries of a sequence, or the node itself where it is none.
func list(n ast.Node) []ast.Node {
	if s, ok := n.(*ast.SequenceNode); ok {
		return s.Values
	}
	return []ast.Node{n}
}

// scalar returns the text of a plain value; what says what is wanted.
func (r *reader) scalar(n ast.Node, what string) (string, bool) {
	if s, ok := n.(ast.ScalarNode); ok && n.Type() != ast.NullType {
		text := s.GetToken().Value
		if literal, ok := n.(*ast.LiteralNode); ok {
			text = literal.Value.Value
		}
		if text = strings.TrimSpace(text); text != "" {
			return text, true
		}
	}
	r.errorf(start(n), "%s, not %s", what, describe(n))
	return "", false
}

// isTrue reports whether n is true, and reports anything else: a rule that is
// switched off is left out instead.
func (r *reader) isTrue(f field) bool {
	if b, ok := f.value.(*ast.BoolNode); ok && b.Value {
		return true
	}
	r.errorf(start(f.value), "%s is true or left out, not %s", f.key.Value, describe(f.value))
	return false
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

// describe names what a node is, for messages.
func describe(n ast.Node) string {
	switch n := n.(type) {
	case nil, *ast.NullNode:
		return "empty"
	case *ast.SequenceNode:
		return "a list"
	case ast.MapNode:
		return "a mapping"
	case ast.ScalarNode:
		return fmt.Sprintf("%q", n.GetToken().Value)
	}
	return n.Type().String()
}

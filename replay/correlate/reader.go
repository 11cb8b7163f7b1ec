package correlate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Error is one mistake in a rule file.
type Error struct {
	File         string
	Line, Column int // from 1
	Msg          string
}

// Error names the place and the mistake.
func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Msg)
}

// Errors holds every mistake of a rule file, in the order of their places.
type Errors []*Error

// Error gives one line to each mistake.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, err := range e {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the mistakes for errors.Is and errors.As.
func (e Errors) Unwrap() []error {
	errs := make([]error, len(e))
	for i, err := range e {
		errs[i] = err
	}
	return errs
}

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
			r.errorf(key, "unknown key %q in %s; allowed are %s", key.Value, owner, oneOf(known))
		case repeated:
			r.errorf(key, "%q is given twice, first in line %d", key.Value, first.key.Position.Line)
		default:
			fields[key.Value] = field{key: key, value: it.Value()}
		}
	}
	return fields
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

// boolean sets into where the key is given.
func (r *reader) boolean(fields map[string]field, key string, into *bool) {
	f, ok := fields[key]
	if !ok {
		return
	}
	if b, ok := f.value.(*ast.BoolNode); ok {
		*into = b.Value
		return
	}
	r.errorf(start(f.value), "%s is true or false, not %s", key, describe(f.value))
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

// oneOf joins words for a message: "a, b or c".
func oneOf(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

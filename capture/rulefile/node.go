package rulefile

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Start returns the first token of a node.
func Start(n ast.Node) *token.Token {
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

// Line returns the line in which a node begins, from 1.
func Line(n ast.Node) int {
	if at := Start(n); at != nil && at.Position != nil {
		return at.Position.Line
	}
	return 1
}

// TextOf returns a plain value as it is, and false for an empty value and for
// what is no plain one.
func TextOf(n ast.Node) (string, bool) {
	s, ok := n.(ast.ScalarNode)
	if !ok || n.Type() == ast.NullType {
		return "", false
	}
	if literal, ok := n.(*ast.LiteralNode); ok {
		return literal.Value.Value, true
	}
	return s.GetToken().Value, true
}

// Describe names what a node is, for messages.
func (r *Reader) Describe(n ast.Node) string {
	switch n := n.(type) {
	case nil, *ast.NullNode:
		return "empty"
	case *ast.SequenceNode:
		return "a list"
	case ast.MapNode:
		return "a mapping"
	case ast.ScalarNode:
		if r.Hidden {
			return "a text"
		}
		return fmt.Sprintf("%q", n.GetToken().Value)
	}
	return n.Type().String()
}

package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// yamlReader makes a tree of a syntax tree. Aliases are followed by reading what
// they stand for again, so that the bounds of the tree hold for them too.
type yamlReader struct {
	tree    *tree
	anchors map[string]ast.Node
	line    int // of the value that comes next
}

func (y *yamlReader) read(t *tree, data []byte) (any, error) {
	root, err := parseYAML(data)
	if err != nil {
		return nil, err
	}
	if root == nil {
		return nil, errors.New("1:1: the document is empty")
	}
	y.tree, y.anchors, y.line = t, make(map[string]ast.Node), nodeLine(root)
	return y.value(root, Place("#"), 1)
}

// parseYAML returns the root of the only document, nil where there is none.
func parseYAML(data []byte) (ast.Node, error) {
	list := lexer.Tokenize(string(data))
	if err := checkNesting(list); err != nil {
		return nil, err
	}
	file, err := parser.Parse(list, 0, parser.AllowDuplicateMapKey())
	var syntax yaml.Error
	switch {
	case errors.As(err, &syntax):
		return nil, fmt.Errorf("%s: not YAML: %s", at(syntax.GetToken()), syntax.GetMessage())
	case err != nil:
		return nil, fmt.Errorf("1:1: not YAML: %w", err)
	}
	var root ast.Node
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil || doc.Body.Type() == ast.CommentType || doc.Body.Type() == ast.DirectiveType:
		case root != nil:
			return nil, fmt.Errorf("%s: the file holds more than one document", at(doc.Body.GetToken()))
		default:
			root = doc.Body
		}
	}
	return root, nil
}

// checkNesting refuses what the parser would descend into without a bound.
func checkNesting(list token.Tokens) error {
	flow, run := 0, 0
	for _, tk := range list {
		switch tk.Type {
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow--
		case token.SequenceEntryType, token.MappingKeyType, token.TagType, token.AnchorType:
			run++
		default:
			run = 0
		}
		if flow > maxDepth || run > 2*maxDepth {
			return fmt.Errorf("%s: not YAML: it is nested more than %d deep", at(tk), maxDepth)
		}
	}
	return nil
}

func at(tk *token.Token) string {
	if tk == nil || tk.Position == nil {
		return "1:1"
	}
	return fmt.Sprintf("%d:%d", tk.Position.Line, tk.Position.Column)
}

func (y *yamlReader) fail(n ast.Node, err error) error {
	return fmt.Errorf("%s: not YAML: %w", at(n.GetToken()), err)
}

func (y *yamlReader) value(n ast.Node, place Place, depth int) (any, error) {
	if n == nil {
		y.tree.lines.leaf(y.line)
		return nil, nil
	}
	if err := y.tree.enter(depth, len(n.GetToken().Value)); err != nil {
		return nil, y.fail(n, err)
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		return y.object(n.Values, place, depth)
	case *ast.MappingValueNode:
		return y.object([]*ast.MappingValueNode{n}, place, depth)
	case *ast.SequenceNode:
		return y.list(n, place, depth)
	case *ast.AnchorNode:
		y.anchors[n.Name.GetToken().Value] = n.Value
		return y.value(n.Value, place, depth+1)
	case *ast.AliasNode:
		target, err := y.target(n)
		if err != nil {
			return nil, err
		}
		return y.value(target, place, depth+1)
	case *ast.TagNode:
		return y.tagged(n, place, depth)
	}
	y.tree.lines.leaf(y.line)
	return scalar(n), nil
}

func (y *yamlReader) target(n *ast.AliasNode) (ast.Node, error) {
	if n.Value != nil {
		if target, ok := y.anchors[n.Value.GetToken().Value]; ok {
			return target, nil
		}
	}
	return nil, y.fail(n, errors.New("the alias has no anchor"))
}

// tagged reads a value that has a tag; "!!str" makes text of a number.
func (y *yamlReader) tagged(n *ast.TagNode, place Place, depth int) (any, error) {
	v, err := y.value(n.Value, place, depth+1)
	if err != nil || n.Start.Value != "!!str" {
		return v, err
	}
	switch v.(type) {
	case map[string]any, []any, string:
		return v, nil
	}
	return n.Value.GetToken().Value, nil
}

func (y *yamlReader) list(n *ast.SequenceNode, place Place, depth int) (any, error) {
	y.tree.lines.begin(y.line)
	defer y.tree.lines.end()
	list := make([]any, 0, len(n.Values))
	for i, item := range n.Values {
		y.line = nodeLine(item)
		v, err := y.value(item, place.index(i), depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

func (y *yamlReader) object(values []*ast.MappingValueNode, place Place, depth int) (any, error) {
	y.tree.lines.begin(y.line)
	defer y.tree.lines.end()
	m := make(map[string]any, len(values))
	var merged []any
	for _, pair := range values {
		y.line = nodeLine(pair.Key)
		if pair.Key.IsMergeKey() {
			y.tree.lines.name("<<")
			v, err := y.value(pair.Value, place, depth+1)
			if err != nil {
				return nil, err
			}
			merged = append(merged, v)
			continue
		}
		name, err := y.key(pair.Key)
		if err != nil {
			return nil, err
		}
		below := place.Join(name)
		y.tree.lines.name(name)
		if _, ok := m[name]; ok {
			y.tree.twice = append(y.tree.twice, below)
		}
		if m[name], err = y.value(pair.Value, below, depth+1); err != nil {
			return nil, err
		}
	}
	for _, v := range merged {
		merge(m, v)
	}
	return m, nil
}

// merge adds the fields that m does not have, of an object or of a list of
// objects, the first of which counts (YAML 1.1 merge key).
func merge(m map[string]any, v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			if _, ok := m[name]; !ok {
				m[name] = value
			}
		}
	case []any:
		for _, item := range v {
			if object, ok := item.(map[string]any); ok {
				merge(m, object)
			}
		}
	}
}

func (y *yamlReader) key(n ast.MapKeyNode) (string, error) {
	var key ast.Node = n
	for range maxDepth {
		switch k := key.(type) {
		case *ast.MappingKeyNode:
			key = k.Value
			continue
		case *ast.AnchorNode:
			key = k.Value
			continue
		case *ast.TagNode:
			key = k.Value
			continue
		case *ast.AliasNode:
			target, err := y.target(k)
			if err != nil {
				return "", err
			}
			key = target
			continue
		case *ast.LiteralNode:
			return y.tree.name(k.Value.Value), nil
		case ast.ScalarNode:
			return y.tree.name(k.GetToken().Value), nil
		}
		break
	}
	return "", y.fail(n, errors.New("the name of a field is no text"))
}

// scalar returns the value of a leaf. What JSON has no number for is text.
func scalar(n ast.Node) any {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value
	case *ast.LiteralNode:
		return n.Value.Value
	case *ast.BoolNode:
		return n.Value
	case *ast.IntegerNode:
		return number(n.Token.Value, fmt.Sprint(n.Value))
	case *ast.FloatNode:
		return number(n.Token.Value, strconv.FormatFloat(n.Value, 'g', -1, 64))
	case *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value
	}
	return nil
}

// number keeps the digits as they are written, where JSON writes them so too.
func number(text, value string) json.Number {
	if json.Valid([]byte(text)) {
		return json.Number(text)
	}
	return json.Number(value)
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

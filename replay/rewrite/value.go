package rewrite

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/goccy/go-yaml/ast"

	"twinspect.dev/capture/rulefile"
)

// jsonValue returns the JSON text of a value in the rule file. A number keeps its
// digits, so one beyond 64 bits is written as such.
func (r *reader) jsonValue(f rulefile.Field) []byte {
	if out, ok := r.appendJSON(nil, f.Value, 0); ok {
		return out
	}
	return nil
}

func (r *reader) appendJSON(out []byte, n ast.Node, depth int) ([]byte, bool) {
	if depth > rulefile.MaxNesting {
		r.Errorf(rulefile.Start(n), "nested deeper than %d levels", rulefile.MaxNesting)
		return nil, false
	}
	switch n := n.(type) {
	case *ast.NullNode:
		return append(out, "null"...), true
	case *ast.BoolNode:
		if n.Value {
			return append(out, "true"...), true
		}
		return append(out, "false"...), true
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return r.appendNumber(out, n)
	case *ast.SequenceNode:
		return r.appendArray(out, n, depth)
	case ast.MapNode:
		return r.appendObject(out, n, depth)
	}
	text, ok := rulefile.TextOf(n)
	if !ok {
		r.Errorf(rulefile.Start(n), "a value is what JSON can say, not %s", r.Describe(n))
		return nil, false
	}
	return appendQuoted(out, text), true
}

func (r *reader) appendNumber(out []byte, n ast.Node) ([]byte, bool) {
	text := n.GetToken().Value
	if !json.Valid([]byte(text)) {
		r.Errorf(rulefile.Start(n), "%s is not a number in JSON; a text needs quotation marks", text)
		return nil, false
	}
	return append(out, text...), true
}

func (r *reader) appendArray(out []byte, n *ast.SequenceNode, depth int) ([]byte, bool) {
	out = append(out, '[')
	for i, value := range n.Values {
		if i > 0 {
			out = append(out, ',')
		}
		var ok bool
		if out, ok = r.appendJSON(out, value, depth+1); !ok {
			return nil, false
		}
	}
	return append(out, ']'), true
}

func (r *reader) appendObject(out []byte, n ast.MapNode, depth int) ([]byte, bool) {
	out = append(out, '{')
	seen := make(map[string]bool)
	for it := n.MapRange(); it.Next(); {
		key := it.Key().GetToken()
		if seen[key.Value] {
			r.Errorf(key, "%q is given twice", key.Value)
			return nil, false
		}
		seen[key.Value] = true
		if len(out) > 0 && out[len(out)-1] != '{' {
			out = append(out, ',')
		}
		out = append(appendQuoted(out, key.Value), ':')
		var ok bool
		if out, ok = r.appendJSON(out, it.Value(), depth+1); !ok {
			return nil, false
		}
	}
	return append(out, '}'), true
}

// appendQuoted appends s as a JSON string. What is not UTF-8 becomes U+FFFD.
func appendQuoted[S ~[]byte | ~string](out []byte, s S) []byte {
	n := len(out)
	quoted, err := jsontext.AppendQuote(out, s)
	if err != nil {
		quoted, _ = jsontext.AppendQuote(out[:n], bytes.ToValidUTF8([]byte(s), []byte("\uFFFD")))
	}
	return quoted
}

var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// expand puts the environment in the place of each ${NAME}, and reports whether
// there was one: the text is a secret then.
func (r *reader) expand(f rulefile.Field, text string) (string, bool) {
	secret := false
	out := variable.ReplaceAllStringFunc(text, func(match string) string {
		secret = true
		name := match[2 : len(match)-1]
		value, ok := r.lookup(name)
		if !ok || value == "" {
			r.Errorf(rulefile.Start(f.Value), "the environment variable %s is not set", name)
		}
		return strings.TrimSpace(value)
	})
	return out, secret
}

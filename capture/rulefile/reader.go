// Package rulefile reads the rule files of the project, which are YAML that
// people write and review: every mistake is reported at once with its line and
// column, and what a file has no use for is refused before it costs the parser
// time.
package rulefile

import (
	"bytes"
	"errors"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

const (
	// MaxNesting bounds the nesting of flow collections and of "- - -" in a line,
	// which the parser takes quadratic time for. Rule files need three.
	MaxNesting = 16
	// maxErrors ends a report that nobody reads to its end.
	maxErrors = 100
)

// Reader walks the YAML tree of a rule file and gathers the mistakes. It is used
// for one file, by one goroutine.
type Reader struct {
	File string // its name, for messages
	// Hidden says that no value of the file may stand in a message: it may be a
	// secret at the wrong place.
	Hidden bool

	errs Errors
}

// Errorf adds a mistake; see [NewError].
func (r *Reader) Errorf(at *token.Token, format string, args ...any) {
	r.errs = append(r.errs, NewError(r.File, at, format, args...))
}

// Mistakes is how many there are so far.
func (r *Reader) Mistakes() int { return len(r.errs) }

// Err returns the mistakes as [Errors] in the order of their places, nil where
// there are none.
func (r *Reader) Err() error {
	if len(r.errs) == 0 {
		return nil
	}
	return r.errs.sorted()
}

// First returns the first mistake that was found, nil where there is none.
func (r *Reader) First() *Error {
	if len(r.errs) == 0 {
		return nil
	}
	return r.errs[0]
}

// Tokens splits a file, and reports what a rule file has no use for: it keeps the
// file plain to read, and the parser's time bounded. It is nil then.
func (r *Reader) Tokens(data []byte) token.Tokens {
	if len(data) > MaxSize {
		r.Errorf(nil, "the file is larger than %d bytes", MaxSize)
		return nil
	}
	tokens := lexer.Tokenize(string(data))
	if r.refuse(tokens); len(r.errs) > 0 {
		return nil
	}
	return tokens
}

func (r *Reader) refuse(tokens token.Tokens) {
	flow, entries, line := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line, entries = t.Position.Line, 0
		}
		switch t.Type {
		case token.AnchorType, token.AliasType, token.TagType, token.MergeKeyType, token.MappingKeyType, token.DirectiveType:
			r.Errorf(t, "%s is not supported in a rule file; a text that begins so needs quotation marks", strings.ToLower(t.Type.String()))
		case token.InvalidType:
			r.Errorf(t, "not YAML: %s", t.Error)
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow--
		case token.SequenceEntryType:
			entries++
		}
		if flow > MaxNesting || entries > MaxNesting {
			r.Errorf(t, "nested deeper than %d levels", MaxNesting)
		}
		if len(r.errs) >= maxErrors {
			return
		}
	}
}

// Tree parses the file and returns its one document, nil where it is empty or
// there are mistakes.
func (r *Reader) Tree(data []byte) ast.Node {
	tokens := r.Tokens(data)
	if len(r.errs) > 0 {
		return nil
	}
	// Repeated keys are reported with all other mistakes, not by the parser.
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.notYAML(err, data)
		return nil
	}
	if len(file.Docs) > 1 {
		r.Errorf(file.Docs[1].Start, "a rule file is one YAML document; this begins a second one")
		return nil
	}
	if len(file.Docs) == 0 {
		return nil
	}
	return file.Docs[0].Body
}

func (r *Reader) notYAML(err error, data []byte) {
	var yamlErr yaml.Error
	if !errors.As(err, &yamlErr) {
		r.Errorf(nil, "not YAML: %v", err)
		return
	}
	r.Errorf(yamlErr.GetToken(), "not YAML: %s%s", yamlErr.GetMessage(), hint(data))
}

// hint names the mistake that the file suggests.
func hint(data []byte) string {
	switch {
	case bytes.Contains(data, []byte("${")):
		return `; inside of {...} a variable needs quotation marks: "${NAME}"`
	case bytes.Contains(data, []byte("/{")):
		return `; inside of {...} a path with a brace needs quotation marks: "GET /orders/{id}"`
	}
	return ""
}

package redact

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	yamllexer "github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// RulesError is a mistake in a file of rules.
type RulesError struct {
	File         string
	Line, Column int // from 1
	Msg          string
}

// Error begins with the position, as compilers do.
func (e *RulesError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Msg)
}

const (
	// maxRules is a hundred times a long file of rules.
	maxRules = 1 << 20
	// maxNesting bounds what takes the parser quadratic time; the rules need
	// three levels.
	maxNesting = 16
)

// ParseRules reads rules from YAML. Unknown keys are errors; each error is a
// [*RulesError] that names the file, the line and the column. An empty file has
// no rules: not even the defaults.
func ParseRules(name string, data []byte) (Rules, error) {
	if len(data) > maxRules {
		return Rules{}, &RulesError{File: name, Line: 1, Column: 1, Msg: fmt.Sprintf("longer than %d bytes", maxRules)}
	}
	if err := refuse(name, yamllexer.Tokenize(string(data))); err != nil {
		return Rules{}, err
	}
	var rules Rules
	dec := yaml.NewDecoder(bytes.NewReader(data), yaml.DisallowUnknownField())
	if err := dec.Decode(&rules); err != nil && !errors.Is(err, io.EOF) {
		return Rules{}, positioned(name, err)
	}
	if err := dec.Decode(new(any)); !errors.Is(err, io.EOF) {
		return Rules{}, &RulesError{File: name, Line: 1, Column: 1, Msg: "rules are one YAML document; this has more"}
	}
	if err := judge(name, data, rules); err != nil {
		return Rules{}, err
	}
	if d := rules.GRPC.Descriptors; d != "" && !filepath.IsAbs(d) {
		rules.GRPC.Descriptors = filepath.Join(filepath.Dir(name), d)
	}
	return rules, nil
}

func positioned(name string, err error) error {
	e := &RulesError{File: name, Line: 1, Column: 1, Msg: err.Error()}
	var y yaml.Error
	if errors.As(err, &y) {
		e.Msg = y.GetMessage()
		if t := y.GetToken(); t != nil && t.Position != nil {
			e.Line, e.Column = t.Position.Line, t.Position.Column
		}
	}
	return e
}

// refuse reports what rules have no use for and what a parser may be slow on.
func refuse(name string, tokens token.Tokens) error {
	flow, entries, line := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line, entries = t.Position.Line, 0
		}
		msg := ""
		switch t.Type {
		case token.AnchorType, token.AliasType, token.TagType, token.MergeKeyType, token.MappingKeyType, token.DirectiveType:
			msg = strings.ToLower(t.Type.String()) + " is not supported in rules"
		case token.InvalidType:
			msg = "not YAML: " + t.Error
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow--
		case token.SequenceEntryType:
			entries++
		}
		if flow > maxNesting || entries > maxNesting {
			msg = fmt.Sprintf("nested deeper than %d levels", maxNesting)
		}
		if msg != "" {
			return &RulesError{File: name, Line: t.Position.Line, Column: t.Position.Column, Msg: msg}
		}
	}
	return nil
}

// judge checks the values of the lists that have a grammar.
func judge(name string, data []byte, rules Rules) error {
	path := func(text string) error { _, err := newPattern(text); return err }
	detector := func(text string) error { _, err := detectorsOf([]string{text}); return err }
	for _, list := range []struct {
		at     string
		values []string
		check  func(string) error
	}{
		{"$.detectors", rules.Detectors, detector},
		{"$.json", rules.JSON, path},
		{"$.keep.json", rules.Keep.JSON, path},
	} {
		for i, v := range list.values {
			if err := list.check(v); err != nil {
				e := &RulesError{File: name, Line: 1, Column: 1, Msg: fmt.Sprintf("%q: %v", v, err)}
				e.locate(data, fmt.Sprintf("%s[%d]", list.at, i))
				return e
			}
		}
	}
	return nil
}

// locate finds the line and the column of a node.
func (e *RulesError) locate(data []byte, path string) {
	file, err := parser.ParseBytes(data, 0)
	if err != nil || len(file.Docs) == 0 {
		return
	}
	p, err := yaml.PathString(path)
	if err != nil {
		return
	}
	var n ast.Node
	if n, err = p.FilterNode(file.Docs[0].Body); err == nil && n != nil {
		at := n.GetToken().Position
		e.Line, e.Column = at.Line, at.Column
	}
}

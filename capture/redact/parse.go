package redact

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
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

// RulesFromFile reads rules from a file of YAML, and returns [Defaults] where
// path is empty. What is wrong in the file is a [*RulesError]: see [ParseRules].
func RulesFromFile(path string) (Rules, error) {
	if path == "" {
		return Defaults(), nil
	}
	data, err := readRules(path)
	if err != nil {
		return Rules{}, fmt.Errorf("read the rules of redaction: %w", err)
	}
	return ParseRules(path, data)
}

// readRules reads no more than ParseRules takes and one byte: path may be a
// device.
func readRules(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxRules+1))
	return data, errors.Join(err, f.Close())
}

// ParseRules reads rules from YAML. Unknown keys are errors; each error is a
// [*RulesError] that names the file, the line and the column. The defaults hold
// beside them unless the file says defaults: false.
func ParseRules(name string, data []byte) (Rules, error) {
	if len(data) > maxRules {
		return Rules{}, &RulesError{File: name, Line: 1, Column: 1, Msg: fmt.Sprintf("longer than %d bytes", maxRules)}
	}
	if err := refuse(name, yamllexer.Tokenize(string(data))); err != nil {
		return Rules{}, err
	}
	rules := Rules{Defaults: true}
	dec := yaml.NewDecoder(bytes.NewReader(data), yaml.DisallowUnknownField())
	err := dec.Decode(&rules)
	if errors.Is(err, io.EOF) {
		return Defaults(), nil // nothing, or comments alone
	}
	if err != nil {
		return Rules{}, positioned(name, err)
	}
	if err := dec.Decode(new(any)); !errors.Is(err, io.EOF) {
		return Rules{}, &RulesError{File: name, Line: 1, Column: 1, Msg: "rules are one YAML document; this has more"}
	}
	if err := judge(name, data, rules); err != nil {
		return Rules{}, err
	}
	if d := rules.Descriptors; d != "" && !filepath.IsAbs(d) {
		rules.Descriptors = filepath.Join(filepath.Dir(name), d)
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

// listed is a list whose values have a grammar.
type listed struct {
	at     string
	values []string
	check  func(string) error
}

// lists returns all of them.
func lists(rules Rules) []listed {
	path := func(text string) error { _, err := newPattern(text); return err }
	detector := func(text string) error { _, err := detectorsOf([]string{text}); return err }
	service := func(text string) error { _, err := newTemplate(text); return err }
	operation := func(text string) error { _, err := newOperation(text); return err }
	field := func(string) error {
		if rules.Descriptors == "" {
			return errNoDescriptors
		}
		return nil
	}
	all := []listed{
		{"$.detectors", rules.Detectors, detector}, {"$.json", rules.JSON, path}, {"$.keep.json", rules.Keep.JSON, path},
		{"$.grpc", rules.GRPC, field}, {"$.keep.grpc", rules.Keep.GRPC, field},
	}
	for i, r := range rules.Rules {
		at := fmt.Sprintf("$.rules[%d].", i)
		all = append(all, listed{at + "service", r.Service, service}, listed{at + "operation", r.Operation, operation},
			listed{at + "json", r.JSON, path}, listed{at + "keep.json", r.Keep.JSON, path},
			listed{at + "grpc", r.GRPC, field}, listed{at + "keep.grpc", r.Keep.GRPC, field})
	}
	return all
}

// judge checks the values of the lists that have a grammar, and the scopes.
func judge(name string, data []byte, rules Rules) error {
	if len(rules.Rules) > maxScoped {
		e := &RulesError{File: name, Line: 1, Column: 1, Msg: fmt.Sprintf("%d rules are more than %d", len(rules.Rules), maxScoped)}
		e.locate(data, "$.rules")
		return e
	}
	for _, list := range lists(rules) {
		for i, v := range list.values {
			if err := list.check(v); err != nil {
				e := &RulesError{File: name, Line: 1, Column: 1, Msg: fmt.Sprintf("%q: %v", v, err)}
				if !e.locate(data, fmt.Sprintf("%s[%d]", list.at, i)) {
					e.locate(data, list.at) // one name, not a list
				}
				return e
			}
		}
	}
	for i, r := range rules.Rules {
		if _, err := newScope(r); err != nil {
			e := &RulesError{File: name, Line: 1, Column: 1, Msg: err.Error()}
			e.locate(data, fmt.Sprintf("$.rules[%d]", i))
			return e
		}
	}
	return nil
}

// locate finds the line and the column of a node.
func (e *RulesError) locate(data []byte, path string) bool {
	file, err := parser.ParseBytes(data, 0)
	if err != nil || len(file.Docs) == 0 {
		return false
	}
	p, err := yaml.PathString(path)
	if err != nil {
		return false
	}
	n, err := p.FilterNode(file.Docs[0].Body)
	if err != nil || n == nil {
		return false
	}
	at := n.GetToken().Position
	e.Line, e.Column = at.Line, at.Column
	return true
}

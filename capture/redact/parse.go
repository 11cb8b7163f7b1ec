package redact

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"twinspect.dev/capture/rulefile"
)

// RulesError is a mistake in a file of rules.
type RulesError = rulefile.Error

// RulesFromFile reads rules from a file of YAML, and returns [Defaults] where
// path is empty. What is wrong in the file is a [*RulesError]: see [ParseRules].
func RulesFromFile(path string) (Rules, error) {
	if path == "" {
		return Defaults(), nil
	}
	data, err := rulefile.Read(path)
	if err != nil {
		return Rules{}, fmt.Errorf("read the rules of redaction: %w", err)
	}
	return ParseRules(path, data)
}

// ParseRules reads rules from YAML. Unknown keys are errors; each error is a
// [*RulesError] that names the file, the line and the column. The defaults hold
// beside them unless the file says defaults: false.
func ParseRules(name string, data []byte) (Rules, error) {
	r := rulefile.Reader{File: name}
	if r.Tokens(data); r.First() != nil {
		return Rules{}, r.First()
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
		return Rules{}, rulefile.NewError(name, nil, "rules are one YAML document; this has more")
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
	var y yaml.Error
	if errors.As(err, &y) {
		return rulefile.NewError(name, y.GetToken(), "%s", y.GetMessage())
	}
	return rulefile.NewError(name, nil, "%v", err)
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
		return rulefile.NewError(name, locate(data, "$.rules"), "%d rules are more than %d", len(rules.Rules), maxScoped)
	}
	for _, list := range lists(rules) {
		for i, v := range list.values {
			if err := list.check(v); err != nil {
				at := locate(data, fmt.Sprintf("%s[%d]", list.at, i))
				if at == nil {
					at = locate(data, list.at) // one name, not a list
				}
				return rulefile.NewError(name, at, "%q: %v", v, err)
			}
		}
	}
	for i, r := range rules.Rules {
		if _, err := newScope(r); err != nil {
			return rulefile.NewError(name, locate(data, fmt.Sprintf("$.rules[%d]", i)), "%v", err)
		}
	}
	return nil
}

// locate finds the node at a path, nil where there is none.
func locate(data []byte, path string) *token.Token {
	file, err := parser.ParseBytes(data, 0)
	if err != nil || len(file.Docs) == 0 {
		return nil
	}
	p, err := yaml.PathString(path)
	if err != nil {
		return nil
	}
	n, err := p.FilterNode(file.Docs[0].Body)
	if err != nil || n == nil {
		return nil
	}
	return n.GetToken()
}

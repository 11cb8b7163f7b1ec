package correlate

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

const (
	// maxFile bounds a rule file: 4,000 rules of 250 bytes.
	maxFile = 1 << 20
	// maxFlow bounds the nesting of flow collections, which the parser takes
	// quadratic time for. A rule file needs two.
	maxFlow = 16
	// maxErrors ends a report that nobody reads to its end.
	maxErrors = 100
)

var (
	giveKinds = []Kind{Body, Header, Cookie, Location, LocationQuery, HTML}
	useKinds  = []Kind{Path, Query, Header, Cookie, Body, Form}
)

// Parse reads the section correlate of a rule file, called file in messages.
// Other sections are not looked at; without the section the rules are
// [Defaults]. Mistakes are [Errors]: all of them, each with its place.
//
//	correlate:
//	  auto: true       # learned rules apply; this is the default
//	  cookies: true    # each session has a cookie jar; this is the default
//	  rules:
//	    - from: {operation: POST /orders, body: $.id}
//	      to: {operation: "GET /orders/{id}", path: 2}
//	      reason: the order that was placed
//	    - to: {operation: POST /cart, body: $.quantity}
//	      ignore: true
//	      reason: a number that is no id
//
// An answer gives at body (a JSONPath), header, cookie, location (the number of
// a path segment, from 1), location-query or html (the name of a hidden input or
// meta element); a request uses at path (a segment), query, header, cookie, body
// or form. In an operation * stands for any text. An operation with a brace is
// quoted inside of { }, as YAML demands.
func Parse(data []byte, file string) (*Rules, error) {
	r := &reader{file: file}
	if len(data) > maxFile {
		r.errorf(nil, "the file is larger than %d bytes", maxFile)
		return nil, r.errs
	}
	root := r.tree(data)
	if len(r.errs) > 0 {
		return nil, r.errs
	}
	return ParseNode(root, file)
}

// ParseNode does what [Parse] does for the root of a parsed file; nil is an empty
// one.
func ParseNode(root ast.Node, file string) (*Rules, error) {
	r := &reader{file: file}
	rules := Defaults()
	if root == nil || root.Type() == ast.NullType {
		return rules, nil
	}
	top, ok := root.(ast.MapNode)
	if !ok {
		r.errorf(start(root), "the rule file is a mapping with sections such as correlate; this is %s", describe(root))
		return nil, r.errs
	}
	seen := false
	for it := top.MapRange(); it.Next(); {
		if key := it.Key().GetToken(); key.Value == "correlate" {
			if seen {
				r.errorf(key, "correlate is given twice")
			}
			seen = true
			r.section(rules, it.Value())
		}
	}
	if len(r.errs) > 0 {
		slices.SortStableFunc(r.errs, func(a, b *Error) int { return a.Line - b.Line })
		return nil, r.errs
	}
	return rules, nil
}

// tree parses the file and returns its one document, nil where it is empty.
func (r *reader) tree(data []byte) ast.Node {
	tokens := lexer.Tokenize(string(data))
	if r.refuse(tokens); len(r.errs) > 0 {
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	var yamlErr yaml.Error
	switch {
	case errors.As(err, &yamlErr):
		r.errorf(yamlErr.GetToken(), "not YAML: %s (inside of { } a text with a brace is quoted: \"GET /orders/{id}\")", yamlErr.GetMessage())
		return nil
	case err != nil:
		r.errorf(nil, "not YAML: %v", err)
		return nil
	case len(file.Docs) > 1:
		r.errorf(file.Docs[1].Start, "a rule file is one YAML document; this begins a second one")
	case len(file.Docs) == 0:
		return nil
	}
	return file.Docs[0].Body
}

// refuse reports what would make the parser's time grow without bound.
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
		if flow > maxFlow || entries > maxFlow {
			r.errorf(t, "nested deeper than %d levels", maxFlow)
		}
		if len(r.errs) > 0 {
			return
		}
	}
}

func (r *reader) section(rules *Rules, n ast.Node) {
	if n.Type() == ast.NullType {
		return
	}
	fields := r.fields(n, "correlate", "auto", "cookies", "rules")
	r.boolean(fields, "auto", &rules.Auto)
	r.boolean(fields, "cookies", &rules.Cookies)
	f, ok := fields["rules"]
	if !ok || f.value.Type() == ast.NullType {
		return
	}
	list, ok := f.value.(*ast.SequenceNode)
	if !ok {
		r.errorf(start(f.value), "rules is a list, not %s", describe(f.value))
		return
	}
	for _, item := range list.Values {
		if len(r.errs) >= maxErrors {
			return
		}
		if rule, ok := r.rule(item); ok {
			rules.List = append(rules.List, rule)
		}
	}
}

func (r *reader) rule(n ast.Node) (Rule, bool) {
	var rule Rule
	before := len(r.errs)
	fields := r.fields(n, "a rule", "from", "to", "ignore", "reason")
	if fields == nil {
		return rule, false
	}
	r.boolean(fields, "ignore", &rule.Ignore)
	if f, ok := fields["to"]; ok {
		rule.To = r.end(f, useKinds)
	} else {
		r.errorf(start(n), "to is missing; say where a request uses the value")
	}
	if f, ok := fields["from"]; ok {
		rule.From = r.end(f, giveKinds)
	} else if !rule.Ignore {
		r.errorf(start(n), "from is missing; say where an answer gives the value, or ignore: true")
	}
	if f, ok := fields["reason"]; ok {
		rule.Reason, _ = r.scalar(f.value, "reason is a sentence that says why")
	} else {
		r.errorf(start(n), "reason is missing; say why the rule is needed")
	}
	return rule, len(r.errs) == before
}

// end reads an operation and one of the kinds of place.
func (r *reader) end(f field, kinds []Kind) End {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.String()
	}
	owner := f.key.Value
	fields := r.fields(f.value, owner, append([]string{"operation"}, names...)...)
	if fields == nil {
		return End{}
	}
	var end End
	if o, ok := fields["operation"]; ok {
		end.Operation, _ = r.scalar(o.value, "operation is a name such as GET /products/{id}")
	} else {
		r.errorf(f.key, "operation is missing in %s", owner)
	}
	found := 0
	for i, k := range kinds {
		if p, ok := fields[names[i]]; ok {
			found++
			end.Place = r.place(k, p)
		}
	}
	if found != 1 {
		r.errorf(f.key, "%s names one place, with one of %s; this has %d", owner, oneOf(names), found)
	}
	return end
}

func (r *reader) place(k Kind, f field) Place {
	text, ok := r.scalar(f.value, f.key.Value+" is a text")
	if !ok {
		return Place{}
	}
	p := Place{Kind: k, Name: text}
	switch k {
	case Path, Location:
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxFile {
			r.errorf(start(f.value), "%s is the number of a path segment, from 1, not %q", k, text)
		}
		return Place{Kind: k, Segment: n}
	case Header:
		p.Name = strings.ToLower(text)
		if strings.ContainsAny(text, ": \t\n") {
			r.errorf(start(f.value), "%q is not the name of a field", text)
		}
	case Body:
		if _, err := p.compile(); err != nil {
			r.errorf(start(f.value), "body %s: %s", text, err)
		}
	}
	return p
}

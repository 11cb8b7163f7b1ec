package correlate

import (
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"twinspect.dev/capture/rulefile"
)

// maxSegment is more segments than any target has.
const maxSegment = 1 << 20

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
	r := &reader{rulefile.Reader{File: file}}
	root := r.Tree(data)
	if err := r.Err(); err != nil {
		return nil, err
	}
	return ParseNode(root, file)
}

// ParseNode does what [Parse] does for the root of a parsed file; nil is an empty
// one.
func ParseNode(root ast.Node, file string) (*Rules, error) {
	r := &reader{rulefile.Reader{File: file}}
	rules := Defaults()
	if root == nil || root.Type() == ast.NullType {
		return rules, nil
	}
	top, ok := root.(ast.MapNode)
	if !ok {
		r.Errorf(rulefile.Start(root), "the rule file is a mapping with sections such as correlate; this is %s", r.Describe(root))
		return nil, r.Err()
	}
	seen := false
	for it := top.MapRange(); it.Next(); {
		if key := it.Key().GetToken(); key.Value == "correlate" {
			if seen {
				r.Errorf(key, "correlate is given twice")
			}
			seen = true
			r.section(rules, it.Value())
		}
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return rules, nil
}

func (r *reader) section(rules *Rules, n ast.Node) {
	if n.Type() == ast.NullType {
		return
	}
	fields := r.Fields(n, "correlate", "auto", "cookies", "rules")
	r.boolean(fields, "auto", &rules.Auto)
	r.boolean(fields, "cookies", &rules.Cookies)
	f, ok := fields["rules"]
	if !ok {
		return
	}
	for item := range r.Entries(f) {
		if rule, ok := r.rule(item); ok {
			rules.List = append(rules.List, rule)
		}
	}
}

func (r *reader) rule(n ast.Node) (Rule, bool) {
	var rule Rule
	before := r.Mistakes()
	fields := r.Fields(n, "a rule", "from", "to", "ignore", "reason")
	if fields == nil {
		return rule, false
	}
	r.boolean(fields, "ignore", &rule.Ignore)
	if f, ok := fields["to"]; ok {
		rule.To = r.end(f, useKinds)
	} else {
		r.Errorf(rulefile.Start(n), "to is missing; say where a request uses the value")
	}
	if f, ok := fields["from"]; ok {
		rule.From = r.end(f, giveKinds)
	} else if !rule.Ignore {
		r.Errorf(rulefile.Start(n), "from is missing; say where an answer gives the value, or ignore: true")
	}
	if f, ok := fields["reason"]; ok {
		rule.Reason, _ = r.Scalar(f.Value, "reason is a sentence that says why")
	} else {
		r.Errorf(rulefile.Start(n), "reason is missing; say why the rule is needed")
	}
	return rule, r.Mistakes() == before
}

// end reads an operation and one of the kinds of place.
func (r *reader) end(f rulefile.Field, kinds []Kind) End {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.String()
	}
	owner := f.Key.Value
	fields := r.Fields(f.Value, owner, append([]string{"operation"}, names...)...)
	if fields == nil {
		return End{}
	}
	var end End
	if o, ok := fields["operation"]; ok {
		end.Operation, _ = r.Scalar(o.Value, "operation is a name such as GET /products/{id}")
	} else {
		r.Errorf(f.Key, "operation is missing in %s", owner)
	}
	found := 0
	for i, k := range kinds {
		if p, ok := fields[names[i]]; ok {
			found++
			end.Place = r.place(k, p)
		}
	}
	if found != 1 {
		r.Errorf(f.Key, "%s names one place, with one of %s; this has %d", owner, rulefile.OneOf(names), found)
	}
	return end
}

func (r *reader) place(k Kind, f rulefile.Field) Place {
	text, ok := r.Scalar(f.Value, f.Key.Value+" is a text")
	if !ok {
		return Place{}
	}
	p := Place{Kind: k, Name: text}
	switch k {
	case Path, Location:
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxSegment {
			r.Errorf(rulefile.Start(f.Value), "%s is the number of a path segment, from 1, not %q", k, text)
		}
		return Place{Kind: k, Segment: n}
	case Header:
		p.Name = strings.ToLower(text)
		if strings.ContainsAny(text, ": \t\n") {
			r.Errorf(rulefile.Start(f.Value), "%q is not the name of a field", text)
		}
	case Body:
		if _, err := p.compile(); err != nil {
			r.Errorf(rulefile.Start(f.Value), "body %s: %s", text, err)
		}
	}
	return p
}

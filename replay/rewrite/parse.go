package rewrite

import (
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"twinspect.dev/replay"
)

// version is the version of the rule file's form.
const version = "1"

// Parse reads the sections rewrite, auth and dates of a rule file; the section
// correlate is left to others. name is the file's name for messages, and lookup
// finds a variable of the environment, as [os.LookupEnv] does; without it there
// are none. Mistakes in the file are [Errors]: all of them, each with its place
// and none with the value of a variable.
//
// Parse reads no other file and asks nobody: [Rules.Prepare] does.
func Parse(name string, data []byte, lookup func(string) (string, bool)) (*Rules, error) {
	if len(data) > maxFile {
		return nil, Errors{{File: name, Line: 1, Column: 1, Msg: fmt.Sprintf("the file is larger than %d bytes", maxFile)}}
	}
	if lookup == nil {
		lookup = func(string) (string, bool) { return "", false }
	}
	r := &reader{file: name, lookup: lookup}
	rules := &Rules{file: name, now: time.Now}
	if root := r.tree(data); len(r.errs) == 0 {
		r.rules(rules, root)
	}
	if len(r.errs) > 0 {
		return nil, r.errs.sorted()
	}
	return rules, nil
}

func (r *reader) rules(rules *Rules, root ast.Node) {
	if root == nil || root.Type() == ast.NullType {
		r.errorf(nil, "the file is empty; it begins with version: %s", version)
		return
	}
	fields := r.fields(root, "the rule file", "version", "rewrite", "auth", "dates", "correlate")
	if fields == nil {
		return
	}
	if f, ok := fields["version"]; !ok {
		r.errorf(start(root), "version is missing; this program reads version: %s", version)
	} else if v, ok := r.scalar(f.value, "version is a number"); ok && v != version {
		r.errorf(start(f.value), "version %s is not known; this program reads version: %s", v, version)
	}
	if f, ok := fields["rewrite"]; ok {
		rules.rules = each(r, f, r.rule)
	}
	if f, ok := fields["auth"]; ok {
		r.hidden = true
		rules.auth = each(r, f, r.auth)
		r.hidden = false
	}
	if f, ok := fields["dates"]; ok {
		rules.dates = r.dates(f)
	}
}

// each reads the entries of a list until there are too many mistakes.
func each[T any](r *reader, f field, read func(ast.Node) *T) []*T {
	var list []*T
	for _, n := range r.entries(f) {
		if len(r.errs) >= maxErrors {
			break
		}
		if entry := read(n); entry != nil {
			list = append(list, entry)
		}
	}
	return list
}

var scopeKeys = []string{"side", "operation"}

// scope reads which requests an entry is for.
func (r *reader) scope(fields map[string]field) scope {
	var s scope
	if f, ok := fields["side"]; ok {
		for _, name := range r.words(f, "side is one of "+oneOf(sideNames)+", or a list of them") {
			if !contains(sideNames, name) {
				r.errorf(start(f.value), "there is no side %q; allowed are %s", name, oneOf(sideNames))
			}
			s.sides = append(s.sides, replay.Side(name))
		}
	}
	if f, ok := fields["operation"]; ok {
		for _, text := range r.words(f, "operation is a method and a path such as GET /products/{id}, or a list of them") {
			o, ok := newOperation(text)
			if !ok {
				r.errorf(start(f.value), "operation is a method and a path such as GET /products/{id} or * /admin/*, not %q", text)
			}
			s.operations = append(s.operations, o)
		}
	}
	return s
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

// duration reads a positive duration.
func (r *reader) duration(f field, want string) time.Duration {
	text, ok := r.scalar(f.value, want)
	if !ok {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		r.errorf(start(f.value), "%s, not %s", want, r.describe(f.value))
	}
	return d
}

// fieldName reads the name of a header field (RFC 9110 section 5.1).
func (r *reader) fieldName(f field) string {
	name, ok := r.scalar(f.value, f.key.Value+" is the name of a header field")
	if ok && !isToken(name) {
		r.errorf(start(f.value), "%q is not the name of a header field", name)
	}
	return name
}

// isToken reports whether s is a token (RFC 9110 section 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if (c < 'a' || c > 'z') && (s[i] < '0' || s[i] > '9') && strings.IndexByte("!#$%&'*+-.^_`|~", s[i]) < 0 {
			return false
		}
	}
	return s != ""
}

package rewrite

import (
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/replay"
)

// version is the version of the rule file's form.
const version = "1"

// reader reads a rule file.
type reader struct {
	rulefile.Reader
	lookup func(string) (string, bool)
}

type (
	// Error is one mistake in a rule file.
	Error = rulefile.Error
	// Errors holds every mistake of a rule file, in the order of their places.
	Errors = rulefile.Errors
)

// Parse reads the sections rewrite, auth and dates of a rule file; the section
// correlate is left to others. name is the file's name for messages, and lookup
// finds a variable of the environment, as [os.LookupEnv] does; without it there
// are none. Mistakes in the file are [Errors]: all of them, each with its place
// and none with the value of a variable.
//
// Parse reads no other file and asks nobody: [Rules.Prepare] does.
func Parse(name string, data []byte, lookup func(string) (string, bool)) (*Rules, error) {
	if lookup == nil {
		lookup = func(string) (string, bool) { return "", false }
	}
	r := &reader{Reader: rulefile.Reader{File: name}, lookup: lookup}
	rules := &Rules{file: name, now: time.Now}
	if root := r.Tree(data); r.Mistakes() == 0 {
		r.rules(rules, root)
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return rules, nil
}

func (r *reader) rules(rules *Rules, root ast.Node) {
	fields := r.Root(root, version, "rewrite", "auth", "dates", "correlate")
	if f, ok := fields["rewrite"]; ok {
		for n := range r.Entries(f) {
			if rule := r.rule(n); rule != nil {
				rules.rules = append(rules.rules, rule)
			}
		}
	}
	if f, ok := fields["auth"]; ok {
		r.Hidden = true
		for n := range r.Entries(f) {
			if auth := r.auth(n); auth != nil {
				rules.auth = append(rules.auth, auth)
			}
		}
		r.Hidden = false
	}
	if f, ok := fields["dates"]; ok {
		rules.dates = r.dates(f)
	}
}

// exactlyOne returns the one of keys that is given, and reports none and more
// than one.
func (r *reader) exactlyOne(at *token.Token, fields rulefile.Fields, owner string, keys []string) string {
	given := fields.Given(keys)
	switch len(given) {
	case 0:
		r.Errorf(at, "%s has exactly one of %s; this one has none", owner, rulefile.OneOf(keys))
		return ""
	case 1:
		return given[0]
	}
	r.Errorf(fields[given[1]].Key, "%s has exactly one of %s; this one has %s and %s", owner, rulefile.OneOf(keys), given[0], given[1])
	return ""
}

var scopeKeys = []string{"side", "operation"}

// scope reads which requests an entry is for.
func (r *reader) scope(fields rulefile.Fields) scope {
	var s scope
	if f, ok := fields["side"]; ok {
		for _, name := range r.Words(f, "side is one of "+rulefile.OneOf(sideNames)+", or a list of them") {
			if !slices.Contains(sideNames, name) {
				r.Errorf(rulefile.Start(f.Value), "there is no side %q; allowed are %s", name, rulefile.OneOf(sideNames))
			}
			s.sides = append(s.sides, replay.Side(name))
		}
	}
	if f, ok := fields["operation"]; ok {
		for _, text := range r.Words(f, "operation is a method and a path such as GET /products/{id}, or a list of them") {
			o, ok := newOperation(text)
			if !ok {
				r.Errorf(rulefile.Start(f.Value), "operation is a method and a path such as GET /products/{id} or * /admin/*, not %q", text)
			}
			s.operations = append(s.operations, o)
		}
	}
	return s
}

// duration reads a positive duration.
func (r *reader) duration(f rulefile.Field, want string) time.Duration {
	text, ok := r.Scalar(f.Value, want)
	if !ok {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		r.Errorf(rulefile.Start(f.Value), "%s, not %s", want, r.Describe(f.Value))
	}
	return d
}

// fieldName reads the name of a header field (RFC 9110 section 5.1).
func (r *reader) fieldName(f rulefile.Field) string {
	name, ok := r.Scalar(f.Value, f.Key.Value+" is the name of a header field")
	if ok && !isToken(name) {
		r.Errorf(rulefile.Start(f.Value), "%q is not the name of a header field", name)
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

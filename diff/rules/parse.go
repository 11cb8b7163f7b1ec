package rules

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/diff"
)

// version is the version of the rule file's form.
const version = "1"

// The keys of a rule, by what they say.
var (
	placeKeys  = []string{"path", "header", "trailer", "part"}
	actionKeys = []string{"ignore", "class", "tolerance", "unordered", "key", "null-equals-missing", "rename"}
	otherKeys  = []string{"operation", "status", "reason", "expires"}
	ruleKeys   = append(append(append([]string(nil), placeKeys...), actionKeys...), otherKeys...)
	partNames  = []string{"status", "header", "trailer", "body", "latency"}
)

// reader reads a rule file.
type reader struct{ rulefile.Reader }

type (
	// Error is one mistake in a rule file.
	Error = rulefile.Error
	// Errors holds every mistake of a rule file, in the order of their places.
	Errors = rulefile.Errors
)

// Parse reads a rule file. name is the file's name for messages, now the time
// that decides which rules have expired. Mistakes in it are [Errors]: all of
// them, each with its place.
func Parse(name string, data []byte, now time.Time) (*Set, error) {
	r := &reader{Reader: rulefile.Reader{File: name}}
	set := &Set{file: name, now: now, scopes: make(map[scopeKey]*Scope)}
	if root := r.Tree(data); r.Mistakes() == 0 {
		r.set(set, root, now)
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return set, nil
}

func (r *reader) set(set *Set, root ast.Node, now time.Time) {
	fields := r.Root(root, version, "service", "rules")
	if f, ok := fields["service"]; ok {
		set.service, _ = r.Scalar(f.Value, "service is a name")
	}
	f, ok := fields["rules"]
	if !ok {
		return
	}
	for n := range r.Entries(f) {
		if rule := r.rule(n, now); rule != nil {
			set.rules = append(set.rules, rule)
		}
	}
}

func (r *reader) rule(n ast.Node, now time.Time) *rule {
	fields := r.Fields(n, "a rule", ruleKeys...)
	if fields == nil {
		return nil
	}
	result := &rule{line: rulefile.Line(n), column: 1}
	if at := rulefile.Start(n); at != nil && at.Position != nil {
		result.column = at.Position.Column
	}
	where := r.exactlyOne(n, fields, "where", placeKeys)
	if where != "" {
		result.place = r.place(fields[where])
	}
	what := r.exactlyOne(n, fields, "what", actionKeys)
	if what != "" {
		result.action, result.text = r.action(fields[what])
	}
	if where != "" && what != "" {
		r.fits(fields[what], where)
		r.renames(fields[what], result)
	}
	result.scope = r.filter(fields)
	if f, ok := fields["reason"]; ok {
		result.reason, _ = r.Scalar(f.Value, "reason is a sentence that says why the difference is meant")
	} else {
		r.Errorf(rulefile.Start(n), "reason is missing; say why the difference is meant")
	}
	if f, ok := fields["expires"]; ok {
		result.expires = r.date(f)
		result.expired = !result.expires.IsZero() && !now.Before(result.expires)
	}
	return result
}

// exactlyOne returns the one of keys that the rule has, and reports none and
// more than one.
func (r *reader) exactlyOne(n ast.Node, fields rulefile.Fields, purpose string, keys []string) string {
	given := fields.Given(keys)
	switch len(given) {
	case 0:
		r.Errorf(rulefile.Start(n), "the rule does not say %s; give one of %s", purpose, rulefile.OneOf(keys))
		return ""
	case 1:
		return given[0]
	}
	r.Errorf(fields[given[1]].Key, "a rule says %s once, with one of %s; this one has %s and %s", purpose, rulefile.OneOf(keys), given[0], given[1])
	return ""
}

// fits reports actions that have no meaning at their place.
func (r *reader) fits(f rulefile.Field, where string) {
	what := f.Key.Value
	onlyPath := what == "unordered" || what == "key" || what == "null-equals-missing" || what == "rename"
	switch {
	case onlyPath && where != "path":
		r.Errorf(f.Key, "%s is for a path into a JSON body, not for a %s", what, where)
	case where == "part" && what != "ignore":
		r.Errorf(f.Key, "%s is for one value; a whole part can only be ignored", what)
	}
}

// renames reports a path that does not end in the name that is to be replaced.
func (r *reader) renames(f rulefile.Field, result *rule) {
	p := result.place.pattern
	if result.action.rename == "" || p == nil {
		return
	}
	name, ok := p.lastName()
	switch {
	case !ok:
		r.Errorf(f.Key, "rename is for one member: its path ends in the name that base has, such as $.items[*].price")
	case name == result.action.rename:
		r.Errorf(rulefile.Start(f.Value), "rename to %q changes nothing: the path ends in the same name", name)
	}
}

func (r *reader) place(f rulefile.Field) place {
	text, ok := r.Scalar(f.Value, f.Key.Value+" is a text")
	if !ok {
		return place{}
	}
	switch f.Key.Value {
	case "path":
		p, err := newPattern(text)
		if err != nil {
			r.Errorf(rulefile.Start(f.Value), "path %s is not a JSONPath query (RFC 9535): %s", text, strings.TrimPrefix(err.Error(), "jsonpath: "))
		}
		return place{part: diff.Body, pattern: p}
	case "part":
		for _, name := range partNames {
			if text == name {
				return place{part: diff.Part(text)}
			}
		}
		r.Errorf(rulefile.Start(f.Value), "no part is called %q%s; the parts are %s", text, rulefile.DidYouMean(text, partNames), rulefile.OneOf(partNames))
		return place{}
	}
	if strings.ContainsAny(text, ": \t\n") {
		r.Errorf(rulefile.Start(f.Value), "%q is not the name of a field", text)
	}
	return place{part: diff.Part(f.Key.Value), name: strings.ToLower(text)}
}

func (r *reader) filter(fields rulefile.Fields) filter {
	var result filter
	if f, ok := fields["operation"]; ok {
		result.operations = r.Words(f, "operation is a name such as GET /products/{id}, or a list of them")
	}
	if f, ok := fields["status"]; ok {
		for _, n := range r.OneOrMore(f, rulefile.ToMeanAll) {
			result.statuses = append(result.statuses, r.status(n))
		}
	}
	return result
}

var statusForm = regexp.MustCompile(`^[1-5]([0-9][0-9]|xx)$`)

func (r *reader) status(n ast.Node) statusRange {
	const want = "status is a number such as 404, a class such as 2xx, or a list of them"
	text, ok := r.Scalar(n, want)
	if !ok {
		return statusRange{}
	}
	if !statusForm.MatchString(text) {
		r.Errorf(rulefile.Start(n), "%s, not %q", want, text)
		return statusRange{}
	}
	if hundreds, ok := strings.CutSuffix(text, "xx"); ok {
		from := int(hundreds[0]-'0') * 100
		return statusRange{from, from + 99}
	}
	code, _ := strconv.Atoi(text) // three digits by the form
	return statusRange{code, code}
}

func (r *reader) date(f rulefile.Field) time.Time {
	const want = "expires is a date such as 2027-01-31"
	text, ok := r.Scalar(f.Value, want)
	if !ok {
		return time.Time{}
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		r.Errorf(rulefile.Start(f.Value), "%s, not %q", want, text)
	}
	return t
}

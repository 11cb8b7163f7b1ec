package rules

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"twinspect.dev/diff"
)

// version is the version of the rule file's form.
const version = "1"

// The keys of a rule, by what they say.
var (
	placeKeys  = []string{"path", "header", "trailer", "part"}
	actionKeys = []string{"ignore", "class", "tolerance", "unordered", "key", "null-equals-missing"}
	otherKeys  = []string{"operation", "status", "reason", "expires"}
	ruleKeys   = append(append(append([]string(nil), placeKeys...), actionKeys...), otherKeys...)
	partNames  = []string{"status", "header", "trailer", "body", "latency"}
)

// Parse reads a rule file. name is the file's name for messages, now the time
// that decides which rules have expired. Mistakes in it are [Errors]: all of
// them, each with its place.
func Parse(name string, data []byte, now time.Time) (*Set, error) {
	if len(data) > maxFile {
		return nil, tooLarge(name)
	}
	r := &reader{file: name}
	set := &Set{file: name, scopes: make(map[scopeKey]*Scope)}
	if root := r.tree(data); len(r.errs) == 0 {
		r.set(set, root, now)
	}
	if len(r.errs) > 0 {
		return nil, r.errs.sorted()
	}
	return set, nil
}

func (r *reader) set(set *Set, root ast.Node, now time.Time) {
	if root == nil {
		r.errorf(nil, "the file is empty; it begins with version: %s", version)
		return
	}
	fields := r.fields(root, "the rule file", "version", "service", "rules")
	if fields == nil {
		return
	}
	if f, ok := fields["version"]; !ok {
		r.errorf(start(root), "version is missing; this program reads version: %s", version)
	} else if v, ok := r.scalar(f.value, "version is a number"); ok && v != version {
		r.errorf(start(f.value), "version %s is not known; this program reads version: %s", v, version)
	}
	if f, ok := fields["service"]; ok {
		set.service, _ = r.scalar(f.value, "service is a name")
	}
	f, ok := fields["rules"]
	if !ok || f.value.Type() == ast.NullType {
		return
	}
	rules, ok := f.value.(*ast.SequenceNode)
	if !ok {
		r.errorf(start(f.value), "rules is a list, not %s", describe(f.value))
		return
	}
	for _, n := range rules.Values {
		if len(r.errs) >= maxErrors {
			return
		}
		if rule := r.rule(n, now); rule != nil {
			set.rules = append(set.rules, rule)
		}
	}
}

func (r *reader) rule(n ast.Node, now time.Time) *rule {
	fields := r.fields(n, "a rule", ruleKeys...)
	if fields == nil {
		return nil
	}
	result := &rule{line: 1}
	if at := start(n); at != nil {
		result.line = at.Position.Line
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
	}
	result.scope = r.filter(fields)
	if f, ok := fields["reason"]; ok {
		result.reason, _ = r.scalar(f.value, "reason is a sentence that says why the difference is meant")
	} else {
		r.errorf(start(n), "reason is missing; say why the difference is meant")
	}
	if f, ok := fields["expires"]; ok {
		result.expires = r.date(f)
		result.expired = !result.expires.IsZero() && !now.Before(result.expires)
	}
	return result
}

// exactlyOne returns the one of keys that the rule has, and reports none and
// more than one.
func (r *reader) exactlyOne(n ast.Node, fields map[string]field, purpose string, keys []string) string {
	found := ""
	for _, k := range keys {
		f, ok := fields[k]
		switch {
		case !ok:
		case found == "":
			found = k
		default:
			r.errorf(f.key, "a rule says %s once, with one of %s; this one has %s and %s", purpose, oneOf(keys), found, k)
			return ""
		}
	}
	if found == "" {
		r.errorf(start(n), "the rule does not say %s; give one of %s", purpose, oneOf(keys))
	}
	return found
}

// fits reports actions that have no meaning at their place.
func (r *reader) fits(f field, where string) {
	what := f.key.Value
	onlyPath := what == "unordered" || what == "key" || what == "null-equals-missing"
	switch {
	case onlyPath && where != "path":
		r.errorf(f.key, "%s is for a path into a JSON body, not for a %s", what, where)
	case where == "part" && what != "ignore":
		r.errorf(f.key, "%s is for one value; a whole part can only be ignored", what)
	}
}

func (r *reader) place(f field) place {
	text, ok := r.scalar(f.value, f.key.Value+" is a text")
	if !ok {
		return place{}
	}
	switch f.key.Value {
	case "path":
		p, err := newPattern(text)
		if err != nil {
			r.errorf(start(f.value), "path %s is not a JSONPath query (RFC 9535): %s", text, strings.TrimPrefix(err.Error(), "jsonpath: "))
		}
		return place{part: diff.Body, pattern: p}
	case "part":
		for _, name := range partNames {
			if text == name {
				return place{part: diff.Part(text)}
			}
		}
		r.errorf(start(f.value), "no part is called %q%s; the parts are %s", text, didYouMean(text, partNames), oneOf(partNames))
		return place{}
	}
	if strings.ContainsAny(text, ": \t\n") {
		r.errorf(start(f.value), "%q is not the name of a field", text)
	}
	return place{part: diff.Part(f.key.Value), name: strings.ToLower(text)}
}

func (r *reader) filter(fields map[string]field) filter {
	var result filter
	if f, ok := fields["operation"]; ok {
		for _, n := range list(f.value) {
			if text, ok := r.scalar(n, "operation is a name such as GET /products/{id}, or a list of them"); ok {
				result.operations = append(result.operations, text)
			}
		}
		r.notEmpty(f)
	}
	if f, ok := fields["status"]; ok {
		for _, n := range list(f.value) {
			result.statuses = append(result.statuses, r.status(n))
		}
		r.notEmpty(f)
	}
	return result
}

// notEmpty reports an empty list, which would widen the rule to everything.
func (r *reader) notEmpty(f field) {
	if s, ok := f.value.(*ast.SequenceNode); ok && len(s.Values) == 0 {
		r.errorf(start(f.value), "%s is an empty list; leave it out to mean all", f.key.Value)
	}
}

var statusForm = regexp.MustCompile(`^[1-5]([0-9][0-9]|xx)$`)

func (r *reader) status(n ast.Node) statusRange {
	const want = "status is a number such as 404, a class such as 2xx, or a list of them"
	text, ok := r.scalar(n, want)
	if !ok {
		return statusRange{}
	}
	if !statusForm.MatchString(text) {
		r.errorf(start(n), "%s, not %q", want, text)
		return statusRange{}
	}
	if hundreds, ok := strings.CutSuffix(text, "xx"); ok {
		from := int(hundreds[0]-'0') * 100
		return statusRange{from, from + 99}
	}
	code, _ := strconv.Atoi(text) // three digits by the form
	return statusRange{code, code}
}

func (r *reader) date(f field) time.Time {
	const want = "expires is a date such as 2027-01-31"
	text, ok := r.scalar(f.value, want)
	if !ok {
		return time.Time{}
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		r.errorf(start(f.value), "%s, not %q", want, text)
	}
	return t
}

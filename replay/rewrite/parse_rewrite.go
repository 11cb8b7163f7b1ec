package rewrite

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"twinspect.dev/capture/jsonquery"
	"twinspect.dev/capture/rulefile"
)

// The keys of a rule, and of what it does to a value.
var (
	placeKeys = []string{inSetHeader, inRemoveHeader, inHeader, inHost, inPath, inQuery, inBody, inForm}
	alterKeys = []string{"set", "remove", "match"}
	ruleKeys  = slices.Concat(placeKeys, scopeKeys, []string{"set", "remove", "match", "replace", "reason"})
)

func (r *reader) rule(n ast.Node) *rule {
	fields := r.Fields(n, "a rule", ruleKeys...)
	if fields == nil {
		return nil
	}
	out := &rule{line: rulefile.Line(n), scope: r.scope(fields)}
	if f, ok := fields["reason"]; ok {
		out.reason, _ = r.Scalar(f.Value, "reason is a sentence that says why the request is changed")
	}
	if out.place = r.exactlyOne(rulefile.Start(n), fields, "a rule", placeKeys); out.place == "" {
		return nil
	}
	if out.place == inBody {
		r.bodyRule(out, fields)
		return out
	}
	for _, key := range []string{"set", "remove", "match", "replace"} {
		if f, ok := fields[key]; ok {
			r.Errorf(f.Key, "%s stands inside of %s: {...}, and beside body only", key, out.place)
		}
	}
	r.placeOf(out, fields[out.place])
	return out
}

// placeOf reads a place whose action is given inside of it.
func (r *reader) placeOf(out *rule, f rulefile.Field) {
	switch out.place {
	case inRemoveHeader:
		out.name, out.alter.remove = r.fieldName(f), true
	case inSetHeader:
		r.setHeader(out, f)
	case inHost:
		fields := r.Fields(f.Value, f.Key.Value, "set", "match", "replace")
		r.alter(&out.alter, f, fields, "set", "match")
		if s := out.alter.set; s != nil && (*s == "" || !isVisible(*s) || strings.ContainsAny(*s, "/?#@")) {
			r.Errorf(rulefile.Start(fields["set"].Value), "a host is a name or an address, with a port or without: example.com:8080")
		}
	case inPath:
		fields := r.Fields(f.Value, f.Key.Value, "match", "replace")
		r.alter(&out.alter, f, fields, "match")
	case inHeader:
		fields := r.Fields(f.Value, f.Key.Value, "name", "match", "replace")
		out.name = r.nameIn(f, fields, true)
		r.alter(&out.alter, f, fields, "match")
	default:
		fields := r.Fields(f.Value, f.Key.Value, "name", "set", "remove", "rename", "match", "replace")
		out.name = r.nameIn(f, fields, false)
		r.alter(&out.alter, f, fields, append(alterKeys, "rename")...)
	}
}

func (r *reader) setHeader(out *rule, f rulefile.Field) {
	fields := r.Fields(f.Value, f.Key.Value, "name", "value")
	out.name = r.nameIn(f, fields, true)
	v, ok := fields["value"]
	if !ok {
		r.Errorf(f.Key, "value is missing: what the field is set to")
		return
	}
	text, _ := r.Text(v)
	text, out.secret = r.expand(v, text)
	if !isFieldValue(text) {
		r.Errorf(rulefile.Start(v.Value), "the value of a header field has no line breaks")
	}
	out.alter.set = &text
}

// nameIn reads the member name of a place.
func (r *reader) nameIn(place rulefile.Field, fields rulefile.Fields, header bool) string {
	f, ok := fields["name"]
	switch {
	case !ok && fields != nil:
		r.Errorf(place.Key, "name is missing: which %s is changed", place.Key.Value)
		return ""
	case !ok:
		return ""
	case header:
		return r.fieldName(f)
	}
	name, _ := r.Scalar(f.Value, "name is a text")
	return name
}

// alter reads the one action among those allowed; owner is the key it belongs to.
func (r *reader) alter(out *alter, owner rulefile.Field, fields rulefile.Fields, allowed ...string) {
	if fields == nil {
		return
	}
	what := r.exactlyOne(owner.Key, fields, owner.Key.Value, allowed)
	f := fields[what]
	switch what {
	case "set":
		if text, ok := r.Text(f); ok {
			out.set = &text
		}
	case "remove":
		out.remove = r.IsTrue(f)
	case "rename":
		out.rename, _ = r.Scalar(f.Value, "rename is the new name")
	case "match":
		r.expression(out, f, fields)
	}
	if f, ok := fields["replace"]; ok && what != "match" {
		r.Errorf(f.Key, "replace belongs to match")
	}
}

// bodyRule reads body: PATH and the action beside it.
func (r *reader) bodyRule(out *rule, fields rulefile.Fields) {
	f := fields[inBody]
	text, ok := r.Scalar(f.Value, "body is a JSONPath query such as $.customer.id")
	if !ok {
		return
	}
	q, err := jsonquery.Parse(text)
	if err != nil {
		r.Errorf(rulefile.Start(f.Value), "body %s is not a JSONPath query (RFC 9535): %s", text, strings.TrimPrefix(err.Error(), "jsonpath: "))
		return
	}
	out.name, out.query = text, q
	r.alterBody(&out.alter, f, fields)
	if out.alter.remove && q.IsRoot() {
		r.Errorf(fields["remove"].Key, "the whole body cannot be removed; set it")
	}
}

func (r *reader) alterBody(out *alter, owner rulefile.Field, fields rulefile.Fields) {
	f, ok := fields["set"]
	if !ok {
		r.alter(out, owner, fields, alterKeys...)
		return
	}
	r.exactlyOne(owner.Key, fields, inBody, alterKeys)
	if g, ok := fields["replace"]; ok {
		r.Errorf(g.Key, "replace belongs to match")
	}
	text := string(r.jsonValue(f))
	out.set = &text
}

// expression reads match and replace.
func (r *reader) expression(out *alter, f rulefile.Field, fields rulefile.Fields) {
	text, ok := r.Scalar(f.Value, "match is a regular expression (RE2)")
	if !ok {
		return
	}
	re, err := regexp.Compile(text)
	if err != nil {
		r.Errorf(rulefile.Start(f.Value), "match is a regular expression (RE2): %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		return
	}
	out.match = re
	g, ok := fields["replace"]
	if !ok {
		r.Errorf(f.Key, "match needs replace: what stands in the place of the match; $1 is the first group")
		return
	}
	out.replace, _ = r.Text(g)
	r.groups(re, g, out.replace)
}

var reference = regexp.MustCompile(`\$\$|\$\{(\w+)\}|\$(\w+)`)

// groups reports a reference to a group that the expression does not have: it
// would silently stand for nothing.
func (r *reader) groups(re *regexp.Regexp, f rulefile.Field, replace string) {
	for _, m := range reference.FindAllStringSubmatch(replace, -1) {
		name := m[1] + m[2]
		n, err := strconv.Atoi(name)
		if name == "" || err == nil && n <= re.NumSubexp() || err != nil && re.SubexpIndex(name) >= 0 {
			continue
		}
		r.Errorf(rulefile.Start(f.Value), "%s: the expression has no group %s; a group before letters is written ${1}, and a dollar $$", m[0], name)
	}
}

package rewrite

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// The keys of a rule, and of what it does to a value.
var (
	placeKeys = []string{inSetHeader, inRemoveHeader, inHeader, inHost, inPath, inQuery, inBody, inForm}
	alterKeys = []string{"set", "remove", "match"}
	ruleKeys  = slices.Concat(placeKeys, scopeKeys, []string{"set", "remove", "match", "replace", "reason"})
)

func (r *reader) rule(n ast.Node) *rule {
	fields := r.fields(n, "a rule", ruleKeys...)
	if fields == nil {
		return nil
	}
	out := &rule{line: lineOf(n), scope: r.scope(fields)}
	if f, ok := fields["reason"]; ok {
		out.reason, _ = r.scalar(f.value, "reason is a sentence that says why the request is changed")
	}
	if out.place = r.exactlyOne(start(n), fields, "a rule", placeKeys); out.place == "" {
		return nil
	}
	if out.place == inBody {
		r.bodyRule(out, fields)
		return out
	}
	for _, key := range []string{"set", "remove", "match", "replace"} {
		if f, ok := fields[key]; ok {
			r.errorf(f.key, "%s stands inside of %s: {...}, and beside body only", key, out.place)
		}
	}
	r.placeOf(out, fields[out.place])
	return out
}

// placeOf reads a place whose action is given inside of it.
func (r *reader) placeOf(out *rule, f field) {
	switch out.place {
	case inRemoveHeader:
		out.name, out.alter.remove = r.fieldName(f), true
	case inSetHeader:
		r.setHeader(out, f)
	case inHost:
		fields := r.fields(f.value, f.key.Value, "set", "match", "replace")
		r.alter(&out.alter, f, fields, "set", "match")
		if s := out.alter.set; s != nil && (*s == "" || !isVisible(*s) || strings.ContainsAny(*s, "/?#@")) {
			r.errorf(start(fields["set"].value), "a host is a name or an address, with a port or without: example.com:8080")
		}
	case inPath:
		fields := r.fields(f.value, f.key.Value, "match", "replace")
		r.alter(&out.alter, f, fields, "match")
	case inHeader:
		fields := r.fields(f.value, f.key.Value, "name", "match", "replace")
		out.name = r.nameIn(f, fields, true)
		r.alter(&out.alter, f, fields, "match")
	default:
		fields := r.fields(f.value, f.key.Value, "name", "set", "remove", "rename", "match", "replace")
		out.name = r.nameIn(f, fields, false)
		r.alter(&out.alter, f, fields, append(alterKeys, "rename")...)
	}
}

func (r *reader) setHeader(out *rule, f field) {
	fields := r.fields(f.value, f.key.Value, "name", "value")
	out.name = r.nameIn(f, fields, true)
	v, ok := fields["value"]
	if !ok {
		r.errorf(f.key, "value is missing: what the field is set to")
		return
	}
	text, _ := r.text(v)
	text, out.secret = r.expand(v, text)
	if !isFieldValue(text) {
		r.errorf(start(v.value), "the value of a header field has no line breaks")
	}
	out.alter.set = &text
}

// nameIn reads the member name of a place.
func (r *reader) nameIn(place field, fields map[string]field, header bool) string {
	f, ok := fields["name"]
	switch {
	case !ok && fields != nil:
		r.errorf(place.key, "name is missing: which %s is changed", place.key.Value)
		return ""
	case !ok:
		return ""
	case header:
		return r.fieldName(f)
	}
	name, _ := r.scalar(f.value, "name is a text")
	return name
}

// alter reads the one action among those allowed; owner is the key it belongs to.
func (r *reader) alter(out *alter, owner field, fields map[string]field, allowed ...string) {
	if fields == nil {
		return
	}
	what := r.exactlyOne(owner.key, fields, owner.key.Value, allowed)
	f := fields[what]
	switch what {
	case "set":
		if text, ok := r.text(f); ok {
			out.set = &text
		}
	case "remove":
		out.remove = r.isTrue(f)
	case "rename":
		out.rename, _ = r.scalar(f.value, "rename is the new name")
	case "match":
		r.expression(out, f, fields)
	}
	if f, ok := fields["replace"]; ok && what != "match" {
		r.errorf(f.key, "replace belongs to match")
	}
}

// bodyRule reads body: PATH and the action beside it.
func (r *reader) bodyRule(out *rule, fields map[string]field) {
	f := fields[inBody]
	text, ok := r.scalar(f.value, "body is a JSONPath query such as $.customer.id")
	if !ok {
		return
	}
	q, err := newQuery(text)
	if err != nil {
		r.errorf(start(f.value), "body %s is not a JSONPath query (RFC 9535): %s", text, err)
		return
	}
	out.name, out.query = text, q
	r.alterBody(&out.alter, f, fields)
	if out.alter.remove && len(q.segments) == 0 {
		r.errorf(fields["remove"].key, "the whole body cannot be removed; set it")
	}
}

func (r *reader) alterBody(out *alter, owner field, fields map[string]field) {
	f, ok := fields["set"]
	if !ok {
		r.alter(out, owner, fields, alterKeys...)
		return
	}
	r.exactlyOne(owner.key, fields, inBody, alterKeys)
	if g, ok := fields["replace"]; ok {
		r.errorf(g.key, "replace belongs to match")
	}
	text := string(r.jsonValue(f))
	out.set = &text
}

// expression reads match and replace.
func (r *reader) expression(out *alter, f field, fields map[string]field) {
	text, ok := r.scalar(f.value, "match is a regular expression (RE2)")
	if !ok {
		return
	}
	re, err := regexp.Compile(text)
	if err != nil {
		r.errorf(start(f.value), "match is a regular expression (RE2): %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		return
	}
	out.match = re
	g, ok := fields["replace"]
	if !ok {
		r.errorf(f.key, "match needs replace: what stands in the place of the match; $1 is the first group")
		return
	}
	out.replace, _ = r.text(g)
	r.groups(re, g, out.replace)
}

var reference = regexp.MustCompile(`\$\$|\$\{(\w+)\}|\$(\w+)`)

// groups reports a reference to a group that the expression does not have: it
// would silently stand for nothing.
func (r *reader) groups(re *regexp.Regexp, f field, replace string) {
	for _, m := range reference.FindAllStringSubmatch(replace, -1) {
		name := m[1] + m[2]
		n, err := strconv.Atoi(name)
		if name == "" || err == nil && n <= re.NumSubexp() || err != nil && re.SubexpIndex(name) >= 0 {
			continue
		}
		r.errorf(start(f.value), "%s: the expression has no group %s; a group before letters is written ${1}, and a dollar $$", m[0], name)
	}
}

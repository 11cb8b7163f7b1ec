package rules

import (
	"math/big"
	"regexp"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"twinspect.dev/diff/class"
	"twinspect.dev/diff/jsondiff"
)

// action reads what a rule does, and returns it with a short text for reports.
func (r *reader) action(f field) (action, string) {
	switch f.key.Value {
	case "ignore":
		return action{ignore: r.isTrue(f)}, "ignore"
	case "null-equals-missing":
		return action{nullMissing: r.isTrue(f)}, "null equals missing at"
	case "unordered":
		return action{array: &jsondiff.ArrayRule{Unordered: r.isTrue(f)}}, "unordered"
	case "key":
		key := r.key(f)
		return action{array: &jsondiff.ArrayRule{Key: key}}, "key " + strings.Join(key, ", ") + " of"
	case "class":
		return r.class(f)
	}
	return r.tolerance(f)
}

func (r *reader) key(f field) []string {
	if s, ok := f.value.(*ast.SequenceNode); ok && len(s.Values) == 0 {
		r.errorf(start(f.value), "key is an empty list; name the members that identify an element")
	}
	var names []string
	for _, n := range list(f.value) {
		if name, ok := r.scalar(n, "key is the name of a member, or a list of them"); ok {
			names = append(names, name)
		}
	}
	return names
}

func (r *reader) class(f field) (action, string) {
	if _, ok := f.value.(ast.MapNode); ok {
		return r.regexp(f)
	}
	name, ok := r.scalar(f.value, "class is the name of a class, or {regexp: EXPRESSION}")
	if !ok {
		return action{}, ""
	}
	c, err := class.Parse(name)
	if err != nil {
		names := class.Names()
		r.errorf(start(f.value), "no class is called %q%s; the classes are %s, or {regexp: EXPRESSION}",
			name, didYouMean(name, names), oneOf(names))
	}
	return action{class: &c}, "class " + name + " at"
}

func (r *reader) regexp(f field) (action, string) {
	g, ok := r.fields(f.value, "class", "regexp")["regexp"]
	if !ok {
		return action{}, ""
	}
	text, ok := r.scalar(g.value, "regexp is a regular expression in Go's syntax")
	if !ok {
		return action{}, ""
	}
	re, err := regexp.Compile(text)
	if err != nil {
		r.errorf(start(g.value), "%v; the syntax is Go's, https://pkg.go.dev/regexp/syntax", err)
	}
	return action{regexp: re}, "class /" + text + "/ at"
}

func (r *reader) tolerance(f field) (action, string) {
	keys := []string{"absolute", "relative", "time"}
	fields := r.fields(f.value, "tolerance", keys...)
	if len(fields) != 1 {
		if fields != nil {
			r.errorf(f.key, "tolerance has exactly one of %s", oneOf(keys))
		}
		return action{}, ""
	}
	var result action
	var text string
	for name, g := range fields {
		switch name {
		case "absolute":
			result.absolute, text = r.amount(g, "absolute is a number such as 0.01", false)
		case "relative":
			result.relative, text = r.amount(g, "relative is a share such as 1% or 0.01", true)
		case "time":
			result.time, text = r.duration(g)
		}
	}
	return result, "tolerance " + text + " at"
}

// amount reads a number that is not negative, in per cent where that is
// allowed and written.
func (r *reader) amount(f field, want string, percent bool) (*big.Rat, string) {
	text, ok := r.scalar(f.value, want)
	if !ok {
		return nil, ""
	}
	digits, share := text, false
	if percent {
		digits, share = strings.CutSuffix(text, "%")
	}
	v, ok := decimal([]byte(digits))
	if !ok || v.Sign() < 0 {
		r.errorf(start(f.value), "%s, not %q", want, text)
		return nil, ""
	}
	if share {
		v.Quo(v, big.NewRat(100, 1))
	}
	return v, text
}

func (r *reader) duration(f field) (*time.Duration, string) {
	const want = "time is a duration such as 2s or 500ms"
	text, ok := r.scalar(f.value, want)
	if !ok {
		return nil, ""
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		r.errorf(start(f.value), "%s, not %q", want, text)
	}
	return &d, text
}

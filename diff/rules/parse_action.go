package rules

import (
	"math/big"
	"regexp"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/diff/class"
	"twinspect.dev/diff/jsondiff"
)

// action reads what a rule does, and returns it with a short text for reports.
func (r *reader) action(f rulefile.Field) (action, string) {
	switch f.Key.Value {
	case "ignore":
		return action{ignore: r.IsTrue(f)}, "ignore"
	case "null-equals-missing":
		return action{nullMissing: r.IsTrue(f)}, "null equals missing at"
	case "unordered":
		return action{array: &jsondiff.ArrayRule{Unordered: r.IsTrue(f)}}, "unordered"
	case "key":
		key := r.key(f)
		return action{array: &jsondiff.ArrayRule{Key: key}}, "key " + strings.Join(key, ", ") + " of"
	case "class":
		return r.class(f)
	case "rename":
		name, _ := r.Scalar(f.Value, "rename is the name that branch has for the member")
		return action{rename: name}, "rename to " + name + " of"
	}
	return r.tolerance(f)
}

func (r *reader) key(f rulefile.Field) []string {
	var names []string
	for _, n := range r.OneOrMore(f, "name the members that identify an element") {
		if name, ok := r.Scalar(n, "key is the name of a member, or a list of them"); ok {
			names = append(names, name)
		}
	}
	return names
}

func (r *reader) class(f rulefile.Field) (action, string) {
	if _, ok := f.Value.(ast.MapNode); ok {
		return r.regexp(f)
	}
	name, ok := r.Scalar(f.Value, "class is the name of a class, or {regexp: EXPRESSION}")
	if !ok {
		return action{}, ""
	}
	c, err := class.Parse(name)
	if err != nil {
		names := class.Names()
		r.Errorf(rulefile.Start(f.Value), "no class is called %q%s; the classes are %s, or {regexp: EXPRESSION}",
			name, rulefile.DidYouMean(name, names), rulefile.OneOf(names))
	}
	return action{class: &c}, "class " + name + " at"
}

func (r *reader) regexp(f rulefile.Field) (action, string) {
	g, ok := r.Fields(f.Value, "class", "regexp")["regexp"]
	if !ok {
		return action{}, ""
	}
	text, ok := r.Scalar(g.Value, "regexp is a regular expression in Go's syntax")
	if !ok {
		return action{}, ""
	}
	re, err := regexp.Compile(text)
	if err != nil {
		r.Errorf(rulefile.Start(g.Value), "%v; the syntax is Go's, https://pkg.go.dev/regexp/syntax", err)
	}
	return action{regexp: re}, "class /" + text + "/ at"
}

func (r *reader) tolerance(f rulefile.Field) (action, string) {
	keys := []string{"absolute", "relative", "time"}
	fields := r.Fields(f.Value, "tolerance", keys...)
	if len(fields) != 1 {
		if fields != nil {
			r.Errorf(f.Key, "tolerance has exactly one of %s", rulefile.OneOf(keys))
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
func (r *reader) amount(f rulefile.Field, want string, percent bool) (*big.Rat, string) {
	text, ok := r.Scalar(f.Value, want)
	if !ok {
		return nil, ""
	}
	digits, share := text, false
	if percent {
		digits, share = strings.CutSuffix(text, "%")
	}
	v, ok := decimal([]byte(digits))
	if !ok || v.Sign() < 0 {
		r.Errorf(rulefile.Start(f.Value), "%s, not %q", want, text)
		return nil, ""
	}
	if share {
		v.Quo(v, big.NewRat(100, 1))
	}
	return v, text
}

func (r *reader) duration(f rulefile.Field) (*time.Duration, string) {
	const want = "time is a duration such as 2s or 500ms"
	text, ok := r.Scalar(f.Value, want)
	if !ok {
		return nil, ""
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		r.Errorf(rulefile.Start(f.Value), "%s, not %q", want, text)
	}
	return &d, text
}

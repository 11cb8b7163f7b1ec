package consumer

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pact"
)

// forms are expressions for the classes of texts. Each takes all that the class does,
// and may take more: a provider must not fail for a form of the same meaning. A class
// that is not here is told by its type alone.
var forms = map[string]string{
	"uuid":            `^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`,
	"ulid":            `^[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{26}$`,
	"date":            `^\d{4}-\d{2}-\d{2}$`,
	"time":            `^\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$`,
	"date-time":       `^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[+-]\d{2}:?\d{2})$`,
	"local-date-time": `^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?$`,
	"email":           `^[^@\s]+@[^@\s]+$`,
	"uri":             `^[A-Za-z][A-Za-z0-9+.-]*:\S+$`,
	"ipv4":            `^\d{1,3}(\.\d{1,3}){3}$`,
	"digits":          `^\d+$`,
	"integer":         `^[+-]?\d+$`,
	"decimal":         `^[+-]?\d+(\.\d+)?$`,
	"hex":             `^[0-9a-fA-F]+$`,
}

const (
	// maxEnum is how many values an enumeration has at most, and minEach how often
	// each must have been seen on the average: few samples of free text look like one.
	maxEnum = 12
	minEach = 10
)

// enum is an expression of the values of a field that is an enumeration, "" for none.
func enum(f *contract.Field) string {
	if f.Many || len(f.Values) < 2 || len(f.Values) > maxEnum || f.Seen < uint64(minEach*len(f.Values)) {
		return ""
	}
	var out []string
	for _, v := range slices.Sorted(maps.Keys(f.Values)) {
		if f.Values[v] < 2 || len(v) > 64 || v == "" {
			return ""
		}
		out = append(out, quote(v))
	}
	return "^(" + strings.Join(out, "|") + ")$"
}

// quote makes an expression that is the text alone, in the dialects of ECMA-262, Java
// and Rust alike.
func quote(s string) string { return regexp.QuoteMeta(s) }

func regex(expression string) pact.Rule {
	return pact.Rule{Match: "regex", Options: map[string]any{"regex": expression}}
}

// textRule is the rule for a text: its enumeration, its class, or that it is one. An
// example that does not fit has no such rule: it would not match itself.
func textRule(f *contract.Field, example string) pact.Rule {
	for _, expression := range []string{enum(f), forms[f.Class]} {
		if expression != "" && regexp.MustCompile(expression).MatchString(example) {
			return regex(expression)
		}
	}
	return pact.Rule{Match: "type"}
}

// numbers are the types of JSON that are numbers.
func isNumber(types map[string]uint64) (number, integer bool) {
	return types["number"]+types["integer"] > 0, types["number"] == 0
}

// valueRules are the rules for a value that is neither object nor array; false where
// they cannot be said. A number with a fraction is "number": "decimal" would refuse
// the 10 that another sample has in the place of 9.99.
func (w *writer) valueRules(f *contract.Field, example any) (pact.RuleList, bool) {
	kinds := 0
	number, integer := isNumber(f.Types)
	for _, is := range []bool{number, f.Types["string"] > 0, f.Types["boolean"] > 0} {
		if is {
			kinds++
		}
	}
	var rule pact.Rule
	s, isText := example.(string)
	switch {
	case kinds > 1:
		w.tell("%s is used and left out: it has values of several types", f.At)
		return pact.RuleList{}, false
	case isText:
		rule = textRule(f, s)
	case number && w.or:
		rule = pact.Rule{Match: "number"}
		if integer {
			rule.Match = "integer"
		}
	default:
		rule = pact.Rule{Match: "type"}
	}
	list := pact.RuleList{Rules: []pact.Rule{rule}}
	if f.Types["null"] == 0 {
		return list, true
	}
	if !w.or {
		w.tell("%s is used and left out: version %s cannot say that it may be null", f.At, w.version)
		return list, false
	}
	list.Any, list.Rules = true, append(list.Rules, pact.Rule{Match: "null"})
	return list, true
}

// put adds rules, where the version has any.
func (w *writer) put(rules pact.Rules, c pact.Category, path string, all ...pact.Rule) {
	w.putList(rules, c, path, pact.RuleList{Rules: all})
}

func (w *writer) putList(rules pact.Rules, c pact.Category, path string, l pact.RuleList) {
	if !w.rules {
		return
	}
	if rules[c] == nil {
		rules[c] = map[string]pact.RuleList{}
	}
	rules[c][path] = l
}

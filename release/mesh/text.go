package mesh

import (
	"regexp"

	istioapi "istio.io/api/networking/v1alpha3"
)

// anyValue reports whether a condition only asks that there is a value: Istio
// takes an empty condition and the expression "*" so.
func anyValue(m *istioapi.StringMatch) bool {
	if m == nil || m.MatchType == nil {
		return true
	}
	re, ok := m.MatchType.(*istioapi.StringMatch_Regex)
	return ok && re.Regex == "*"
}

// textMatches decides a condition on a value that is there. It returns an error
// of kind ErrUndecided for an expression that is none.
func textMatches(m *istioapi.StringMatch, value string) (bool, error) {
	if anyValue(m) {
		return true, nil
	}
	switch c := m.MatchType.(type) {
	case *istioapi.StringMatch_Exact:
		return value == c.Exact, nil
	case *istioapi.StringMatch_Prefix:
		return len(value) >= len(c.Prefix) && value[:len(c.Prefix)] == c.Prefix, nil
	case *istioapi.StringMatch_Regex:
		return wholeMatch(c.Regex, value)
	}
	return false, nil
}

// wholeMatch matches the whole value, as Envoy does with RE2.
func wholeMatch(expr, value string) (bool, error) {
	if _, err := regexp.Compile(expr); err != nil {
		return false, fault(ErrUndecided, "correct it (RE2 syntax); Envoy refuses the whole configuration with it",
			"the regular expression %q is not valid (%v)", expr, err)
	}
	re, err := regexp.Compile(`\A(?:` + expr + `)\z`)
	if err != nil {
		return false, fault(ErrUndecided, "make it shorter", "the regular expression %q is too large (%v)", expr, err)
	}
	return re.MatchString(value), nil
}

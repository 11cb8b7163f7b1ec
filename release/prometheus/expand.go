package prometheus

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Target is what $service and $namespace stand for.
type Target struct {
	Service   string
	Namespace string
}

// variable is $name or ${name}.
var variable = regexp.MustCompile(`\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})`)

// stringLiteral is one of PromQL, which has those of Go and single quotes as well
// (Prometheus, Querying basics, "String literals"), a comment, or what is neither.
var stringLiteral = regexp.MustCompile("\"(?:[^\"\\\\\n]|\\\\.)*\"|'(?:[^'\\\\\n]|\\\\.)*'|`[^`]*`|#[^\n]*|[\"'`]")

// regexMatcher ends what stands before the pattern of a matcher.
var regexMatcher = regexp.MustCompile(`[=!]~\s*$`)

// expand replaces the variables in the string literals of a PromQL text. The values
// are quoted anew, and stand for themselves in regular expressions, so that none of
// them says more than its name.
func expand(text string, t Target) (string, error) {
	var b strings.Builder
	at := 0
	for _, m := range stringLiteral.FindAllStringIndex(text, -1) {
		before, literal := text[at:m[0]], text[m[0]:m[1]]
		if err := plain(before); err != nil {
			return "", err
		}
		b.WriteString(before)
		at = m[1]
		if literal[0] == '#' {
			continue
		}
		quoted, err := expandLiteral(literal, regexMatcher.MatchString(b.String()), t)
		if err != nil {
			return "", err
		}
		b.WriteString(quoted)
	}
	if err := plain(text[at:]); err != nil {
		return "", err
	}
	return b.String() + text[at:], nil
}

// plain checks what stands outside of quotes.
func plain(text string) error {
	if v := variable.FindString(text); v != "" {
		return fmt.Errorf("%s stands outside of quotes: write \"%s\"", v, v)
	}
	return nil
}

func expandLiteral(literal string, pattern bool, t Target) (string, error) {
	value, err := unquote(literal)
	if err != nil {
		return "", fmt.Errorf("the string %s is not closed or has an escape that does not exist", literal)
	}
	var unknown string
	value = variable.ReplaceAllStringFunc(value, func(v string) string {
		var with string
		switch strings.Trim(v, "${}") {
		case "service":
			with = t.Service
		case "namespace":
			with = t.Namespace
		default:
			unknown = v
		}
		if pattern {
			return regexp.QuoteMeta(with)
		}
		return with
	})
	if unknown != "" {
		return "", fmt.Errorf("the variable %s does not exist: there are $service and $namespace, in braces where a letter follows", unknown)
	}
	return strconv.Quote(value), nil
}

func unquote(literal string) (string, error) {
	if literal[0] != '\'' {
		return strconv.Unquote(literal)
	}
	// Go's single quotes are for one character: PromQL's are as the double ones.
	if len(literal) < 2 {
		return "", strconv.ErrSyntax
	}
	rest, out := literal[1:len(literal)-1], ""
	for rest != "" {
		r, multibyte, tail, err := strconv.UnquoteChar(rest, '\'')
		if err != nil {
			return "", err
		}
		if r < 0x80 || multibyte {
			out += string(r)
		} else {
			out += string([]byte{byte(r)})
		}
		rest = tail
	}
	return out, nil
}

// matchers expands the inside of a selector's braces, which may not leave them.
func matchers(text string, t Target) (string, error) {
	text, err := expand(text, t)
	if err != nil {
		return "", err
	}
	if outside := stringLiteral.ReplaceAllString(text, ""); strings.ContainsAny(outside, "{}[]()\"'`") {
		return "", fmt.Errorf("matchers are of the form name=\"value\" with commas, not %s", text)
	}
	return strings.Trim(text, ", \t\r\n"), nil
}

// labelName is that of a matcher.
var labelName = regexp.MustCompile(`([A-Za-z_]\w*)\s*(?:=|!)`)

// labels returns the names that expanded matchers ask for.
func labels(matchers string) []string {
	var names []string
	for _, m := range labelName.FindAllStringSubmatch(stringLiteral.ReplaceAllString(matchers, ""), -1) {
		names = append(names, m[1])
	}
	return names
}

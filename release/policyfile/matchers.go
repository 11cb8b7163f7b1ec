package policyfile

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"twinspect.dev/capture/rulefile"
)

// matcher is one label matcher of PromQL
// (https://prometheus.io/docs/prometheus/latest/querying/basics/).
type matcher struct {
	label, op, value string
}

// matchers checks the label matchers of a side or of what is bad, and returns the
// labels that they name.
func (r *reader) matchers(f rulefile.Field, text string) []string {
	all, err := parseMatchers(text)
	if err == nil {
		err = contradiction(all)
	}
	if err != nil {
		r.Errorf(rulefile.Start(f.Value), `%s has label matchers such as app="shop",code=~"5..": %v`, f.Key.Value, err)
		return nil
	}
	labels := make([]string, len(all))
	for i, m := range all {
		labels[i] = m.label
	}
	return labels
}

// parseMatchers reads one matcher and more, divided by commas.
func parseMatchers(text string) ([]matcher, error) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "{") {
		return nil, errors.New("leave the braces out")
	}
	var all []matcher
	for {
		m, rest, err := parseMatcher(text)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
		if rest = strings.TrimSpace(rest); rest == "" {
			return all, nil
		}
		if text = strings.TrimPrefix(rest, ","); text == rest {
			return nil, fmt.Errorf("want a comma before %q", cut(rest))
		}
		// PromQL takes a comma at the end; what is added to ours would not.
		if text = strings.TrimSpace(text); text == "" {
			return nil, errors.New("there is nothing after the last comma")
		}
	}
}

var matcherForm = regexp.MustCompile(`^([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*`)

func parseMatcher(text string) (m matcher, rest string, err error) {
	found := matcherForm.FindStringSubmatch(text)
	if found == nil {
		return m, "", fmt.Errorf("%q does not begin with a label and one of = != =~ !~", cut(text))
	}
	m.label, m.op = found[1], found[2]
	if m.label == "__name__" {
		return m, "", errors.New("__name__ is the name of the metric, which has a key of its own")
	}
	m.value, rest, err = unquote(text[len(found[0]):])
	if err != nil {
		return m, "", fmt.Errorf("the value of %s: %w", m.label, err)
	}
	return m, rest, m.check()
}

var variable = regexp.MustCompile(`\$\{?[a-zA-Z_]+`)

// check reports values that Prometheus would refuse, and variables that nobody
// replaces: both would find no series, and hold every release.
func (m matcher) check() error {
	if m.op == "=~" || m.op == "!~" {
		if _, err := regexp.Compile("^(?s:" + m.value + ")$"); err != nil {
			return fmt.Errorf("the value of %s is no regular expression (RE2): %w", m.label, err)
		}
	}
	names := []string{"service", "namespace"}
	for _, v := range variable.FindAllString(m.value, -1) {
		if v != "$service" && v != "$namespace" {
			return fmt.Errorf("nothing stands for %s%s; there are $service and $namespace", v, rulefile.DidYouMean(strings.Trim(v, "${"), names))
		}
	}
	return nil
}

// contradiction reports a label that is to have two values at once.
func contradiction(all []matcher) error {
	values := make(map[string]string)
	for _, m := range all {
		if m.op != "=" {
			continue
		}
		if v, ok := values[m.label]; ok && v != m.value {
			return fmt.Errorf("no series has %s=%q and %s=%q", m.label, v, m.label, m.value)
		}
		values[m.label] = m.value
	}
	return nil
}

var errQuotes = errors.New("want it in quotation marks")

// unquote reads the string of PromQL that text begins with, and returns what follows
// it: in ` as it is, in " and ' with the escapes of Go.
func unquote(text string) (value, rest string, err error) {
	if text == "" || strings.IndexByte("\"'`", text[0]) < 0 {
		return "", "", errQuotes
	}
	quote := text[0]
	rest = text[1:]
	if quote == '`' {
		value, rest, ok := strings.Cut(rest, "`")
		if !ok {
			return "", "", errors.New("the quotation mark ` is not closed")
		}
		return value, rest, nil
	}
	var b []byte
	for rest != "" && rest[0] != quote {
		c, multibyte, tail, err := strconv.UnquoteChar(rest, quote)
		if err != nil || c == '\n' && rest[0] == '\n' {
			return "", "", fmt.Errorf("no such escape: %q", cut(rest))
		}
		if multibyte || c < utf8.RuneSelf {
			b = utf8.AppendRune(b, c)
		} else {
			b = append(b, byte(c))
		}
		rest = tail
	}
	if rest == "" {
		return "", "", fmt.Errorf("the quotation mark %c is not closed", quote)
	}
	if !utf8.Valid(b) {
		return "", "", errors.New("want UTF-8")
	}
	return string(b), rest[1:], nil
}

// cut shortens what a message shows.
func cut(text string) string {
	const most = 40
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

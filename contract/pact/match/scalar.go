package match

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"twinspect.dev/contract/pact"
)

// semver is the grammar of https://semver.org version 2.0.0.
var semver = regexp.MustCompile(`^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)` +
	`(?:-(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?` +
	`(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?$`)

// scalar says why a value that is no array or object does not keep to a rule, "" where
// it does. textual says that it stands where everything is a text, as in a header or
// in a query, so that a text may be a number.
func (c *checker) scalar(r *pact.Rule, want, got any, textual bool) string {
	switch name := r.Name(); name {
	case "type", "min", "max":
		return sameType(want, got)
	case "equality":
		if !equalScalar(want, got) {
			return "another value is expected"
		}
	case "regex":
		return c.regex(r.Text("regex"), got)
	case "include":
		if container(got) || !strings.Contains(textOf(got), textOf(r.Options["value"])) {
			return "a text that contains the one of the rule is expected"
		}
	case "integer", "decimal", "number":
		return numeric(name, got, textual)
	case "boolean":
		if _, ok := got.(bool); !ok && (!textual || got != "true" && got != "false") {
			return "a boolean is expected, it is " + article(typeOf(got))
		}
	case "null":
		if got != nil {
			return "null is expected, it is " + article(typeOf(got))
		}
	case "date", "time", "timestamp", "datetime":
		return c.dated(r, name, got)
	case "semver":
		if text, ok := got.(string); !ok || !semver.MatchString(text) {
			return "a semantic version is expected"
		}
	case "notEmpty":
		if empty(got) {
			return "something that is not empty is expected"
		}
	case "contentType":
		return contentFits(r.Text("value"), "", []byte(textOf(got)))
	default:
		return fmt.Sprintf("the rule %q is not known", name)
	}
	return ""
}

func sameType(want, got any) string {
	if w, g := typeOf(want), typeOf(got); w != g {
		return article(w) + " is expected, it is " + article(g)
	}
	return ""
}

func (c *checker) regex(expr string, got any) string {
	if container(got) || got == nil {
		return "a text that fits the regular expression is expected, it is " + article(typeOf(got))
	}
	switch matches, readable := c.work.match(expr, textOf(got)); {
	case !readable:
		return "the regular expression of the rule cannot be read"
	case !matches:
		return "a text that fits the regular expression is expected"
	}
	return ""
}

// numeric tells integers and decimals by how they are written: 100 is an integer,
// 100.0 a decimal number.
func numeric(name string, got any, textual bool) string {
	text, ok := number(got, textual)
	if !ok {
		return article(name) + " is expected, it is " + article(typeOf(got))
	}
	whole := !strings.ContainsAny(text, ".eE")
	switch {
	case name == "integer" && !whole:
		return "an integer is expected, it is a decimal number"
	case name == "decimal" && whole:
		return "a decimal number is expected, it is an integer"
	}
	return ""
}

// number returns the text of a number. Where everything is text a text may be one.
func number(v any, textual bool) (string, bool) {
	if n, ok := v.(json.Number); ok {
		return n.String(), true
	}
	text, ok := v.(string)
	return text, ok && textual && isNumber(text)
}

// isNumber reports whether a text is a number of JSON.
func isNumber(text string) bool {
	if text == "" || strings.TrimLeft(text[:1], "-0123456789") != "" || strings.HasSuffix(text, " ") {
		return false
	}
	return json.Valid([]byte(text))
}

// textOf returns a scalar as text.
func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return fmt.Sprint(v)
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// contentFits says why bytes are not of a content type, by what they begin with
// (https://mimesniff.spec.whatwg.org). declared is the content type that is told
// with them; it decides where the bytes tell no more than text or binary.
func contentFits(want, declared string, data []byte) string {
	media, found := pact.Media(want), pact.Media(http.DetectContentType(data))
	generic := found == "text/plain" || found == "application/octet-stream"
	switch {
	case media == found, generic && media == pact.Media(declared):
		return ""
	case pact.IsJSONType(media):
		if _, err := pact.ParseJSON(data); err == nil {
			return ""
		}
	case isXML(media):
		if _, err := parseXML(data); err == nil {
			return ""
		}
	case found == "text/plain" && strings.HasPrefix(media, "text/") && declared == "":
		return ""
	}
	return "content of type " + media + " is expected"
}

package export

import (
	"encoding/json"
	"fmt"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pointer"
)

// quote writes a text for JavaScript and JSON.
func quote(s string) string {
	b, _ := json.Marshal(s) // a text never fails; U+2028 is escaped
	return string(b)
}

// pattern is a regular expression for patterns of statuses. Statuses have three
// digits, so that "default" fits any.
func pattern(patterns []string) string {
	out := make([]string, len(patterns))
	for i, p := range patterns {
		p = strings.NewReplacer("X", `\d`, "x", `\d`, "default", `\d\d\d`).Replace(p)
		out[i] = strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' || r == '\\' || r == 'd' {
				return r
			}
			return -1
		}, p)
	}
	return `/^(` + strings.Join(out, "|") + `)$/`
}

// condition is a JavaScript expression of what is right of a status.
func (s *statuses) condition(status string) string {
	var out string
	switch {
	case len(s.want) > 0:
		out = pattern(s.want) + ".test(" + status + ")"
	default:
		out = "!" + pattern(s.refuse) + ".test(" + status + ")"
	}
	if len(s.allow) > 0 {
		out += " || " + pattern(s.allow) + ".test(" + status + ")"
	}
	return out
}

// script is JavaScript that asserts the status.
func script(st *step, test, assert, status string) string {
	return fmt.Sprintf("%s(%s, () => {\n  %s(%s, \"status \" + %s);\n});\n",
		test, quote(st.status.text()), assert, st.status.condition(status), status)
}

// capturing is JavaScript that keeps a value of the answer in two variables: as
// it stands in a path or a field, and as JSON.
func capturing(v *variable, set, header, body string) string {
	var take string
	part, name := v.from.Split()
	switch part {
	case "header":
		take = header + "(" + quote(name) + ")"
	case "status":
		take = "response.status"
	default:
		take = body
		if name != "" {
			for _, token := range pointer.Split(name) {
				take += "?.[" + quote(token) + "]"
			}
		}
	}
	switch v.as {
	case segment:
		take = "(" + take + ` ?? "").split("?")[0].replace(/\/+$/, "").split("/").pop()`
	case target:
		take = "(" + take + ` ?? "").replace(/^[a-z]+:\/\/[^\/]+/i, "")`
	}
	uri := "encodeURIComponent(text)"
	if v.as != value {
		uri = "text" // encoded already, as it is of a URI
	}
	return fmt.Sprintf("{\n  const value = %s;\n  const text = typeof value === \"object\" ? JSON.stringify(value) : String(value);\n"+
		"  %s(%s, text);\n  %s(%s, %s);\n  %s(%s, JSON.stringify(value));\n}\n",
		take, set, quote(v.name), set, quote(v.name+"_uri"), uri, set, quote(v.name+"_json"))
}

// title says what a request is, for people.
func title(cs *contract.Case) string { return oneLine(cs.ID) }

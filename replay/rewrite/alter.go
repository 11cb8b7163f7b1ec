package rewrite

import (
	"bytes"
	"regexp"

	"github.com/go-json-experiment/json/jsontext"

	"twinspect.dev/capture"
)

// alter is what a rule does to a value: exactly one of its fields is set.
type alter struct {
	set     *string // a text, or a JSON text in a body
	remove  bool
	rename  string
	match   *regexp.Regexp
	replace string // with match
}

func (a *alter) String() string {
	switch {
	case a.set != nil:
		return "set"
	case a.remove:
		return "remove"
	case a.rename != "":
		return "rename"
	}
	return "replace in"
}

// text returns the value that v becomes.
func (a *alter) text(v string) (string, capture.Reason) {
	out := v
	if a.set != nil {
		out = *a.set
	} else if a.match != nil {
		out = a.match.ReplaceAllString(v, a.replace)
	}
	if out == v {
		return v, Same
	}
	return out, ""
}

// json returns the JSON text that the JSON text raw becomes.
func (a *alter) json(raw []byte) ([]byte, capture.Reason) {
	if a.set != nil {
		if string(raw) == *a.set {
			return raw, Same
		}
		return []byte(*a.set), ""
	}
	if len(raw) == 0 || raw[0] != '"' {
		return raw, NotText
	}
	plain := unquote(raw)
	out := a.match.ReplaceAll(plain, []byte(a.replace))
	if bytes.Equal(out, plain) {
		return raw, Same
	}
	return appendQuoted(nil, out), ""
}

// unquote returns the text of a JSON string; it may share memory with raw.
func unquote(raw []byte) []byte {
	inner := raw[1 : len(raw)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	plain, _ := jsontext.AppendUnquote(nil, raw) // what is not UTF-8 is replaced
	return plain
}

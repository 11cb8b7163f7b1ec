package verify

import (
	"slices"
	"strconv"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/capture/curl"
	"twinspect.dev/contract"
	"twinspect.dev/contract/pact/match"
)

// credentialFields are the fields by which requests are signed in, in lower case.
var credentialFields = []string{"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "api-key", "x-auth-token", "x-csrf-token"}

// isSecret reports whether the values of a field are not shown.
func (r *run) isSecret(name string) bool {
	return slices.Contains(credentialFields, strings.ToLower(name)) ||
		slices.ContainsFunc(r.Secret, func(s string) bool { return strings.EqualFold(s, name) })
}

// curl is the line that sends a request once more, secrets as variables of the shell.
func (r *run) curl(req *capture.Request) string {
	e := (&capture.Exchange{Request: *req}).Clone()
	if r.Redact != nil {
		r.Redact(e)
	}
	var variables []string
	for i := range e.Request.Header {
		f := &e.Request.Header[i]
		if !r.isSecret(f.Name) {
			continue
		}
		name := variable(f.Name)
		if slices.Contains(variables, name) {
			name += "_" + strconv.Itoa(i)
		}
		variables = append(variables, name)
		f.Value = "$" + name
	}
	return curl.Line(r.URL, &e.Request, variables...)
}

// variable is a name of the shell for a field's value.
func variable(field string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'A' && c <= 'Z' || c >= '0' && c <= '9':
			return c
		case c >= 'a' && c <= 'z':
			return c - 'a' + 'A'
		}
		return '_'
	}, "H_"+field)
}

// show takes over mismatches without secrets.
func (r *run) show(all []match.Mismatch) []Mismatch {
	out := make([]Mismatch, len(all))
	for i, m := range all {
		part, name := m.At.Split()
		if part == "header" && r.isSecret(name) {
			m.Expected, m.Actual = "", ""
		}
		out[i] = Mismatch{At: contract.Place(r.scrub(string(m.At))), Expected: r.scrub(m.Expected), Actual: r.scrub(m.Actual), Message: r.scrub(m.Message)}
	}
	return out
}

// minSecret is the shortest value that is looked for: shorter ones stand in every text.
const minSecret = 4

// scrub takes the values of the credentials out of a text that the provider may have
// said them in.
func (r *run) scrub(s string) string {
	for _, f := range r.Header {
		if !r.isSecret(f.Name) {
			continue
		}
		value := f.Value
		if _, token, ok := strings.Cut(value, " "); ok {
			s = replace(s, token)
		}
		s = replace(s, value)
	}
	return s
}

func replace(s, secret string) string {
	if len(secret) < minSecret {
		return s
	}
	return strings.ReplaceAll(s, secret, "[secret]")
}

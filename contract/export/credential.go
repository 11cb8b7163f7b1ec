package export

import (
	"maps"
	"slices"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// credential is a field of a request whose value a variable gives.
type credential struct {
	in, name string // as in openapi.Scheme: "header", "query" or "cookie"
	prefix   string
	variable string // "" where the value is wrong on purpose
}

// wrongValue is what is sent where credentials are to be wrong.
const wrongValue = "wrong"

// authorize adds what the first way to prove who asks needs. A field that the case
// sends itself is left to it.
func (x *Context) authorize(st *step, r *contract.Request) {
	if r.Credentials == contract.NoCredentials || len(st.op.Security) == 0 {
		return
	}
	requirement := st.op.Security[0]
	for _, name := range slices.Sorted(maps.Keys(requirement)) {
		c, ok := standsAt(x.Document.Schemes[name])
		if !ok {
			st.left = append(st.left, Left{Reason: NoScheme, Detail: "the credentials of " + name + " are not sent"})
			continue
		}
		if c.in == "header" && st.request.Header.Get(c.name) != "" {
			continue
		}
		if c.variable = identifier(name); r.Credentials == contract.WrongCredentials {
			c.variable = ""
		}
		st.credentials = append(st.credentials, c)
	}
}

// standsAt tells where the credentials of a scheme go.
func standsAt(s *openapi.Scheme) (credential, bool) {
	switch {
	case s == nil:
	case s.Type == "apiKey":
		return credential{in: s.In, name: s.Param}, true
	case s.Type == "http" && s.Scheme != "":
		return credential{in: "header", name: "Authorization", prefix: strings.ToUpper(s.Scheme[:1]) + s.Scheme[1:] + " "}, true
	case s.Type == "oauth2", s.Type == "openIdConnect":
		return credential{in: "header", name: "Authorization", prefix: "Bearer "}, true
	}
	return credential{}, false
}

// value is what a credential's field holds in a form.
func (c *credential) value(form func(variable string) string) string {
	if c.variable == "" {
		return c.prefix + wrongValue
	}
	return c.prefix + form(c.variable)
}

// message returns target and fields with the credentials in them.
// A variable in a target is percent-encoded.
func (st *step) message(secret func(variable string) string) (target string, fields [][2]string) {
	target = st.fill(st.request.Target, inTarget)
	cookie := -1
	for _, f := range st.request.Header {
		if strings.EqualFold(f.Name, "Cookie") {
			cookie = len(fields)
		}
		fields = append(fields, [2]string{f.Name, st.fill(f.Value, inText)})
	}
	for i := range st.credentials {
		c := &st.credentials[i]
		switch v := c.value(secret); {
		case c.in == "query":
			sign := "?"
			if strings.Contains(target, "?") {
				sign = "&"
			}
			target += sign + c.name + "=" + v
		case c.in == "cookie" && cookie >= 0:
			fields[cookie][1] += "; " + c.name + "=" + v
		case c.in == "cookie":
			cookie = len(fields)
			fields = append(fields, [2]string{"Cookie", c.name + "=" + v})
		default:
			fields = append(fields, [2]string{c.name, v})
		}
	}
	return target, fields
}

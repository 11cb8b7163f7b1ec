package credentials

import (
	"bytes"
	"net/url"
	"slices"
	"strings"

	"twinspect.dev/capture"
)

// minSecret is the length in bytes from which a secret is replaced wherever its text
// stands; a shorter one is so only in its own place, as elsewhere it would be found
// in ordinary words. NIST SP 800-63B section 5.1.1.1 demands 8 of a password.
const minSecret = 8

// secret is a text that may not be shown, and the variable of a shell that stands for
// it.
type secret struct{ text, variable string }

// Mask returns a copy of a request in which each secret is replaced by a variable of a
// shell, such as $BEARER, and the names of these variables. The variable stands for
// what comes after Bearer or Basic; it is named after its scheme in upper case, or for
// what the file takes from the environment, as there. Wrong credentials are no
// secrets.
func (s *Store) Mask(req *capture.Request) (capture.Request, []string) {
	out := *req
	if s == nil {
		return out, nil
	}
	m := &masking{req: &out}
	out.Header = slices.Clone(req.Header)
	secrets := slices.Clone(s.secrets)
	for _, h := range s.holders {
		for _, v := range h.values() {
			m.place(h.scheme, v)
			secrets = append(secrets, secret{v, h.scheme.variable})
		}
	}
	slices.SortFunc(secrets, func(a, b secret) int { return longestFirst(a.text, b.text) })
	for _, x := range secrets {
		if len(x.text) >= minSecret {
			m.everywhere(x)
		}
	}
	if out.Body != nil && m.body != nil {
		out.Body, out.BodySize = m.body, int64(len(m.body))
	}
	// A name that another begins with comes after it: who replaces them in order
	// meets the longer one first.
	slices.SortFunc(m.names, longestFirst)
	return out, m.names
}

// masking is one call of Mask. It owns the header.
type masking struct {
	req   *capture.Request
	body  []byte // nil where it is as it was
	names []string
}

func (m *masking) used(name string) {
	if !slices.Contains(m.names, name) {
		m.names = append(m.names, name)
	}
}

// place replaces a secret of any length where its scheme has its place.
func (m *masking) place(s *scheme, value string) {
	p, instead := s.place, "$"+s.variable
	switch p.in {
	case "header":
		for i, f := range m.req.Header {
			if strings.EqualFold(f.Name, p.name) && f.Value == p.prefix+value {
				m.req.Header[i].Value = p.prefix + instead
				m.used(s.variable)
			}
		}
	case "query":
		m.req.Target = mapQuery(m.req.Target, func(name, v, pair string) (string, bool) {
			if name != p.name || v != value {
				return pair, true
			}
			m.used(s.variable)
			return url.QueryEscape(name) + "=" + instead, true
		})
	case "cookie":
		m.cookie(p.name, value, s.variable)
	}
}

func (m *masking) cookie(name, value, variable string) {
	for i, f := range m.req.Header {
		if !strings.EqualFold(f.Name, "Cookie") {
			continue
		}
		pairs := strings.Split(f.Value, "; ")
		for j, pair := range pairs {
			if pair == name+"="+value {
				pairs[j] = name + "=$" + variable
				m.used(variable)
			}
		}
		m.req.Header[i].Value = strings.Join(pairs, "; ")
	}
}

// everywhere replaces a secret wherever it stands, as it is or encoded for a query.
func (m *masking) everywhere(x secret) {
	for _, text := range slices.Compact([]string{x.text, url.QueryEscape(x.text), url.PathEscape(x.text)}) {
		replace := func(s string) string {
			if !strings.Contains(s, text) {
				return s
			}
			m.used(x.variable)
			return strings.ReplaceAll(s, text, "$"+x.variable)
		}
		m.req.Target = replace(m.req.Target)
		for i := range m.req.Header {
			m.req.Header[i].Value = replace(m.req.Header[i].Value)
		}
		if bytes.Contains(m.req.Body, []byte(text)) {
			if m.body == nil {
				m.body = m.req.Body
			}
			m.body = []byte(replace(string(m.body)))
		}
	}
}

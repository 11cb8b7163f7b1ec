package broker

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// link is one link of a resource (draft-kelly-json-hal section 5).
type link struct {
	Href  string `json:"href"`
	Name  string `json:"name"`
	Title string `json:"title"`
}

// links are those of one relation: HAL writes one as an object, several as an array.
type links []link

// UnmarshalJSON takes both forms. What is neither is no link, and no fault: a broker
// may have relations that are not known here.
func (l *links) UnmarshalJSON(data []byte) error {
	var one link
	if json.Unmarshal(data, &one) == nil && one.Href != "" {
		*l = links{one}
		return nil
	}
	var many []link
	if json.Unmarshal(data, &many) == nil {
		*l = many
	}
	return nil
}

// resource is an answer of the broker, with the URL that its links are relative to.
type resource struct {
	at    *url.URL
	links map[string]links
	body  []byte
}

// parse reads the links of a resource; one that is no object has none.
func parse(at *url.URL, body []byte) (*resource, error) {
	var r struct {
		Links map[string]links `json:"_links"`
	}
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, errors.New("the answer is no HAL document")
	}
	return &resource{at: at, links: r.Links, body: body}, nil
}

// link returns the URL of the first relation that the resource has, its template
// expanded; nil where it has none of them.
func (r *resource) link(vars map[string]string, rels ...string) (*url.URL, error) {
	for _, rel := range rels {
		for _, l := range r.links[rel] {
			if l.Href != "" {
				return r.resolve(l.Href, vars)
			}
		}
	}
	return nil, nil
}

func (r *resource) resolve(href string, vars map[string]string) (*url.URL, error) {
	text, err := expand(href, vars)
	if err != nil {
		return nil, err
	}
	u, err := r.at.Parse(text)
	if err != nil {
		return nil, errors.New("a link of the broker is no URL")
	}
	if u.User != nil {
		return nil, errors.New("a link of the broker holds credentials")
	}
	return u, nil
}

// expand expands a URI template: simple strings and form queries (RFC 6570 sections
// 3.2.2, 3.2.8 and 3.2.9), which are all that brokers use. Whether a link says
// "templated" is not looked at: brokers have said false of templates.
func expand(template string, vars map[string]string) (string, error) {
	var b strings.Builder
	for rest := template; ; {
		text, after, found := strings.Cut(rest, "{")
		b.WriteString(text)
		if !found {
			return b.String(), nil
		}
		expression, tail, closed := strings.Cut(after, "}")
		if !closed || expression == "" {
			return "", errors.New("a link of the broker has a template that does not end")
		}
		if err := expandOne(&b, expression, vars); err != nil {
			return "", err
		}
		rest = tail
	}
}

func expandOne(b *strings.Builder, expression string, vars map[string]string) error {
	separator, first := ",", ""
	switch expression[0] {
	case '?':
		first, separator, expression = "?", "&", expression[1:]
	case '&':
		first, separator, expression = "&", "&", expression[1:]
	}
	for name := range strings.SplitSeq(expression, ",") {
		if name == "" || strings.ContainsAny(name, "+#./;?&=!@|*:{") {
			return fmt.Errorf("a link of the broker has a template that is not supported: {%.40s}", expression)
		}
		value, ok := vars[name]
		if !ok {
			if first != "" || separator == "&" {
				continue // an optional parameter
			}
			return fmt.Errorf("a link of the broker asks for %q, which is not known here", name)
		}
		b.WriteString(first)
		if separator == "&" {
			b.WriteString(escape(name) + "=")
		}
		b.WriteString(escape(value))
		first = separator
	}
	return nil
}

// escape leaves the unreserved characters alone (RFC 3986 section 2.3).
func escape(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}

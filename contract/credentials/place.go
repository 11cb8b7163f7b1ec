package credentials

import (
	"net/url"
	"slices"
	"strings"

	"twinspect.dev/capture"
)

// put sets the credential in a request, in the place of what is there.
func (p place) put(req *capture.Request, value string) {
	p.strip(req)
	switch p.in {
	case "header":
		req.Header = append(slices.Clip(req.Header), capture.Field{Name: p.name, Value: p.prefix + value})
	case "query":
		sign := "?"
		if strings.Contains(req.Target, "?") {
			sign = "&"
		}
		req.Target += sign + url.QueryEscape(p.name) + "=" + url.QueryEscape(value)
	case "cookie":
		pairs := append(cookies(req.Header), p.name+"="+value)
		// One field holds all cookies (RFC 6265 section 5.4).
		req.Header = append(req.Header.Without("Cookie"), capture.Field{Name: "Cookie", Value: strings.Join(pairs, "; ")})
	}
}

// strip takes away what is at the place.
func (p place) strip(req *capture.Request) {
	switch p.in {
	case "header":
		req.Header = req.Header.Without(p.name)
	case "query":
		req.Target = mapQuery(req.Target, func(name, _, pair string) (string, bool) { return pair, name != p.name })
	case "cookie":
		all := cookies(req.Header)
		kept := slices.DeleteFunc(slices.Clone(all), func(pair string) bool {
			name, _, _ := strings.Cut(pair, "=")
			return name == p.name
		})
		if len(kept) == len(all) {
			return
		}
		req.Header = req.Header.Without("Cookie")
		if len(kept) > 0 {
			req.Header = append(req.Header, capture.Field{Name: "Cookie", Value: strings.Join(kept, "; ")})
		}
	}
}

// cookies returns the pairs of all Cookie fields.
func cookies(h capture.Header) []string {
	var pairs []string
	for _, field := range h.Values("Cookie") {
		for pair := range strings.SplitSeq(field, ";") {
			if pair = strings.TrimSpace(pair); pair != "" {
				pairs = append(pairs, pair)
			}
		}
	}
	return pairs
}

// mapQuery gives the target what change makes of each pair of its query; change is
// given name and value decoded, and the pair as it stands. false leaves it out.
func mapQuery(target string, change func(name, value, pair string) (string, bool)) string {
	path, query, ok := strings.Cut(target, "?")
	if !ok {
		return target
	}
	var kept []string
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if next, ok := change(unescape(name), unescape(value), pair); ok {
			kept = append(kept, next)
		}
	}
	if len(kept) == 0 {
		return path
	}
	return path + "?" + strings.Join(kept, "&")
}

// unescape decodes a part of a query; what is not well encoded stays.
func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

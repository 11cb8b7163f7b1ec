package rewrite

import (
	"net/url"
	"strings"

	"twinspect.dev/capture"
)

// editPairs applies a rule for the pairs called name to a query or a form, and
// returns the text with all other pairs as they are, byte for byte. To set a name
// keeps the first pair of it, drops the others, and adds one where there is none.
func editPairs(text, name string, a *alter) (string, capture.Reason) {
	var out []string
	found, changed := false, false
	left := Absent
	for pair := range strings.SplitSeq(text, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if plain, ok := decodedName(key); !ok || plain != name || pair == "" {
			out = append(out, pair)
			continue
		}
		again := found
		found = true
		if a.remove || again && a.set != nil {
			changed = true
			continue
		}
		next, reason := a.pair(key, value, pair)
		if reason == "" {
			changed = true
		}
		left = reason
		out = append(out, next)
	}
	if !found && a.set != nil {
		return addPair(text, name, *a.set), ""
	}
	if !changed {
		return text, left
	}
	return strings.Join(out, "&"), ""
}

func addPair(text, name, value string) string {
	pair := url.QueryEscape(name) + "=" + url.QueryEscape(value)
	if text == "" {
		return pair
	}
	return text + "&" + pair
}

// pair returns what the pair becomes.
func (a *alter) pair(key, value, pair string) (string, capture.Reason) {
	if a.rename != "" {
		return url.QueryEscape(a.rename) + pair[len(key):], ""
	}
	plain, err := url.QueryUnescape(value)
	if err != nil && a.match != nil {
		return pair, BadValue
	}
	out, left := a.text(plain)
	if left != "" && err == nil {
		return pair, left
	}
	return key + "=" + url.QueryEscape(out), ""
}

// decodedName undoes the encoding of a name; most have none.
func decodedName(key string) (string, bool) {
	if !strings.ContainsAny(key, "%+") {
		return key, true
	}
	plain, err := url.QueryUnescape(key)
	return plain, err == nil
}

// splitTarget parts a request-target into what stands before its path, the path,
// the query without its "?", and whether there is a path at all (RFC 9112 section
// 3.2). A fragment, which no client may send, belongs to the query or the path.
func splitTarget(target string) (before, path, query string, hasQuery, ok bool) {
	rest, query, hasQuery := strings.Cut(target, "?")
	path = rest
	if !strings.HasPrefix(rest, "/") {
		i := strings.Index(rest, "://")
		if i < 0 {
			return "", "", "", false, false
		}
		i += len("://")
		if j := strings.IndexByte(rest[i:], '/'); j >= 0 {
			i += j
		} else {
			i = len(rest)
		}
		before, path = rest[:i], rest[i:]
	}
	return before, path, query, hasQuery, true
}

// editPath applies a rule to the path of the target.
func editPath(target string, a *alter) (string, capture.Reason) {
	before, path, query, hasQuery, ok := splitTarget(target)
	if !ok {
		return target, NoPath
	}
	out, left := a.text(path)
	if left != "" {
		return target, left
	}
	if !strings.HasPrefix(out, "/") || !isVisible(out) || strings.ContainsAny(out, "?#") {
		return target, BadValue
	}
	if hasQuery {
		out += "?" + query
	}
	return before + out, ""
}

// editQuery applies a rule to the query of the target. A query of which nothing
// remains goes with its "?".
func editQuery(target, name string, a *alter) (string, capture.Reason) {
	_, _, query, _, ok := splitTarget(target)
	if !ok {
		return target, NoPath
	}
	out, left := editPairs(query, name, a)
	if left != "" {
		return target, left
	}
	return withQuery(target, out), ""
}

func withQuery(target, query string) string {
	before, _, _ := strings.Cut(target, "?")
	if query == "" {
		return before
	}
	return before + "?" + query
}

// isVisible reports whether a target may hold the text: no space, no control
// character.
func isVisible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] == 0x7F {
			return false
		}
	}
	return true
}

package openapi

import (
	"net/url"
	"strconv"
	"strings"
)

// Split returns the URI of the file and the JSON pointer (RFC 6901) of a place.
// The pointer is plain, not percent-encoded; "" is the whole file.
func (p Place) Split() (uri, pointer string) {
	uri, pointer, _ = strings.Cut(string(p), "#")
	return uri, pointer
}

// Join returns the place below p that these names of fields, or indices of items,
// lead to.
func (p Place) Join(tokens ...string) Place {
	size := len(p) + 1
	for _, t := range tokens {
		size += len(t) + 1
	}
	var b strings.Builder
	b.Grow(size)
	b.WriteString(string(p))
	if !strings.Contains(string(p), "#") {
		b.WriteByte('#')
	}
	for _, t := range tokens {
		b.WriteByte('/')
		if strings.ContainsAny(t, "~/") {
			t = escaper.Replace(t)
		}
		b.WriteString(t)
	}
	return Place(b.String())
}

// reference returns the place as a reference is written.
func (p Place) reference() string {
	uri, pointer := p.Split()
	return uri + (&url.URL{Fragment: pointer}).String()
}

func (p Place) index(i int) Place { return p.Join(strconv.Itoa(i)) }

var (
	escaper   = strings.NewReplacer("~", "~0", "/", "~1")
	unescaper = strings.NewReplacer("~1", "/", "~0", "~")
)

// tokens returns the parts of a JSON pointer, unescaped.
func tokens(pointer string) []string {
	if pointer == "" {
		return nil
	}
	parts := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, part := range parts {
		parts[i] = unescaped(part)
	}
	return parts
}

func unescaped(token string) string {
	if strings.Contains(token, "~") {
		return unescaper.Replace(token)
	}
	return token
}

// child returns what a token leads to in an object or a list.
func child(v any, token string) (any, bool) {
	switch v := v.(type) {
	case map[string]any:
		c, ok := v[token]
		return c, ok
	case []any:
		if i, ok := arrayIndex(token); ok && i < len(v) {
			return v[i], true
		}
	}
	return nil, false
}

// arrayIndex reads the index of an item (RFC 6901 section 4).
func arrayIndex(token string) (int, bool) {
	i, err := strconv.Atoi(token)
	return i, err == nil && i >= 0 && token == strconv.Itoa(i)
}

package compare

import (
	"strings"

	"twinspect.dev/diff"
	"twinspect.dev/diff/rules"
)

// cookie is one Set-Cookie field (RFC 6265 section 4.1).
type cookie struct {
	name, value string
	attributes  []field
}

func parseCookie(line string) cookie {
	pair, rest, more := strings.Cut(line, ";")
	name, value, named := strings.Cut(pair, "=")
	if !named {
		name, value = "", pair
	}
	c := cookie{name: trim(name), value: trim(value)}
	for more {
		var attribute string
		attribute, rest, more = strings.Cut(rest, ";")
		key, value, _ := strings.Cut(attribute, "=")
		if key = strings.ToLower(trim(key)); key != "" {
			c.attributes = append(c.attributes, field{key, trim(value)})
		}
	}
	return c
}

// attribute returns the last attribute of the name, which is the one that
// counts (RFC 6265 section 5.3).
func (c *cookie) attribute(name string) (value string, ok bool) {
	for i := len(c.attributes) - 1; i >= 0; i-- {
		if c.attributes[i].name == name {
			return c.attributes[i].value, true
		}
	}
	return "", false
}

// maxCookies bounds the work for cookies that are matched by name; a browser
// keeps at least 50 a domain (RFC 6265 section 6.1). Those beyond are compared as
// one field.
const maxCookies = 500

// cookies compares the cookies that are set, those of the same name in their
// order.
func (c *Comparer) cookies(x, y []field) {
	if max(len(x), len(y)) > maxCookies {
		it := rules.Item{Part: diff.Header, Name: "set-cookie", Kind: diff.Changed}
		if base, other := join(x), join(y); base != other {
			c.tellField(it, "set-cookie", len(x) > 0, len(y) > 0, base, other, true)
		}
		return
	}
	others := make([]cookie, len(y))
	for i := range y {
		others[i] = parseCookie(y[i].value)
	}
	for i := range x {
		base := parseCookie(x[i].value)
		var other *cookie
		for j := range others {
			if others[j].name == base.name {
				match := others[j]
				other, others = &match, append(others[:j], others[j+1:]...)
				break
			}
		}
		c.cookie(&base, other)
	}
	for i := range others {
		c.cookie(nil, &others[i])
	}
}

// cookie compares two cookies of the same name; nil is one that is missing.
func (c *Comparer) cookie(base, other *cookie) {
	it := rules.Item{Part: diff.Header, Name: "set-cookie", Kind: diff.Changed}
	switch {
	case base == nil:
		c.tellField(it, "set-cookie "+other.name, false, true, "", other.value, true)
		return
	case other == nil:
		c.tellField(it, "set-cookie "+base.name, true, false, base.value, "", true)
		return
	case base.value != other.value:
		c.tellField(it, "set-cookie "+base.name, true, true, base.value, other.value, true)
	}
	for i, a := range base.attributes {
		if seen(base.attributes[:i], a.name) {
			continue
		}
		c.attribute(it, base, other, a.name)
	}
	for i, a := range other.attributes {
		if _, known := base.attribute(a.name); !known && !seen(other.attributes[:i], a.name) {
			c.attribute(it, base, other, a.name)
		}
	}
}

func seen(list []field, name string) bool {
	for _, f := range list {
		if f.name == name {
			return true
		}
	}
	return false
}

func (c *Comparer) attribute(it rules.Item, base, other *cookie, name string) {
	x, inBase := base.attribute(name)
	y, inOther := other.attribute(name)
	folds := name == "domain" || name == "samesite"
	if inBase == inOther && (x == y || folds && strings.EqualFold(x, y)) {
		return
	}
	c.tellField(it, "set-cookie "+base.name+"; "+name, inBase, inOther, x, y, false)
}

package compare

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/diff/rules"
)

// field is one field line, its name in lower case.
type field struct{ name, value string }

// connectionFields belong to one connection and not to the answer (RFC 9110
// section 7.6.1; Proxy-Connection and Keep-Alive are named there too).
var connectionFields = []string{"connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"}

// headers compares the header fields. bodiless says that neither answer has
// content.
func (c *Comparer) headers(base, other capture.Header, bodiless bool) {
	if slices.Equal(base, other) {
		return
	}
	skip := slices.Clone(connectionFields)
	if !bodiless {
		skip = append(skip, "content-length")
	}
	skip = appendNamed(appendNamed(skip, base), other)
	c.fields(diff.Header, base, other, skip)
}

func (c *Comparer) trailers(base, other capture.Header) {
	if !slices.Equal(base, other) {
		c.fields(diff.Trailer, base, other, connectionFields)
	}
}

// appendNamed appends the names of the fields that the Connection field says
// belong to the connection.
func appendNamed(names []string, h capture.Header) []string {
	for _, f := range h {
		if strings.EqualFold(f.Name, "Connection") {
			for _, name := range strings.Split(f.Value, ",") {
				names = append(names, strings.ToLower(trim(name)))
			}
		}
	}
	return names
}

// trim cuts optional white space off (RFC 9110 section 5.6.3).
func trim(s string) string { return strings.Trim(s, " \t") }

// fields compares two lists of fields.
func (c *Comparer) fields(part diff.Part, base, other capture.Header, skip []string) {
	slices.Sort(skip)
	c.baseFields = sortedFields(c.baseFields[:0], base, skip)
	c.otherFields = sortedFields(c.otherFields[:0], other, skip)
	x, y := c.baseFields, c.otherFields
	for len(x)+len(y) > 0 {
		name := firstName(x, y)
		n, m := countNamed(x, name), countNamed(y, name)
		if part == diff.Header && name == "set-cookie" {
			c.cookies(x[:n], y[:m])
		} else {
			c.field(part, name, x[:n], y[:m])
		}
		x, y = x[n:], y[m:]
	}
}

// sortedFields appends the fields but skip, those of the same name together and
// in their order. skip is sorted.
func sortedFields(list []field, h capture.Header, skip []string) []field {
	for _, f := range h {
		name := strings.ToLower(f.Name)
		if _, found := slices.BinarySearch(skip, name); !found {
			list = append(list, field{name, trim(f.Value)})
		}
	}
	slices.SortStableFunc(list, func(a, b field) int { return cmp.Compare(a.name, b.name) })
	return list
}

func firstName(x, y []field) string {
	switch {
	case len(x) == 0:
		return y[0].name
	case len(y) == 0:
		return x[0].name
	}
	return min(x[0].name, y[0].name)
}

func countNamed(list []field, name string) int {
	n := 0
	for n < len(list) && list[n].name == name {
		n++
	}
	return n
}

// join puts the lines of a field into one (RFC 9110 section 5.3).
func join(lines []field) string {
	if len(lines) == 1 {
		return lines[0].value
	}
	values := make([]string, len(lines))
	for i, f := range lines {
		values[i] = f.value
	}
	return strings.Join(values, ", ")
}

// field compares the lines of one field.
func (c *Comparer) field(part diff.Part, name string, x, y []field) {
	base, other := join(x), join(y)
	if len(x) > 0 && len(y) > 0 && equalValues(name, base, other) {
		return
	}
	it := rules.Item{Part: part, Name: name, Kind: diff.Changed}
	c.tellField(it, name, len(x) > 0, len(y) > 0, base, other, isSecretField(name))
}

// tellField tells of a difference at a field, or at a part of one; a side that
// does not have it makes it removed or added.
func (c *Comparer) tellField(it rules.Item, path string, inBase, inOther bool, base, other string, secret bool) {
	if inBase {
		it.Base = []byte(base)
	} else {
		it.Kind = diff.Added
	}
	if inOther {
		it.Other = []byte(other)
	} else {
		it.Kind = diff.Removed
	}
	if c.keeps(&it) {
		c.tell(it, path, path, c.mask.field(base, secret), c.mask.field(other, secret))
	}
}

// equalValues compares two values of the same field.
func equalValues(name, x, y string) bool {
	switch {
	case x == y:
		return true
	case name == "content-type":
		return equalMediaTypes(x, y)
	case name == "date":
		return isDate(x) && isDate(y)
	case slices.Contains(setFields, name):
		return slices.Equal(memberSet(name, x), memberSet(name, y))
	}
	return false
}

// isDate reports whether a value is a time as the field Date has it. When an answer
// was made (RFC 9110 section 6.6.1) says nothing of it: a side that takes longer
// would answer in the next second more often.
func isDate(value string) bool {
	_, err := http.ParseTime(value)
	return err == nil
}

// setFields are lists whose order says nothing: RFC 9110 sections 10.2.1, 12.5.5
// and 14.3, RFC 9111 section 5.2, and the Fetch standard's CORS fields. In
// Content-Encoding, Via, Link and the like the order counts.
var setFields = []string{
	"vary", "allow", "accept-ranges", "cache-control", "pragma", "trailer", "clear-site-data",
	"access-control-allow-headers", "access-control-allow-methods", "access-control-expose-headers",
}

// memberSet returns the members of a list, each once and in a fixed order.
// Methods keep their case; of directives it counts for the argument alone.
func memberSet(name, value string) []string {
	var set []string
	for _, m := range splitQuoted(value, ',') {
		m = trim(m)
		if name != "allow" && name != "access-control-allow-methods" {
			token, argument, found := strings.Cut(m, "=")
			m = strings.ToLower(token)
			if found {
				m += "=" + argument
			}
		}
		if m != "" {
			set = append(set, m)
		}
	}
	slices.Sort(set)
	return slices.Compact(set)
}

// splitQuoted splits at sep outside of quoted strings (RFC 9110 section 5.6.4).
func splitQuoted(s string, sep byte) []string {
	var parts []string
	first, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case quoted && s[i] == '\\':
			i++
		case !quoted && s[i] == sep:
			parts = append(parts, s[first:i])
			first = i + 1
		}
	}
	return append(parts, s[first:])
}

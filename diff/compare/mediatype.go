package compare

import (
	"bytes"
	"mime"
	"slices"
	"strings"
	"unicode/utf8"
)

// format is how a body is compared.
type format uint8

const (
	unnamed format = iota // no media type, or one that cannot be read
	asJSON
	asText
	asBytes
)

var textTypes = []string{
	"application/xml", "application/javascript", "application/x-javascript", "application/ecmascript",
	"application/x-www-form-urlencoded", "application/yaml", "application/x-yaml", "application/toml",
	"application/x-ndjson", "application/jsonl", "application/graphql", "application/sql",
}

// formatOf returns the format that a Content-Type stands for. Structured syntax
// suffixes count (RFC 6839).
func formatOf(contentType string) format {
	name, _, _ := strings.Cut(contentType, ";")
	name = strings.ToLower(trim(name))
	switch {
	case !strings.Contains(name, "/"):
		return unnamed
	case name == "application/json" || name == "text/json" || strings.HasSuffix(name, "+json"):
		return asJSON
	case strings.HasPrefix(name, "text/") || strings.HasSuffix(name, "+xml") || strings.HasSuffix(name, "+yaml") || slices.Contains(textTypes, name):
		return asText
	}
	return asBytes
}

// equalMediaTypes compares two values of Content-Type (RFC 9110 section 8.3):
// names without regard to case, parameters in any order, the charset without
// regard to case.
func equalMediaTypes(x, y string) bool {
	a, paramsA, errA := mime.ParseMediaType(x)
	b, paramsB, errB := mime.ParseMediaType(y)
	if errA != nil || errB != nil || a != b || len(paramsA) != len(paramsB) {
		return false
	}
	for name, value := range paramsA {
		other, ok := paramsB[name]
		if !ok || value != other && !(name == "charset" && strings.EqualFold(value, other)) {
			return false
		}
	}
	return true
}

// commonFormat returns the format in which both bodies can be compared.
func (c *Comparer) commonFormat(x, y *body) format {
	switch a, b := x.format, y.format; {
	case a == asJSON && b == asJSON:
		return asJSON
	case a == asBytes || b == asBytes:
		return asBytes
	case c.isPlainlyJSON(x.data) && c.isPlainlyJSON(y.data):
		return asJSON
	case (a != unnamed || isText(x.data)) && (b != unnamed || isText(y.data)):
		return asText
	}
	return asBytes
}

// isPlainlyJSON reports whether a body is a JSON object or array.
func (c *Comparer) isPlainlyJSON(data []byte) bool {
	data = bytes.TrimLeft(data, " \t\r\n")
	if len(data) == 0 || data[0] != '{' && data[0] != '[' {
		return false
	}
	return c.json.Check(data, c.jsonOptions()) == nil
}

// isText reports whether a body without a media type looks like text.
func isText(data []byte) bool {
	for _, b := range data {
		if b < ' ' && b != '\n' && b != '\r' && b != '\t' && b != '\f' || b == 0x7f {
			return false
		}
	}
	return utf8.Valid(data)
}

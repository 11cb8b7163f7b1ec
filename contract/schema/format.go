package schema

import (
	"encoding/base64"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// format checks texts; values of other types keep to it.
type format struct {
	what  string // for a person
	check func(string) bool
}

// formats are those of JSON Schema (validation, section 7.3) and of the format
// registry of OpenAPI that hold of texts.
var formats = map[string]format{
	"date-time":             {"a date and time of RFC 3339, such as 2024-02-29T12:00:00Z", isDateTime},
	"date":                  {"a date of RFC 3339, such as 2024-02-29", isDate},
	"time":                  {"a time of RFC 3339, such as 12:00:00Z", isTime},
	"duration":              {"a duration of RFC 3339, such as P1DT12H", duration.MatchString},
	"email":                 {"a mailbox of RFC 5321", isEmail},
	"idn-email":             {"a mailbox of RFC 6531", isIDNEmail},
	"hostname":              {"a host name of RFC 1123", isHostname},
	"idn-hostname":          {"a host name of RFC 5890", isIDNHostname},
	"ipv4":                  {"an address of RFC 2673", isIPv4},
	"ipv6":                  {"an address of RFC 4291", isIPv6},
	"uri":                   {"a URI of RFC 3986 with its scheme", func(s string) bool { return isURI(s, false, true) }},
	"uri-reference":         {"a reference of RFC 3986", func(s string) bool { return isURI(s, false, false) }},
	"iri":                   {"an IRI of RFC 3987 with its scheme", func(s string) bool { return isURI(s, true, true) }},
	"iri-reference":         {"a reference of RFC 3987", func(s string) bool { return isURI(s, true, false) }},
	"uri-template":          {"a template of RFC 6570", isTemplate},
	"uuid":                  {"a UUID of RFC 9562", isUUID},
	"json-pointer":          {"a pointer of RFC 6901", pointer.MatchString},
	"relative-json-pointer": {"a relative JSON pointer", relative.MatchString},
	"byte":                  {"base64 of RFC 4648 section 4", isBase64},
	"base64url":             {"base64url of RFC 4648 section 5", isBase64URL},
	"char":                  {"one character", func(s string) bool { return utf8.RuneCountInString(s) == 1 }},
	"binary":                {"any bytes", func(string) bool { return true }},
	"password":              {"any text", func(string) bool { return true }},
}

var (
	pointer  = regexp.MustCompile(`^(?:/(?s:[^~/]|~[01])*)*$`)
	relative = regexp.MustCompile(`^(?:0|[1-9][0-9]*)(?:#|(?:/(?s:[^~/]|~[01])*)*)$`)
	duration = regexp.MustCompile(`^P(?:[0-9]+W|` + days + `(?:T` + hours + `)?|T` + hours + `)$`)
)

// The parts of a duration (RFC 3339 appendix A): each is followed by the next
// smaller one alone.
const (
	days  = `(?:[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?|[0-9]+M(?:[0-9]+D)?|[0-9]+D)`
	hours = `(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S)`
)

// notFormat is what a format's check returns: what the value should be. Errors of
// others may hold the value.
type notFormat string

func (e notFormat) Error() string { return string(e) }

// registerFormats has the library use these formats alone.
func registerFormats(c *jsonschema.Compiler) {
	for name, f := range formats {
		c.RegisterFormat(&jsonschema.Format{Name: name, Validate: func(v any) error {
			if text, ok := v.(string); ok && !f.check(text) {
				return notFormat(f.what)
			}
			return nil
		}})
	}
	for name, limits := range integers {
		c.RegisterFormat(&jsonschema.Format{Name: name, Validate: limits.validate})
	}
	for name, limit := range floats {
		c.RegisterFormat(&jsonschema.Format{Name: name, Validate: limit.validate})
	}
	for _, name := range []string{"semver", "period"} { // the library's own, of no registry
		c.RegisterFormat(&jsonschema.Format{Name: name, Validate: func(any) error { return nil }})
	}
}

// knownFormat reports whether a format is checked.
func knownFormat(name string) bool {
	if _, ok := formats[name]; ok {
		return true
	}
	if _, ok := integers[name]; ok {
		return true
	}
	_, ok := floats[name]
	return ok || name == "regex"
}

// isUUID checks the 36 characters of a UUID (RFC 9562 section 4).
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f'):
			return false
		}
	}
	return true
}

func isBase64(s string) bool {
	_, err := base64.StdEncoding.Strict().DecodeString(s)
	return err == nil && !strings.ContainsAny(s, "\r\n")
}

func isBase64URL(s string) bool {
	_, err := base64.RawURLEncoding.Strict().DecodeString(strings.TrimRight(s, "="))
	return err == nil && !strings.ContainsAny(s, "\r\n")
}

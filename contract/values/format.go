package values

import (
	"fmt"
	"strings"
)

// formatExample makes the n-th ordinary text of a format; false where the format
// is not known.
func formatExample(format string, n int) (string, bool) {
	switch format {
	case "date":
		return fmt.Sprintf("2026-%02d-%02d", 1+n/28%12, 1+n%28), true
	case "date-time":
		return fmt.Sprintf("2026-03-%02dT%02d:%02d:%02dZ", 1+n/86400%28, n/3600%24, n/60%60, n%60), true
	case "time":
		return fmt.Sprintf("%02d:%02d:%02dZ", n/3600%24, n/60%60, n%60), true
	case "duration":
		return fmt.Sprintf("P%dD", 1+n), true
	case "email", "idn-email":
		return fmt.Sprintf("ada.%d@example.com", 17+n), true
	case "hostname", "idn-hostname":
		return fmt.Sprintf("host-%d.example.com", n), true
	case "ipv4":
		return fmt.Sprintf("192.0.2.%d", 1+n%250), true
	case "ipv6":
		return fmt.Sprintf("2001:db8::%x", 1+n%65535), true
	case "uri", "uri-reference", "iri", "iri-reference", "url", "uri-template":
		return fmt.Sprintf("https://example.com/%d", 17+n), true
	case "uuid":
		return fmt.Sprintf("3f2b8c1e-5d4a-4e6f-9a7b-%012x", 0x1d2c3b+n), true
	case "json-pointer":
		return fmt.Sprintf("/items/%d", n), true
	case "relative-json-pointer":
		return fmt.Sprintf("%d/name", n%9), true
	case "regex":
		return fmt.Sprintf("^a{%d}$", n%100), true
	case "byte", "base64", "base64url":
		return strings.Repeat("YWJj", 1+n%100), true
	}
	return "", false
}

// oddText is a text at the edge of a format.
type oddText struct{ text, why string }

// oddFormats are texts that the formats allow and that programs stumble over.
var oddFormats = map[string][]oddText{
	"date":                  {{"2024-02-29", "a leap day"}, {"1970-01-01", "the first day of Unix time"}, {"9999-12-31", "the last day of four digits"}, {"1900-01-01", "before Unix time"}},
	"date-time":             {{"2024-02-29T23:59:59Z", "a leap day"}, {"2026-03-01T12:00:00+05:45", "an offset of hours and minutes"}, {"2026-03-01T12:00:00-08:00", "an offset to the west"}, {"2026-03-01T12:00:00.123456789Z", "nanoseconds"}, {"1969-12-31T23:59:59Z", "before Unix time"}, {"2038-01-19T03:14:08Z", "after 2^31 seconds of Unix time"}},
	"time":                  {{"00:00:00Z", "midnight"}, {"23:59:59.999Z", "the last millisecond of a day"}, {"12:00:00+05:45", "an offset of hours and minutes"}},
	"duration":              {{"PT0S", "nothing"}, {"P1Y2M3DT4H5M6S", "each part"}, {"P4W", "weeks"}},
	"email":                 {{"a@b.co", "a short one"}, {"first.last+tag@sub.example.com", "a tag and a subdomain"}},
	"idn-email":             {{"a@b.co", "a short one"}, {"jürgen@bücher.example", "letters beyond ASCII"}},
	"hostname":              {{"a", "one letter"}, {"xn--bcher-kva.example", "punycode"}, {strings.Repeat("a", 63) + ".example", "the longest label"}},
	"idn-hostname":          {{"bücher.example", "letters beyond ASCII"}},
	"ipv4":                  {{"0.0.0.0", "all zeros"}, {"255.255.255.255", "all ones"}, {"127.0.0.1", "loopback"}},
	"ipv6":                  {{"::", "the unspecified address"}, {"::1", "loopback"}, {"2001:db8:0:0:1:0:0:1", "the long form"}, {"::ffff:192.0.2.1", "IPv4 within IPv6"}},
	"uri":                   {{"http://a", "a short one"}, {"https://example.com:8443/a%20b?q=1&r=%C3%A9#f", "port, escapes, query and fragment"}, {"urn:isbn:9780131103627", "no authority"}},
	"uri-reference":         {{"/a", "a path"}, {"?q=1", "a query alone"}, {"#f", "a fragment alone"}},
	"iri":                   {{"https://example.com/é", "letters beyond ASCII"}},
	"iri-reference":         {{"/é", "letters beyond ASCII"}},
	"uuid":                  {{"00000000-0000-0000-0000-000000000000", "the nil UUID"}, {"FFFFFFFF-FFFF-4FFF-BFFF-FFFFFFFFFFFF", "upper case"}},
	"uri-template":          {{"/items/{id}", "a variable"}},
	"json-pointer":          {{"", "the whole"}, {"/a~1b/c~0d", "escapes"}},
	"relative-json-pointer": {{"0#", "the name itself"}, {"1", "one level up"}},
	"regex":                 {{"", "an empty one"}, {"^[a-z]+(?=x)", "a lookahead"}},
	"byte":                  {{"", "no bytes"}, {"AA==", "one zero byte"}, {"+/+/", "the last two of the alphabet"}},
}

// brokenFormats are texts that are nearly of a format.
var brokenFormats = map[string][]oddText{
	"date":                  {{"2026-02-30", "a day that no month has"}, {"2026-13-01", "a thirteenth month"}, {"01.03.2026", "another order"}, {"2026-3-1", "digits are missing"}},
	"date-time":             {{"2026-02-30T12:00:00Z", "a day that no month has"}, {"2026-03-01T25:00:00Z", "a twenty-fifth hour"}, {"2026-03-01 12:00", "no seconds and no offset"}, {"2026-03-01T12:00:00", "no offset"}, {"2026-03-01", "no time"}},
	"time":                  {{"25:00:00Z", "a twenty-fifth hour"}, {"noon", "a word"}},
	"duration":              {{"P", "nothing after the P"}, {"1 day", "words"}},
	"email":                 {{"ada.example.com", "no @"}, {"@example.com", "nothing before the @"}, {"ada@", "nothing after the @"}},
	"idn-email":             {{"ada.example.com", "no @"}, {"@example.com", "nothing before the @"}},
	"hostname":              {{"-a.example", "a label that begins with a hyphen"}, {"a b", "a space"}, {strings.Repeat("a", 64) + ".example", "a label of 64 characters"}},
	"idn-hostname":          {{"-a.example", "a label that begins with a hyphen"}, {"a b", "a space"}},
	"ipv4":                  {{"256.0.2.1", "an octet above 255"}, {"192.0.2", "three octets"}, {"::1", "IPv6"}},
	"ipv6":                  {{"2001:db8::1::2", "two double colons"}, {"12345::", "five digits"}, {"192.0.2.1", "IPv4"}},
	"uri":                   {{"/relative", "no scheme"}, {"http://a b", "a space"}, {"::", "no scheme"}},
	"uri-reference":         {{"\\\\host\\a", "backslashes"}, {"http://[::1", "an open bracket"}},
	"iri":                   {{"/relative", "no scheme"}, {"::", "no scheme"}},
	"iri-reference":         {{"\\\\host\\a", "backslashes"}, {"http://[::1", "an open bracket"}},
	"uuid":                  {{"3f2b8c1e-5d4a-4e6f-9a7b-1d2c3b4a5f6", "a digit too few"}, {"3f2b8c1e-5d4a-4e6f-9a7b-1d2c3b4a5f6g", "a letter that is no digit"}, {"not-a-uuid", "words"}},
	"uri-template":          {{"/items/{id", "an open brace"}},
	"json-pointer":          {{"items", "no slash at the start"}, {"/a~2", "an escape that there is not"}},
	"relative-json-pointer": {{"/items", "no number at the start"}, {"-1", "a negative number"}},
	"regex":                 {{"(", "an open group"}, {"[a", "an open class"}},
	"byte":                  {{"%%%", "no base64"}, {"YWJ", "a length that base64 has not"}},
}

// maxMailbox is how long a mailbox may be: a path has 256 octets, its brackets
// among them (RFC 5321 section 4.5.3.1.3).
const maxMailbox = 254

// stretched makes a text of a format that has at least low code points, for the
// formats that have no end.
func stretched(format string, low, high int) (string, bool) {
	if low > maxText {
		return "", false
	}
	fill := func(prefix, suffix string) (string, bool) {
		n := max(low-len(prefix)-len(suffix), 1)
		return prefix + strings.Repeat("a", n) + suffix, high < 0 || n+len(prefix)+len(suffix) <= high
	}
	switch format {
	case "uri", "iri", "url":
		return fill("http://a/", "")
	case "uri-reference", "iri-reference", "uri-template", "json-pointer":
		return fill("/", "")
	case "regex":
		return fill("", "")
	case "email", "idn-email":
		if low > maxMailbox {
			return "", false
		}
		return fill("", "@"+strings.TrimPrefix(strings.Repeat(".aaaaaaaaa", max(1, min(low-64, 180)/10+1)), ".")+".co")
	case "byte", "base64":
		return strings.Repeat("YWJj", (low+3)/4), true
	case "hostname", "idn-hostname":
		s := strings.TrimSuffix(strings.Repeat("aaaaaaaaa.", low/10+1), ".")
		return s[:max(min(low, len(s)), 1)], true
	}
	return "", false
}

package shape

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// form is the most telling form of a text.
type form uint8

const (
	none form = iota
	uuid
	ulid
	jwt
	dateTime
	localTime
	date
	clock
	httpDate
	email
	uri
	ipv4
	ipv6
	ip
	digits
	integer
	decimals
	hex
	base64
	locale
	code
	forms
)

// Classes are the names of the forms that all texts of a field may share, the
// most telling first where one holds another: a text of "digits" (eight or more of
// them, such as an order's number) is an "integer", too, and "hex".
var Classes = []string{
	"uuid", "ulid", "jwt", "date-time", "local-date-time", "date", "time", "http-date", "email", "uri",
	"ipv4", "ipv6", "ip", "digits", "integer", "decimal", "hex", "base64", "locale", "code",
}

// formSet is a set of forms.
type formSet uint32

// all is the set of the forms of no text: of every form.
const all formSet = 1<<forms - 1

// holds are the forms that a text of a form has. The common ones of any two forms
// are those of one form, or none: so a name is enough to merge by.
var holds = func() (h [forms]formSet) {
	for f := uuid; f < forms; f++ {
		h[f] = 1 << f
	}
	h[ipv4] |= h[ip]
	h[ipv6] |= h[ip]
	h[integer] |= h[decimals]
	h[digits] |= h[integer] | h[hex]
	return h
}()

// most returns the form that the set is the set of.
func (s formSet) most() form {
	if i := slices.Index(holds[:], s); i > 0 {
		return form(i)
	}
	return none
}

// className returns the name of the form that texts share, "" for none.
func (s formSet) className() string {
	if f := s.most(); f != none {
		return Classes[f-1]
	}
	return ""
}

// classForms returns the forms of a class, none for a name that is not known.
func classForms(name string) formSet {
	if i := slices.Index(Classes, name); i >= 0 {
		return holds[i+1]
	}
	return 0
}

// longest is the longest text in bytes whose form is looked for, but for a JWT and
// a URI, which are known by how they begin.
const longest = 512

// formOf tells the form of a text.
func formOf(s string) form {
	if s == "" {
		return none
	}
	t := survey(s)
	switch {
	case t.other:
		return none
	case t.digit == len(s), t.digit == len(s)-1 && s[0] == '-':
		return digitsOf(s)
	case strings.HasPrefix(s, "eyJ") && strings.Count(s, ".") == 2 && t.upper+t.lower+t.digit+t.count('.')+t.count('-')+t.count('_') == len(s):
		return jwt
	case isURI(s):
		return uri
	case len(s) > longest:
		return longForm(s, &t)
	case t.digit >= 4 && strings.ContainsAny(s, "-:,"):
		if f := timeForm(s); f != none {
			return f
		}
	}
	return tokenForm(s, &t)
}

// text is what a text is made of.
type text struct {
	digit, upper, lower, hexUpper, hexLower int
	marks                                   [128]uint16
	other                                   bool // something that is no visible ASCII, or a blank, which only times have
}

func (t *text) count(c byte) int { return int(t.marks[c]) }

func survey(s string) (t text) {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			t.digit++
		case c >= 'a' && c <= 'z':
			t.lower++
			if c <= 'f' {
				t.hexLower++
			}
		case c >= 'A' && c <= 'Z':
			t.upper++
			if c <= 'F' {
				t.hexUpper++
			}
		case c < ' ' || c > '~':
			t.other = true
			return t
		default:
			if t.marks[c] < 1<<15 {
				t.marks[c]++
			}
		}
	}
	return t
}

// digitsOf tells the form of a text of digits, which a minus may stand before.
// Below eight digits it is a number; above, it may be an id in hexadecimal.
func digitsOf(s string) form {
	switch {
	case s == "-":
		return none
	case s[0] != '-' && len(s) >= 8:
		return digits
	}
	return integer
}

// isURI reports whether a text has a scheme and an authority (RFC 3986 section 3).
func isURI(s string) bool {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || len(scheme) < 2 || len(scheme) > 32 || rest == "" || strings.IndexByte(s, ' ') >= 0 {
		return false
	}
	return strings.Trim(strings.ToLower(scheme), "abcdefghijklmnopqrstuvwxyz0123456789+-.") == ""
}

func longForm(s string, t *text) form {
	if isBase64(s, t) {
		return base64
	}
	return none
}

// layouts of times: RFC 3339, the same without an offset, RFC 9110 section 5.6.7.
var layouts = []struct {
	form   form
	layout string
}{
	{dateTime, time.RFC3339}, {dateTime, "2006-01-02T15:04:05Z0700"}, {localTime, "2006-01-02T15:04:05"}, {localTime, "2006-01-02T15:04"},
	{dateTime, "2006-01-02 15:04:05Z07:00"}, {localTime, "2006-01-02 15:04:05"},
	{date, time.DateOnly}, {clock, "15:04:05Z07:00"}, {clock, time.TimeOnly}, {clock, "15:04"},
	{httpDate, "Mon, 02 Jan 2006 15:04:05 GMT"},
}

// timeForm tells which kind of time a text is. The fraction of a second may have
// any length.
func timeForm(s string) form {
	if len(s) > len("2006-01-02T15:04:05.999999999999-07:00") {
		return none
	}
	for _, l := range layouts {
		if !similar(s, l.layout) {
			continue
		}
		if _, err := time.Parse(l.layout, s); err == nil {
			return l.form
		}
	}
	return none
}

// similar reports whether a text may be of a layout: parsing makes an error, which
// costs ten times as much as this.
func similar(s, layout string) bool {
	if len(layout) < 5 || len(s) < 5 {
		return false
	}
	for _, at := range []int{2, 3, 4, 10} {
		if at < len(layout) && at < len(s) && isDigit(s[at]) != isDigit(layout[at]) {
			return false
		}
	}
	return (len(s) > 10) == (len(layout) > 10) || layout[2] == ':'
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// tokenForm tells the form of a text that is no time.
func tokenForm(s string, t *text) form {
	switch letters := t.upper + t.lower; {
	case len(s) == 36 && isUUID(s):
		return uuid
	case t.count('@') == 1 && isEmail(s):
		return email
	case t.digit > 0 && isDecimal(s):
		return decimals
	case t.count(':') >= 2 || t.count('.') == 3 && letters == 0:
		return addressForm(s)
	case len(s) >= 8 && (t.hexLower+t.digit == len(s) || t.hexUpper+t.digit == len(s)):
		return hex
	case len(s) == 26 && isULID(s, t):
		return ulid
	case isBase64(s, t):
		return base64
	case len(s) == 5 && isLocale(s):
		return locale
	case isCode(s, t):
		return code
	}
	return none
}

// isDecimal reports whether a text is a number of JSON with a fraction.
func isDecimal(s string) bool {
	return strings.IndexByte(s, '.') > 0 && !strings.ContainsAny(s, "eE") && s[len(s)-1] != '.' && isNumberText(s)
}

func isNumberText(s string) bool {
	_, ok := parseDecimal(s)
	return ok
}

func addressForm(s string) form {
	a, err := netip.ParseAddr(s)
	switch {
	case err != nil:
		return none
	case a.Is4():
		return ipv4
	}
	return ipv6
}

// isUUID reports whether a text is a UUID (RFC 9562 section 4).
func isUUID(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if s[i] != '-' {
				return false
			}
		} else if !isDigit(s[i]) && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// isEmail reports whether a text is one address without a name.
func isEmail(s string) bool {
	local, domain, _ := strings.Cut(s, "@")
	return local != "" && strings.IndexByte(domain, '.') > 0 && !strings.ContainsAny(s, " <>,;\"()") && domain[len(domain)-1] != '.'
}

// isULID reports whether a text of 26 characters is Crockford's base 32 in capitals.
func isULID(s string, t *text) bool {
	return s[0] <= '7' && t.digit+t.upper == len(s) && !strings.ContainsAny(s, "ILOU")
}

// isBase64 reports whether a text is base64 of either alphabet that was drawn by
// chance: 16 or more characters, of every kind.
func isBase64(s string, t *text) bool {
	if len(s) < 16 || t.digit == 0 || t.upper == 0 || t.lower == 0 {
		return false
	}
	padding := len(s) - len(strings.TrimRight(s, "="))
	return padding <= 2 && t.digit+t.upper+t.lower+t.count('+')+t.count('/')+t.count('-')+t.count('_')+padding == len(s)
}

func isLocale(s string) bool {
	lower := func(c byte) bool { return c >= 'a' && c <= 'z' }
	upper := func(c byte) bool { return c >= 'A' && c <= 'Z' }
	return lower(s[0]) && lower(s[1]) && (s[2] == '-' || s[2] == '_') && upper(s[3]) && upper(s[4])
}

// isCode reports whether a text is a word in capitals, such as EUR or ON_HOLD.
func isCode(s string, t *text) bool {
	return s[0] >= 'A' && s[0] <= 'Z' && t.lower == 0 && t.digit+t.upper+t.count('_')+t.count('-') == len(s)
}

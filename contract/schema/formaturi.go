package schema

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// scheme is of RFC 3986 section 3.1.
var scheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)

// isURI checks a reference of RFC 3986, or with letters of all scripts one of RFC
// 3987. absolute asks for its scheme.
func isURI(s string, all, absolute bool) bool {
	rest := s
	head := scheme.FindString(s)
	if head == "" && absolute {
		return false
	}
	rest = rest[len(head):]
	rest, fragment, _ := strings.Cut(rest, "#")
	rest, query, _ := strings.Cut(rest, "?")
	if !isPart(fragment, "/?:@", all) || !isPart(query, "/?:@", all) {
		return false
	}
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		authority := after
		if i := strings.IndexByte(after, '/'); i >= 0 {
			authority, rest = after[:i], after[i:]
		} else {
			rest = ""
		}
		if !isAuthority(authority, all) {
			return false
		}
	} else if first, _, _ := strings.Cut(rest, "/"); head == "" && strings.Contains(first, ":") {
		return false // it would be a scheme (section 4.2)
	}
	return isPart(rest, "/:@", all)
}

func isAuthority(s string, all bool) bool {
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		if !isPart(s[:i], ":", all) {
			return false
		}
		s = s[i+1:]
	}
	host, port := s, ""
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") {
		host, port = s[:i], s[i+1:]
	}
	if strings.Trim(port, "0123456789") != "" {
		return false
	}
	if literal, ok := strings.CutPrefix(host, "["); ok {
		literal, ok = strings.CutSuffix(literal, "]")
		return ok && (isIPv6(literal) || future.MatchString(literal))
	}
	return isPart(host, "", all)
}

// future is IPvFuture (section 3.2.2).
var future = regexp.MustCompile(`^[vV][0-9A-Fa-f]+\.[A-Za-z0-9._~!$&'()*+,;=:-]+$`)

// isPart checks for unreserved, sub-delims, what is encoded, and some more.
func isPart(s, more string, all bool) bool {
	for i := 0; i < len(s); {
		c, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case c == '%':
			if !hexByte.MatchString(s[i+1:]) {
				return false
			}
		case c >= utf8.RuneSelf:
			if !all || c == utf8.RuneError && size == 1 || c < 0xa0 || c&0xfffe == 0xfffe || c >= 0xfdd0 && c <= 0xfdef {
				return false
			}
		case !isLetter(byte(c)) && (c < '0' || c > '9') && !strings.ContainsRune("-._~!$&'()*+,;=", c) &&
			!strings.ContainsRune(more, c):
			return false
		}
		i += size
	}
	return true
}

// expressionIn is an expression of a template (RFC 6570 section 2.2 to 2.4).
var expressionIn = regexp.MustCompile(`^\{[+#./;?&=,!@|]?` + variable + `(?:,` + variable + `)*\}`)

const (
	varchar  = `(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})`
	variable = varchar + `(?:\.?` + varchar + `)*(?::[1-9][0-9]{0,3}|\*)?`
)

// isTemplate checks a template (RFC 6570 section 2).
func isTemplate(s string) bool {
	for i := 0; i < len(s); {
		c, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case c == '{':
			size = len(expressionIn.FindString(s[i:]))
			if size == 0 {
				return false
			}
		case c == '%' && !hexByte.MatchString(s[i+1:]), c <= ' ', c >= 0x7f && c < 0xa0,
			c == utf8.RuneError && size == 1, strings.ContainsRune("\"<>\\^`|}", c):
			return false
		}
		i += size
	}
	return true
}

package jsondiff

import "strings"

// longNumber is how many digits make a name of digits alone an odd one: years
// and status codes have fewer.
const longNumber = 5

// isOdd reports whether a member's name looks like a value, which no schema
// names: a UUID, a ULID, 24 or more hexadecimal digits, a number of at least
// longNumber digits, a date, with a time or without, or an e-mail address.
func isOdd(name string) bool {
	if len(name) < longNumber {
		return false
	}
	switch {
	case allOf(name, isDigit):
		return true
	case len(name) == 36 && isUUID(name):
		return true
	case len(name) == 26 && name[0] <= '7' && isDigit(name[0]) && allOf(name, isCrockford):
		return true
	case len(name) >= 24 && allOf(name, isHex) && strings.ContainsAny(name, "0123456789"):
		return true
	}
	return isDate(name) || isAddress(name)
}

func allOf(s string, is func(byte) bool) bool {
	for i := range len(s) {
		if !is(s[i]) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isHex(c byte) bool   { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

// isCrockford: the digits of a ULID.
func isCrockford(c byte) bool {
	return isDigit(c) || c >= 'A' && c <= 'Z' && c != 'I' && c != 'L' && c != 'O' && c != 'U'
}

func isUUID(s string) bool {
	for i := range len(s) {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if s[i] != '-' {
				return false
			}
		} else if !isHex(s[i]) {
			return false
		}
	}
	return true
}

// isDate: 2006-01, 2006-01-02, and either with what a time may have behind it.
func isDate(s string) bool {
	if len(s) < 7 || !allOf(s[:4], isDigit) || s[4] != '-' || !allOf(s[5:7], isDigit) {
		return false
	}
	rest := s[7:]
	if rest == "" {
		return true
	}
	if len(rest) < 3 || rest[0] != '-' || !allOf(rest[1:3], isDigit) {
		return false
	}
	return len(rest) == 3 || strings.IndexByte("T t_", rest[3]) >= 0
}

func isAddress(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && !strings.ContainsAny(s, " \t\n") && strings.IndexByte(domain, '@') < 0 &&
		strings.IndexByte(domain, '.') > 0 && domain[len(domain)-1] != '.'
}

package operation

import (
	"strings"
	"time"
)

// variableID stands for a segment that looks like an identifier, variableName
// for one that was found to take many values, rest for the segments beyond what
// is told apart.
const (
	variableID   = "{id}"
	variableName = "{name}"
	rest         = "{...}"
)

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { c |= 0x20; return c >= 'a' && c <= 'z' }

func isHexDigit(c byte) bool { return isDigit(c) || isLetter(c) && c|0x20 <= 'f' }

// looksLikeID reports whether a decoded segment is an identifier by its looks:
// a number, a list of them, a UUID, a ULID, hexadecimal digits, a date or time,
// an e-mail address, a word and a number (order-10023), or a long token. What
// it misses is found by how many values there are.
func looksLikeID(s string) bool {
	if len(s) > maxSegment {
		return true
	}
	n := countRunes(s)
	switch {
	case n.digits == 0:
		return isEmail(s)
	case n.letters == 0:
		return n.digits == len(s) || n.digits+strings.Count(s, ",") == len(s) || s[0] == '-' && n.digits == len(s)-1 || isDate(s)
	case n.others > 0:
		return isEmail(s) || isDate(s)
	}
	return isHexID(s, n) || isNumbered(s, n) || isToken(s, n) || isDate(s)
}

// sorts counts the characters of a segment by sort.
type sorts struct {
	digits, letters, upper, hexDigits, separators, others int
}

func countRunes(s string) sorts {
	var n sorts
	for _, c := range []byte(s) {
		switch {
		case isDigit(c):
			n.digits++
		case isLetter(c):
			n.letters++
			if c < 'a' {
				n.upper++
			}
		case strings.IndexByte("-_.~=", c) >= 0:
			n.separators++
		default:
			n.others++
		}
		if isHexDigit(c) {
			n.hexDigits++
		}
	}
	return n
}

// isHexID reads 8 or more hexadecimal digits with a digit among them, in groups
// parted by hyphens such as a UUID's or not.
func isHexID(s string, n sorts) bool {
	return n.hexDigits >= 8 && n.hexDigits+strings.Count(s, "-") == len(s)
}

// isNumbered reads a word, a separator and a number of 4 or more digits.
// Shorter ones are as often names: utf-8, sha-256.
func isNumbered(s string, n sorts) bool {
	i := strings.IndexAny(s, "-_.")
	return n.separators == 1 && i > 0 && n.digits >= 4 && len(s)-1-i == n.digits
}

// isToken reads what is too long and too mixed for a word: 20 characters of
// which a sixth are digits, or 10 without separators with 3 digits inside of
// upper and lower case.
func isToken(s string, n sorts) bool {
	if len(s) >= 20 {
		return 6*n.digits >= len(s)
	}
	return len(s) >= 10 && n.separators == 0 && n.digits >= 3 && n.upper > 0 && n.upper < n.letters
}

func isEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && strings.IndexByte(domain, '.') > 0 && strings.IndexByte(domain, '@') < 0
}

// isDate reads a date, or a date and a time behind it.
func isDate(s string) bool {
	if len(s) < len(time.DateOnly) || len(s) > 40 {
		return false
	}
	if _, err := time.Parse(time.DateOnly, s[:len(time.DateOnly)]); err != nil {
		return false
	}
	return len(s) == len(time.DateOnly) || strings.IndexByte("Tt ", s[len(time.DateOnly)]) >= 0
}

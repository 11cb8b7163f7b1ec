package class

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/netip"
)

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { c |= 0x20; return c >= 'a' && c <= 'z' }

func isHexDigit(c byte) bool { return isDigit(c) || isLetter(c) && c|0x20 <= 'f' }

func every(s []byte, is func(byte) bool) bool {
	for _, c := range s {
		if !is(c) {
			return false
		}
	}
	return true
}

func isVisible(s []byte) bool { return every(s, func(c byte) bool { return c > ' ' && c < 0x7f }) }

func isDigits(s []byte) bool { return every(s, isDigit) }

// isHex wants 8 digits: shorter ones are as often words ("add", "facade").
func isHex(s []byte) bool { return len(s) >= 8 && every(s, isHexDigit) }

// isUUID reads the form of RFC 9562 section 4: 8-4-4-4-12.
func isUUID(s []byte) bool {
	if len(s) != 36 {
		return false
	}
	for i, c := range s {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash && c != '-' || !dash && !isHexDigit(c) {
			return false
		}
	}
	return true
}

// isULID reads 26 characters of Crockford's base 32 that fit in 128 bits, so
// that the first is a digit up to 7.
func isULID(s []byte) bool {
	if len(s) != 26 || s[0] > '7' {
		return false
	}
	return every(s, func(c byte) bool {
		u := c &^ 0x20
		return isDigit(c) || isLetter(c) && u != 'I' && u != 'L' && u != 'O' && u != 'U'
	})
}

// isBase64 wants 16 characters of at least two sorts out of upper case, lower
// case and digits, for "customer" is base64 by its alphabet alone; and of all
// three where the URL alphabet's own characters occur, for "size-42" is too.
func isBase64(s []byte) bool {
	body := bytes.TrimRight(s, "=")
	padding := len(s) - len(body)
	if len(s) < 16 || padding > 2 || padding > 0 && len(s)%4 != 0 || len(body)%4 == 1 {
		return false
	}
	var upper, lower, digit, standard, url int
	for _, c := range body {
		switch {
		case isDigit(c):
			digit = 1
		case c >= 'A' && c <= 'Z':
			upper = 1
		case isLetter(c):
			lower = 1
		case c == '+' || c == '/':
			standard = 1
		case c == '-' || c == '_':
			url = 1
		default:
			return false
		}
	}
	return upper+lower+digit >= 2+url && standard+url < 2
}

// isJWT reads the compact form of RFC 7515 section 7.1 with a header that is a
// JSON object; the signature of an unsecured token is empty.
func isJWT(s []byte) bool {
	header, rest, ok := bytes.Cut(s, []byte{'.'})
	if !ok || !bytes.HasPrefix(header, []byte("ey")) {
		return false
	}
	payload, signature, ok := bytes.Cut(rest, []byte{'.'})
	if !ok || len(payload) == 0 || !isBase64URL(payload) || !isBase64URL(signature) {
		return false
	}
	text, err := base64.RawURLEncoding.DecodeString(string(header))
	return err == nil && len(text) > 0 && text[0] == '{' && json.Valid(text)
}

func isBase64URL(s []byte) bool {
	return every(s, func(c byte) bool { return isDigit(c) || isLetter(c) || c == '-' || c == '_' })
}

// isEmail reads local@domain with a dot in the domain: the form that services
// give, not all of RFC 5322.
func isEmail(s []byte) bool {
	local, domain, ok := bytes.Cut(s, []byte{'@'})
	if !ok || len(local) == 0 || len(local) > 64 || len(domain) > 253 {
		return false
	}
	if bytes.ContainsAny(local, `"(),:;<>[\]`) || local[0] == '.' || local[len(local)-1] == '.' {
		return false
	}
	return bytes.IndexByte(domain, '.') > 0 && isHost(domain)
}

// isHost reads labels of letters, digits and hyphens, none of them empty.
func isHost(s []byte) bool {
	for label := range bytes.SplitSeq(s, []byte{'.'}) {
		if len(label) == 0 || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		if !every(label, func(c byte) bool { return isDigit(c) || isLetter(c) || c == '-' }) {
			return false
		}
	}
	return true
}

// isURL reads scheme "://" something (RFC 3986 section 3).
func isURL(s []byte) bool {
	scheme, rest, ok := bytes.Cut(s, []byte("://"))
	if !ok || len(scheme) == 0 || len(rest) == 0 || !isLetter(scheme[0]) {
		return false
	}
	return every(scheme, func(c byte) bool { return isDigit(c) || isLetter(c) || c == '+' || c == '-' || c == '.' })
}

func isIP(s []byte) bool {
	if len(s) > 64 {
		return false
	}
	_, err := netip.ParseAddr(string(s))
	return err == nil
}

// isSemver reads semver.org 2.0.0, a leading v allowed.
func isSemver(s []byte) bool {
	s = bytes.TrimPrefix(s, []byte{'v'})
	for i := range 3 {
		n := 0
		for n < len(s) && isDigit(s[n]) {
			n++
		}
		if n == 0 || n > 1 && s[0] == '0' {
			return false
		}
		s = s[n:]
		if i < 2 {
			if len(s) == 0 || s[0] != '.' {
				return false
			}
			s = s[1:]
		}
	}
	return isSemverSuffix(s)
}

func isSemverSuffix(s []byte) bool {
	if len(s) == 0 {
		return true
	}
	if s[0] != '-' && s[0] != '+' || len(s) == 1 {
		return false
	}
	plus := 0
	return every(s[1:], func(c byte) bool {
		if c == '+' {
			plus++
			return plus == 1 && s[0] == '-'
		}
		return isDigit(c) || isLetter(c) || c == '-' || c == '.'
	})
}

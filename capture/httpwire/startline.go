package httpwire

import (
	"bytes"
	"strings"
)

// kind is what a first line or the beginning of one is.
type kind uint8

const (
	undecided kind = iota // may still become a start line
	junk                  // is no start line
	request
	halfRequest   // one without its version or its target
	simpleRequest // HTTP/0.9: a method and a target
	response
	preface   // of HTTP/2
	frames    // of HTTP/2, as a server begins
	encrypted // by TLS
)

// maxMethod is the longest method that is taken for one. The longest registered
// one has 17 letters.
const maxMethod = 40

// token holds the characters of RFC 9110 section 5.6.2.
var token = func() (t [256]bool) {
	for _, c := range "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" {
		t[c] = true
	}
	return t
}()

// prefixKind judges the beginning of a first line whose end is not there yet:
// undecided or junk.
func prefixKind(b []byte) kind {
	i := tokenEnd(b)
	switch {
	case i == len(b):
		if i <= maxMethod {
			return undecided
		}
		return junk
	case b[i] == '/' && isResponse(b):
		i++
	case b[i] == '\r' && i > 0 && i+1 == len(b):
		return undecided // the line may end here
	case b[i] != ' ' && b[i] != '\t' || i == 0 || i > maxMethod:
		return junk
	}
	if hasControl(b[i:]) {
		return junk
	}
	return undecided
}

func tokenEnd(b []byte) int {
	n := min(len(b), maxMethod+1)
	for i, c := range b[:n] {
		if !token[c] {
			return i
		}
	}
	return n
}

func isResponse(b []byte) bool {
	const name = "HTTP/"
	n := min(len(b), len(name))
	return string(b[:n]) == name[:n]
}

// hasControl finds characters that no start line holds, lenient as to 8-bit
// targets, which occur.
func hasControl(b []byte) bool {
	for _, c := range b {
		if c < 0x20 && c != '\t' && c != '\r' && c != '\n' || c == 0x7f {
			return true
		}
	}
	return false
}

// lineKind judges a whole first line without its line end.
func lineKind(line []byte) kind {
	if prefixKind(line) == junk {
		return junk
	}
	if isResponse(line) {
		if len(line) > len("HTTP/") && line[len("HTTP/")] >= '0' && line[len("HTTP/")] <= '9' {
			return response // lenient as to the rest: see parseResponse
		}
		return junk
	}
	if bytes.IndexByte(line, '\r') >= 0 {
		return junk
	}
	method, target, proto := splitRequest(line)
	switch {
	case len(proto) > 0:
		return request
	case isSimple(line):
		return simpleRequest
	case withoutVersion(method, target):
		return halfRequest
	}
	return junk
}

// withoutVersion tells a request line that lacks its version or its target:
// servers answer it with status 400, so it is kept, as malformed. A line that
// may be of HTTP/0.9 is none.
func withoutVersion(method, target []byte) bool {
	if bytes.Contains(target, []byte("HTTP/")) {
		return true
	}
	return methods[string(method)] && (len(target) == 0 || target[0] == '/')
}

// methods are those of RFC 9110 section 9, RFC 5789 and the QUERY method.
var methods = map[string]bool{
	"GET": true, "HEAD": true, "POST": true, "PUT": true, "DELETE": true, "CONNECT": true,
	"OPTIONS": true, "TRACE": true, "PATCH": true, "QUERY": true,
}

// wholeVersion is how a request line ends.
var wholeVersion = []byte("HTTP/1.1\r")

// cutRequest returns the part of an unfinished request line that is certain:
// method and target, where the version has begun. It is nil where it has not.
func cutRequest(b []byte) []byte {
	i := bytes.LastIndexByte(b, ' ')
	if i < 0 || i+1 == len(b) || !bytes.HasPrefix(wholeVersion, b[i+1:]) {
		return nil
	}
	method, target, _ := splitRequest(b[:i])
	if !methods[string(method)] || len(target) == 0 {
		return nil
	}
	return b[:i]
}

// isSimple tells a request of HTTP/0.9: GET and a path, nothing else.
func isSimple(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, []byte("GET "))
	rest = bytes.TrimRight(rest, " ")
	return ok && len(rest) > 0 && rest[0] == '/' && bytes.IndexByte(rest, ' ') < 0
}

// splitRequest cuts a request line into its parts. The target is what lies
// between the first and the last run of spaces, undecoded, spaces included: RFC
// 9112 section 3 forbids them, senders do not care. proto is empty where the
// line does not end in a version.
func splitRequest(line []byte) (method, target, proto []byte) {
	i := tokenEnd(line)
	method = line[:i]
	rest := trimBlanks(line[i:])
	j := len(rest) - 1
	for j >= 0 && !isBlank(rest[j]) {
		j--
	}
	if v := rest[j+1:]; isVersion(v) {
		return method, trimBlanks(rest[:max(j, 0)]), v
	}
	return method, rest, nil
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// trimBlanks takes the spaces and tabs off both ends. bytes.Trim builds a set of
// them first, which takes longer than the usual value.
func trimBlanks[T string | []byte](v T) T {
	for len(v) > 0 && isBlank(v[0]) {
		v = v[1:]
	}
	return trimRightBlanks(v)
}

func trimRightBlanks[T string | []byte](v T) T {
	for len(v) > 0 && isBlank(v[len(v)-1]) {
		v = v[:len(v)-1]
	}
	return v
}

// isVersion accepts HTTP-version of RFC 9112 section 2.3 and, for the senders
// that break it, other digits and another case of the name.
func isVersion[T string | []byte](v T) bool {
	if len(v) < len("HTTP/1") || len(v) > len("HTTP/1.10") || !strings.EqualFold(string(v[:5]), "HTTP/") {
		return false
	}
	for _, c := range []byte(v[5:]) {
		if (c < '0' || c > '9') && c != '.' {
			return false
		}
	}
	return true
}

// splitStatus cuts a status line into the version and what follows it.
func splitStatus(line []byte) (proto, rest []byte) {
	proto, rest, _ = bytes.Cut(line, []byte(" "))
	return proto, bytes.TrimLeft(rest, " ")
}

// splitCode cuts what follows the version into status and reason. The status is
// 0 where it is no number of three digits, or of no class: recipients take those
// beyond 599 for their class, as RFC 9110 section 15 has it for unknown ones, but
// there is none of 0.
func splitCode(rest []byte) (status int, reason []byte) {
	code, reason, _ := bytes.Cut(rest, []byte(" "))
	if len(code) != 3 || code[0] == '0' {
		return 0, rest
	}
	for _, c := range code {
		if c < '0' || c > '9' {
			return 0, rest
		}
		status = status*10 + int(c-'0')
	}
	return status, reason
}

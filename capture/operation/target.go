package operation

import (
	"net/url"
	"strings"

	"twinspect.dev/capture"
)

const (
	// maxSegments is how deep paths are told apart. Real ones have below 20.
	maxSegments = 32
	// maxSegment is the length in bytes of the longest segment that is a name;
	// what is longer is an id.
	maxSegment = 128
)

// special returns the name of a target that is no path: the asterisk form and
// the authority form (RFC 9112 section 3.2).
func special(method, target string) (name string, ok bool) {
	switch {
	case method == "CONNECT":
		return "{authority}", true
	case target == "*":
		return "*", true
	}
	return "", false
}

// segments returns the segments of the target's path, each in the form that
// names have. Empty ones are left out, so that "/a//b/" is "/a/b". more says
// that there were more than maxSegments.
func segments(target string) (list []string, more bool) {
	for segment := range strings.SplitSeq(capture.PathOf(target), "/") {
		if segment == "" {
			continue
		}
		if len(list) == maxSegments {
			return list, true
		}
		list = append(list, name(segment))
	}
	return list, false
}

// name returns the segment as it stands in an operation's name: {id} for what
// looks like one, with an extension where it has one, else the segment itself.
func name(segment string) string {
	// A path parameter such as ;jsessionid=1 (RFC 3986 section 3.3) names no
	// other operation.
	if i := strings.IndexByte(segment, ';'); i > 0 {
		segment = segment[:i]
	}
	decoded, err := url.PathUnescape(segment)
	if err != nil {
		decoded = segment
	}
	if stem, extension, ok := cutExtension(decoded); ok && looksLikeID(stem) && !isEmail(decoded) {
		return variableID + extension
	}
	if looksLikeID(decoded) {
		return variableID
	}
	return normalize(segment)
}

// cutExtension cuts a file's extension off: a dot and 1 to 5 letters or digits,
// letters first.
func cutExtension(s string) (stem, extension string, ok bool) {
	i := strings.LastIndexByte(s, '.')
	if i <= 0 || len(s)-i < 2 || len(s)-i > 6 || !isLetter(s[i+1]) {
		return s, "", false
	}
	for _, c := range []byte(s[i+1:]) {
		if !isLetter(c) && !isDigit(c) {
			return s, "", false
		}
	}
	return s[:i], s[i:], true
}

// normalize makes spellings of the same segment equal (RFC 3986 section 6.2.2):
// escaped unreserved characters are decoded, and what a segment may not hold
// unescaped is escaped, braces above all, so that no target spells a variable.
func normalize(segment string) string {
	if isPlain(segment) {
		return segment
	}
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(segment); i++ {
		c, escaped := segment[i], false
		if c == '%' && i+2 < len(segment) && isHexDigit(segment[i+1]) && isHexDigit(segment[i+2]) {
			c, escaped = unhex(segment[i+1])<<4|unhex(segment[i+2]), true
			i += 2
		}
		if isUnreserved(c) || !escaped && isSubDelimiter(c) {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}

func isPlain(s string) bool {
	for _, c := range []byte(s) {
		if !isUnreserved(c) && !isSubDelimiter(c) {
			return false
		}
	}
	return true
}

func isUnreserved(c byte) bool {
	return isLetter(c) || isDigit(c) || c == '-' || c == '.' || c == '_' || c == '~'
}

func isSubDelimiter(c byte) bool { return strings.IndexByte("!$&'()*+,;=:@", c) >= 0 }

func unhex(c byte) byte {
	if isDigit(c) {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

package sample

import (
	"strings"

	"twinspect.dev/capture"
)

// Bounds of a name: two segments more than the deepest paths of public
// interfaces, and room for the longest registered method and such a path.
const (
	maxSegments = 16
	maxMethod   = 32
	maxName     = 256
)

// appendOperation writes method and path, the query left out and each segment
// that looks like an identifier as "{}". The name has at most maxName bytes.
func appendOperation(b []byte, method, target string) []byte {
	b = append(b, method[:min(len(method), maxMethod)]...)
	b = append(b, ' ')
	rest := capture.PathOf(target)
	for range maxSegments {
		segment, after, more := strings.Cut(rest, "/")
		if variable(segment) {
			segment = "{}"
		}
		if len(b)+len(segment)+len("/{...}") > maxName {
			break
		}
		b = append(b, segment...)
		if !more {
			return b
		}
		b = append(b, '/')
		rest = after
	}
	return append(b, "{...}"...)
}

// shortHex is the length from which hexadecimal digits are an identifier, not a
// word such as "face": that of an abbreviated commit.
const shortHex = 7

// variable reports whether the segment is a number, or of at least shortHex
// hexadecimal digits and hyphens with a decimal digit among them: a UUID, say.
func variable(segment string) bool {
	digits, others := 0, 0
	for i := range len(segment) {
		switch c := segment[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'f', c >= 'A' && c <= 'F', c == '-':
			others++
		default:
			return false
		}
	}
	return digits > 0 && (others == 0 || digits+others >= shortHex)
}

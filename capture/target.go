package capture

import "strings"

// PathOf returns the path of a request-target in origin form or absolute form,
// still encoded, without its query; a target of another form is returned as it
// is (RFC 9112 section 3.2).
func PathOf(target string) string {
	if i := strings.IndexAny(target, "?#"); i >= 0 {
		target = target[:i]
	}
	if strings.HasPrefix(target, "/") {
		return target
	}
	if _, rest, ok := strings.Cut(target, "://"); ok {
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			return rest[i:]
		}
		return "/"
	}
	return target
}

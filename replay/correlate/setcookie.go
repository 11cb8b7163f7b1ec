package correlate

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// setCookieField is one Set-Cookie field.
type setCookieField struct {
	name, value, path string
	expires           time.Time
	deleted           bool
}

// maxAge bounds Max-Age, as RFC 6265bis section 5.5 does: 400 days.
const maxAge = 400 * 24 * 60 * 60

// parseSetCookie reads a Set-Cookie field (RFC 6265 section 5.2) that an answer
// to a request for the path had at the time now.
func parseSetCookie(text, path string, now time.Time) (setCookieField, bool) {
	first, attributes, _ := strings.Cut(text, ";")
	name, value, ok := strings.Cut(first, "=")
	c := setCookieField{name: strings.TrimSpace(name), value: strings.TrimSpace(value), path: defaultPath(path)}
	if !ok || c.name == "" || len(text) > maxValue || !fieldText(text) {
		return c, false
	}
	aged := false
	for a := range strings.SplitSeq(attributes, ";") {
		key, v, _ := strings.Cut(a, "=")
		v = strings.TrimSpace(v)
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "path":
			if strings.HasPrefix(v, "/") {
				c.path = v
			}
		case "max-age":
			if seconds, ok := parseAge(v); ok {
				aged = true
				c.expires = now.Add(time.Duration(seconds) * time.Second)
				c.deleted = seconds == 0
			}
		case "expires":
			if t, ok := parseDate(v); ok && !aged {
				c.expires, c.deleted = t, !t.After(now)
			}
		}
	}
	return c, true
}

// parseAge reads a Max-Age in seconds; what is not positive is 0, which deletes.
func parseAge(s string) (int64, bool) {
	if rest, negative := strings.CutPrefix(s, "-"); negative {
		return 0, rest != "" && digits(rest, 0) == len(rest)
	}
	if s == "" || digits(s, 0) != len(s) {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil { // out of range
		n = maxAge
	}
	return min(n, maxAge), true
}

func parseDate(s string) (time.Time, bool) {
	if t, err := http.ParseTime(s); err == nil {
		return t, true
	}
	for _, layout := range [...]string{"Mon, 02-Jan-2006 15:04:05 MST", "Mon, 02-Jan-06 15:04:05 MST", "Mon, 2 Jan 2006 15:04:05 MST"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

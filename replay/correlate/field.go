package correlate

import (
	"strings"

	"twinspect.dev/capture"
)

// role says how a header field is read.
type role uint8

const (
	whole role = iota
	common
	etags
	credentials
	cookies
	setCookie
	location
)

// requestRoles holds the request fields that are not read as one value. The
// common ones speak of the message or of the client, and are never given by an
// answer.
var requestRoles = roles(map[role]string{
	common: `accept accept-charset accept-encoding accept-language cache-control connection content-encoding
		content-language content-length content-type date dnt expect forwarded from host keep-alive max-forwards
		origin pragma priority proxy-connection range referer sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform
		sec-fetch-dest sec-fetch-mode sec-fetch-site sec-fetch-user te trailer transfer-encoding upgrade
		upgrade-insecure-requests user-agent via x-forwarded-for x-forwarded-host x-forwarded-proto x-real-ip
		traceparent tracestate b3 x-b3-traceid x-b3-spanid x-b3-parentspanid x-b3-sampled uber-trace-id`,
	etags:       "if-match if-none-match if-range",
	credentials: "authorization proxy-authorization",
	cookies:     "cookie",
})

var responseRoles = roles(map[role]string{
	common: `accept-patch accept-post accept-ranges access-control-allow-credentials access-control-allow-headers
		access-control-allow-methods access-control-allow-origin access-control-expose-headers
		access-control-max-age age allow alt-svc cache-control connection content-disposition content-encoding
		content-language content-length content-range content-security-policy content-type cross-origin-opener-policy
		cross-origin-resource-policy date expires keep-alive permissions-policy pragma proxy-authenticate
		referrer-policy retry-after server server-timing strict-transport-security te trailer transfer-encoding
		upgrade vary via warning www-authenticate x-content-type-options x-frame-options x-powered-by
		x-response-time x-xss-protection traceparent tracestate`,
	etags:     "etag",
	setCookie: "set-cookie",
	location:  "location content-location",
})

func roles(names map[role]string) map[string]role {
	m := make(map[string]role)
	for r, list := range names {
		for name := range strings.FieldsSeq(list) {
			m[name] = r
		}
	}
	return m
}

// appendLower appends a field's name in lower case; what is no ASCII stays.
func appendLower(dst []byte, name string) []byte {
	for i := range len(name) {
		c := name[i]
		if kindOf(c) == upperByte {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

func (w *walker) requestField(f *capture.Field) {
	w.name = appendLower(w.name[:0], f.Name)
	switch requestRoles[string(w.name)] {
	case whole:
		w.field(f.Value, 0, len(f.Value))
	case credentials:
		// RFC 9110 section 11.4: a scheme, then the token.
		w.field(f.Value, strings.IndexByte(f.Value, ' ')+1, len(f.Value))
	case etags:
		w.etags(f.Value)
	case cookies:
		for c := range pairsOf(f.Value) {
			w.cookie(f.Value, c)
		}
	}
}

func (w *walker) responseField(f *capture.Field) {
	w.name = appendLower(w.name[:0], f.Name)
	switch responseRoles[string(w.name)] {
	case whole:
		w.field(f.Value, 0, len(f.Value))
	case etags:
		w.etags(f.Value)
	case setCookie:
		for c := range pairsOf(f.Value) {
			w.cookie(f.Value, c)
			w.decodedCookie(f.Value, c)
			break // the rest are attributes
		}
	case location:
		w.field(f.Value, 0, len(f.Value))
		at := pathStart(f.Value)
		end := len(f.Value)
		if i := strings.IndexAny(f.Value[at:], "?#"); i >= 0 {
			end = at + i
		}
		w.segments(Location, f.Value, at, end, nil)
		if end < len(f.Value) && f.Value[end] == '?' {
			w.parameters(LocationQuery, f.Value, end+1)
		}
	}
}

// field visits value[start:end] without the blanks around it.
func (w *walker) field(value string, start, end int) {
	for start < end && value[start] == ' ' {
		start++
	}
	for start < end && value[end-1] == ' ' {
		end--
	}
	w.buf = append(w.buf[:0], value[start:end]...)
	w.give(Header, nameKey(Header, w.name), 0, w.buf, start, end)
}

// etags visits the opaque part of each entity tag, without W/ and quotes (RFC
// 9110 section 8.8.3): a client may drop the W/, and what is compared weakly is
// the opaque part. If-Range may hold a date, which is visited whole.
func (w *walker) etags(value string) {
	if strings.IndexByte(value, '"') < 0 {
		w.field(value, 0, len(value))
		return
	}
	for at := 0; ; {
		start := strings.IndexByte(value[at:], '"') + at + 1
		if start <= at {
			return
		}
		size := strings.IndexByte(value[start:], '"')
		if size < 0 {
			return
		}
		w.field(value, start, start+size)
		at = start + size + 1
	}
}

func (w *walker) cookie(value string, c pair) {
	w.name = append(w.name[:0], value[c.start:c.equals]...)
	w.buf = append(w.buf[:0], value[c.equals+1:c.end]...)
	w.give(Cookie, nameKey(Cookie, w.name), 0, w.buf, c.equals+1, c.end)
}

// decodedCookie visits a percent-encoded cookie in the form in which scripts copy
// it into a header, at another position of the same place.
func (w *walker) decodedCookie(value string, c pair) {
	if strings.IndexByte(value[c.equals+1:c.end], '%') >= 0 {
		w.buf = appendUnescaped(w.buf[:0], value[c.equals+1:c.end], false)
		w.give(Cookie, nameKey(Cookie, w.name), 1, w.buf, c.equals+1, c.end)
	}
}

// pair is one name=value of a Cookie field, as positions in it.
type pair struct{ start, equals, end int }

// pairsOf yields the pairs of a Cookie field (RFC 6265 section 4.2.1).
func pairsOf(value string) func(func(pair) bool) {
	return func(yield func(pair) bool) {
		for at := 0; at < len(value); {
			end := strings.IndexByte(value[at:], ';') + at
			if end < at {
				end = len(value)
			}
			start, stop := at, end
			for start < stop && value[start] == ' ' {
				start++
			}
			for start < stop && value[stop-1] == ' ' {
				stop--
			}
			if eq := strings.IndexByte(value[start:stop], '='); eq > 0 && !yield(pair{start, start + eq, stop}) {
				return
			}
			at = end + 1
		}
	}
}

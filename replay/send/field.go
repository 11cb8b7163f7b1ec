package send

import (
	"fmt"
	"strings"

	"twinspect.dev/capture"
)

// fieldKind tells the fields apart that belong to the connection.
type fieldKind int

const (
	endToEnd fieldKind = iota
	hostField
	lengthField // Content-Length
	codingField // Transfer-Encoding
	teField
	expectField
	trailerField
	hopField // any other that belongs to one connection
)

func kindOf(name string) fieldKind {
	is := func(s string) bool { return strings.EqualFold(name, s) }
	switch len(name) {
	case 2:
		if is("TE") {
			return teField
		}
	case 4:
		if is("Host") {
			return hostField
		}
	case 6:
		if is("Expect") {
			return expectField
		}
	case 7:
		if is("Upgrade") {
			return hopField
		}
		if is("Trailer") {
			return trailerField
		}
	case 10:
		if is("Connection") || is("Keep-Alive") {
			return hopField
		}
	case 14:
		if is("Content-Length") {
			return lengthField
		}
		if is("HTTP2-Settings") {
			return hopField
		}
	case 16:
		if is("Proxy-Connection") {
			return hopField
		}
	case 17:
		if is("Transfer-Encoding") {
			return codingField
		}
	case 19:
		// It is for the nearest proxy (RFC 9110 section 11.7.2), which had its
		// own.
		if is("Proxy-Authorization") {
			return hopField
		}
	}
	return endToEnd
}

// options returns the fields that Connection names as its own.
func options(h capture.Header) []string {
	var names []string
	for _, f := range h {
		if len(f.Name) != len("Connection") || !strings.EqualFold(f.Name, "Connection") {
			continue
		}
		if strings.EqualFold(f.Value, "keep-alive") || strings.EqualFold(f.Value, "close") {
			continue
		}
		for name := range strings.SplitSeq(f.Value, ",") {
			names = append(names, strings.Trim(name, " \t"))
		}
	}
	return names
}

func containsFold(list []string, s string) bool {
	for _, l := range list {
		if strings.EqualFold(l, s) {
			return true
		}
	}
	return false
}

// hasToken reports whether the comma-separated list has the token; parameters
// after a semicolon are not looked at.
func hasToken(list, token string) bool {
	for part := range strings.SplitSeq(list, ",") {
		name, _, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.Trim(name, " \t"), token) {
			return true
		}
	}
	return false
}

// checkField refuses what would end the field early and so become something
// else on the wire. Other oddities were recorded, and are sent as they were.
func checkField(f capture.Field) error {
	if f.Name == "" || strings.ContainsAny(f.Name, ":\r\n\x00") {
		return fmt.Errorf("name %q is empty or holds a colon or line break: the request cannot be sent", f.Name)
	}
	if strings.ContainsAny(f.Value, "\r\n\x00") {
		return fmt.Errorf("value of %s holds a line break or NUL: the request cannot be sent", f.Name)
	}
	return nil
}

// isToken reports whether s is a token (RFC 9110 section 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		if !tokenByte[s[i]] {
			return false
		}
	}
	return s != ""
}

var tokenByte = func() (t [256]bool) {
	for _, c := range []byte("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		t[c] = true
	}
	return t
}()

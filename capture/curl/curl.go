// Package curl writes requests as commands for a shell.
package curl

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"twinspect.dev/capture"
)

// Line writes a request as a command for a POSIX shell that sends it to u: the
// same bytes but for the fields that curl adds itself. Where the request's text
// has $NAME, and NAME is one of variables, the shell puts the variable's value.
func Line(u *url.URL, req *capture.Request, variables ...string) string {
	quoted := func(s string) string { return quoted(s, variables) }
	target := req.Target
	if target == "*" {
		target = ""
	}
	args := []string{"curl", "--globoff", "--path-as-is", "-X", quoted(req.Method), quoted(u.Scheme + "://" + u.Host + target)}
	if req.Method == http.MethodHead {
		args[3], args = "--head", append(args[:4], args[5:]...)
	}
	if req.Target == "*" {
		args = append(args, "--request-target", quoted("*"))
	}
	for _, f := range req.Header {
		switch {
		case strings.EqualFold(f.Name, "Content-Length"):
		case strings.EqualFold(f.Name, "Host") && f.Value == u.Host:
		case f.Value == "":
			args = append(args, "-H", quoted(f.Name+";")) // curl leaves out a field that ends with its colon
		default:
			args = append(args, "-H", quoted(f.Name+": "+f.Value))
		}
	}
	if len(req.Body) == 0 {
		return strings.Join(args, " ")
	}
	if !isText(req.Body) {
		return strings.Join(args, " ") + fmt.Sprintf(" --data-binary @body # %d bytes that are no text", len(req.Body))
	}
	return strings.Join(append(args, "--data-raw", quoted(string(req.Body))), " ")
}

// quoted puts s between apostrophes where a shell would read it otherwise, and
// the variables in it between quotation marks.
func quoted(s string, variables []string) string {
	for _, name := range variables {
		if before, after, ok := strings.Cut(s, "$"+name); ok {
			return orNothing(before, variables) + `"$` + name + `"` + orNothing(after, variables)
		}
	}
	plain := func(r rune) bool {
		return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune("-_./:@%+,=", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func orNothing(s string, variables []string) string {
	if s == "" {
		return ""
	}
	return quoted(s, variables)
}

// isText reports whether a terminal can show b without harm.
func isText(b []byte) bool {
	if !utf8.Valid(b) {
		return false
	}
	return strings.IndexFunc(string(b), func(r rune) bool {
		return !unicode.IsPrint(r) && r != '\n' && r != '\t'
	}) < 0
}

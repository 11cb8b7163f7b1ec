package httpwire

import (
	"bytes"
	"strings"

	"twinspect.dev/capture"
)

// headEnd finds the end of a message head: the length up to and including the
// empty line. The search begins at from, which must lie at or before the end of
// a line; where there is no end yet it returns -1 and where to go on.
func headEnd(b []byte, from int) (end, resume int) {
	for {
		i := bytes.IndexByte(b[from:], '\n')
		if i < 0 {
			return -1, len(b)
		}
		at := from + i
		rest := b[at+1:]
		switch {
		case len(rest) > 0 && rest[0] == '\n':
			return at + 2, 0
		case len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n':
			return at + 3, 0
		case len(rest) == 0, len(rest) == 1 && rest[0] == '\r':
			return -1, at
		}
		from = at + 1
	}
}

// chomp removes one line end: CRLF, or the bare LF that RFC 9112 section 2.2
// lets a recipient accept.
func chomp(line string) string {
	line = strings.TrimSuffix(line, "\n")
	return strings.TrimSuffix(line, "\r")
}

// fields appends the field lines of text to h. Whitespace around a value goes, a
// folded line continues the value before it after one space (RFC 9112 section
// 5.2). A line without a colon is kept as a name without a value and reported.
func fields(h capture.Header, text string) (_ capture.Header, malformed bool) {
	for len(text) > 0 {
		line := text
		if i := strings.IndexByte(text, '\n'); i >= 0 {
			line = text[:i+1]
		}
		text = text[len(line):]
		line = chomp(line)
		switch {
		case line == "":
			continue
		case (line[0] == ' ' || line[0] == '\t') && len(h) > 0:
			last := &h[len(h)-1]
			last.Value = strings.TrimSpace(last.Value + " " + strings.Trim(line, " \t"))
			continue
		}
		i := strings.IndexByte(line, ':')
		if i <= 0 {
			h = append(h, capture.Field{Name: line})
			malformed = true
			continue
		}
		h = append(h, capture.Field{Name: line[:i], Value: strings.Trim(line[i+1:], " \t")})
	}
	return h, malformed
}

// parseRequest fills r from a head. The protocol stays empty where the request
// line has none.
func parseRequest(r *capture.Request, head string) {
	line, rest, _ := strings.Cut(head, "\n")
	method, target, proto := splitRequest([]byte(chomp(line)))
	r.Method = line[:len(method)]
	r.Target = within(line, target, len(method))
	switch {
	case len(proto) > 0:
		r.Proto = strings.ToUpper(string(proto))
	case isSimple([]byte(chomp(line))) && rest == "" && strings.HasSuffix(head, "\n"):
		r.Proto = "HTTP/0.9"
	}
	r.Header, _ = fields(r.Header, rest)
}

// within returns part as a substring of line, so that both share memory.
func within(line string, part []byte, from int) string {
	i := strings.Index(line[from:], string(part))
	return line[from+i : from+i+len(part)]
}

// parseResponse fills r from a head. A status that is no number of three digits
// gives 0, and what stands there goes to the reason.
func parseResponse(r *capture.Response, head string) {
	line, rest, _ := strings.Cut(head, "\n")
	proto, code, _ := splitStatus([]byte(chomp(line)))
	status, reason := splitCode(code)
	r.Proto = strings.ToUpper(string(proto))
	r.Status, r.Reason = status, string(reason)
	r.Header, _ = fields(r.Header, rest)
}

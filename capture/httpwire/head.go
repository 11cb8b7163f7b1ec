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

// cutLine takes the first line, without its end, from text.
func cutLine(text string) (line, rest string) {
	if i := strings.IndexByte(text, '\n'); i >= 0 {
		text, rest = text[:i+1], text[i+1:]
	}
	return chomp(text), rest
}

// fields appends the field lines of text to h. Whitespace around a value goes, a
// folded line continues the value before it after one space (RFC 9112 section
// 5.2). A line without a colon is kept as a name without a value. odd is set where
// a line is folded or has a bare CR.
func fields(h capture.Header, text string) (_ capture.Header, odd bool) {
	returns := strings.Count(text, "\r")
	for len(text) > 0 {
		i, next := strings.IndexByte(text, '\n'), len(text)
		if i >= 0 {
			next = i + 1
		} else {
			i = next
		}
		line := text[:i]
		text = text[next:]
		if i > 0 && line[i-1] == '\r' {
			line = line[:i-1]
			returns--
		}
		if line == "" {
			continue
		}
		f := capture.Field{Name: line}
		if i := strings.IndexByte(line, ':'); i > 0 {
			f.Name, f.Value = line[:i], trimBlanks(line[i+1:])
		}
		if len(text) > 0 && isBlank(text[0]) {
			f.Value, text = unfold(f.Value, text)
			odd = true
		}
		h = append(h, f)
	}
	return h, odd || returns != 0
}

// unfold joins a value with the folded lines at the beginning of text, each once
// however many there are.
func unfold(value, text string) (joined, rest string) {
	var line string
	b := []byte(value)
	for len(text) > 0 && isBlank(text[0]) {
		line, text = cutLine(text)
		if line = trimBlanks(line); line == "" {
			continue
		}
		if len(b) > 0 {
			b = append(b, ' ')
		}
		b = append(b, line...)
	}
	return string(b), text
}

// firstLine cuts the first line, without its end, from a head.
func firstLine(head []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(head, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), rest
}

// parseRequest fills r from a head. text is the same as a string: r keeps parts
// of it. The protocol stays empty where the request line has none.
func parseRequest(r *capture.Request, head []byte, text string) disguise {
	line, rest := firstLine(head)
	method, target, proto := splitRequest(line)
	r.Method = text[:len(method)]
	if len(target) > 0 {
		from := len(method) + bytes.Index(line[len(method):], target)
		r.Target = text[from : from+len(target)]
	}
	switch {
	case len(proto) > 0:
		r.Proto = protocol(proto)
	case isSimple(line) && len(rest) == 0 && bytes.HasSuffix(head, []byte("\n")):
		r.Proto = "HTTP/0.9"
	}
	return parseFields(&r.Header, text[len(text)-len(rest):])
}

// parseFields appends fields to h, and looks for framing fields in disguise where
// there may be some.
func parseFields(h *capture.Header, text string) (d disguise) {
	var odd bool
	if *h, odd = fields(*h, text); odd {
		d = unmask(text)
	}
	return d
}

// parseResponse fills r from a head; text is as for parseRequest. A status that
// is no number of three digits, or is below 100, gives 0, and what stands there goes
// to the reason.
func parseResponse(r *capture.Response, head []byte, text string) disguise {
	line, rest := firstLine(head)
	proto, code := splitStatus(line)
	status, reason := splitCode(code)
	r.Proto, r.Status = protocol(proto), status
	r.Reason = strings.TrimRight(text[len(line)-len(reason):len(line)], " \t")
	return parseFields(&r.Header, text[len(text)-len(rest):])
}

// protocol returns a version in its usual case, without memory of its own for
// the usual ones.
func protocol(b []byte) string {
	switch string(b) {
	case "HTTP/1.1":
		return "HTTP/1.1"
	case "HTTP/1.0":
		return "HTTP/1.0"
	}
	return strings.ToUpper(string(b))
}

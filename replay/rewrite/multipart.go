package rewrite

import (
	"bytes"
	"mime"
	"strings"

	"twinspect.dev/capture"
)

// part is one part of a multipart body: body[from:to] between the line end after
// its boundary and the one before the next, and its value in that.
type part struct {
	delimiter, from, to int // delimiter is where its boundary begins
	value               int // where the value begins
	name                string
	namePlace           [2]int // of the name inside its quotation marks, or 0, 0
	file                bool
}

// parts splits a multipart body (RFC 2046 section 5.1). It reports false where
// the body does not end with the last boundary, or a part has no header.
func parts(body []byte, boundary string) ([]part, bool) {
	delimiter := []byte("--" + boundary)
	at := delimiterAt(body, 0, delimiter)
	var list []part
	for at >= 0 {
		after := at + len(delimiter)
		if bytes.HasPrefix(body[after:], []byte("--")) {
			return list, true
		}
		line := bytes.IndexByte(body[after:], '\n')
		next := delimiterAt(body, after, delimiter)
		if line < 0 || next < 0 || after+line+1 > next {
			return nil, false
		}
		p := part{delimiter: at, from: after + line + 1, to: lineEndBefore(body, next)}
		if !p.readHead(body) {
			return nil, false
		}
		list = append(list, p)
		at = next
	}
	return nil, false
}

// lineEndBefore returns where the line end begins that stands before i: it
// belongs to the boundary.
func lineEndBefore(body []byte, i int) int {
	if i > 0 && body[i-1] == '\n' {
		i--
	}
	if i > 0 && body[i-1] == '\r' {
		i--
	}
	return i
}

// delimiterAt returns where the next delimiter begins, -1 where none does. It
// stands at the beginning of a line, alone but for white space or the hyphens of
// the last (RFC 2046 section 5.1.1); elsewhere it is a part of a value.
func delimiterAt(v []byte, from int, delimiter []byte) int {
	for from < len(v) {
		n := bytes.Index(v[from:], delimiter)
		if n < 0 {
			return -1
		}
		from += n
		after := v[from+len(delimiter):]
		if (from == 0 || v[from-1] == '\n') && (len(after) == 0 || strings.IndexByte(" \t\r\n", after[0]) >= 0 || bytes.HasPrefix(after, []byte("--"))) {
			return from
		}
		from++
	}
	return -1
}

// readHead finds the value and the name of a part of form-data (RFC 7578 section
// 4.2).
func (p *part) readHead(body []byte) bool {
	for at := p.from; at <= p.to; {
		n := bytes.IndexByte(body[at:], '\n')
		if n < 0 {
			return false
		}
		line := bytes.TrimRight(body[at:at+n], "\r")
		if len(line) == 0 {
			p.value = at + n + 1
			return p.value <= p.to
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		if bytes.EqualFold(bytes.TrimSpace(field), []byte("Content-Disposition")) {
			p.disposition(string(value), at+len(field)+1)
		}
		at += n + 1
	}
	return false
}

func (p *part) disposition(value string, offset int) {
	if _, params, err := mime.ParseMediaType(value); err == nil {
		p.name = params["name"]
		_, p.file = params["filename"]
	}
	quoted := `name="` + p.name + `"`
	for i := 0; p.name != "" && i < len(value); {
		n := strings.Index(value[i:], quoted)
		if n < 0 {
			return
		}
		if i += n; i > 0 && strings.IndexByte("; \t", value[i-1]) >= 0 {
			from := offset + i + len(`name="`)
			p.namePlace = [2]int{from, from + len(p.name)}
			return
		}
		i++
	}
}

// editMultipart applies a rule for the fields called name to a body of form-data,
// and returns the text with all other parts as they are; nil where nothing was
// changed. Files are not fields.
func editMultipart(body []byte, boundary, name string, a *alter) ([]byte, capture.Reason) {
	list, ok := parts(body, boundary)
	if !ok {
		return nil, NotForm
	}
	var splices []splice
	left, found := Absent, false
	for i := range list {
		p := &list[i]
		if p.name != name || p.file {
			continue
		}
		s, reason := p.edit(body, boundary, a, found)
		found = true
		if left = reason; reason == "" {
			splices = append(splices, s)
		}
	}
	switch {
	case !found && a.set != nil:
		return addPart(body, boundary, name, *a.set)
	case len(splices) == 0:
		return nil, left
	}
	return apply(body, splices), ""
}

// edit returns what the rule makes of one field; again says that it is not the
// first of its name.
func (p *part) edit(body []byte, boundary string, a *alter, again bool) (splice, capture.Reason) {
	if a.remove || again && a.set != nil {
		return splice{from: p.delimiter, to: p.next(body)}, ""
	}
	if a.rename != "" {
		if p.namePlace[1] == 0 || strings.ContainsAny(a.rename, "\"\\\r\n") {
			return splice{}, BadValue
		}
		return splice{p.namePlace[0], p.namePlace[1], []byte(a.rename)}, ""
	}
	out, left := a.text(string(body[p.value:p.to]))
	if left == "" && strings.Contains(out, "--"+boundary) {
		left = BadValue
	}
	return splice{p.value, p.to, []byte(out)}, left
}

// next returns where the boundary after the part begins.
func (p *part) next(body []byte) int {
	i := p.to
	if i < len(body) && body[i] == '\r' {
		i++
	}
	if i < len(body) && body[i] == '\n' {
		i++
	}
	return i
}

// addPart adds a field before the last boundary.
func addPart(body []byte, boundary, name, value string) ([]byte, capture.Reason) {
	if strings.ContainsAny(name, "\"\\\r\n") || strings.Contains(value, "--"+boundary) {
		return nil, BadValue
	}
	last := lastDelimiter(body, boundary)
	if last < 0 {
		return nil, NotForm
	}
	text := "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
	return apply(body, []splice{{last, last, []byte(text)}}), ""
}

func lastDelimiter(body []byte, boundary string) int {
	delimiter := []byte("--" + boundary)
	for at := delimiterAt(body, 0, delimiter); at >= 0; at = delimiterAt(body, at+1, delimiter) {
		if bytes.HasPrefix(body[at+len(delimiter):], []byte("--")) {
			return at
		}
	}
	return -1
}

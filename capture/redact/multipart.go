package redact

import (
	"bytes"
	"mime"
)

// multipart replaces the secrets of a multipart body (RFC 2046 section 5.1): of
// form-data by the names of its parts (RFC 7578), and inside of each by its own
// type. A body that is cut has a last part without an end.
func (p *pass) multipart(v []byte, boundary string) []byte {
	delimiter := []byte("--" + boundary)
	ed := editor{src: v}
	cut := p.cut
	from := delimiterAt(v, 0, delimiter)
	if from < 0 {
		return p.text(v)
	}
	ed.replace(0, from, p.between(v[:from]))
	for from < len(v) {
		from += len(delimiter)
		to := delimiterAt(v, from, delimiter)
		if to < 0 {
			to = len(v)
		}
		p.cut = cut && to == len(v)
		p.part(&ed, from, to)
		from = to
	}
	p.cut = cut
	return ed.result()
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
		if (from == 0 || v[from-1] == '\n') && (len(after) == 0 || isSpace(after[0]) || bytes.HasPrefix(after, []byte("--"))) {
			return from
		}
		from++
	}
	return -1
}

// between is text in which nothing was cut.
func (p *pass) between(v []byte) []byte {
	cut := p.cut
	p.cut = false
	out := p.text(v)
	p.cut = cut
	return out
}

// part replaces the secrets of the part from the end of its boundary to the next.
func (p *pass) part(ed *editor, from, to int) {
	v := ed.src[from:to]
	head, body := len(v), len(v)
	for _, blank := range []string{"\r\n\r\n", "\n\n"} {
		if i := bytes.Index(v, []byte(blank)); i >= 0 && i < head {
			head, body = i, i+len(blank)
		}
	}
	end := len(v)
	if to < len(ed.src) { // the line end belongs to the boundary
		end = body + len(bytes.TrimSuffix(bytes.TrimSuffix(v[body:], []byte("\n")), []byte("\r")))
	}
	if head == len(v) {
		ed.replace(from, to, p.text(v))
		return
	}
	ed.replace(from, from+head, p.between(v[:head]))
	name, media := partHead(v[:head])
	outer := p.name
	p.name = name
	out := p.partBody(v[body:end], name, media)
	p.name = outer
	ed.replace(from+body, from+end, out)
}

func (p *pass) partBody(v []byte, name, media string) []byte {
	if len(v) == 0 {
		return nil
	}
	switch p.verdict(inForm, []byte(name)) {
	case kept:
		return nil
	case redacted:
		return p.named(v)
	}
	return p.content(v, media, false)
}

// partHead returns the name and the type that a part's header tells.
func partHead(head []byte) (name, media string) {
	for line := range bytes.Lines(head) {
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case isName(field, "Content-Type"):
			media = string(value)
		case isName(field, "Content-Disposition"):
			name = dispositionName(string(value))
		}
	}
	return name, media
}

func dispositionName(value string) string {
	_, params, err := mime.ParseMediaType(value)
	if err == nil {
		return params["name"]
	}
	_, rest, _ := bytes.Cut([]byte(value), []byte(`name="`))
	name, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(name)
}

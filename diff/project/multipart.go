package project

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	// maxParts is how deep multipart bodies may lie in each other; mail has three.
	maxParts = 4
	// maxPartCount bounds the memory for the parts to some 256 bytes each.
	maxPartCount = 1 << 14
)

// part is one part of a body.
type part struct {
	name   string
	header textproto.MIMEHeader
	body   []byte
}

// multipart writes a body of parts (RFC 2046 section 5.1).
func (w *writer) multipart(data []byte, boundary string, depth int) error {
	switch {
	case boundary == "":
		return newSyntaxError(Multipart, data, 0, "the media type has no boundary")
	case depth == maxParts:
		return &LimitError{Kind: Multipart, Limit: maxParts, Unit: "levels"}
	}
	parts, err := readParts(data, boundary)
	if err != nil {
		return err
	}
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(a.name, b.name) })
	w.raw("{")
	for len(parts) > 0 {
		name := parts[0].name
		w.name(name)
		w.raw("[")
		for len(parts) > 0 && parts[0].name == name {
			w.comma()
			w.part(&parts[0], depth+1)
			parts = parts[1:]
		}
		w.raw("]")
	}
	w.raw("}")
	return nil
}

// readParts returns the parts. Their bodies together are no longer than data.
func readParts(data []byte, boundary string) ([]part, error) {
	in := bytes.NewReader(data)
	r := multipart.NewReader(in, boundary)
	var parts []part
	for {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return parts, nil
		}
		if len(parts) == maxPartCount {
			return nil, &LimitError{Kind: Multipart, Limit: maxPartCount, Unit: "parts"}
		}
		var body []byte
		if err == nil {
			body, err = io.ReadAll(p)
		}
		if err != nil {
			return nil, newSyntaxError(Multipart, data, len(data)-in.Len(), err.Error())
		}
		parts = append(parts, part{name: partName(p.Header), header: p.Header, body: body})
	}
}

func partName(h textproto.MIMEHeader) string {
	_, parameters, err := mime.ParseMediaType(h.Get("Content-Disposition"))
	if name := parameters["name"]; err == nil && name != "" {
		return name
	}
	return "#parts"
}

func (w *writer) part(p *part, depth int) {
	w.raw("{")
	if kind, parameters, err := mime.ParseMediaType(p.header.Get("Content-Disposition")); err == nil {
		p.header.Del("Content-Disposition")
		if kind != "form-data" {
			w.name("disposition")
			writeText(w, kind)
		}
		if name, named := parameters["filename"]; named {
			w.name("filename")
			writeText(w, name)
		}
	}
	w.partHeaders(p.header)
	w.name("body")
	w.partBody(p, depth)
	w.raw("}")
}

// partHeaders writes the fields of a part. The boundary of parts in a part is
// left out.
func (w *writer) partHeaders(h textproto.MIMEHeader) {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	if len(names) == 0 {
		return
	}
	slices.Sort(names)
	w.name("headers")
	w.raw("{")
	for _, name := range names {
		w.name(strings.ToLower(name))
		value := strings.Join(h[name], ", ")
		if kind, parameters, err := mime.ParseMediaType(value); err == nil && name == "Content-Type" {
			if strings.HasPrefix(kind, "multipart/") {
				delete(parameters, "boundary")
			}
			value = cmp.Or(mime.FormatMediaType(kind, parameters), value)
		}
		writeText(w, value)
	}
	w.raw("}")
}

// partBody writes a body by its media type; what has none is text or a hash.
func (w *writer) partBody(p *part, depth int) {
	body, contentType := p.body, p.header.Get("Content-Type")
	if strings.EqualFold(p.header.Get("Content-Transfer-Encoding"), "base64") {
		if plain, err := base64.StdEncoding.AppendDecode(nil, body); err == nil { // skips line ends
			body = plain
		}
	}
	if kind := KindOf(contentType); kind != None {
		mark := len(w.dst)
		if err := w.project(kind, body, contentType, depth); err == nil || w.over {
			return
		}
		w.dst = w.dst[:mark]
	}
	if isJSON(contentType) && w.container(body) {
		return
	}
	if utf8.Valid(body) {
		writeText(w, body)
		return
	}
	w.raw(fmt.Sprintf(`{"bytes":%d,"sha256":"%x"}`, len(body), sha256.Sum256(body)))
}

func isJSON(contentType string) bool {
	name, _, _ := strings.Cut(contentType, ";")
	name = strings.ToLower(strings.Trim(name, " \t"))
	return name == "application/json" || name == "text/json" || strings.HasSuffix(name, "+json")
}

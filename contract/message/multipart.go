package message

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"mime"
	"mime/multipart"
	"strings"

	"twinspect.dev/contract/openapi"
)

// multipart writes an object as parts by its properties, lists as a part for each
// item, a list as parts without names (OpenAPI 3.1 section 4.8.14.3). It returns
// the Content-Type with its boundary.
func (w *writer) multipart(m *openapi.Media, s *shape, contentType string, v any) (string, error) {
	var parts []part
	var err error
	switch v := v.(type) {
	case []any:
		for i, item := range v {
			if err = w.addPart(&parts, "", openapi.Encoding{}, w.codec.shape(s.item(i)), item); err != nil {
				return "", err
			}
		}
	case map[string]any:
		err = w.each(v, func(name string, v any) error {
			return w.property(&parts, name, m.Encoding[name], w.codec.shape(s.property(name)), v)
		})
	default:
		err = noForm("the parts of a multipart body are an object")
	}
	if err != nil {
		return "", err
	}
	if len(parts) == 0 {
		return "", noForm("a multipart body has at least one part (RFC 2046 section 5.1.1)")
	}
	contentType, boundary := bounded(contentType, parts)
	for _, p := range parts {
		w.buf = append(append(append(w.buf, "--"...), boundary...), "\r\n"...)
		w.buf = append(append(append(w.buf, p.header...), "\r\n"...), p.content...)
		w.buf = append(w.buf, "\r\n"...)
	}
	w.buf = append(append(append(w.buf, "--"...), boundary...), "--\r\n"...)
	return contentType, nil
}

// part is one part of a multipart body.
type part struct {
	header  string // with the line breaks
	content []byte
}

func (w *writer) property(parts *[]part, name string, e openapi.Encoding, s *shape, v any) error {
	items, ok := v.([]any)
	if !ok {
		return w.addPart(parts, name, e, s, v)
	}
	if len(items) == 0 {
		return fmt.Errorf("%s: %w", name, noForm("an empty list has no parts"))
	}
	for i, item := range items {
		if err := w.addPart(parts, name, e, w.codec.shape(s.item(i)), item); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) addPart(parts *[]part, name string, e openapi.Encoding, s *shape, v any) error {
	inner := w.codec.writer()
	defer w.codec.release(inner)
	t := partType(e, s, v)
	var err error
	switch formOf(t) {
	case jsonForm:
		err = inner.json(v, 0)
	case xmlForm:
		err = inner.xml(s, v)
	default:
		var text string
		text, err = w.codec.scalar(s, v)
		inner.buf = append(inner.buf, text...)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	*parts = append(*parts, part{partHeader(name, t), bytes.Clone(inner.buf)})
	return nil
}

// partType returns the media type of a part, "" for a text that needs none.
func partType(e openapi.Encoding, s *shape, v any) string {
	switch {
	case e.ContentType != "":
		return concrete(first(e.ContentType), v)
	case kindOf(v)&(kindObject|kindList) != 0:
		return "application/json"
	case s.media != "":
		return s.media
	case s.binary:
		return "application/octet-stream"
	}
	return ""
}

// partHeader returns the fields of a part (RFC 7578 section 4.2). Bytes have the
// name of a file, without which servers take them for a text.
func partHeader(name, mediaType string) string {
	var b strings.Builder
	if name != "" {
		quoted := quoteName.Replace(name)
		fmt.Fprintf(&b, "Content-Disposition: form-data; name=\"%s\"", quoted)
		if mediaType != "" && formOf(mediaType) == bytesForm {
			fmt.Fprintf(&b, "; filename=\"%s\"", quoted)
		}
		b.WriteString("\r\n")
	}
	if mediaType != "" {
		fmt.Fprintf(&b, "Content-Type: %s\r\n", strings.NewReplacer("\r", "", "\n", "").Replace(mediaType))
	}
	return b.String()
}

// quoteName escapes a name as browsers do (HTML, multipart/form-data encoding
// algorithm).
var quoteName = strings.NewReplacer("\"", "%22", "\r", "%0D", "\n", "%0A")

// unquoteName is the reverse of it.
var unquoteName = strings.NewReplacer("%22", "\"", "%0D", "\r", "%0A", "\n")

// bounded returns the Content-Type with a boundary that no part has in it. The
// same parts always get the same.
func bounded(contentType string, parts []part) (withBoundary, boundary string) {
	if t, params, err := mime.ParseMediaType(contentType); err == nil {
		if b := params["boundary"]; b != "" && !occurs(parts, b) {
			return contentType, b
		}
		delete(params, "boundary")
		contentType = mime.FormatMediaType(t, params)
	}
	sum := fnv.New64a()
	for _, p := range parts {
		_, _ = sum.Write(p.content) // never fails
	}
	for {
		boundary = fmt.Sprintf("twinspect-%016x", sum.Sum64())
		if !occurs(parts, boundary) {
			return contentType + "; boundary=" + boundary, boundary
		}
		_, _ = sum.Write([]byte{0})
	}
}

func occurs(parts []part, boundary string) bool {
	for _, p := range parts {
		if bytes.Contains(p.content, []byte(boundary)) {
			return true
		}
	}
	return false
}

// withoutBoundary returns a Content-Type without its boundary, which is of one
// body alone.
func withoutBoundary(contentType string) string {
	if !strings.Contains(contentType, "boundary") {
		return contentType
	}
	t, params, err := mime.ParseMediaType(contentType)
	if err != nil || !strings.HasPrefix(t, "multipart/") {
		return contentType
	}
	delete(params, "boundary")
	return mime.FormatMediaType(t, params)
}

// maxParts bounds the parts of one body. Forms have tens, uploads hundreds.
const maxParts = 10_000

// multipart reads parts by their names into an object, or those without names
// into a list. The library bounds the fields of each part: 10,000 and 10 MB.
func (r *reader) multipart(m *openapi.Media, s *shape, contentType string, body []byte) (any, error) {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil || params["boundary"] == "" {
		return nil, fmt.Errorf("%w: %.80q has no boundary", ErrSyntax, contentType)
	}
	values, err := readParts(multipart.NewReader(bytes.NewReader(body), params["boundary"]))
	if err != nil {
		return nil, err
	}
	return r.branches(s, func(s *shape) (any, error) {
		if unnamed, ok := values.byName[""]; ok && len(values.byName) == 1 {
			items := make([]any, len(unnamed))
			for i, p := range unnamed {
				if items[i], err = r.part(r.codec.shape(s.item(i)), openapi.Encoding{}, p); err != nil {
					return nil, err
				}
			}
			return items, nil
		}
		members := make(map[string]any, len(values.names))
		for _, name := range values.names {
			v, err := r.parts(r.codec.shape(s.property(name)), m.Encoding[name], values.byName[name])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			members[name] = v
		}
		return members, nil
	})
}

// received is one part as it was read.
type received struct {
	contentType string
	content     []byte
}

type receivedParts struct {
	names  []string
	byName map[string][]received
}

func readParts(in *multipart.Reader) (receivedParts, error) {
	all := receivedParts{byName: make(map[string][]received)}
	for n := 0; ; n++ {
		p, err := in.NextPart()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, fmt.Errorf("%w: part %d: %w", ErrSyntax, n, err)
		}
		if n == maxParts {
			return all, fmt.Errorf("%w: more than %d parts", ErrTooMany, maxParts)
		}
		content, err := io.ReadAll(p)
		if err != nil {
			return all, fmt.Errorf("%w: part %d: %w", ErrSyntax, n, err)
		}
		name := partName(p.Header.Get("Content-Disposition"))
		if _, ok := all.byName[name]; !ok {
			all.names = append(all.names, name)
		}
		all.byName[name] = append(all.byName[name], received{p.Header.Get("Content-Type"), content})
	}
}

// partName returns the name of a part, whatever its disposition.
func partName(disposition string) string {
	_, params, err := mime.ParseMediaType(disposition)
	if err != nil {
		return ""
	}
	return unquoteName.Replace(params["name"])
}

// parts reads those of one name.
func (r *reader) parts(s *shape, e openapi.Encoding, parts []received) (any, error) {
	if len(parts) == 1 && (s.place == "" || s.allow&kindList == 0) {
		return r.part(s, e, parts[0])
	}
	if len(parts) == 1 && s.allow&kindList != 0 && s.allow != kindList {
		if v, err := r.part(s, e, parts[0]); err == nil && r.valid(s, v) {
			return v, nil
		}
	}
	items := make([]any, len(parts))
	for i, p := range parts {
		var err error
		if items[i], err = r.part(r.codec.shape(s.item(i)), e, p); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// part reads one part by its own media type, else by the declared one, else by
// its schema.
func (r *reader) part(s *shape, e openapi.Encoding, p received) (any, error) {
	t := p.contentType
	if t == "" {
		t = first(e.ContentType)
	}
	switch formOf(t) {
	case jsonForm:
		return parseJSON(p.content)
	case xmlForm:
		return r.xml(s, t, p.content)
	case textForm:
		text, err := textIn(t, p.content)
		if err != nil {
			return nil, err
		}
		return r.loose(s, text), nil
	}
	return r.loose(s, string(p.content)), nil
}

// loose reads a text; where the schema has no scalars it may be JSON without
// saying so.
func (r *reader) loose(s *shape, text string) any {
	if s.allow&scalars == 0 {
		if v, err := parseJSON([]byte(text)); err == nil {
			return v
		}
	}
	return r.scalar(s, text)
}

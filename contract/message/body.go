package message

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"

	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

// Body reads a body, its content codings undone, by the media type in
// contentType, or by that of m where there is none. Numbers keep every digit. The
// result is a value for m's schema; a body of bytes is a string of them. The
// error wraps ErrSyntax, ErrTooDeep or ErrMedia.
func (c *Codec) Body(m *openapi.Media, d schema.Direction, contentType string, body []byte) (any, error) {
	return c.reader(d).message(m, contentType, body)
}

func (r *reader) message(m *openapi.Media, contentType string, body []byte) (any, error) {
	if contentType == "" {
		contentType = m.Type
	}
	s := r.codec.shape(m.Schema)
	switch f := formOf(contentType); f {
	case jsonForm:
		return parseJSON(body)
	case linesForm:
		return lined(s)(parseLines(body, '\n'))
	case sequenceForm:
		return lined(s)(parseLines(body, recordSeparator))
	case urlForm:
		return r.urlForm(m, s, string(body))
	case multipartForm:
		return r.multipart(m, s, contentType, body)
	case xmlForm:
		return r.xml(s, contentType, body)
	case textForm:
		return r.plainText(s, contentType, body)
	case structuredForm:
		if m.Schema != "" && s.allow&kindText == 0 {
			return nil, fmt.Errorf("%w: %s", ErrMedia, essence(contentType))
		}
	}
	return string(body), nil
}

// lined makes the one text of JSON the value where the schema has no lists: it is
// then about each text.
func lined(s *shape) func([]any, error) (any, error) {
	return func(items []any, err error) (any, error) {
		if err == nil && len(items) == 1 && s.allow&kindList == 0 {
			return items[0], nil
		}
		return items, err
	}
}

func (r *reader) plainText(s *shape, contentType string, body []byte) (any, error) {
	text, err := textIn(contentType, body)
	if err != nil {
		return nil, err
	}
	if s.allow&(kindObject|kindList) != 0 && s.allow&kindText == 0 {
		return parseJSON([]byte(text)) // as some services send it
	}
	return r.scalar(s, text), nil
}

// textIn returns a text in UTF-8, out of the charset that its media type names.
func textIn(contentType string, body []byte) (string, error) {
	if strings.Contains(contentType, "charset") {
		if _, params, err := mime.ParseMediaType(contentType); err == nil && !isUTF8(params["charset"]) {
			return convert(params["charset"], body)
		}
	}
	if !utf8.Valid(body) {
		return "", fmt.Errorf("%w: not UTF-8 at byte %d", ErrSyntax, invalidAt(body))
	}
	return string(body), nil
}

func isUTF8(name string) bool {
	return name == "" || strings.EqualFold(name, "utf-8") || strings.EqualFold(name, "utf8") || strings.EqualFold(name, "us-ascii")
}

func convert(name string, body []byte) (string, error) {
	in, err := charset.NewReaderLabel(name, bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("%w: charset: %w", ErrMedia, err)
	}
	text, err := io.ReadAll(in)
	if err != nil {
		return "", fmt.Errorf("%w: charset %s: %w", ErrSyntax, name, err)
	}
	return string(text), nil
}

// invalidAt returns where the first byte is that is not UTF-8.
func invalidAt(body []byte) int {
	for i := 0; i < len(body); {
		r, n := utf8.DecodeRune(body[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(body)
}

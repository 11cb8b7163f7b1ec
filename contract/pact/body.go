package pact

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"mime"
	"strings"
)

// Media returns the media type of a content type, in small letters and without
// parameters; "" where there is none.
func Media(contentType string) string {
	if media, _, err := mime.ParseMediaType(contentType); err == nil {
		return media
	}
	media, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(media))
}

// IsJSONType reports whether a content type says JSON (RFC 8259 and the suffix of
// RFC 6839).
func IsJSONType(contentType string) bool {
	media := Media(contentType)
	return media == "application/json" || media == "text/json" || strings.HasSuffix(media, "+json") ||
		media == "application/json-rpc" || media == "application/jsonrequest"
}

// Bytes returns the body as it stands on the wire, nil where there is none.
func (b *Body) Bytes() []byte {
	switch {
	case b.Presence != Present:
		return nil
	case b.IsJSON && len(b.Text) == 0:
		text, err := FormatJSON(b.Value)
		if err != nil {
			return nil // a tree that was built by hand holds what JSON has not
		}
		return text
	}
	return b.Text
}

// FormatJSON writes a tree on one line, the members of objects sorted.
func FormatJSON(v any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}

// body reads the body of an interaction's part. Version 4 wraps it into an object
// (https://github.com/pact-foundation/pact-specification/tree/version-4).
func (s *source) body(f fields, name, contentType string, version Version) Body {
	v, ok := f.take(name)
	b := Body{ContentType: contentType}
	switch wrapped, is := v.(map[string]any); {
	case !ok:
		return b
	case v == nil:
		b.Presence = Null
	case version == V4 && is && isWrapped(wrapped):
		s.wrapped(&b, wrapped, f.place(name))
	default:
		b.plain(v)
	}
	return b
}

// isWrapped tells the form of version 4 from a body that stands as it does in others.
func isWrapped(v map[string]any) bool {
	for _, name := range []string{"content", "contentType", "encoded", "contentTypeHint"} {
		if _, ok := v[name]; ok {
			return true
		}
	}
	return len(v) == 0
}

func (s *source) wrapped(b *Body, v map[string]any, at string) {
	f := s.fields(v, at)
	if told := f.text("contentType"); told != "" {
		b.ContentType, b.declared = told, true
	}
	b.Hint = f.text("contentTypeHint")
	encoded, _ := f.take("encoded")
	content, ok := f.take("content")
	b.Extra = f.rest()
	switch encoded := encoded.(type) {
	case string:
		b.Encoded = encoded
	case bool:
		if encoded {
			b.Encoded = "base64"
		}
	case nil:
	default:
		s.fail(f.place("encoded"), "false, or the name of an encoding, is expected")
	}
	switch {
	case !ok:
	case content == nil:
		b.Presence = Null
	case strings.EqualFold(b.Encoded, "base64"):
		s.base64(b, content, f.place("content"))
	case strings.EqualFold(b.Encoded, "json"):
		b.Presence, b.Value, b.IsJSON = Present, content, true
	case b.Encoded == "" || strings.EqualFold(b.Encoded, "none"):
		b.plain(content)
	default:
		s.fail(f.place("encoded"), "this encoding is not known")
	}
}

func (s *source) base64(b *Body, content any, at string) {
	text, ok := content.(string)
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if !ok || err != nil {
		s.fail(at, "base64 is expected")
		return
	}
	b.Presence, b.Text = Present, data
	if len(data) == 0 {
		b.Presence = Empty
	}
	if IsJSONType(b.ContentType) {
		if v, err := ParseJSON(data); err == nil {
			b.Value, b.IsJSON = v, true
		}
	}
}

// plain reads a body as it stands in the file. A text is one of JSON where the
// content type says JSON and it is well-formed, and a string of JSON where it is
// not.
func (b *Body) plain(v any) {
	text, ok := v.(string)
	b.Presence = Present
	switch {
	case !ok:
		b.Value, b.IsJSON = v, true
	case text == "":
		b.Presence = Empty
	case !IsJSONType(b.ContentType):
		b.Text = []byte(text)
	default:
		b.Value, b.IsJSON = text, true
		if tree, err := ParseJSON([]byte(text)); err == nil {
			b.Value, b.Text, b.Quoted = tree, []byte(text), true
		}
	}
}

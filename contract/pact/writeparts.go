package pact

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

func (f *form) request(r *Request, at string) map[string]any {
	members := object(r.Extra)
	members["method"], members["path"] = r.Method, r.Path
	switch {
	case r.QueryText != "" && f.version == V1:
		members["query"] = r.QueryText
	case len(r.Query) == 0:
	case f.version < V3:
		members["query"] = url.Values(r.Query).Encode()
	default:
		members["query"] = r.Query
	}
	f.header(members, r.Header)
	f.body(members, "body", headerType(r.Header), &r.Body, at)
	f.rules(members, r.Rules, at)
	f.generators(members, r.Generators, at)
	return members
}

func (f *form) response(r *Response, at string) map[string]any {
	members := object(r.Extra)
	if r.Status != 0 {
		members["status"] = json.Number(strconv.Itoa(r.Status))
	}
	f.header(members, r.Header)
	f.body(members, "body", headerType(r.Header), &r.Body, at)
	f.rules(members, r.Rules, at)
	f.generators(members, r.Generators, at)
	return members
}

func (f *form) message(members map[string]any, m *Message, at string) {
	if m.Metadata != nil {
		members[f.metadataName()] = m.Metadata
	}
	f.body(members, "contents", MetadataType(m.Metadata), &m.Body, at)
	f.rules(members, m.Rules, at)
	f.generators(members, m.Generators, at)
}

// metadataName is "metaData" in version 3, and "metadata" in version 4.
func (f *form) metadataName() string {
	if f.version < V4 {
		return "metaData"
	}
	return "metadata"
}

// body writes a body; told is the content type that stands elsewhere.
func (f *form) body(members map[string]any, name, told string, b *Body, at string) {
	switch {
	case f.version == V4 && (b.Presence != Missing || b.declared || b.Hint != "" || len(b.Extra) > 0):
		members[name] = f.wrapped(b, told)
	case b.Presence != Missing:
		members[name] = f.plain(b, told, at+"/"+name)
	}
}

// header writes lists from version 4 on, and before that a text where there is one.
func (f *form) header(members map[string]any, header map[string][]string) {
	if len(header) == 0 {
		return
	}
	made := map[string]any{}
	for name, values := range header {
		if f.version < V4 && len(values) == 1 {
			made[name] = values[0]
		} else {
			made[name] = values
		}
	}
	members["headers"] = made
}

// wrapped writes a body in the form of version 4.
func (f *form) wrapped(b *Body, told string) any {
	made := object(b.Extra)
	if b.declared || b.ContentType != told {
		made["contentType"] = b.ContentType
	}
	if b.Hint != "" {
		made["contentTypeHint"] = b.Hint
	}
	made["encoded"] = false
	switch {
	case b.Presence == Missing:
		delete(made, "encoded")
	case b.Presence == Null:
		made["content"] = nil
	case b.Presence == Empty:
		made["content"] = ""
	default:
		f.content(made, b)
	}
	return made
}

func (f *form) content(made map[string]any, b *Body) {
	_, isText := b.Value.(string)
	switch {
	case b.Encoded == "base64" || !b.IsJSON && !utf8.Valid(b.Text):
		made["encoded"], made["content"] = "base64", base64.StdEncoding.EncodeToString(b.Bytes())
	case b.Encoded != "" && b.IsJSON || b.IsJSON && isText:
		// A text of JSON would be read as JSON where it stood plain.
		made["encoded"], made["content"] = "JSON", b.Value
	case b.IsJSON && !b.Quoted:
		made["content"] = b.Value
	default:
		made["content"] = string(b.Text)
	}
	if b.Encoded != "" && made["encoded"] == false {
		made["encoded"] = b.Encoded
	}
}

// plain writes a body as it stands in versions 1 to 3.
func (f *form) plain(b *Body, told, at string) any {
	if b.ContentType != told && !b.obvious() {
		f.atLeast(V4, at, "the content type of a body beside its header")
	}
	if b.Hint != "" || len(b.Extra) > 0 {
		f.atLeast(V4, at, "what is told of a body besides its content")
	}
	text, isText := b.Value.(string)
	switch {
	case b.Presence == Null:
		return nil
	case b.Presence == Empty:
		return ""
	case b.IsJSON && isText && IsJSONType(b.ContentType):
		return jsonText(text)
	case b.IsJSON && !b.Quoted:
		return b.Value
	case !utf8.Valid(b.Text):
		f.atLeast(V4, at, "a body of bytes that are no text")
	}
	return string(b.Text)
}

// jsonText writes a string of JSON so that it is read as one.
func jsonText(text string) string {
	if _, err := ParseJSON([]byte(text)); err != nil && text != "" {
		return text
	}
	quoted, err := FormatJSON(text)
	if err != nil {
		return text
	}
	return string(quoted)
}

// obvious reports whether the content type is what is found from the content.
func (b *Body) obvious() bool {
	_, isText := b.Value.(string)
	media := Media(b.ContentType)
	switch {
	case b.IsJSON:
		return !isText && media == "application/json"
	case strings.HasSuffix(media, "xml"):
		return bytes.HasPrefix(b.Text, []byte("<?xml"))
	}
	return b.Presence != Present || media == "text/plain"
}

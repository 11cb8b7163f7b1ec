package message

import (
	"mime"
	"strings"

	"twinspect.dev/contract/openapi"
)

// form is the grammar that bodies of a media type have.
type bodyForm uint8

const (
	bytesForm bodyForm = iota
	jsonForm
	linesForm
	sequenceForm // RFC 7464
	urlForm
	multipartForm
	xmlForm
	textForm
	structuredForm // has a structure that is not read, such as YAML
)

// formsOf are the media types that are known by their name alone.
var formsOf = map[string]bodyForm{
	"application/json":                  jsonForm,
	"text/json":                         jsonForm,
	"application/x-ndjson":              linesForm,
	"application/ndjson":                linesForm,
	"application/jsonl":                 linesForm,
	"application/jsonlines":             linesForm,
	"application/x-jsonlines":           linesForm,
	"application/x-json-stream":         linesForm,
	"application/json-seq":              sequenceForm,
	"application/x-www-form-urlencoded": urlForm,
	"application/xml":                   xmlForm,
	"text/xml":                          xmlForm,
	"application/yaml":                  structuredForm,
	"application/x-yaml":                structuredForm,
	"text/yaml":                         structuredForm,
	"text/x-yaml":                       structuredForm,
	"application/cbor":                  structuredForm,
	"application/msgpack":               structuredForm,
	"application/protobuf":              structuredForm,
	"application/x-protobuf":            structuredForm,
}

// formOf returns the grammar of a media type (RFC 6838 section 4.2.8 for the
// suffixes). A range is the most usual type in it.
func formOf(mediaType string) bodyForm {
	if mediaType == "application/json" { // most
		return jsonForm
	}
	t := essence(mediaType)
	if f, ok := formsOf[t]; ok {
		return f
	}
	switch {
	case strings.HasSuffix(t, "+json"):
		return jsonForm
	case strings.HasSuffix(t, "+json-seq"):
		return sequenceForm
	case strings.HasSuffix(t, "+xml"):
		return xmlForm
	case strings.HasSuffix(t, "+yaml"), strings.HasSuffix(t, "+cbor"), strings.HasSuffix(t, "+protobuf"):
		return structuredForm
	case strings.HasPrefix(t, "multipart/"):
		return multipartForm
	case strings.HasPrefix(t, "text/"):
		return textForm
	}
	return bytesForm
}

// essence returns type and subtype in small letters, without parameters.
func essence(mediaType string) string {
	t, _, _ := strings.Cut(mediaType, ";")
	return strings.ToLower(strings.TrimSpace(t))
}

// concrete returns a media type that is in a range.
func concrete(mediaType string, v any) string {
	if strings.IndexByte(mediaType, '*') < 0 {
		return mediaType
	}
	t := essence(mediaType)
	if !strings.HasSuffix(t, "/*") {
		return mediaType
	}
	_, text := v.(string)
	switch {
	case t == "text/*":
		return "text/plain"
	case t == "multipart/*":
		return "multipart/form-data"
	case (t == "*/*" || t == "application/*") && !text:
		return "application/json"
	case t == "image/*":
		return "image/png"
	case t == "audio/*":
		return "audio/mpeg"
	case t == "video/*":
		return "video/mp4"
	}
	return "application/octet-stream"
}

// Best returns the declared media type that fits best what a Content-Type says:
// the type itself before a range of it before any (RFC 9110 section 12.5.1), one
// with parameters that are there before one without. It returns nil where none
// fits. Parameters that are not declared do not matter.
func Best(media []*openapi.Media, contentType string) *openapi.Media {
	t := essence(contentType)
	kind, _, ok := strings.Cut(t, "/")
	if !ok || kind == "" {
		return nil
	}
	var best *openapi.Media
	rank := 0
	for _, m := range media {
		if m == nil {
			continue
		}
		if r := fit(m.Type, t, kind, contentType); r > rank {
			best, rank = m, r
		}
	}
	return best
}

// fit ranks how well a declared type fits, 0 where it does not.
func fit(declared, t, kind, contentType string) int {
	d := essence(declared)
	n := 0
	if strings.IndexByte(declared, ';') >= 0 {
		if n = parameters(declared, contentType); n < 0 {
			return 0
		}
	}
	const exact, within, all = 3 << 8, 2 << 8, 1 << 8
	switch {
	case d == t:
		return exact + n
	case strings.HasSuffix(d, "/*") && d[:len(d)-2] == kind:
		return within + n
	case d == "*/*":
		return all + n
	}
	return 0
}

// parameters counts the declared parameters, -1 where one is not there.
func parameters(declared, contentType string) int {
	_, want, err := mime.ParseMediaType(declared)
	if err != nil {
		return 0
	}
	_, have, _ := mime.ParseMediaType(contentType)
	for name, v := range want {
		if name != "q" && !strings.EqualFold(have[name], v) {
			return -1
		}
	}
	return min(len(want), 255)
}

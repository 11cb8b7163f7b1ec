package shape

import (
	"net/http"

	"twinspect.dev/capture"
	"twinspect.dev/capture/coding"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

// Matters reports whether a header field is part of what consumer and provider
// have agreed on, and no credential.
func Matters(name string) bool { return matters(http.CanonicalHeaderKey(name)) }

// Tree returns the body of a message as a tree of values. It is false where there
// is none, where it is no JSON and no form, and where it decodes to more than so
// many bytes.
func Tree(m *capture.Message, d schema.Direction, most int) (any, bool) {
	mediaType := m.Header.Get("Content-Type")
	if m.Incomplete != "" || len(m.Body) == 0 || !isTree(mediaType) {
		return nil, false
	}
	plain := m.Body
	if names := coding.Of(m.Header); len(names) > 0 {
		decoder := coding.Decoder{Limit: most, Ratio: coding.TextRatio}
		var err error
		if plain, err = decoder.Decode(nil, m.Body, names); err != nil {
			return nil, false
		}
	}
	if len(plain) > most {
		return nil, false
	}
	v, err := codec.Body(&openapi.Media{}, d, mediaType, plain)
	return v, err == nil
}

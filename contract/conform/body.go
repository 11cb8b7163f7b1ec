package conform

import (
	"errors"
	"fmt"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/capture/coding"
	"twinspect.dev/contract"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

// HasContent reports whether an answer to the method may have content at all (RFC
// 9110 sections 6.4.1, 9.3.2 and 9.3.6).
func HasContent(method string, status int) bool {
	switch {
	case method == "HEAD", status < 200, status == 204, status == 205, status == 304:
		return false
	}
	return method != "CONNECT" || status >= 300
}

// body checks media type and content.
func (x *examination) body() {
	if !HasContent(x.req.Method, x.res.Status) {
		return
	}
	empty := len(x.res.Body) == 0 && x.res.BodySize == 0
	if len(x.Declared.Media) == 0 {
		x.made(contract.MediaTypeKept)
		if !empty {
			x.tell(contract.MediaTypeKept, "body", causeOf(contract.MediaTypeKept, x.Declared.Status, Undeclared, ""),
				fmt.Sprintf("the answer has content, but none is declared for the status %s", x.Declared.Status))
		}
		return
	}
	if media := x.media(empty); media != nil && !x.partial() {
		x.content(media, empty)
	}
}

// partial reports whether the body is not all of it: it was cut short, or a range
// was asked for (RFC 9110 section 15.3.7).
func (x *examination) partial() bool {
	return x.res.Incomplete != "" || x.res.Status == 206 && x.res.Header.Has("Content-Range")
}

// media finds what the body is declared to be, nil where there is nothing to hold
// it against. Without a Content-Type it is the only one that is declared.
func (x *examination) media(empty bool) *openapi.Media {
	if x.contentType == "" && empty {
		return x.emptyMedia()
	}
	x.made(contract.MediaTypeKept)
	if m := message.Best(x.Declared.Media, x.contentType); m != nil && x.contentType != "" {
		return m
	}
	got := essence(x.contentType)
	x.tell(contract.MediaTypeKept, "header Content-Type",
		causeOf(contract.MediaTypeKept, x.Declared.Status, MediaType, got),
		fmt.Sprintf("the media type %s is not declared for the status %s; %s", mediaShown(got), x.Declared.Status, mediaList(x.Declared.Media)))
	if x.contentType == "" && len(x.Declared.Media) == 1 {
		return x.Declared.Media[0]
	}
	return nil
}

// emptyMedia returns the media type for an answer without content: nil where one
// of those that are declared allows any content.
func (x *examination) emptyMedia() *openapi.Media {
	for _, m := range x.Declared.Media {
		if m.Schema == "" {
			return nil
		}
	}
	for _, m := range x.Declared.Media {
		if v, err := x.codec.Body(m, schema.Response, m.Type, nil); err == nil && len(x.violations(m.Schema, schema.Response, v)) == 0 {
			return m
		}
	}
	return x.Declared.Media[0]
}

// essence is the media type without its parameters, in small letters (RFC 9110
// section 8.3.1).
func essence(contentType string) string {
	essence, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(essence))
}

// content holds the body against its schema.
func (x *examination) content(media *openapi.Media, empty bool) {
	value, err := x.value(media, x.res)
	if errors.Is(err, message.ErrMedia) {
		return
	}
	var found []schema.Violation
	if err == nil {
		found = x.violations(media.Schema, schema.Response, value)
	}
	unknown := len(found) > 0 && found[0].Keyword == "" // it is beyond what is checked
	if unknown || err == nil && media.Schema == "" {
		return
	}
	x.made(contract.BodyKept)
	switch {
	case err != nil && empty:
		x.tell(contract.BodyKept, "body", causeOf(contract.BodyKept, x.Declared.Status, keywordRequired, ""),
			fmt.Sprintf("the answer has no content where %s is declared", media.Type))
	case err != nil:
		x.tell(contract.BodyKept, "body", causeOf(contract.BodyKept, x.Declared.Status, Malformed, media.Type),
			fmt.Sprintf("the body is not well-formed %s", media.Type))
	}
	for _, v := range found {
		x.tell(contract.BodyKept, contract.At("body", v.At),
			causeOf(contract.BodyKept, x.Declared.Status, keywordOf(v, value), x.where(media.Schema, value, v)),
			sentence("body", v))
	}
}

// value decodes the body of an answer.
func (c *Conformer) value(media *openapi.Media, res *capture.Response) (any, error) {
	body, err := c.plain(&res.Message)
	if err != nil {
		return nil, err
	}
	contentType := res.Header.Get("Content-Type")
	if contentType == "" {
		contentType = media.Type
	}
	return c.codec.Body(media, schema.Response, contentType, body)
}

// plain undoes the content coding of a message.
func (c *Conformer) plain(m *capture.Message) ([]byte, error) {
	if !m.Header.Has("Content-Encoding") {
		return m.Body, nil
	}
	names := coding.Of(m.Header)
	if len(names) == 0 || len(m.Body) == 0 {
		return m.Body, nil
	}
	d := c.decoders.Get().(*coding.Decoder)
	defer c.decoders.Put(d)
	return d.Decode(nil, m.Body, names)
}

// Value decodes the body of an answer as the document says. It returns false
// where the document declares no content for it, or where it is not of that form.
func (c *Conformer) Value(op *openapi.Operation, res *capture.Response) (any, bool) {
	if op == nil || res == nil || res.Incomplete != "" {
		return nil, false
	}
	r := Declared(op, res.Status)
	if r == nil {
		return nil, false
	}
	media := message.Best(r.Media, res.Header.Get("Content-Type"))
	if media == nil {
		return nil, false
	}
	value, err := c.value(media, res)
	return value, err == nil
}

// Plain returns the body of an answer with its content coding undone, as far as
// that can be done.
func (c *Conformer) Plain(res *capture.Response) []byte {
	body, err := c.plain(&res.Message)
	if err != nil {
		return nil
	}
	return body
}

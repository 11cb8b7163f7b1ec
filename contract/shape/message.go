package shape

import (
	"net/http"
	"net/url"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/capture/coding"
	"twinspect.dev/contract"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

const (
	// maxBody is how many bytes a body may be decoded to: as much as recorders keep.
	maxBody = 32 << 20
	// maxParameters is how many parameters of a query are looked at; those of
	// services are below 100.
	maxParameters = 256
)

// codec reads bodies that no document describes.
var codec = message.New(nil, nil)

// Request begins a message and takes the parts of a request to an operation, such
// as "GET /products/{id}": what stands for the variables of its path, the query,
// the header fields that an answer may depend on, and a body of JSON or of a form.
// Nothing is taken of credentials. A request that is not whole, or whose body
// cannot be read, is counted and left out: what is missing of it is not optional.
// It reports whether the request was taken.
func Request(b *Builder, op string, req *capture.Request) bool {
	body, ok := b.read(&req.Message, schema.Request)
	if !ok {
		return false
	}
	b.Begin()
	_, template, _ := strings.Cut(op, " ")
	for name, value := range PathParameters(template, req.Target) {
		b.Value(contract.At("path", name), value)
	}
	b.query(req.Target)
	b.fields(req.Header)
	if body != nil {
		b.Value("body", body.value)
	}
	return true
}

// Response begins a message and takes the parts of a response, as [Request] does.
func Response(b *Builder, res *capture.Response) bool {
	body, ok := b.read(&res.Message, schema.Response)
	if !ok {
		return false
	}
	b.Begin()
	b.fields(res.Header)
	if body != nil {
		b.Value("body", body.value)
	}
	return true
}

// content is a decoded body.
type content struct{ value any }

// read decodes the body of a message, nil for one that is no tree or not there.
func (b *Builder) read(m *capture.Message, d schema.Direction) (*content, bool) {
	if m.Incomplete != "" {
		b.lost[NotWhole]++
		return nil, false
	}
	mediaType := m.Header.Get("Content-Type")
	if len(m.Body) == 0 || !isTree(mediaType) {
		return nil, true
	}
	if b.decoder == nil {
		b.decoder = &coding.Decoder{Limit: maxBody, Ratio: coding.TextRatio}
	}
	plain := m.Body
	if names := coding.Of(m.Header); len(names) > 0 {
		var err error
		if plain, err = b.decoder.Decode(b.plain[:0], m.Body, names); err != nil {
			b.lost[Unreadable]++
			return nil, false
		}
		if b.plain = plain; cap(plain) > maxKept {
			b.plain = nil
		}
	}
	v, err := codec.Body(&openapi.Media{}, d, mediaType, plain)
	if err != nil {
		b.lost[Unreadable]++
		return nil, false
	}
	return &content{v}, true
}

// maxKept is the greatest memory in bytes that is held for the next body.
const maxKept = 256 << 10

// isTree reports whether bodies of a media type are looked into.
func isTree(mediaType string) bool {
	t := essence(mediaType)
	return t == "application/json" || strings.HasSuffix(t, "+json") || t == "application/x-www-form-urlencoded"
}

// essence returns a media type in small letters, without parameters.
func essence(mediaType string) string {
	t, _, _ := strings.Cut(mediaType, ";")
	return strings.ToLower(strings.TrimSpace(t))
}

// query takes the parameters of a target. One that is there several times is an
// array.
func (b *Builder) query(target string) {
	_, raw, ok := strings.Cut(target, "?")
	if !ok || raw == "" {
		return
	}
	raw, _, _ = strings.Cut(raw, "#")
	if pairs := strings.SplitN(raw, "&", maxParameters+1); len(pairs) > maxParameters {
		b.lost[TooMany]++
		raw = strings.Join(pairs[:maxParameters], "&")
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		b.lost[BadName]++
	}
	for name, list := range values {
		if isCredential(name) || !isParameter(name) {
			continue
		}
		b.Value(contract.At("query", name), oneOrMore(list))
	}
}

func oneOrMore(list []string) any {
	if len(list) == 1 {
		return list[0]
	}
	items := make([]any, len(list))
	for i, s := range list {
		items[i] = s
	}
	return items
}

// isParameter reports whether a name of a query is one: it can be written down.
func isParameter(name string) bool {
	return name != "" && len(name) <= MaxKey && strings.ToValidUTF8(name, "") == name
}

// fields takes the header fields that matter, those of one name as one.
func (b *Builder) fields(h capture.Header) {
	for i, f := range h {
		name := http.CanonicalHeaderKey(f.Name)
		if !matters(name) || len(name) > MaxKey || h[:i].Has(f.Name) {
			continue
		}
		value := strings.Join(h.Values(f.Name), ", ")
		if name == "Content-Type" {
			value = essence(value)
		}
		if name == "Etag" {
			name = "ETag" // as RFC 9110 writes it
		}
		b.Value(contract.At("header", name), value)
	}
}

// PathParameters returns what stands for the variables of a template such as
// "/products/{id}.json" in a target, decoded. The target may have further segments
// in front: the base path of a server. It is nil where the target is not of the
// template.
func PathParameters(template, target string) map[string]string {
	path := capture.PathOf(target)
	if extra := strings.Count(path, "/") - strings.Count(template, "/"); extra > 0 && !strings.HasSuffix(template, "/{...}") {
		for range extra {
			_, rest, _ := strings.Cut(path[1:], "/")
			path = "/" + rest
		}
	}
	out := map[string]string{}
	for template != "" {
		literal, rest, more := strings.Cut(template, "{")
		var ok bool
		if path, ok = strings.CutPrefix(path, literal); !ok {
			return nil
		}
		if !more {
			break
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return nil
		}
		if name == "..." {
			return out
		}
		value := path[:ends(path, after)]
		if value == "" {
			return nil
		}
		template, path = after, path[len(value):]
		if text, err := url.PathUnescape(value); err == nil {
			value = text
		}
		out[name] = value
	}
	if path != "" && template != "" {
		return nil
	}
	return out
}

// ends tells where the value of a variable ends, which stands before a rest of the
// template: at the text that follows in it, within the segment.
func ends(path, after string) int {
	segment := len(path)
	if i := strings.IndexByte(path, '/'); i >= 0 {
		segment = i
	}
	until := strings.IndexAny(after, "/{")
	if until < 0 {
		until = len(after)
	}
	if until == 0 {
		return segment
	}
	if i := strings.LastIndex(path[:segment], after[:until]); i >= 0 {
		return i
	}
	return segment
}

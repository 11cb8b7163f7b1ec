package pact

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"twinspect.dev/contract/pointer"
)

func (s *source) request(v any, at string, version Version) *Request {
	f := s.fields(v, at)
	r := &Request{Method: "GET", Path: "/"}
	if method := f.text("method"); method != "" {
		r.Method = method
	}
	if _, ok := f.left["path"]; ok {
		r.Path = f.text("path")
	}
	if text, ok := f.left["query"].(string); ok && version == V1 {
		r.QueryText = text
	}
	r.Query = s.query(f)
	r.Header = s.header(f)
	r.Body = s.body(f, "body", headerType(r.Header), version)
	r.Rules, r.Generators = s.rules(f), s.generators(f)
	r.Extra = f.rest()
	return r
}

func (s *source) response(v any, at string, version Version) *Response {
	f := s.fields(v, at)
	r := &Response{}
	if v, ok := f.take("status"); ok && v != nil {
		r.Status = s.status(v, f.place("status"))
	}
	r.Header = s.header(f)
	r.Body = s.body(f, "body", headerType(r.Header), version)
	r.Rules, r.Generators = s.rules(f), s.generators(f)
	r.Extra = f.rest()
	return r
}

func (s *source) status(v any, at string) int {
	text, _ := v.(string)
	if number, ok := v.(json.Number); ok {
		text = number.String()
	}
	status, err := strconv.Atoi(text)
	if err != nil || status < 0 || status > 999 {
		s.fail(at, "a status code is expected")
		return 0
	}
	return status
}

// message reads the members of a message; those that are not its own are left.
func (s *source) message(f fields, version Version) Message {
	var m Message
	for _, name := range []string{"metadata", "metaData"} {
		if object := f.object(name); object != nil {
			m.Metadata = object
		}
	}
	name := "contents"
	if _, ok := f.left[name]; !ok && f.left["content"] != nil {
		name = "content"
	}
	m.Body = s.body(f, name, MetadataType(m.Metadata), version)
	m.Rules, m.Generators = s.rules(f), s.generators(f)
	return m
}

// MetadataType returns the content type that the metadata of a message tells.
func MetadataType(metadata map[string]any) string {
	for _, name := range []string{"contentType", "content-type", "Content-Type", "ContentType"} {
		if text, ok := metadata[name].(string); ok {
			return text
		}
	}
	return ""
}

// headerType returns the content type that a header tells.
func headerType(header map[string][]string) string {
	for _, name := range slices.Sorted(maps.Keys(header)) {
		if strings.EqualFold(name, "Content-Type") && len(header[name]) > 0 {
			return header[name][0]
		}
	}
	return ""
}

func (s *source) header(f fields) map[string][]string {
	members := f.object("headers")
	if len(members) == 0 {
		return nil
	}
	header := map[string][]string{}
	for name, v := range members {
		header[name] = s.values(v, pointer.Join(f.place("headers"), name))
	}
	return header
}

// query reads the parameters as text (version 1 and 2) or as a map.
func (s *source) query(f fields) map[string][]string {
	v, ok := f.take("query")
	if !ok || v == nil {
		return nil
	}
	if text, ok := v.(string); ok {
		return ParseQuery(text)
	}
	members := s.fields(v, f.place("query"))
	if len(members.left) == 0 {
		return nil
	}
	query := map[string][]string{}
	for name, v := range members.left {
		query[name] = s.values(v, members.place(name))
	}
	return query
}

// values reads one text or several; null is an empty one.
func (s *source) values(v any, at string) []string {
	items, ok := v.([]any)
	if !ok {
		items = []any{v}
	}
	values := make([]string, 0, len(items))
	for _, item := range items {
		switch item := item.(type) {
		case string:
			values = append(values, item)
		case json.Number:
			values = append(values, item.String())
		case bool:
			values = append(values, strconv.FormatBool(item))
		case nil:
			values = append(values, "")
		default:
			s.fail(at, "a text, or an array of texts, is expected")
		}
	}
	return values
}

// ParseQuery reads the text of a query. What is not percent-encoded as it should be
// stays as it is. It returns nil for no parameters.
func ParseQuery(text string) map[string][]string {
	var query map[string][]string
	for pair := range strings.SplitSeq(text, "&") {
		if pair == "" {
			continue
		}
		if query == nil {
			query = map[string][]string{}
		}
		name, value, _ := strings.Cut(pair, "=")
		name = unescape(name)
		query[name] = append(query[name], unescape(value))
	}
	return query
}

func unescape(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}

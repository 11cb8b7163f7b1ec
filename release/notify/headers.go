package notify

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/token"

	"github.com/goccy/go-yaml/ast"
	"golang.org/x/net/http/httpguts"

	"twinspect.dev/capture/rulefile"
)

// own are the fields that are set without being asked for.
var own = []string{"host", "content-length", "content-type", "user-agent", "connection", "transfer-encoding", "te", "trailer", "upgrade"}

func (r *reader) headers(fields rulefile.Fields, kind Kind) (headers []Header) {
	f, ok := fields["headers"]
	if !ok {
		return nil
	}
	if kind != Webhook && kind != "" {
		r.Errorf(f.Key, "headers are for a webhook")
	}
	m, ok := f.Value.(ast.MapNode)
	if !ok {
		r.Errorf(f.Key, "headers is a mapping of names to values")
		return nil
	}
	seen := make(map[string]bool)
	for it := m.MapRange(); it.Next(); {
		if len(headers) == maxHeaders {
			r.Errorf(it.Key().GetToken(), "headers has more than %d entries", maxHeaders)
			break
		}
		if h, ok := r.header(it.Key().GetToken(), it.Value(), seen); ok {
			headers = append(headers, h)
		}
	}
	return headers
}

func (r *reader) header(at *token.Token, v ast.Node, seen map[string]bool) (Header, bool) {
	name, lower := at.Value, strings.ToLower(at.Value)
	switch {
	case !httpguts.ValidHeaderFieldName(name):
		r.Errorf(at, "this is no name of a header field")
		return Header{}, false
	case slices.Contains(own, lower) || strings.HasPrefix(lower, "x-twinspect-"):
		r.Errorf(at, "this header field is set already")
		return Header{}, false
	case seen[lower]:
		r.Errorf(at, "this header field is there twice")
		return Header{}, false
	}
	seen[lower] = true
	text, ok := r.plain(v, "a header field", maxSecret)
	if !ok {
		return Header{}, false
	}
	value, ok := r.expand(v, text)
	if ok && !httpguts.ValidHeaderFieldValue(string(value)) {
		r.Errorf(rulefile.Start(v), "this is no value of a header field")
		ok = false
	}
	return Header{name, value}, ok
}

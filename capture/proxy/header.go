package proxy

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"twinspect.dev/capture"
)

// sorted returns the fields by their names; equal ones keep their order.
func sorted(h http.Header) capture.Header {
	if len(h) == 0 {
		return nil
	}
	out := make(capture.Header, 0, len(h))
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, v := range h[name] {
			out = append(out, capture.Field{Name: name, Value: v})
		}
	}
	return out
}

// requestHeader adds what net/http takes out of the fields: Host, which comes
// first as clients send it, the coding, and the names of the trailers.
func requestHeader(r *http.Request) capture.Header {
	h := capture.Header{{Name: "Host", Value: r.Host}}
	h = append(h, sorted(r.Header)...)
	return appendFraming(h, r.TransferEncoding, r.Trailer)
}

func responseHeader(res *http.Response) capture.Header {
	return appendFraming(sorted(res.Header), res.TransferEncoding, res.Trailer)
}

func appendFraming(h capture.Header, codings []string, trailer http.Header) capture.Header {
	if len(codings) > 0 {
		h = append(h, capture.Field{Name: "Transfer-Encoding", Value: strings.Join(codings, ", ")})
	}
	if len(trailer) > 0 && !h.Has("Trailer") {
		names := slices.Sorted(maps.Keys(trailer))
		h = append(h, capture.Field{Name: "Trailer", Value: strings.Join(names, ", ")})
	}
	return h
}

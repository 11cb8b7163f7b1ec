package compare

import (
	"strings"

	"twinspect.dev/capture"
)

// statusFields tell the end of a call (gRPC over HTTP/2, "Responses").
var statusFields = []string{"grpc-status", "grpc-message", "grpc-status-details-bin"}

// sections returns the header and the trailer of an answer. An answer of gRPC
// without messages may have both in one ("Trailers-Only"): what tells the end of
// the call is then taken for the trailer, as a client takes it.
func sections(r *capture.Response) (header, trailer capture.Header) {
	if len(r.Trailer) > 0 || !isGRPC(strings.ToLower(r.Header.Get("Content-Type"))) || r.Header.Get("Grpc-Status") == "" {
		return r.Header, r.Trailer
	}
	for _, f := range r.Header {
		if isStatusField(f.Name) {
			trailer = append(trailer, f)
		} else {
			header = append(header, f)
		}
	}
	return header, trailer
}

func isStatusField(name string) bool {
	for _, s := range statusFields {
		if strings.EqualFold(name, s) {
			return true
		}
	}
	return false
}

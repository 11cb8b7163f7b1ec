package compare

import (
	"bytes"
	"mime"
	"slices"
	"strings"
	"unicode/utf8"

	"twinspect.dev/diff/project"
)

// format is how a body is compared.
type format uint8

const (
	unnamed format = iota // no media type, or one that cannot be read
	asJSON
	asText
	asBytes
	asXML
	asHTML
	asForm
	asMultipart
	asEvents
	asRecords  // JSON texts in a row
	asSequence // the same, with separators
	asTable
	asProtobuf // only where there is somebody to project it
)

// String returns the name of a format that has a grammar, as values show it.
func (f format) String() string {
	return [...]string{"body", "JSON", "text", "bytes", "XML", "HTML", "form", "multipart", "events", "JSON lines", "JSON text sequence", "CSV", "protobuf"}[f]
}

var projectedFormats = map[project.Kind]format{
	project.XML: asXML, project.HTML: asHTML, project.Form: asForm, project.Multipart: asMultipart, project.Events: asEvents,
	project.Lines: asRecords, project.Sequence: asSequence, project.CSV: asTable,
}

var textTypes = []string{
	"application/javascript", "application/x-javascript", "application/ecmascript", "application/yaml",
	"application/x-yaml", "application/toml", "application/graphql", "application/sql",
}

// formatOf returns the format that a Content-Type stands for. Structured syntax
// suffixes count (RFC 6839).
func formatOf(contentType string) format {
	name, _, _ := strings.Cut(contentType, ";")
	name = strings.ToLower(trim(name))
	projected, known := projectedFormats[project.KindOf(name)]
	switch {
	case !strings.Contains(name, "/"):
		return unnamed
	case known:
		return projected
	case isProtobuf(name):
		return asProtobuf
	case name == "application/json" || name == "text/json" || strings.HasSuffix(name, "+json"):
		return asJSON
	case strings.HasPrefix(name, "text/") || strings.HasSuffix(name, "+yaml") || slices.Contains(textTypes, name):
		return asText
	}
	return asBytes
}

// isProtobuf reports whether a media type stands for protobuf messages in their
// binary form, or for gRPC.
func isProtobuf(name string) bool {
	switch name {
	case "application/protobuf", "application/x-protobuf", "application/proto", "application/x-google-protobuf":
		return true
	}
	return isGRPC(name) && !strings.HasSuffix(name, "+json") || strings.HasSuffix(name, "+proto")
}

// isGRPC reports whether a Content-Type, in lower case, is one of gRPC's.
func isGRPC(contentType string) bool {
	rest, found := strings.CutPrefix(contentType, "application/grpc")
	return found && (rest == "" || strings.IndexByte("+-; \t", rest[0]) >= 0)
}

// isText reports whether a body is compared by lines where it cannot be by its
// structure.
func (b *body) isText() bool {
	switch b.format {
	case asBytes, asProtobuf:
		return len(b.data) == 0
	case unnamed, asMultipart:
		return isText(b.data)
	}
	return true
}

// equalMediaTypes compares two values of Content-Type (RFC 9110 section 8.3):
// names without regard to case, parameters in any order, the charset without
// regard to case. The boundary of multipart is no part of the content.
func equalMediaTypes(x, y string) bool {
	a, paramsA, errA := mime.ParseMediaType(x)
	b, paramsB, errB := mime.ParseMediaType(y)
	if strings.HasPrefix(a, "multipart/") && a == b {
		delete(paramsA, "boundary")
		delete(paramsB, "boundary")
	}
	if errA != nil || errB != nil || a != b || len(paramsA) != len(paramsB) {
		return false
	}
	for name, value := range paramsA {
		other, ok := paramsB[name]
		if !ok || value != other && !(name == "charset" && strings.EqualFold(value, other)) {
			return false
		}
	}
	return true
}

// commonFormat returns the format in which both bodies can be compared.
func (c *Comparer) commonFormat(x, y *body) format {
	switch a, b := x.format, y.format; {
	case a == asProtobuf && c.protobuf == nil:
		return asBytes
	case (a == asHTML || a == asXML || a == asForm) && a == b && c.isPlainlyJSON(x.data) && c.isPlainlyJSON(y.data):
		return asJSON // a default that nobody changed
	case a == b && a != unnamed && a != asText:
		return a
	case !x.isText() || !y.isText():
		return asBytes
	case c.isPlainlyJSON(x.data) && c.isPlainlyJSON(y.data):
		return asJSON
	}
	return asText
}

// isPlainlyJSON reports whether a body is a JSON object or array.
func (c *Comparer) isPlainlyJSON(data []byte) bool {
	data = bytes.TrimLeft(data, " \t\r\n")
	if len(data) == 0 || data[0] != '{' && data[0] != '[' {
		return false
	}
	return c.json.Check(data, c.jsonOptions()) == nil
}

// isText reports whether a body without a media type looks like text.
func isText(data []byte) bool {
	for _, b := range data {
		if b < ' ' && b != '\n' && b != '\r' && b != '\t' && b != '\f' || b == 0x7f {
			return false
		}
	}
	return utf8.Valid(data)
}

package pb

import (
	"mime"
	"slices"
	"strings"
)

// media is what a Content-Type says of a body.
type media struct {
	framing framing
	// codec names the format of the messages: "proto", "json" or another.
	codec string
	// base64 bodies are those of grpc-web-text.
	base64 bool
	// message is the type that the parameters name, or "".
	message string
}

type framing uint8

const (
	bare      framing = iota // one message
	delimited                // messages with their length as a varint before each
	grpc                     // messages with five bytes before each
	grpcWeb                  // the same, and at the end a block of trailers
	connect                  // the same, and at the end a JSON object
)

// tail is the flag of the frame that ends a body.
func (f framing) tail() byte {
	switch f {
	case grpcWeb:
		return 0x80
	case connect:
		return 0x02
	}
	return 0
}

// bareTypes are names in use; none was registered before application/protobuf.
var bareTypes = []string{
	"application/protobuf", "application/x-protobuf", "application/vnd.google.protobuf", "application/x-google-protobuf",
	"application/proto", "application/x-protobuffer",
}

// mediaOf reads a Content-Type. It reports false where that is another one.
func mediaOf(contentType string) (media, bool) {
	name, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		name, _, _ = strings.Cut(strings.ToLower(contentType), ";")
		name = strings.TrimSpace(name)
	}
	if slices.Contains(bareTypes, name) || strings.HasSuffix(name, "+protobuf") || strings.HasSuffix(name, "+proto") && !isFramed(name) {
		return bareMedia(params), true
	}
	base, codec, found := strings.Cut(name, "+")
	if !found {
		codec = "proto"
	}
	m := media{codec: codec}
	switch base {
	case "application/grpc":
		m.framing = grpc
	case "application/grpc-web":
		m.framing = grpcWeb
	case "application/grpc-web-text":
		m.framing, m.base64 = grpcWeb, true
	case "application/connect":
		m.framing = connect
	default:
		return media{}, false
	}
	return m, true
}

func isFramed(name string) bool {
	return strings.HasPrefix(name, "application/grpc") || strings.HasPrefix(name, "application/connect+")
}

func bareMedia(params map[string]string) media {
	m := media{codec: "proto"}
	for _, key := range []string{"messagetype", "proto", "type"} {
		if name := params[key]; m.message == "" {
			m.message = name[strings.LastIndexByte(name, '/')+1:]
		}
	}
	if strings.EqualFold(params["encoding"], "delimited") {
		m.framing = delimited
	}
	return m
}

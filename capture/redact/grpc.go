package redact

import (
	"encoding/binary"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"twinspect.dev/capture"
)

// frameHead is the flag and the length before each message (gRPC over HTTP/2,
// "Length-Prefixed-Message").
const frameHead = 5

// grpc replaces the secrets of the messages of a gRPC body. The last one may be
// cut; it keeps the length that its head tells.
func (p *pass) grpc(body []byte, head capture.Header, request bool) ([]byte, capture.Reason) {
	if hasPrefixFold(head.Get("Content-Type"), "application/grpc-web-text") {
		return nil, UnknownCoding
	}
	desc := p.r.grpc.message(p.target, request)
	coding := strings.ToLower(head.Get("Grpc-Encoding"))
	ed := editor{src: body}
	cut := p.cut
	defer func() { p.cut = cut }()
	for from := 0; from < len(body); {
		if len(body)-from < frameHead {
			break // a part of a head holds no value
		}
		flag, size := body[from], uint64(binary.BigEndian.Uint32(body[from+1:]))
		data := body[from+frameHead:]
		whole := uint64(len(data)) >= size
		if whole {
			data = data[:size]
		}
		p.cut = cut || !whole
		out, reason := p.frame(data, flag, coding, desc, whole)
		if reason != "" {
			return nil, reason
		}
		to := from + frameHead + len(data)
		if out != nil {
			if whole {
				size = uint64(len(out))
			}
			framed := binary.BigEndian.AppendUint32([]byte{flag}, uint32(size))
			ed.replace(from, to, append(framed, out...))
		}
		from = to
	}
	return ed.result(), ""
}

// Flags of a frame: gRPC's compression, and gRPC-Web's trailers.
const (
	compressed = 1
	trailers   = 0x80
)

func (p *pass) frame(data []byte, flag byte, coding string, desc protoreflect.MessageDescriptor, whole bool) ([]byte, capture.Reason) {
	var codings []string
	if flag&compressed != 0 && len(data) > 0 {
		codings = []string{coding}
	}
	plain, reason := decodeAll(codings, data, !whole)
	if reason != "" {
		return nil, reason
	}
	var out []byte
	if flag&trailers != 0 {
		out = p.trailerBlock(plain)
	} else {
		out = p.protobuf(plain, desc, 0)
	}
	if out == nil {
		return nil, ""
	}
	return encodeAll(codings, out), ""
}

// trailerBlock replaces the secrets of gRPC-Web's trailers, which are lines.
func (p *pass) trailerBlock(v []byte) []byte {
	ed := editor{src: v}
	from := 0
	for line := range strings.Lines(string(v)) {
		name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		if at := from + len(name) + 1; ok {
			value = strings.TrimLeft(value, " ")
			at += strings.Index(line[len(name)+1:], value)
			ed.replace(at, at+len(value), p.field([]byte(name), []byte(value)))
		}
		from += len(line)
	}
	return ed.result()
}

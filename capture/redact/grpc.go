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

// Flags of a frame: gRPC's compression, and gRPC-Web's trailers.
const (
	compressed = 1
	trailers   = 0x80
)

// frames is how the messages of a body are read.
type frames struct {
	coding string
	desc   protoreflect.MessageDescriptor // nil where the type is not known
	proto  bool                           // not another format, such as JSON
}

// grpc replaces the secrets of the messages of a gRPC body. The last one may be
// cut; the length that its head tells grows by what the message does, so that
// what is missing stays missing.
func (p *pass) grpc(body []byte, head capture.Header, request bool) ([]byte, capture.Reason) {
	media := head.Get("Content-Type")
	if hasPrefixFold(media, "application/grpc-web-text") {
		return nil, UnknownCoding
	}
	f := frames{coding: strings.ToLower(strings.TrimSpace(head.Get("Grpc-Encoding"))), proto: isProto(media)}
	f.desc = p.r.grpc.message(p.target, request)
	cut := p.cut
	defer func() { p.cut = cut }()
	ed := editor{src: body}
	for from := 0; from < len(body); {
		if len(body)-from < frameHead {
			break // a part of a head holds no value
		}
		flag, size := body[from], uint64(binary.BigEndian.Uint32(body[from+1:]))
		if flag&^(compressed|trailers) != 0 { // no row of messages
			ed.replace(from, len(body), p.runs(body[from:]))
			break
		}
		data := body[from+frameHead:]
		p.cut = uint64(len(data)) < size
		if !p.cut {
			data = data[:size]
		}
		out, reason := p.frame(data, flag, f)
		if reason != "" {
			return nil, reason
		}
		to := from + frameHead + len(data)
		if out != nil {
			size += uint64(len(out)) - uint64(len(data))
			framed := binary.BigEndian.AppendUint32([]byte{flag}, uint32(size))
			ed.replace(from, to, append(framed, out...))
		}
		from = to
	}
	return ed.result(), ""
}

// isProto reports whether the messages are protobuf, which is what the type
// means that names no format.
func isProto(media string) bool {
	essence, _, _ := strings.Cut(media, ";")
	_, format, ok := strings.Cut(strings.TrimSpace(essence), "+")
	return !ok || strings.EqualFold(format, "proto")
}

func (p *pass) frame(data []byte, flag byte, f frames) ([]byte, capture.Reason) {
	var codings []string
	if flag&compressed != 0 && len(data) > 0 {
		codings = []string{f.coding}
	}
	plain, reason := decode(codings, data, p.cut)
	if reason != "" {
		return nil, reason
	}
	var out []byte
	switch {
	case flag&trailers != 0:
		out = p.trailerBlock(plain)
	case f.proto:
		out = p.protobuf(plain, message{desc: f.desc})
	default:
		out = p.opaque(plain, open)
	}
	if out == nil {
		return nil, ""
	}
	return encode(codings, out)
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
